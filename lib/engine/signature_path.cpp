// Snort rules: what they are shown of a packet and its flow, and what their matches do.

#include <utility>

#include "engine/packet_fields.h"
#include "engine/pipeline.h"

namespace chatgate::engine {

using detect::Buffer;
using flow::ColdFlow;
using flow::HotFlow;
using flow::Stage;
using flow::Way;

namespace {

// Messages of HTTP that are looked at in one turn.
constexpr unsigned kMaxMessages = 32;
// So many bytes tell whether a turn is HTTP.
constexpr std::size_t kHttpDoubt = 64;

// Bytes behind the handshake that nobody can read.
bool is_encrypted(proto::AppProto protocol) {
  switch (protocol) {
    case proto::AppProto::tls:
    case proto::AppProto::dtls:
    case proto::AppProto::quic: return true;
    default: return false;
  }
}

}  // namespace

// What rules are told of a packet's flow. `way` is that of the bytes that are looked at.
detect::Subject Pipeline::subject_of(flow::FlowIndex flow, Way way) const {
  const HotFlow& hot = flows_.hot(flow);
  const ColdFlow& cold = flows_.cold(flow);
  detect::Subject subject;
  const bool to_server = way == Way::to_server;
  subject.to_server = to_server;
  subject.source = to_server ? hot.client() : hot.server();
  subject.destination = to_server ? hot.server() : hot.client();
  subject.source_port = to_server ? hot.client_port() : hot.server_port();
  subject.destination_port = to_server ? hot.server_port() : hot.client_port();
  const bool tcp = hot.key.is_tcp();
  subject.ip_protocol = tcp ? net::kTcp : net::kUdp;
  // A packet is counted when it has gone its way, so a datagram's own way says nothing yet.
  subject.established =
      tcp ? cold.sequence_known(Way::to_server) && cold.sequence_known(Way::to_client)
          : hot.packets[flow::index(flow::reverse(way))] != 0;
  subject.protocol = protocol_of(flow, way);
  subject.now = now_;
  if (!cold.inspection.valid()) return subject;
  const RuleSession& session = inspections_.session(cold.inspection);
  for (std::size_t i = 0; i < 2; ++i) subject.stream_bytes[i] = session.turns[i].said;
  return subject;
}

// What is spoken in one way of a flow: by the parser that reads it, else by what was read last.
proto::AppProto Pipeline::protocol_of(flow::FlowIndex flow, Way way) const {
  const ColdFlow& cold = flows_.cold(flow);
  if (!cold.inspection.valid() || !flows_.hot(flow).key.is_tcp()) return cold.app_proto;
  const std::uint8_t parser = inspections_.get(cold.inspection).half(way).parser;
  return parser == Half::kNoParser ? cold.app_proto : proto::stream_parsers()[parser].protocol;
}

detect::FlowMemory* Pipeline::memory_of(flow::FlowIndex flow) {
  const ColdFlow& cold = flows_.cold(flow);
  if (!cold.inspection.valid()) return nullptr;
  return &session_of(cold.inspection, flow).memory;
}

// The rules' memory of a flow under inspection; a fresh one where other rules have come into force.
RuleSession& Pipeline::session_of(flow::InspectionIndex inspection, flow::FlowIndex flow) {
  RuleSession& session = inspections_.session(inspection);
  if (session.generation != snapshot_->generation) {
    const bool listens =
        snapshot_->signatures != nullptr &&
        scanner_.concerns(*snapshot_->signatures, subject_of(flow, Way::to_server));
    inspections_.begin_session(inspection, snapshot_->generation, listens);
  }
  return session;
}

// Whether a flow that is let pass is kept under inspection for the rules' sake.
bool Pipeline::rules_listen(flow::FlowIndex flow) {
  if (snapshot_->signatures == nullptr) return false;
  const ColdFlow& cold = flows_.cold(flow);
  if (!cold.inspection.valid() || is_encrypted(cold.app_proto)) return false;
  const RuleSession& session = session_of(cold.inspection, flow);
  return session.listens && !session.memory.passed &&
         session.datagrams < RuleSession::kMaxDatagrams &&
         session.turns[0].said + session.turns[1].said < RuleSession::kMaxSaid;
}

// A TCP packet or datagram by itself. True where a rule has dealt with it.
bool Pipeline::rules_on_packet(Packet& packet) {
  if (snapshot_->signatures == nullptr) return false;
  const detect::PacketFields fields = packet_fields(*packet.view, packet.layers);
  detect::Subject subject = subject_of(packet.flow, packet.way);
  subject.packet = &fields;
  buffers_.clear();
  buffers_.set(Buffer::payload, packet.payload());
  buffers_.set(Buffer::raw_payload, packet.payload());
  detect::LookState look;
  hits_.clear();
  scan(subject, look, memory_of(packet.flow));
  return act_on_hits(&packet, packet.flow);
}

void Pipeline::scan(const detect::Subject& subject, detect::LookState& look,
                    detect::FlowMemory* memory) {
  scanner_.scan(*snapshot_->signatures, subject, buffers_, look, memory, hits_);
}

// Where the segment in hand puts its bytes for the rules; null where none listen. The other end's
// turn ends with it: `blocked` where that made a rule match that blocks.
Turn* Pipeline::turn_of(Packet& packet, bool& blocked) {
  blocked = false;
  if (!rules_listen(packet.flow)) return nullptr;
  const flow::InspectionIndex inspection = flows_.cold(packet.flow).inspection;
  if (packet.layers.payload_size != 0) {
    blocked = end_turn(&packet, packet.flow, flow::reverse(packet.way));
    if (blocked) return nullptr;
  }
  return &inspections_.session(inspection).turns[flow::index(packet.way)];
}

// A turn is complete: what was open is decided. True where a rule has dealt with the packet in
// hand.
bool Pipeline::end_turn(Packet* packet, flow::FlowIndex flow, Way way) {
  const flow::InspectionIndex inspection = flows_.cold(flow).inspection;
  Turn& turn = inspections_.session(inspection).turns[flow::index(way)];
  if (turn.size == 0 && !turn.cut) return false;
  hits_.clear();
  look_at_turn(flow, way, true);
  const bool blocked = act_on_hits(packet, flow);
  if (!blocked) inspections_.end_turn(turn);
  return blocked;
}

// Everything a flow's ends have said is complete: it ends. Nothing can be stopped any more.
void Pipeline::end_turns(flow::FlowIndex flow) {
  if (!flows_.hot(flow).key.is_tcp()) return;
  for (const Way way : {Way::to_server, Way::to_client}) {
    // What matches in the first may settle the flow; then none listens any more.
    if (rules_listen(flow)) end_turn(nullptr, flow, way);
  }
}

// Shows the rules a turn as far as it has come, and the messages of HTTP in it.
void Pipeline::look_at_turn(flow::FlowIndex flow, Way way, bool complete) {
  const flow::InspectionIndex inspection = flows_.cold(flow).inspection;
  RuleSession& session = inspections_.session(inspection);
  Turn& turn = session.turns[flow::index(way)];
  const Bytes bytes = inspections_.turn_bytes(turn);
  complete = complete || turn.cut;
  turn.grown = false;
  detect::Subject subject = subject_of(flow, way);
  buffers_.clear();
  buffers_.set(Buffer::payload, bytes, complete);
  buffers_.set(Buffer::raw_payload, bytes, complete);
  scan(subject, turn.look, &session.memory);

  for (unsigned i = 0; i < kMaxMessages && !turn.messages_end; ++i) {
    const Bytes rest = bytes.subspan(turn.message);
    if (rest.empty()) return;
    buffers_.clear();
    const detect::HttpView::Message message =
        way == Way::to_server ? http_view_.read_request(rest, complete, buffers_)
                              : http_view_.read_response(rest, complete, buffers_);
    if (!message.http) {
      // As long as it may still become one, it is asked again when there is more.
      turn.messages_end = rest.size() > kHttpDoubt || complete;
      return;
    }
    subject.protocol = proto::AppProto::http;
    if (buffers_.present == 0) return;  // its first line has not ended
    buffers_.set(Buffer::payload, bytes, complete);
    buffers_.set(Buffer::raw_payload, bytes, complete);
    scan(subject, turn.at_message, &session.memory);
    turn.messages_end = message.ends_http;
    if (!message.whole) return;
    turn.message = static_cast<std::uint16_t>(turn.message + message.size);
    turn.at_message = detect::LookState();
  }
}

// What the looking at a segment or datagram brought, shown to the rules. True where one has dealt
// with the packet.
bool Pipeline::rules_on_payload(Packet& packet, Turn* turn, bool has_facts) {
  if (snapshot_->signatures == nullptr) return false;
  hits_.clear();
  if (turn != nullptr && turn->grown) look_at_turn(packet.flow, packet.way, false);
  if (has_facts) look_at_facts(packet);
  return act_on_hits(&packet, packet.flow);
}

// Names that a parser read are buffers of their protocol.
void Pipeline::look_at_facts(const Packet& packet) {
  detect::Subject subject = subject_of(packet.flow, packet.way);
  subject.protocol = facts_.protocol;
  detect::PacketFields fields;
  if (!packet.tcp()) {
    fields = packet_fields(*packet.view, packet.layers);
    subject.packet = &fields;
  }
  for (std::size_t i = 0; i < facts_.name_count; ++i) {
    const proto::Facts::Name& name = facts_.names[i];
    Buffer buffer = Buffer::dns_query;
    switch (name.source) {
      case proto::NameSource::tls_sni:
      case proto::NameSource::quic_sni: buffer = Buffer::tls_sni; break;
      case proto::NameSource::dns_query: break;
      default: continue;
    }
    buffers_.clear();
    buffers_.set(buffer, as_bytes(name.host.view()));
    buffers_.set(Buffer::payload, packet.payload());
    buffers_.set(Buffer::raw_payload, packet.payload());
    detect::LookState look;
    scan(subject, look, memory_of(packet.flow));
  }
}

// What is neither TCP nor UDP has no flow; a rule may still drop it.
void Pipeline::rules_on_other(Packet& packet) {
  if (snapshot_->signatures == nullptr) return;
  const detect::PacketFields fields = packet_fields(*packet.view, packet.layers);
  detect::Subject subject;
  subject.source = packet.layers.source;
  subject.destination = packet.layers.destination;
  subject.ip_protocol = packet.layers.protocol;
  subject.to_server = packet.view->side == net::Side::inside;
  subject.now = now_;
  subject.packet = &fields;
  const Bytes payload = payload_for_rules(*packet.view, packet.layers);
  buffers_.clear();
  buffers_.set(Buffer::payload, payload);
  buffers_.set(Buffer::raw_payload, payload);
  detect::LookState look;
  hits_.clear();
  scan(subject, look, nullptr);
  bool refused = false;
  for (std::size_t i = 0; i < hits_.count; ++i) {
    const detect::Rule& rule = snapshot_->signatures->rules()[hits_.signatures[i].value()];
    if (rule.action == detect::RuleAction::pass) return;
    const policy::Action action = action_of(rule);
    if (blocks(action) && !std::exchange(refused, true)) refuse(packet, Reason::signature);
    counters_.add(Counter::signature_hits);
    if (!hits_.silent[i]) signature_event_without_flow(packet, hits_.signatures[i], action);
  }
}

policy::Action Pipeline::action_of(const detect::Rule& rule) {
  switch (rule.action) {
    case detect::RuleAction::drop: return policy::Action::drop;
    case detect::RuleAction::reject: return policy::Action::reset;
    case detect::RuleAction::pass: return policy::Action::allow;
    case detect::RuleAction::alert:
    case detect::RuleAction::log: return policy::Action::alert;
  }
  return policy::Action::alert;
}

// Gives the alerts of `hits_` and does what they ask for, of the packet in hand where there is one.
// True where that is settled with it: a rule drops or rejects, or names an application that the
// policy blocks.
bool Pipeline::act_on_hits(Packet* packet, flow::FlowIndex flow) {
  bool blocked = false;
  for (std::size_t i = 0; i < hits_.count; ++i) {
    const SignatureId signature = hits_.signatures[i];
    const detect::Rule& rule = snapshot_->signatures->rules()[signature.value()];
    if (rule.action == detect::RuleAction::pass) return blocked;
    counters_.add(Counter::signature_hits);
    Judgement judgement;
    const policy::Action wanted = action_of(rule);
    const bool asks = policy::forwards(wanted) && names_application(flow, signature, judgement);
    if (!asks) {
      judgement.im = snapshot_->signature_meanings[signature.value()];
      judgement.verdict.action = wanted;
    }
    const bool refuses = !policy::forwards(judgement.verdict.action);
    if (refuses && !blocked) {
      blocked = refuse_by_rule(packet, flow, judgement, asks);
    } else if (asks && !blocked && flows_.hot(flow).stage != Stage::per_packet) {
      if (remember(flow, judgement, packet == nullptr ? 0 : packet->view->number)) {
        count_verdict(judgement);
      }
    }
    // An alert of the rule's own where the policy has nothing to say against it.
    if (!refuses) judgement.verdict.action = policy::Action::alert;
    if (!hits_.silent[i]) signature_event(flow, signature, judgement, packet);
  }
  return blocked;
}

// A rule that matched has the flow blocked, by itself or by what the policy says of the application
// that it names. True where the packet in hand has been dealt with.
bool Pipeline::refuse_by_rule(Packet* packet, flow::FlowIndex flow, const Judgement& judgement,
                              bool by_policy) {
  count_verdict(judgement);
  if (flows_.hot(flow).stage == Stage::per_packet) {
    // Questions of one flow have nothing to do with each other.
    if (packet == nullptr || !blocks(judgement.verdict.action)) return false;
    if (by_policy) {
      answer_dns(*packet, judgement);
    } else {
      drop(*packet, Reason::signature);
    }
    return true;
  }
  settle(flow, judgement, packet == nullptr ? 0 : packet->view->number);
  if (!by_policy) flows_.cold(flow).rule = kTakenDown;
  if (packet == nullptr || !flow::is_blocked(flows_.hot(flow).stage)) return false;
  enforce_flow(*packet, by_policy ? policy_reason(judgement.verdict) : Reason::signature);
  return true;
}

// Whether the rule that matched names an application, and nothing stronger has named another; then
// the policy is asked.
bool Pipeline::names_application(flow::FlowIndex flow, SignatureId signature,
                                 Judgement& judgement) {
  const catalog::Classification im = snapshot_->signature_meanings[signature.value()];
  if (!im.known()) return false;
  const ColdFlow& cold = flows_.cold(flow);
  if (cold.im.known() && cold.im.evidence < catalog::Evidence::signature) return false;
  judgement.im = im;
  judgement.verdict = ask(*snapshot_, ends(flow), im);
  return true;
}

}  // namespace chatgate::engine
