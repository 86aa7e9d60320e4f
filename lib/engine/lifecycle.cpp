// How flows begin and end, and what is asked about them.

#include <algorithm>
#include <cstring>

#include "engine/pipeline.h"

namespace chatgate::engine {

using flow::ColdFlow;
using flow::FlowIndex;
using flow::HotFlow;
using flow::Stage;

namespace {

constexpr std::size_t kExpireSlice = 512;    // flows looked at in one tick
constexpr std::uint32_t kMailSlice = 4096;   // records looked at in one tick
constexpr std::uint32_t kForgetSlice = 512;  // ... where they may be given back
// A longer silence than any timeout: after it, no flow is alive.
constexpr std::uint64_t kLeap = std::uint64_t{2} * policy::Timeouts::kMost * 1'000'000'000;
// An inspection this many seconds old gives way when all are taken.
constexpr std::uint32_t kStale = 5;
// A talking flow is pushed out only after it has been silent this long.
constexpr std::uint32_t kIdleBeforeEviction = 60;
constexpr std::uint16_t kWellKnownPorts = 1024;
constexpr std::uint16_t kDnsPort = 53;
// The ends of a connection that fell silent were not told, and a server may hold the first half of
// a hello: the other half must not pass for the beginning of something else. Senders wait up to two
// minutes between two copies (RFC 6298 section 5.7; Linux, TCP_RTO_MAX).
constexpr std::uint32_t kSilenced = 180;

// Whether a datagram from the port of DNS is an answer.
bool answers_question(const net::PacketView& packet, const net::Layers& layers) {
  constexpr std::size_t kFlags = 2, kHeader = 12;
  return layers.source_port == kDnsPort && layers.payload_size >= kHeader &&
         (packet.bytes[layers.payload + kFlags] & 0x80) != 0;
}

// Whether the sender of a flow's first packet is its responder. A SYN/ACK says so; a connection
// that was under way before is read by its ports; a first datagram comes from the client, unless it
// comes from a well-known port outside. Inside, clients choose such ports in order to be taken for
// servers, so that there only answers of DNS count; and nobody answers a listed server.
bool sender_responds(const net::PacketView& packet, const net::Layers& layers,
                     const catalog::Catalogue& catalogue) {
  const bool tcp = layers.protocol == net::kTcp;
  if (tcp && layers.has(net::tcp_flag::syn)) return layers.has(net::tcp_flag::ack);
  const auto served = [&](std::uint16_t port) {
    return port < kWellKnownPorts ||
           (tcp && catalogue.match_port(catalog::Transport::tcp, port).found());
  };
  if (!served(layers.source_port) || served(layers.destination_port)) return false;
  if (tcp) return true;
  if (packet.side == net::Side::inside && !answers_question(packet, layers)) return false;
  return !catalogue.match_address(layers.destination).found();
}

}  // namespace

void Pipeline::set_time(Time now, const Snapshot& snapshot) {
  snapshot_ = &snapshot;
  const bool leap = now.nanoseconds > now_.nanoseconds + kLeap;
  if (leap && flows_.size() != 0) {
    for (std::uint32_t i = 0; i < flows_.capacity(); ++i) {
      if (flows_.in_use(FlowIndex(i))) end_flow(FlowIndex(i), telemetry::FlowEnd::timeout);
    }
  }
  now_ = std::max(now_, now);
  tick_ = Tick(now_);
  if (leap) flows_.restart_clock(tick_);
}

void Pipeline::tick(Time now, const Snapshot& snapshot) {
  set_time(now, snapshot);
  release_sent();
  look_for_requests();
  flows_.expire(tick_, kExpireSlice, [this](FlowIndex flow) { expire(flow); });
  fragments_.expire(tick_, kExpireSlice);
  count_fragments(0);
  counters_.set(Counter::signature_dropped, scanner_.dropped());
  counters_.set(Counter::signature_budget, scanner_.exhausted());
  answer_mail();
}

void Pipeline::shut_down(Time now, const Snapshot& snapshot) {
  set_time(now, snapshot);
  for (std::uint32_t i = 0; i < flows_.capacity(); ++i) {
    if (flows_.in_use(FlowIndex(i))) end_flow(FlowIndex(i), telemetry::FlowEnd::shutdown);
  }
}

std::size_t Pipeline::memory() const {
  return sizeof *this + flows_.memory() + names_.memory() + inspections_.memory() +
         scanner_.memory() + fragments_.memory() + pending_.memory() + quota_.memory() +
         context_.memory() + opposites_.memory() + quic_ids_.memory();
}

// A new record for the packet's flow. False where there is no room; the packet has its disposition.
bool Pipeline::open_flow(Packet& packet) {
  packet.flow = flows_.insert(packet.key.key, packet.hash);
  if (!packet.flow.valid() && make_room()) {
    packet.flow = flows_.insert(packet.key.key, packet.hash);
  }
  if (!packet.flow.valid()) {
    if (open_without(controls().flows)) {
      counters_.add(Reason::flow_table_full);
    } else {
      drop(packet, Reason::flow_table_full);
    }
    return false;
  }
  const bool reversed = sender_responds(*packet.view, packet.layers, *snapshot_->catalogue);
  HotFlow& hot = flows_.hot(packet.flow);
  ColdFlow& cold = flows_.cold(packet.flow);
  hot.initiator_is_low = packet.key.from_low != reversed;
  hot.last_seen = tick_;
  hot.generation = static_cast<std::uint16_t>(snapshot_->generation);
  cold.first_seen = tick_;
  if ((packet.view->side == net::Side::inside) != reversed) cold.flags |= ColdFlow::kInsideOpened;
  flows_.schedule(packet.flow, tick_, timeout(hot, cold));
  counters_.add(Counter::flows_created);
  counters_.set(Counter::flows_active, flows_.size());
  packet.way = hot.way(packet.key.from_low);
  note_client_mac(packet);
  apply_access(packet);
  return true;
}

// The flow's ports are used for another connection.
void Pipeline::renew_flow(Packet& packet) {
  end_flow(packet.flow, telemetry::FlowEnd::closed);
  // There is room: a record has just been given back.
  open_flow(packet);
}

void Pipeline::end_flow(FlowIndex flow, telemetry::FlowEnd end) {
  end_turns(flow);
  flow_event(flow, end);
  end_inspection(flow);
  if (flow::is_decided(flows_.hot(flow).stage)) names_.release(flows_.cold(flow).name());
  flows_.erase(flow, flow::hash_key(config_.hash, flows_.hot(flow).key));
  counters_.add(Counter::flows_ended);
  if (end == telemetry::FlowEnd::evicted) counters_.add(Counter::flows_evicted);
  counters_.set(Counter::flows_active, flows_.size());
}

void Pipeline::end_inspection(FlowIndex flow) {
  ColdFlow& cold = flows_.cold(flow);
  if (!cold.inspection.valid()) return;
  inspections_.release(cold.inspection);
  cold.inspection = flow::InspectionIndex::none();
  counters_.set(Counter::inspections_active, inspections_.in_use());
}

std::uint32_t Pipeline::timeout(const HotFlow& hot, const ColdFlow& cold) const {
  const policy::Timeouts& timeouts = controls().timeouts;
  std::uint32_t seconds = timeouts.established;
  if (hot.stage == Stage::dropped && hot.key.is_tcp()) {
    seconds = std::max(timeouts.blocked, kSilenced);
  } else if (flow::is_blocked(hot.stage)) {
    seconds = timeouts.blocked;
  } else if (!hot.key.is_tcp()) {
    seconds = timeouts.udp;
  } else if (cold.closed()) {
    seconds = timeouts.closing;
  } else if (!cold.has(ColdFlow::kPayload)) {
    seconds = timeouts.embryonic;
  }
  return Tick::from_seconds(seconds);
}

// The flow's deadline has come: it ends, or gets a new one if it has been active since.
void Pipeline::expire(FlowIndex flow) {
  HotFlow& hot = flows_.hot(flow);
  ColdFlow& cold = flows_.cold(flow);
  const std::uint32_t allowed = timeout(hot, cold);
  const std::uint32_t idle = tick_.since(hot.last_seen);
  if (idle >= allowed) {
    end_flow(flow, cold.closed() ? telemetry::FlowEnd::closed : telemetry::FlowEnd::timeout);
    return;
  }
  std::uint32_t next = allowed - idle;
  const bool inspected = cold.inspection.valid();
  if (inspected) next = std::min(next, Tick::from_seconds(controls().timeouts.incomplete));
  // First, since what is decided now may file it anew, or leave it to wait for an acknowledgment.
  flows_.schedule(flow, tick_, next);
  if (inspected) inspection_due(flow);
}

// The time for looking is over where a message is in progress or an acknowledgment is awaited.
// Bytes that are not yet any protocol's go on being looked at: a message that comes a byte at a
// time must not be waved through for being slow.
void Pipeline::inspection_due(FlowIndex flow) {
  const ColdFlow& cold = flows_.cold(flow);
  const Inspection& inspection = inspections_.get(cold.inspection);
  if (tick_.since(inspection.started) < Tick::from_seconds(controls().timeouts.incomplete)) return;
  HotFlow& hot = flows_.hot(flow);
  if (hot.stage == Stage::confirming) {
    // Both directions pass here, and yet what was read never arrived. Where nothing else was
    // offered in its place an end may have left, or its network; the bytes stay guarded.
    if (hot.packets[0] != 0 && hot.packets[1] != 0) {
      if (inspection.conflicts == 0) return;
      counters_.add(Reason::evasion);
      give_up(flow, policy::Action::reset);
      evasion_event(flow, nullptr, Reason::evasion);
    } else {
      hot.stage = Stage::forwarded;
      close_record(flow);
    }
    return;
  }
  if (!inspection.message_in_progress() || cold.app_proto == proto::AppProto::dns) return;
  counters_.add(Counter::inspection_limit);
  counters_.add(Reason::incomplete);
  give_up_incomplete(flow);
}

// A message that will not become whole, without a packet in hand.
void Pipeline::give_up_incomplete(FlowIndex flow) {
  const policy::Action action = controls().incomplete;
  if (!policy::forwards(action)) {
    give_up(flow, action);
    evasion_event(flow, nullptr, Reason::incomplete);
    return;
  }
  judge_unread(flow);
}

// By address and port, without a packet in hand.
void Pipeline::judge_unread(FlowIndex flow) {
  facts_.clear();
  const Judgement judgement = judge(*snapshot_, ends(flow), facts_);
  settle(flow, judgement, 0);
  count_verdict(judgement);
}

// Takes a flow down without a packet in hand; its ends are told with its next packet.
void Pipeline::give_up(FlowIndex flow, policy::Action action) {
  HotFlow& hot = flows_.hot(flow);
  ColdFlow& cold = flows_.cold(flow);
  const flow::NameIndex name = flow::is_decided(hot.stage) ? cold.name() : flow::NameIndex::none();
  cold.decide(name, 0);
  cold.im = {};
  cold.rule = kTakenDown;
  cold.action = action;
  cold.resets_sent = 0;
  hot.stage = Stage::forwarded;
  if (blocks(action)) hot.stage = action == policy::Action::reset ? Stage::reset : Stage::dropped;
  hot.generation = static_cast<std::uint16_t>(snapshot_->generation);
  counters_.add(Counter::flows_decided);
  close_record(flow);
}

// All inspections are taken: the longest-lasting of a handful gives way.
bool Pipeline::give_up_stalest() {
  const flow::InspectionIndex stalest = inspections_.stalest(tick_, Tick::from_seconds(kStale));
  if (!stalest.valid()) return false;
  const Inspection& inspection = inspections_.get(stalest);
  const FlowIndex flow = inspection.flow;
  const Stage stage = flows_.hot(flow).stage;
  const bool forwarded = stage == Stage::confirming || stage == Stage::watched;
  if (!forwarded && (inspection.message_in_progress() || !open_without(controls().inspections))) {
    counters_.add(Reason::incomplete);
    give_up_incomplete(flow);
  } else {
    // What rests, with nothing half said, is not ended for that.
    counters_.add(Reason::inspection_exhausted);
    if (!forwarded) judge_unread(flow);
  }
  if (flows_.cold(flow).inspection.valid()) {  // it would be read on, or its end confirmed
    flows_.hot(flow).stage = Stage::forwarded;
    close_record(flow);
  }
  return true;
}

// Pushes one flow out: embryonic ones first, then closed ones, those that the other end never
// answered, blocked ones, and last those that have been silent for long. A flow in which both ends
// talk is never pushed out.
bool Pipeline::make_room() {
  constexpr std::uint64_t kTalks = 4;
  const auto idle_of = [this](FlowIndex flow) { return tick_.since(flows_.hot(flow).last_seen); };
  const auto worth = [&](FlowIndex flow) {
    const HotFlow& hot = flows_.hot(flow);
    const ColdFlow& cold = flows_.cold(flow);
    std::uint64_t rank = kTalks;
    if (!cold.has(ColdFlow::kPayload)) {
      rank = 0;
    } else if (cold.closed()) {
      rank = 1;
    } else if (hot.packets[0] == 0 || hot.packets[1] == 0) {
      rank = 2;
    } else if (flow::is_blocked(hot.stage)) {
      rank = 3;
    }
    return rank << 32 | (0xffffffff - idle_of(flow));
  };
  const FlowIndex victim = flows_.victim(worth);
  if (!victim.valid()) return false;
  const bool talks = worth(victim) >> 32 == kTalks;
  if (talks && idle_of(victim) < Tick::from_seconds(kIdleBeforeEviction)) return false;
  end_flow(victim, telemetry::FlowEnd::evicted);
  return true;
}

bool Pipeline::is_asked_for(const FlowFilter& filter, FlowIndex flow) const {
  const HotFlow& hot = flows_.hot(flow);
  if (filter.blocked_only && !flow::is_blocked(hot.stage)) return false;
  if (filter.port != 0 && hot.key.low_port != filter.port && hot.key.high_port != filter.port) {
    return false;
  }
  if (filter.address && hot.key.low != *filter.address && hot.key.high != *filter.address) {
    return false;
  }
  if (filter.application.valid() && flows_.cold(flow).im.application != filter.application) {
    return false;
  }
  return filter.flow_id == 0 || flow_id(flow) == filter.flow_id;
}

void Pipeline::add_talker(TalkerTable& talkers, FlowIndex flow) const {
  const HotFlow& hot = flows_.hot(flow);
  const ColdFlow& cold = flows_.cold(flow);
  Talker talker;
  talker.client = hot.client();
  talker.packets = std::uint64_t{hot.packets[0]} + hot.packets[1];
  talker.bytes = cold.bytes(hot, flow::Way::to_server) + cold.bytes(hot, flow::Way::to_client);
  talker.flows = 1;
  talker.blocked = flow::is_blocked(hot.stage) ? 1 : 0;
  KeyedHash::Words words{};
  std::memcpy(words.data(), talker.client.bytes.data(), talker.client.bytes.size());
  talkers.add(talker, config_.hash(words));
}

void Pipeline::answer_mail() {
  FlowQuery* query = mailbox.flows.pending();
  if (query == nullptr) return;
  const std::uint32_t slice = query->forget ? kForgetSlice : kMailSlice;
  const std::uint32_t end = std::min(flows_.capacity(), query->cursor + slice);
  for (; query->cursor < end; ++query->cursor) {
    const FlowIndex flow(query->cursor);
    if (!flows_.in_use(flow) || !is_asked_for(query->filter, flow)) continue;
    ++query->matching;
    if (query->found < query->flows.size()) {
      fill_flow(query->flows[query->found++], flow, telemetry::FlowEnd::timeout);
    }
    if (query->talkers != nullptr) add_talker(*query->talkers, flow);
    if (query->forget) end_flow(flow, telemetry::FlowEnd::cleared);
  }
  if (query->cursor == flows_.capacity()) mailbox.flows.finish();
}

Time Pipeline::time_of(Tick tick) const {
  return Time{now_.nanoseconds - (std::uint64_t{tick_.since(tick)} << Tick::kShift)};
}

}  // namespace chatgate::engine
