#include "engine/worker.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "engine/pipeline.h"

namespace chatgate::engine {

using flow::ColdFlow;
using flow::HotFlow;
using flow::Stage;
using flow::Way;

Pipeline::Pipeline(const WorkerConfig& config, telemetry::WorkerCounters& counters,
                   telemetry::EventRing* events)
    : config_(config),
      timeouts_(),
      counters_(counters),
      events_(events),
      flows_(config.flows, Tick()),
      names_(std::max<std::uint32_t>(config.flows / 8, 1024)),
      inspections_(config.inspections) {}

// The packet's way, for a burst. Decode, hash and look-up run over all packets first, so that their
// cache misses overlap; then each packet goes its way to the end, in order.
void Pipeline::process(std::span<const net::PacketView> burst, Time now, const Snapshot& snapshot,
                       BurstResult& result) {
  assert(burst.size() <= kMaxBurst);
  set_time(now, snapshot);
  result_ = &result;
  result.forged_count = 0;

  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < burst.size(); ++i) {
    Packet& packet = packets_[i];
    packet.view = &burst[i];
    packet.position = static_cast<std::uint16_t>(i);
    bytes += burst[i].wire_length;
    if (burst[i].truncated()) counters_.add(Counter::truncated);
    net::decode(burst[i], packet.layers);
    if (packet.layers.outcome != net::Decoded::transport) continue;
    packet.key = flow::make_key(packet.layers, burst[i].pair);
    packet.hash = flow::hash_key(config_.hash, packet.key.key);
    flows_.prefetch_bucket(packet.hash);
  }
  for (std::size_t i = 0; i < burst.size(); ++i) {
    if (packets_[i].layers.outcome == net::Decoded::transport)
      flows_.prefetch_flow(packets_[i].hash);
  }

  std::uint64_t forwarded = 0;
  for (std::size_t i = 0; i < burst.size(); ++i) {
    result.dispositions[i] = {};
    Packet& packet = packets_[i];
    switch (packet.layers.outcome) {
      case net::Decoded::transport: look_up(packet); break;
      case net::Decoded::fragment: counters_.add(Counter::fragments); break;
      case net::Decoded::not_transport:
      case net::Decoded::not_ip: counters_.add(Counter::not_transport); break;
      case net::Decoded::malformed: counters_.add(Counter::undecodable); break;
    }
    forwarded += result.dispositions[i].forward ? 1 : 0;
  }
  counters_.add(Counter::packets, burst.size());
  counters_.add(Counter::bytes, bytes);
  counters_.add(Counter::forwarded, forwarded);
  counters_.add(Counter::dropped, burst.size() - forwarded);
  counters_.add(Counter::forged, result.forged_count);
}

void Pipeline::look_up(Packet& packet) {
  packet.flow = flows_.find(packet.key.key, packet.hash);
  if (!packet.flow.valid() && !open_flow(packet)) return;
  HotFlow* flow = &flows_.hot(packet.flow);
  packet.way = flow->way(packet.key.from_low);
  if (!decided(packet, *flow)) {
    undecided(packet);
    flow = &flows_.hot(packet.flow);
  }
  account(packet, *flow);
}

// The short way. True where the packet is done with; its flow's record is all that was touched.
bool Pipeline::decided(Packet& packet, HotFlow& flow) {
  constexpr std::uint8_t kChanges = net::tcp_flag::syn | net::tcp_flag::fin | net::tcp_flag::rst;
  return flow.stage == Stage::forwarded &&
         flow.generation == static_cast<std::uint16_t>(snapshot_->generation) &&
         !packet.layers.has(kChanges);
}

// The long way: everything that may change what a flow is or what becomes of it.
void Pipeline::undecided(Packet& packet) {
  if (packet.tcp()) follow_tcp(packet);
  HotFlow& flow = flows_.hot(packet.flow);
  const bool decided_before = flow.stage != Stage::undecided && flow.stage != Stage::per_packet;
  if (decided_before && flow.generation != static_cast<std::uint16_t>(snapshot_->generation) &&
      judge_flow_anew(packet)) {
    enforce_flow(packet);
    return;
  }
  switch (flow.stage) {
    case Stage::forwarded: return;
    case Stage::dropped:
    case Stage::reset: answer_blocked(packet); return;
    case Stage::per_packet: dns_datagram(packet); return;
    case Stage::undecided: break;
  }
  if (packet.layers.payload_size == 0 && packet.layers.payload_missing == 0) return;
  if (packet.view->transport_checksum == net::ChecksumStatus::bad) {
    counters_.add(Counter::checksum_bad);
    return;
  }
  flows_.cold(packet.flow).flags |= ColdFlow::kPayload;
  if (packet.tcp()) {
    tcp_payload(packet);
  } else {
    udp_payload(packet);
  }
}

// Handshake and end of a connection, as far as the table needs to know.
void Pipeline::follow_tcp(Packet& packet) {
  const net::Layers& layers = packet.layers;
  if (layers.has(net::tcp_flag::syn)) follow_handshake(packet);
  if (!layers.has(net::tcp_flag::fin | net::tcp_flag::rst)) return;
  ColdFlow& cold = flows_.cold(packet.flow);
  if (layers.has(net::tcp_flag::fin)) {
    cold.flags |= packet.way == Way::to_server ? ColdFlow::kFinToServer : ColdFlow::kFinToClient;
  }
  if (layers.has(net::tcp_flag::rst)) cold.flags |= ColdFlow::kReset;
  if (cold.closed()) {
    flows_.schedule(packet.flow, tick_, Tick::from_seconds(timeouts_.closing));
  }
}

void Pipeline::follow_handshake(Packet& packet) {
  const std::uint32_t first = packet.layers.sequence + 1;
  const HotFlow& flow = flows_.hot(packet.flow);
  if (packet.layers.has(net::tcp_flag::ack)) {
    ColdFlow& cold = flows_.cold(packet.flow);
    if (flow.stage == Stage::undecided && !cold.inspection.valid()) {
      cold.set_sequence(packet.way, first);
    }
    return;
  }
  // A SYN with another number than before is another connection on the same ports; from the
  // responder while nothing has been said it is a simultaneous open (RFC 9293 section 3.5).
  const ColdFlow& before = flows_.cold(packet.flow);
  const bool opened_now = flow.packets[0] + flow.packets[1] == 0;
  const bool repeated =
      before.sequence_known(packet.way) && before.next_sequence[flow::index(packet.way)] == first;
  const bool simultaneous = packet.way == Way::to_client && flow.stage == Stage::undecided &&
                            !before.has(ColdFlow::kPayload);
  if (!opened_now && !repeated && !simultaneous) renew_flow(packet);
  if (!repeated) flows_.cold(packet.flow).set_sequence(packet.way, first);
  if (flow.stage != Stage::undecided || packet.way != Way::to_server) return;
  Judgement judgement;
  if (refuse_at_once(*snapshot_, ends_of(flow), judgement)) conclude(packet, judgement);
}

void Pipeline::tcp_payload(Packet& packet) {
  ColdFlow& cold = flows_.cold(packet.flow);
  const net::Layers& layers = packet.layers;
  const std::uint32_t first = layers.sequence + (layers.has(net::tcp_flag::syn) ? 1 : 0);
  if (!cold.inspection.valid()) {
    // What no handshake told: this is the first byte seen, and the other end says what it expects.
    if (!cold.sequence_known(packet.way)) cold.set_sequence(packet.way, first);
    const Way back = flow::reverse(packet.way);
    if (!cold.sequence_known(back) && layers.has(net::tcp_flag::ack)) {
      cold.set_sequence(back, layers.acknowledgment);
    }
    cold.inspection = inspections_.acquire(packet.flow, tick_, cold.next_sequence);
    if (!cold.inspection.valid()) {
      inspected(packet, Inspected::out_of_memory);
      return;
    }
    counters_.set(Counter::inspections_active, inspections_.in_use());
    flows_.schedule(packet.flow, tick_, Tick::from_seconds(timeouts_.inspection));
  }
  inspected(packet, inspections_.feed(inspections_.get(cold.inspection), packet.way, first,
                                      packet.payload(), layers.payload_missing != 0, facts_));
}

// What the looking at a segment came to.
void Pipeline::inspected(Packet& packet, Inspected outcome) {
  ColdFlow& cold = flows_.cold(packet.flow);
  facts_.protocol = outcome == Inspected::message ? facts_.protocol : proto::AppProto::unknown;
  switch (outcome) {
    case Inspected::undecided: {
      const stream::TcpStream& stream = inspections_.get(cold.inspection).half(packet.way).stream;
      if (stream.has_holes()) counters_.add(Counter::out_of_order);
      cold.set_sequence(packet.way, stream.next_sequence());
      return;
    }
    case Inspected::conflict: drop(packet, Reason::overlap_conflict); return;
    case Inspected::message: message(packet); return;
    case Inspected::nothing:
      // The server may speak first; what the client says is what counts.
      if (packet.way == Way::to_client &&
          !inspections_.get(cold.inspection).half(Way::to_server).ended()) {
        advance(cold, packet);
        return;
      }
      cold.app_proto = proto::AppProto::failed;
      counters_.add(Counter::flows_unclassified);
      break;
    case Inspected::malformed: counters_.add(Counter::parse_malformed); break;
    case Inspected::limit: counters_.add(Counter::inspection_limit); break;
    case Inspected::out_of_memory:
      if (config_.on_failure == OnFailure::closed) {
        drop(packet, Reason::inspection_exhausted);
        return;
      }
      counters_.add(Reason::inspection_exhausted);
      break;
  }
  facts_.clear();
  conclude(packet, judge(*snapshot_, ends_of(flows_.hot(packet.flow)), facts_));
}

// A parser completed a message: `facts_` holds what it said.
void Pipeline::message(Packet& packet) {
  ColdFlow& cold = flows_.cold(packet.flow);
  cold.app_proto = facts_.protocol;
  count_message(facts_.protocol);
  protocol_event(packet, facts_);
  const Judgement judgement = judge(*snapshot_, ends_of(flows_.hot(packet.flow)), facts_);
  if (facts_.protocol != proto::AppProto::dns || blocks(judgement.verdict.action)) {
    conclude(packet, judgement);
    return;
  }
  // A resolver connection carries question after question; each is judged by itself.
  count_verdict(judgement);
  alert_event(packet.flow, judgement, &packet);
  Inspection& inspection = inspections_.get(cold.inspection);
  cold.set_sequence(packet.way, inspection.half(packet.way).stream.next_sequence());
  if (!inspections_.next_message(inspection, packet.way))
    inspected(packet, Inspected::out_of_memory);
}

// The next byte of a direction that is not inspected.
void Pipeline::advance(ColdFlow& cold, const Packet& packet) {
  const std::uint32_t next = packet.layers.sequence + packet.layers.payload_size;
  const std::uint32_t known = cold.next_sequence[flow::index(packet.way)];
  if (!cold.sequence_known(packet.way) || static_cast<std::int32_t>(next - known) > 0) {
    cold.set_sequence(packet.way, next);
  }
}

void Pipeline::count_message(proto::AppProto protocol) {
  switch (protocol) {
    case proto::AppProto::tls: counters_.add(Counter::tls_hellos); break;
    case proto::AppProto::http: counters_.add(Counter::http_requests); break;
    case proto::AppProto::dns: counters_.add(Counter::dns_questions); break;
    case proto::AppProto::unknown:
    case proto::AppProto::failed: break;
  }
}

void Pipeline::udp_payload(Packet& packet) {
  facts_.clear();
  const HotFlow& flow = flows_.hot(packet.flow);
  const auto direction =
      packet.way == Way::to_server ? proto::Direction::to_server : proto::Direction::to_client;
  for (const proto::DatagramParser& parser : proto::datagram_parsers()) {
    if (parser.server_port != 0 && parser.server_port != flow.server_port()) continue;
    const proto::ParseStatus status = parser.parse(packet.payload(), direction, facts_);
    if (status == proto::ParseStatus::malformed) counters_.add(Counter::parse_malformed);
    if (status != proto::ParseStatus::done) {
      facts_.clear();
      continue;
    }
    flows_.cold(packet.flow).app_proto = parser.protocol;
    if (parser.protocol == proto::AppProto::dns) {
      flows_.hot(packet.flow).stage = Stage::per_packet;
      dns_datagram(packet);
      return;
    }
    protocol_event(packet, facts_);
    break;
  }
  if (facts_.protocol == proto::AppProto::unknown) counters_.add(Counter::flows_unclassified);
  conclude(packet, judge(*snapshot_, ends_of(flow), facts_));
}

// DNS over UDP: every question is judged and answered by itself.
void Pipeline::dns_datagram(Packet& packet) {
  if (packet.way == Way::to_client || packet.layers.payload_size == 0) return;
  facts_.clear();
  for (const proto::DatagramParser& parser : proto::datagram_parsers()) {
    if (parser.protocol != proto::AppProto::dns) continue;
    const auto status = parser.parse(packet.payload(), proto::Direction::to_server, facts_);
    if (status == proto::ParseStatus::malformed) counters_.add(Counter::parse_malformed);
    if (status != proto::ParseStatus::done) return;
    break;
  }
  count_message(facts_.protocol);
  protocol_event(packet, facts_);
  const Judgement judgement = judge(*snapshot_, ends_of(flows_.hot(packet.flow)), facts_);
  count_verdict(judgement);
  if (blocks(judgement.verdict.action)) answer_dns(packet, judgement);
  alert_event(packet.flow, judgement, &packet);
}

void Pipeline::account(Packet& packet, HotFlow& flow) {
  const std::size_t way = flow::index(packet.way);
  flow.last_seen = tick_;
  ++flow.packets[way];
  const std::uint32_t before = flow.bytes_low[way];
  flow.bytes_low[way] += packet.view->wire_length;
  if (flow.bytes_low[way] < before) ++flows_.cold(packet.flow).bytes_high[way];
}

struct Worker::State : Pipeline {
  using Pipeline::Pipeline;
};

Worker::Worker(const WorkerConfig& config, telemetry::WorkerCounters& counters,
               telemetry::EventRing* events)
    : state_(std::make_unique<State>(config, counters, events)) {}

Worker::~Worker() = default;

void Worker::process(std::span<const net::PacketView> burst, Time now, const Snapshot& snapshot,
                     BurstResult& result) {
  state_->process(burst, now, snapshot, result);
}

void Worker::tick(Time now, const Snapshot& snapshot) {
  state_->tick(now, snapshot);
}

void Worker::shut_down(Time now, const Snapshot& snapshot) {
  state_->shut_down(now, snapshot);
}

Mailbox& Worker::mailbox() {
  return state_->mailbox;
}

std::size_t Worker::memory() const {
  return state_->memory();
}

WorkerId owner(const net::PacketView& packet, const KeyedHash& hash, unsigned workers) {
  if (workers <= 1) return WorkerId(0);
  net::Layers layers;
  net::decode(packet, layers);
  if (layers.outcome == net::Decoded::not_ip || layers.outcome == net::Decoded::malformed) {
    return WorkerId(0);
  }
  // A symmetric combination of the two addresses, hashed: order does not matter.
  KeyedHash::Words source{}, destination{};
  std::memcpy(source.data(), layers.source.bytes.data(), 16);
  std::memcpy(destination.data(), layers.destination.bytes.data(), 16);
  const std::uint64_t mixed = hash(source) + hash(destination);
  return WorkerId(static_cast<std::uint8_t>((mixed >> 32) * workers >> 32));
}

}  // namespace chatgate::engine
