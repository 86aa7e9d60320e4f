// A datagram of a flow that is not decided for good. DNS goes its own way: dns_path.cpp.

#include "enforce/quic_close.h"
#include "engine/pipeline.h"
#include "net/frame_builder.h"
#include "proto/quic.h"

namespace chatgate::engine {

using flow::ColdFlow;
using flow::Stage;
using flow::Way;

void Pipeline::udp_payload(Packet& packet) {
  ColdFlow& cold = flows_.cold(packet.flow);
  if (is_dns(packet)) {
    restart_inspection(packet.flow);
    cold.app_proto = proto::AppProto::dns;
    flows_.hot(packet.flow).stage = Stage::per_packet;
    dns_datagram(packet);
    return;
  }
  if (breaks_dns(packet)) return;
  if (quic_by_word(packet)) return;
  facts_.clear();
  if (!cold.inspection.valid() && !acquire_inspection(packet)) {
    Inspected outcome = Inspected::out_of_memory;
    inspected(packet, outcome);
    return;
  }
  if (snapshot_->signatures != nullptr) ++session_of(cold.inspection, packet.flow).datagrams;
  const Inspected outcome = feed_datagram(packet);
  if (traced_ != nullptr) trace_parse(outcome);
  if (rules_on_payload(packet, nullptr, outcome == Inspected::message)) return;
  switch (outcome) {
    case Inspected::undecided: return;
    case Inspected::message: udp_message(packet); return;
    case Inspected::malformed: unreadable(packet); return;
    default: break;
  }
  if (waits_for_peers(packet)) return;
  if (cold.app_proto != proto::AppProto::unknown) {
    conclude(packet, judge(*snapshot_, ends(packet.flow), facts_));
    return;
  }
  cold.app_proto = proto::AppProto::failed;
  counters_.add(Counter::flows_unclassified);
  conclude(packet, judge(*snapshot_, ends_of_unreadable(packet.flow), facts_));
}

Inspected Pipeline::feed_datagram(const Packet& packet) {
  const auto direction =
      packet.way == Way::to_server ? proto::Direction::to_server : proto::Direction::to_client;
  Inspection& inspection = inspections_.get(flows_.cold(packet.flow).inspection);
  return inspections_.feed_datagram(inspection, packet.payload(), direction,
                                    flows_.hot(packet.flow).server_port(), facts_);
}

// A parser knows the datagrams for its own and cannot read them.
void Pipeline::unreadable(Packet& packet) {
  ColdFlow& cold = flows_.cold(packet.flow);
  counters_.add(Counter::parse_malformed);
  const Inspection& inspection = inspections_.get(cold.inspection);
  cold.app_proto = proto::datagram_parsers()[inspection.datagram_parser].protocol;
  protocol_event(packet, facts_);
  if (broken_quic(packet)) {
    take_down(packet, Reason::evasion);
    return;
  }
  Judgement judgement = judge(*snapshot_, ends(packet.flow), facts_);
  if (cold.app_proto == proto::AppProto::quic && !judgement.verdict.rule.valid()) {
    judgement.verdict.action = snapshot_->policy->controls().tls.unreadable_quic;
    judgement.verdict.log = judgement.verdict.action == policy::Action::alert;
  }
  keep_quic_ids(packet);
  conclude(packet, judgement);
}

// Whether a QUIC flow breaks rules that the gateway knows, which no innocent end does, rather than
// following others.
bool Pipeline::broken_quic(const Packet& packet) const {
  if (flows_.cold(packet.flow).app_proto != proto::AppProto::quic) return false;
  if (packet.layers.payload_missing != 0 || packet.layers.payload_size < 5) return false;
  if (flows_.hot(packet.flow).stage == Stage::watched) return true;
  const Bytes payload = packet.payload();
  return (payload[0] & 0x80) != 0 &&
         proto::quic::find_version(load_be32(payload.data() + 1)) != nullptr;
}

// Where the policy does not want QUIC looked at. True where that settles it.
bool Pipeline::quic_by_word(Packet& packet) {
  const policy::Quic word = snapshot_->policy->controls().tls.quic;
  if (word == policy::Quic::inspect ||
      proto::quic::probe(packet.payload()) != proto::Probe::certain) {
    return false;
  }
  facts_.clear();
  flows_.cold(packet.flow).app_proto = proto::AppProto::quic;
  if (word == policy::Quic::allow) {
    conclude(packet, judge(*snapshot_, ends(packet.flow), facts_));
  } else {
    take_down(packet, Reason::quic_refused);
  }
  return true;
}

// Whether a datagram may begin a handshake: a QUIC packet with a long header, or a DTLS handshake.
bool Pipeline::may_begin(const Packet& packet) {
  if (packet.tcp() || packet.layers.payload_size < 2) return false;
  return may_begin(load_be16(packet.payload().data()));
}

// A handshake in a flow that was let pass for what came before: a label that the first datagram
// gave is never final, and a new connection may use the ports of an old one.
void Pipeline::look_again(Packet& packet) {
  ColdFlow& cold = flows_.cold(packet.flow);
  if (quic_by_word(packet)) return;
  const std::uint16_t port = flows_.hot(packet.flow).server_port();
  if (!InspectionPool::may_begin_session(packet.payload(), port)) return;
  facts_.clear();
  if (cold.inspection.valid() || !acquire_inspection(packet)) return;
  const Inspected outcome = feed_datagram(packet);
  if (traced_ != nullptr) trace_parse(outcome);
  if (outcome == Inspected::message && facts_.has_hello) {
    udp_message(packet);
    return;
  }
  if (outcome == Inspected::undecided &&
      inspections_.get(cold.inspection).datagrams.session.valid()) {
    flows_.hot(packet.flow).stage = Stage::watched;
    return;
  }
  close_record(packet.flow);
}

void Pipeline::keep_quic_ids(const Packet& packet) {
  const ColdFlow& cold = flows_.cold(packet.flow);
  if (cold.app_proto != proto::AppProto::quic || !cold.inspection.valid()) return;
  quic_ids_.keep(packet.flow, packet.hash,
                 context_.quic.ids(inspections_.get(cold.inspection).datagrams));
}

void Pipeline::close_quic(const Packet& packet) {
  ForgedFrame* frame = next_forged(packet, packet.frame->side);
  if (frame == nullptr) return;
  std::array<std::uint8_t, enforce::kMaxQuicClose> close;
  const std::size_t size = enforce::build_quic_close(
      packet.payload(), quic_ids_.find(packet.flow, packet.hash), context_.quic.crypto(), close);
  if (size == 0) return;
  const std::optional<net::Opposite> back = opposite(packet);
  commit_forged(net::build_udp(*packet.frame, *packet.frame_layers, net::Toward::sender,
                               Bytes(close).first(size), frame->data, back ? &*back : nullptr));
}

// A parser has read a datagram's message to its end: `facts_` holds what it said.
void Pipeline::udp_message(Packet& packet) {
  flows_.cold(packet.flow).app_proto = facts_.protocol;
  count_message(facts_.protocol);
  protocol_event(packet, facts_);
  if (refuse_message(packet)) return;
  note_messenger(packet);
  const Judgement judgement = judge(*snapshot_, ends(packet.flow), facts_);
  keep_quic_ids(packet);
  expect_call(packet.flow, judgement);
  const bool blocked = blocks(judgement.verdict.action);
  if (!blocked) expect_flows(judgement);
  const bool reads_on =
      facts_.next != proto::Next::opaque && (!facts_.has_messenger || reads_messages(judgement));
  if (blocked || !reads_on) {
    conclude(packet, judgement);
  } else {
    watch(packet, judgement);
  }
}

}  // namespace chatgate::engine
