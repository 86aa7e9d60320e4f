// A TCP packet of a flow that is not decided for good.

#include "engine/admission.h"
#include "engine/pipeline.h"
#include "net/tcp_options.h"
#include "proto/handshake_records.h"

namespace chatgate::engine {

using flow::ColdFlow;
using flow::HotFlow;
using flow::Stage;
using flow::Way;

namespace {

// A connection may contradict itself this often before it is taken down.
constexpr std::uint8_t kMaxConflicts = 3;

// Whether a connection that was under way before goes on with a record of encrypted TLS.
bool begins_with_record(Bytes payload) {
  constexpr std::uint8_t kApplicationData = 23;
  constexpr std::size_t kHeader = proto::HandshakeRecords::kHeader;
  if (payload.size() < kHeader || payload[0] != kApplicationData) return false;
  const std::size_t length = load_be16(payload.data() + 3);
  return payload[1] == proto::HandshakeRecords::kVersionMajor && length != 0 &&
         length <= proto::HandshakeRecords::kMaxRecord;
}

}  // namespace

telemetry::Reason Pipeline::admit_tcp(Packet& packet) {
  const Reason sums = admit_sums(packet);
  if (sums != Reason::none) return sums;
  ColdFlow& cold = flows_.cold(packet.flow);
  const net::TcpOptions options = net::read_tcp_options(*packet.view, packet.layers);
  const bool signed_by_key = options.md5 || options.authentication;
  // What was agreed on before the gateway came is unknown.
  if (signed_by_key && is_first(packet.flow)) cold.flags |= ColdFlow::kAuthenticated;
  Inspection* inspection = cold.inspection.valid() ? &inspections_.get(cold.inspection) : nullptr;
  const Reason refused = admit(packet.layers, options, cold, inspection, packet.way);
  if (refused != Reason::none && !answer_runs_ahead(packet, refused)) return refused;
  if (packet.layers.has(net::tcp_flag::syn) && signed_by_key) {
    cold.flags |= ColdFlow::kAuthenticated;
  }
  // TS.Recent moves on with what the receiver takes in order (RFC 7323 section 4.3).
  const bool in_order = packet.layers.has(net::tcp_flag::syn) || !cold.sequence_known(packet.way) ||
                        packet.layers.sequence == cold.next_sequence[flow::index(packet.way)];
  if (options.timestamps && in_order) {
    if (inspection != nullptr) {
      inspection->recent_timestamp[flow::index(packet.way)] = options.timestamp;
    } else if (flows_.hot(packet.flow).stage == Stage::undecided) {
      cold.set_handshake_timestamp(packet.way, options.timestamp);
    }
  }
  if (inspection != nullptr) follow_numbers(*inspection, packet);
  // What a client says in its server's name acknowledges nothing.
  if (inspection != nullptr && packet.layers.has(net::tcp_flag::ack) && is_from_its_side(packet)) {
    inspections_.acknowledge(*inspection, flow::reverse(packet.way), packet.layers.acknowledgment);
  }
  return Reason::none;
}

// Sequence numbers compare over half their range, so the first ones follow a long connection.
void Pipeline::follow_numbers(Inspection& inspection, const Packet& packet) {
  constexpr std::int32_t kFar = 1 << 29;
  constexpr std::uint32_t kBehind = 1 << 20;
  const auto follow = [&](Way way, std::uint32_t sequence) {
    std::uint32_t& first = inspection.first_sequence[flow::index(way)];
    if (static_cast<std::int32_t>(sequence - first) > kFar) first = sequence - kBehind;
  };
  follow(packet.way, packet.layers.sequence);
  if (packet.layers.has(net::tcp_flag::ack)) {
    follow(flow::reverse(packet.way), packet.layers.acknowledgment);
  }
}

void Pipeline::tcp_payload(Packet& packet) {
  ColdFlow& cold = flows_.cold(packet.flow);
  const net::Layers& layers = packet.layers;
  if (layers.has(net::tcp_flag::rst))
    return;  // a reason in words, not data (RFC 9293 section 3.10.7.4)
  const std::uint32_t first = layers.sequence + (layers.has(net::tcp_flag::syn) ? 1 : 0);
  if (!cold.inspection.valid() && !begin_inspection(packet, first)) return;
  packet.awaited = cold.next_sequence[flow::index(packet.way)];
  InspectionPool::Segment segment;
  segment.sequence = first;
  segment.payload = packet.payload();
  segment.cut = layers.payload_missing != 0;
  if (layers.has(net::tcp_flag::urg)) {
    // RFC 9293 counts the urgent byte from the segment's start; the pointer is one past it.
    segment.urgent = true;
    segment.urgent_sequence =
        layers.sequence + net::read_tcp_options(*packet.view, layers).urgent_pointer - 1;
  }
  bool blocked = false;
  segment.turn = turn_of(packet, blocked);
  if (blocked) return;
  Inspection& inspection = inspections_.get(cold.inspection);
  if (!inspection.half(packet.way).message_in_progress()) inspection.started = tick_;
  facts_.clear();  // of another flow
  Inspected outcome = inspections_.feed(inspection, packet.way, segment, facts_);
  // Each time around one message of the segment is read.
  do {
    if (rules_on_payload(packet, segment.turn, outcome == Inspected::message)) return;
  } while (inspected(packet, outcome));
  if (layers.has(net::tcp_flag::fin) && rules_listen(packet.flow)) {
    end_turn(&packet, packet.flow, packet.way);
  }
}

bool Pipeline::begin_inspection(Packet& packet, std::uint32_t first) {
  ColdFlow& cold = flows_.cold(packet.flow);
  const bool opening_seen = cold.sequence_known(packet.way);
  // What no handshake told: this is the first byte seen, and the other end says what it expects.
  if (!cold.sequence_known(packet.way)) cold.set_sequence(packet.way, first);
  const Way back = flow::reverse(packet.way);
  if (!cold.sequence_known(back) && packet.layers.has(net::tcp_flag::ack)) {
    cold.set_sequence(back, packet.layers.acknowledgment);
  }
  if (!acquire_inspection(packet)) {
    Inspected outcome = Inspected::out_of_memory;
    inspected(packet, outcome);
    return false;
  }
  Inspection& inspection = inspections_.get(cold.inspection);
  inspection.recent_timestamp = cold.words;
  inspection.at_start = opening_seen;
  return true;
}

bool Pipeline::acquire_inspection(const Packet& packet) {
  ColdFlow& cold = flows_.cold(packet.flow);
  cold.inspection = inspections_.acquire(packet.flow, tick_, cold.next_sequence);
  if (!cold.inspection.valid() && give_up_stalest()) {
    cold.inspection = inspections_.acquire(packet.flow, tick_, cold.next_sequence);
  }
  if (!cold.inspection.valid()) return false;
  counters_.set(Counter::inspections_active, inspections_.in_use());
  flows_.schedule(packet.flow, tick_, Tick::from_seconds(controls().timeouts.incomplete));
  return true;
}

// What the looking at a segment came to. True where it has been looked at further: `outcome` then
// says what came of that.
bool Pipeline::inspected(Packet& packet, Inspected& outcome) {
  if (traced_ != nullptr) trace_parse(outcome);
  ColdFlow& cold = flows_.cold(packet.flow);
  if (gives_up_answer(packet, outcome)) return false;
  switch (outcome) {
    case Inspected::undecided: {
      const stream::TcpStream& stream = inspections_.get(cold.inspection).half(packet.way).stream;
      if (stream.has_holes()) counters_.add(Counter::out_of_order);
      if (refuse_unknown(packet) || read_so_far(packet)) return false;
      cold.set_sequence(packet.way, stream.next_sequence());
      return false;
    }
    case Inspected::message:
    case Inspected::half_message: return message(packet, outcome);
    case Inspected::passed:
    case Inspected::settled:
      advance(cold, packet);
      if (inspections_.get(cold.inspection).only_listens() && !rules_listen(packet.flow)) {
        stop_reading(packet.flow);
      }
      return false;
    case Inspected::nothing: nothing(packet); return false;
    case Inspected::conflict: conflict(packet); return false;
    case Inspected::scattered: refuse(packet, Reason::tcp_window); return false;
    case Inspected::urgent: take_down(packet, Reason::tcp_urgent); return false;
    case Inspected::too_long:
      counters_.add(Counter::inspection_limit);
      if (policy::forwards(controls().incomplete)) break;
      take_down(packet, Reason::incomplete, controls().incomplete);
      return false;
    case Inspected::malformed: broken(packet); return false;
    case Inspected::cut: counters_.add(Counter::inspection_limit); break;
    case Inspected::out_of_memory:
      if (!open_without(controls().inspections)) {
        drop(packet, Reason::inspection_exhausted);
        return false;
      }
      counters_.add(Reason::inspection_exhausted);
      break;
  }
  facts_.clear();
  conclude(packet, judge(*snapshot_, ends(packet.flow), facts_));
  return false;
}

// A message breaks the rules of its protocol, or a limit. Names it had before the break still
// speak; what a server makes of the rest nobody knows, so a client's goes no further.
void Pipeline::broken(Packet& packet) {
  ColdFlow& cold = flows_.cold(packet.flow);
  counters_.add(Counter::parse_malformed);
  cold.app_proto = facts_.protocol;
  protocol_event(packet, facts_);
  const bool is_answer = inspections_.get(cold.inspection).half(packet.way).speaks_as_server();
  if (is_answer && facts_.protocol == proto::AppProto::http) {
    nothing(packet);  // what the client says is read all the same
    return;
  }
  if (breaks_http(packet)) return;
  const Judgement judgement = judge(*snapshot_, ends(packet.flow), facts_);
  if (is_answer || blocks(judgement.verdict.action) || policy::forwards(controls().incomplete)) {
    conclude(packet, judgement);
  } else {
    take_down(packet, Reason::evasion, controls().incomplete);
  }
}

// No parser knows these bytes. The other direction may still say more: a server often speaks first,
// and whoever did not open the connection may yet be the client.
void Pipeline::nothing(Packet& packet) {
  ColdFlow& cold = flows_.cold(packet.flow);
  Inspection& inspection = inspections_.get(cold.inspection);
  facts_.clear();
  if (breaks_web_port(packet)) return;
  if (rules_listen(packet.flow)) {
    inspections_.listen(inspection, packet.way);
  } else {
    inspections_.settle(inspection, packet.way);
  }
  if (packet.way == Way::to_client &&
      inspection.half(Way::to_server).phase == Half::Phase::looking) {
    cold.set_sequence(packet.way, inspection.half(packet.way).stream.next_sequence());
    return;
  }
  if (cold.app_proto == proto::AppProto::unknown) {
    if (!inspection.at_start && begins_with_record(packet.payload())) {
      cold.app_proto = facts_.protocol = proto::AppProto::tls;
      conclude(packet, judge(*snapshot_, ends(packet.flow), facts_));
      return;
    }
    cold.app_proto = proto::AppProto::failed;
    counters_.add(Counter::flows_unclassified);
  }
  conclude(packet, judge(*snapshot_, ends_of_unreadable(packet.flow), facts_));
}

// A parser completed a message: `facts_` holds what it said. True where there is more to look at.
bool Pipeline::message(Packet& packet, Inspected& outcome) {
  ColdFlow& cold = flows_.cold(packet.flow);
  Inspection& inspection = inspections_.get(cold.inspection);
  const Half& half = inspection.half(packet.way);
  const bool is_answer = half.speaks_as_server();
  cold.app_proto = facts_.spoken();
  if (facts_.protocol == proto::AppProto::dns && is_answer)
    return dns_stream_answer(packet, outcome);
  if (facts_.protocol == proto::AppProto::http && is_answer) return http_answer(packet, outcome);
  count_message(facts_.protocol);
  protocol_event(packet, facts_);
  if (refuse_message(packet)) return false;
  note_messenger(packet);
  if (facts_.protocol == proto::AppProto::oscar && facts_.messenger.application.empty()) {
    // AIM or ICQ: the log-in will tell.
    cold.set_sequence(packet.way, half.stream.next_sequence());
    outcome = inspections_.go_on(inspection, packet.way, facts_.next, facts_);
    return true;
  }
  if (is_answer && !facts_.has_messenger && facts_.next == proto::Next::opaque &&
      flows_.hot(packet.flow).stage == Stage::watched) {
    // The client said what it wants, and the server has taken it.
    stop_reading(packet.flow);
    return false;
  }
  const Judgement judgement = judge(*snapshot_, ends(packet.flow), facts_);
  const proto::Next next = facts_.next;
  const bool reads_on = outcome == Inspected::half_message || next != proto::Next::opaque;
  if (!reads_on && !is_answer && packet.way == Way::to_client &&
      !blocks(judgement.verdict.action) &&
      inspection.half(Way::to_server).phase == Half::Phase::looking) {
    // A server that speaks as clients do, as in XMPP, does not end what its client says.
    cold.set_sequence(packet.way, half.stream.next_sequence());
    inspections_.settle(inspection, packet.way);
    return false;
  }
  if (blocks(judgement.verdict.action) || !reads_on || !tunnel_is_read()) {
    conclude(packet, judgement);
    return false;
  }
  expect_flows(judgement);
  if (ends_with_this(judgement)) {
    // Whatever else is said gets the same verdict.
    cold.set_sequence(packet.way, half.stream.next_sequence());
    watch(packet, judgement);
    stop_reading(packet.flow);
    return false;
  }
  if (half.urgent_count != 0) {
    if (outcome == Inspected::half_message) return keep_half_message(packet, judgement, outcome);
    // Where messages follow one another the two readings lead to different places. A second hello
    // is rare enough to do without.
    if (facts_.protocol == proto::AppProto::tls) {
      conclude(packet, judgement);
    } else {
      take_down(packet, Reason::tcp_urgent);
    }
    return false;
  }
  if (facts_.protocol == proto::AppProto::dns) {
    // A resolver connection carries question after question; each is judged by itself.
    if (dns_stream_question(packet)) return false;
    count_verdict(judgement);
    alert_event(packet.flow, judgement, &packet);
  } else if (next != proto::Next::answer) {
    watch(packet, judgement);
  }
  cold.set_sequence(packet.way, half.stream.next_sequence());
  outcome = inspections_.go_on(inspection, packet.way, next, facts_);
  return true;
}

// One of the two readings of a stream with urgent bytes has become a message.
bool Pipeline::keep_half_message(Packet& packet, const Judgement& judgement, Inspected& outcome) {
  count_verdict(judgement);
  alert_event(packet.flow, judgement, &packet);
  ColdFlow& cold = flows_.cold(packet.flow);
  Half& half = inspections_.get(cold.inspection).half(packet.way);
  cold.set_sequence(packet.way, half.stream.next_sequence());
  if (inspections_.keep(half)) return false;
  outcome = Inspected::out_of_memory;
  return true;
}

// What the policy refuses whoever it is. True where it did.
bool Pipeline::refuse_message(Packet& packet) {
  const policy::Controls& controls = snapshot_->policy->controls();
  if (breaks_web_port(packet) || refuse_request(packet) || breaks_dns_stream(packet)) return true;
  const bool tunnel = facts_.has_name_from(proto::NameSource::tunnel_target);
  if (tunnel && controls.evasion.proxies == policy::Proxies::reset) {
    take_down(packet, Reason::proxy_refused);
    return true;
  }
  if (controls.tls.ech == policy::EncryptedClientHello::reset && offers_ech(controls.tls, facts_)) {
    take_down(packet, Reason::ech_refused);
    return true;
  }
  return false;
}

// Whether the policy has the stream behind this message read.
bool Pipeline::tunnel_is_read() const {
  return snapshot_->policy->controls().evasion.proxies != policy::Proxies::allow ||
         facts_.next != proto::Next::protocol ||
         !facts_.has_name_from(proto::NameSource::tunnel_target);
}

// The flow is forwarded for what a message said, and goes on being read.
void Pipeline::watch(Packet& packet, const Judgement& judgement) {
  if (!remember(packet.flow, judgement, packet.view->number)) return;
  count_verdict(judgement);
  alert_event(packet.flow, judgement, &packet);
}

// Notes in the flow's record why it is forwarded so far. False where that is no news.
bool Pipeline::remember(flow::FlowIndex flow, const Judgement& judgement,
                        std::uint64_t packet_number) {
  HotFlow& hot = flows_.hot(flow);
  ColdFlow& cold = flows_.cold(flow);
  const bool first = hot.stage != Stage::watched;
  // Evidence is in the order of its strength.
  const bool news = judgement.im.known() && (judgement.im.application != cold.im.application ||
                                             judgement.im.evidence < cold.im.evidence ||
                                             judgement.verdict.rule != cold.rule ||
                                             service_is_news(flow, judgement.im.service));
  if (!first && !news) return false;
  if (cold.inspection.valid()) {
    inspections_.get(cold.inspection).services_told |=
        static_cast<std::uint16_t>(1u << static_cast<unsigned>(judgement.im.service));
  }
  if (flow::is_decided(hot.stage)) names_.release(cold.name());
  cold.decide(names_.keep(judgement.name), static_cast<std::uint32_t>(packet_number));
  cold.im = judgement.im;
  cold.rule = judgement.verdict.rule;
  cold.action = judgement.verdict.action;
  hot.generation = static_cast<std::uint16_t>(snapshot_->generation);
  hot.stage = Stage::watched;
  if (first) {
    counters_.add(Counter::flows_decided);
    flows_.schedule(flow, tick_, timeout(hot, cold));
  }
  return true;
}

// A watched flow will say no more that matters, but perhaps to a rule.
void Pipeline::stop_reading(flow::FlowIndex flow) {
  if (rules_listen(flow)) {
    flows_.hot(flow).stage = Stage::watched;
    Inspection& inspection = inspections_.get(flows_.cold(flow).inspection);
    inspections_.listen(inspection, Way::to_server);
    inspections_.listen(inspection, Way::to_client);
    return;
  }
  const Stage stage = forwarded_stage(flow);
  flows_.hot(flow).stage = stage;
  if (stage != Stage::confirming) close_record(flow);
}

// Confirming, as long as bytes that were read are not acknowledged. To a name server anything may
// be followed by a question.
Stage Pipeline::forwarded_stage(flow::FlowIndex flow) {
  const ColdFlow& cold = flows_.cold(flow);
  const HotFlow& hot = flows_.hot(flow);
  if (!hot.key.is_tcp() && hot.server_port() == proto::dns::kServerPort) return Stage::watched;
  if (!cold.inspection.valid()) return Stage::forwarded;
  Inspection& inspection = inspections_.get(cold.inspection);
  inspections_.settle(inspection, Way::to_server);
  inspections_.settle(inspection, Way::to_client);
  return inspection.all_done() ? Stage::forwarded : Stage::confirming;
}

// The verdict is to forward, but the receiver has not yet acknowledged what the verdict was read
// from. Until then another version of the same bytes must not reach it: the one that was read may
// never have arrived.
void Pipeline::confirm(Packet& packet) {
  ColdFlow& cold = flows_.cold(packet.flow);
  if (!cold.inspection.valid()) {
    flows_.hot(packet.flow).stage = Stage::forwarded;
    return;
  }
  Inspection& inspection = inspections_.get(cold.inspection);
  if (packet.layers.payload_size != 0) {
    InspectionPool::Segment segment;
    segment.sequence = packet.layers.sequence + (packet.layers.has(net::tcp_flag::syn) ? 1 : 0);
    segment.payload = packet.payload();
    if (inspections_.feed(inspection, packet.way, segment, facts_) == Inspected::conflict) {
      conflict(packet);
      return;
    }
    advance(cold, packet);
  }
  if (!inspection.all_done()) return;
  end_inspection(packet.flow);
  flows_.hot(packet.flow).stage = Stage::forwarded;
}

void Pipeline::conflict(Packet& packet) {
  Inspection& inspection = inspections_.get(flows_.cold(packet.flow).inspection);
  if (++inspection.conflicts >= kMaxConflicts) {
    take_down(packet, Reason::evasion);
  } else {
    refuse(packet, Reason::overlap_conflict);
  }
}

// The next byte of a direction that is no longer read.
void Pipeline::advance(ColdFlow& cold, const Packet& packet) {
  const std::uint32_t next = packet.layers.sequence + packet.layers.payload_size;
  const std::uint32_t known = cold.next_sequence[flow::index(packet.way)];
  if (!cold.sequence_known(packet.way) || static_cast<std::int32_t>(next - known) > 0) {
    cold.set_sequence(packet.way, next);
  }
}

void Pipeline::count_message(proto::AppProto protocol) {
  switch (protocol) {
    case proto::AppProto::tls:
    case proto::AppProto::dtls: counters_.add(Counter::tls_hellos); break;
    case proto::AppProto::quic: counters_.add(Counter::quic_hellos); break;
    case proto::AppProto::http:
    case proto::AppProto::http2: counters_.add(Counter::http_requests); break;
    case proto::AppProto::dns: counters_.add(Counter::dns_questions); break;
    case proto::AppProto::socks:
    case proto::AppProto::proxy_protocol: counters_.add(Counter::tunnels); break;
    default: break;
  }
}

}  // namespace chatgate::engine
