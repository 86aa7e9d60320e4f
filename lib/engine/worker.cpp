#include "engine/worker.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "engine/admission.h"
#include "engine/pipeline.h"

namespace chatgate::engine {

using flow::ColdFlow;
using flow::FlowIndex;
using flow::HotFlow;
using flow::Stage;

namespace {

// Flags of TCP that begin or end a connection.
constexpr std::uint8_t kChanges = net::tcp_flag::syn | net::tcp_flag::fin | net::tcp_flag::rst;

// Packets that are glanced at while a bucket comes from memory. Measured: 8 and 32 gain nothing.
constexpr std::size_t kBucketWait = 16;

}  // namespace

Pipeline::Pipeline(const WorkerConfig& config, telemetry::WorkerCounters& counters,
                   telemetry::EventRing* events)
    : config_(config),
      counters_(counters),
      events_(events),
      flows_(config.flows, Tick()),
      names_(std::max<std::uint32_t>(config.flows / 8, 1024)),
      context_(config.inspections),
      inspections_(config.inspections, context_),
      scanner_(config.id, {}),
      uri_(proto::http::kByteLimit + 1),
      opposites_(std::clamp<std::uint32_t>(config.inspections, 1, 2048)),
      quic_ids_(std::clamp<std::uint32_t>(config.inspections, 1, 4096)),
      pending_(learn::PendingQuestions::kUsualCapacity, config.hash),
      quota_(learn::LearnQuota::kUsualBuckets, config.hash),
      fragments_(config.fragments, config.hash) {
  released_.reserve(config.fragments.frames);
  sent_.reserve(config.fragments.datagrams);
}

// A frame that is not plain, or is watched, is decoded at once.
[[gnu::always_inline]] inline void Pipeline::glance_at(const net::PacketView& frame,
                                                       std::size_t position) {
  Glance& glance = glances_[position];
  net::PlainHeaders plain;
  if (!watching_ && net::read_plain(frame, plain)) {
    flow::make_key(plain, frame.pair, glance.key);
    glance.plain = glance.has_key = true;
    glance.may_change = (plain.flags & kChanges) != 0 || may_begin(plain.first_bytes);
    glance.hash = flow::hash_key(config_.hash, glance.key.key);
    return;
  }
  read_at_once(frame, position);
}

// Whether the flow was judged by the policy in force.
[[gnu::always_inline]] inline bool Pipeline::is_current(const HotFlow& flow) const {
  return flow.generation == static_cast<std::uint16_t>(snapshot_->generation);
}

// Whether nothing but what a packet may begin or end keeps it from passing.
[[gnu::always_inline]] inline bool Pipeline::is_forwarded(const HotFlow& flow) const {
  return flow.stage == Stage::forwarded && is_current(flow);
}

[[gnu::always_inline]] inline void Pipeline::account(flow::FlowIndex index, HotFlow& flow,
                                                     flow::Way way, std::uint32_t bytes) {
  const std::size_t side = flow::index(way);
  flow.last_seen = tick_;
  ++flow.packets[side];
  const std::uint32_t before = flow.bytes_low[side];
  flow.bytes_low[side] += bytes;
  if (flow.bytes_low[side] < before) ++flows_.cold(index).bytes_high[side];
}

// The short way, which most packets take, for a flow that is `known`: true where the packet is done
// with. Its flow's record is all that was touched.
[[gnu::always_inline]] inline bool Pipeline::pass_decided(FlowIndex known, const Glance& glance,
                                                          const net::PacketView& frame) {
  HotFlow& flow = flows_.hot(known);
  if (glance.may_change || !is_forwarded(flow)) return false;
  account(known, flow, flow.way(glance.key.from_low), frame.wire_length);
  return true;
}

// The same for a flow that is blocked, and of which nobody is told any more.
bool Pipeline::drop_blocked(FlowIndex known, const Glance& glance, const net::PacketView& frame,
                            Disposition& disposition) {
  HotFlow& flow = flows_.hot(known);
  if (glance.may_change || !flow::is_blocked(flow.stage) || !is_current(flow)) return false;
  if (tells_sender(flow, flows_.cold(known))) return false;
  disposition = {false, Reason::blocked_flow};
  counters_.add(Reason::blocked_flow);
  account(known, flow, flow.way(glance.key.from_low), frame.wire_length);
  return true;
}

// Keys of all packets. Each bucket is asked for, and the record that it points to some packets
// later, when it has come: asked for all at once, records would wait for each other. Answers the
// bytes.
[[gnu::always_inline]] inline std::uint64_t Pipeline::glance_over(
    std::span<const net::PacketView> burst) {
  std::uint64_t bytes = 0;
  for (std::size_t from = 0, asked = 0; asked < burst.size(); from += kBucketWait) {
    const std::size_t to = std::min(from + kBucketWait, burst.size());
    for (std::size_t i = from; i < to; ++i) {
      bytes += burst[i].wire_length;
      glance_at(burst[i], i);
      if (glances_[i].has_key) flows_.prefetch_bucket(glances_[i].hash);
    }
    for (const std::size_t come = to == burst.size() ? to : from; asked < come; ++asked) {
      if (glances_[asked].has_key) flows_.prefetch_flow(glances_[asked].hash);
    }
  }
  return bytes;
}

// The packet's way, for a burst. Keys and look-ups run over all packets first, so that their cache
// misses overlap; then each packet goes its way to the end, in order. Of a plain frame no more is
// read than its key, unless its flow asks for it.
void Pipeline::process(std::span<const net::PacketView> burst, Time now, const Snapshot& snapshot,
                       BurstResult& result) {
  assert(burst.size() <= kMaxBurst);
  set_time(now, snapshot);
  result_ = &result;
  result.forged_count = 0;
  release_sent();
  look_for_requests();

  const std::uint64_t bytes = glance_over(burst);
  std::uint64_t forwarded = 0, held = 0;
  for (std::size_t i = 0; i < burst.size(); ++i) {
    result.dispositions[i] = {};
    if (glances_[i].plain) {
      const FlowIndex known = flows_.find(glances_[i].key.key, glances_[i].hash);
      if (known.valid()) {
        if (pass_decided(known, glances_[i], burst[i])) {
          ++forwarded;
          continue;
        }
        if (drop_blocked(known, glances_[i], burst[i], result.dispositions[i])) continue;
        flows_.prefetch_cold(known);
      }
      read_plain(burst[i], i);
      packets_[i].flow = known;
    } else if (glances_[i].has_key) {
      find_flow(packets_[i]);
    }
    go_its_way(packets_[i]);
    forwarded += result.dispositions[i].forward ? 1 : 0;
    held += result.dispositions[i].reason == Reason::fragment_held ? 1 : 0;
  }
  result.released = released_;
  counters_.add(Counter::packets, burst.size());
  counters_.add(Counter::bytes, bytes);
  counters_.add(Counter::forwarded, forwarded + released_.size());
  counters_.add(Counter::dropped, burst.size() - forwarded - held);
  counters_.add(Counter::forged, result.forged_count);
}

void Pipeline::read(const net::PacketView& frame, std::size_t position) {
  Packet& packet = packets_[position];
  packet.view = packet.frame = &frame;
  packet.frame_layers = &packet.layers;
  packet.position = static_cast<std::uint16_t>(position);
  packet.flow = FlowIndex::none();  // until it has been looked for
  if (frame.truncated()) counters_.add(Counter::truncated);
  net::decode(frame, packet.layers, controls().look_through);
}

// A function of its own: what it shares with the glance is not to be done there by way of memory.
[[gnu::noinline]] void Pipeline::read_at_once(const net::PacketView& frame, std::size_t position) {
  read(frame, position);
  Glance& glance = glances_[position];
  Packet& packet = packets_[position];
  glance.plain = false;
  glance.has_key = packet.layers.outcome == net::Decoded::transport;
  if (!glance.has_key) return;
  flow::make_key(packet.layers, frame.pair, packet.key);
  glance.hash = packet.hash = flow::hash_key(config_.hash, packet.key.key);
}

void Pipeline::read_plain(const net::PacketView& frame, std::size_t position) {
  read(frame, position);
  packets_[position].key = glances_[position].key;
  packets_[position].hash = glances_[position].hash;
}

void Pipeline::go_its_way(Packet& packet) {
  if (watching_) begin_watch(packet);
  switch (packet.layers.outcome) {
    case net::Decoded::transport: meet_flow(packet); break;
    case net::Decoded::fragment: hold_fragment(packet); break;
    case net::Decoded::not_transport:
      counters_.add(Counter::not_transport);
      if (!access_on_other(packet)) rules_on_other(packet);
      break;
    case net::Decoded::not_ip: counters_.add(Counter::not_transport); break;
    // No endpoint reads these either, so they are the wire's affair.
    case net::Decoded::undecodable:
    case net::Decoded::malformed: counters_.add(Counter::undecodable); break;
    // Some endpoint might read on where the gateway stops.
    case net::Decoded::header_chain: refuse(packet, Reason::header_chain); break;
  }
  if (watching_) end_watch(packet);
}

void Pipeline::find_flow(Packet& packet) {
  packet.flow = flows_.find(packet.key.key, packet.hash);
}

// With the flow that was found, or a new one where there was none.
void Pipeline::meet_flow(Packet& packet) {
  packet.awaited.reset();
  const bool fresh = !packet.flow.valid();
  if (fresh && !open_flow(packet)) return;
  HotFlow& flow = flows_.hot(packet.flow);
  packet.way = flow.way(packet.key.from_low);
  if (traced_ != nullptr) trace_flow(packet, fresh);
  if (!is_forwarded(flow) || may_change(packet)) undecided(packet);
  // By then its record may be another's.
  account(packet.flow, flows_.hot(packet.flow), packet.way, packet.view->wire_length);
}

bool Pipeline::may_change(const Packet& packet) {
  return packet.layers.has(kChanges) || may_begin(packet);
}

// The long way: everything that may change what a flow is or what becomes of it.
void Pipeline::undecided(Packet& packet) {
  const bool followed = flow::is_followed(flows_.hot(packet.flow).stage);
  if (followed) {
    const Reason refused = packet.tcp() ? admit_tcp(packet) : admit_sums(packet);
    if (traced_ != nullptr) trace_admission(refused);
    if (refused != Reason::none) {
      refuse(packet, refused);
      return;
    }
    if (packet.frame_layers->encapsulation_count != 0) keep_opposite(packet);
    if (packet.tcp() && !pick_up(packet)) return;
  }
  if (packet.tcp() && !follow_tcp(packet)) return;
  if (flows_.hot(packet.flow).generation != static_cast<std::uint16_t>(snapshot_->generation)) {
    note_client_mac(packet);
    if (access_anew(packet)) return;
    HotFlow& hot = flows_.hot(packet.flow);
    if (!flow::is_decided(hot.stage)) {
      hot.generation = static_cast<std::uint16_t>(snapshot_->generation);
    }
  }
  const Stage stage = flows_.hot(packet.flow).stage;
  const bool looked_at = flow::is_followed(stage) || stage == Stage::per_packet;
  if (looked_at && rules_on_packet(packet)) return;
  HotFlow& flow = flows_.hot(packet.flow);
  const bool stale = flow.generation != static_cast<std::uint16_t>(snapshot_->generation);
  if (flow::is_decided(flow.stage) && stale && judge_flow_anew(packet)) {
    enforce_flow(packet);
    return;
  }
  if (!followed && flow.stage == Stage::watched) {
    if (const Reason refused = admit_sums(packet); refused != Reason::none) {
      refuse(packet, refused);
      return;
    }
  }
  switch (flow.stage) {
    case Stage::forwarded:
      if (may_begin(packet)) look_again(packet);
      return;
    case Stage::confirming: confirm(packet); return;
    case Stage::dropped:
    case Stage::reset: answer_blocked(packet); return;
    case Stage::per_packet: datagram_by_itself(packet); return;
    case Stage::undecided:
    case Stage::watched: break;
  }
  if (packet.layers.payload_size == 0 && packet.layers.payload_missing == 0) return;
  flows_.cold(packet.flow).flags |= ColdFlow::kPayload;
  if (packet.tcp()) {
    tcp_payload(packet);
  } else {
    udp_payload(packet);
  }
}

telemetry::Reason Pipeline::admit_sums(const Packet& packet) const {
  return config_.verify_checksums ? check_sums(*packet.view, packet.layers) : Reason::none;
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

namespace {

// A symmetric combination of two addresses, hashed: order does not matter.
WorkerId owner_of(const std::array<std::uint64_t, 2>& source,
                  const std::array<std::uint64_t, 2>& destination, const KeyedHash& hash,
                  unsigned workers) {
  const std::uint64_t mixed =
      hash({source[0], source[1], 0, 0, 0, 0}) + hash({destination[0], destination[1], 0, 0, 0, 0});
  return WorkerId(static_cast<std::uint8_t>((mixed >> 32) * workers >> 32));
}

}  // namespace

WorkerId owner(const net::PacketView& packet, const KeyedHash& hash, unsigned workers,
               const Snapshot& snapshot) {
  if (workers <= 1) return WorkerId(0);
  net::PlainHeaders plain;
  if (net::read_plain(packet, plain)) {
    return owner_of(plain.source, plain.destination, hash, workers);
  }
  net::Layers layers;
  net::decode(packet, layers, snapshot.policy->controls().inspection.look_through);
  switch (layers.outcome) {
    case net::Decoded::not_ip:
    case net::Decoded::malformed:
    case net::Decoded::undecodable: return WorkerId(0);
    case net::Decoded::transport:
    case net::Decoded::fragment:
    case net::Decoded::not_transport:
    case net::Decoded::header_chain: break;
  }
  std::array<std::uint64_t, 2> source, destination;
  std::memcpy(source.data(), layers.source.bytes.data(), sizeof source);
  std::memcpy(destination.data(), layers.destination.bytes.data(), sizeof destination);
  return owner_of(source, destination, hash, workers);
}

}  // namespace chatgate::engine
