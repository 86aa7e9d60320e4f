#include "replay/replay.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

#include "engine/event_names.h"
#include "engine/worker.h"
#include "telemetry/event_writer.h"
#include "telemetry/json_text.h"

#include "replay/side_finder.h"

namespace chatgate::replay {
namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;
// A gap between packets is walked through in steps, so that flows end about when they should.
constexpr std::uint64_t kMostSteps = 1024;
// A secret that is none: what repeats exactly can be compared.
constexpr std::uint64_t kHashSeed = 1;

// Of this thread: what others do on the machine meanwhile is not the engine's.
std::chrono::nanoseconds processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// What reading that clock adds to the time between two readings: a system call, and as dear as some
// packets.
std::chrono::nanoseconds cost_of_clock() {
  std::chrono::nanoseconds least = std::chrono::nanoseconds::max();
  for (unsigned i = 0; i < 100; ++i) {
    const std::chrono::nanoseconds begin = processor_time();
    least = std::min(least, processor_time() - begin);
  }
  return least;
}

telemetry::EventWriterOptions writer_options(const ReplayOptions& options) {
  telemetry::EventWriterOptions result;
  result.eve.host = options.host;
  result.eve.redact_people = options.redact_people;
  result.eve.interfaces = {{"inside", "outside"}};
  result.in_order = true;
  return result;
}

}  // namespace

std::uint64_t Summary::packets_per_second() const {
  if (engine_seconds <= 0) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(packets) / engine_seconds);
}

std::string Summary::to_json() const {
  char seconds[32];
  const auto end =
      std::to_chars(seconds, seconds + sizeof seconds, engine_seconds, std::chars_format::fixed, 9);
  std::string text;
  telemetry::JsonObject object(text);
  object.number("packets", packets);
  object.number("bytes", bytes);
  object.number("flows", flows);
  object.number("forwarded", forwarded);
  object.number("dropped", dropped);
  object.number("forged", forged);
  object.number("alerts", alerts);
  object.raw("engine_seconds", std::string_view(seconds, end.ptr));
  object.number("packets_per_second", packets_per_second());
  object.close();
  return text;
}

LoadedCapture::LoadedCapture(io::CaptureReader& reader) {
  net::PacketView packet;
  std::vector<std::size_t> starts;
  io::CaptureReader::Next next;
  while ((next = reader.next(packet)) == io::CaptureReader::Next::packet) {
    starts.push_back(bytes_.size());
    bytes_.insert(bytes_.end(), packet.bytes.begin(), packet.bytes.end());
    packets_.push_back(packet);
  }
  complete_ = next == io::CaptureReader::Next::end;
  for (std::size_t i = 0; i < packets_.size(); ++i) {
    packets_[i].bytes = Bytes(bytes_).subspan(starts[i], packets_[i].bytes.size());
  }
}

struct Replay::State {
  // One worker with what belongs to it.
  struct Lane {
    Lane(const engine::WorkerConfig& config, std::size_t events)
        : ring(events), worker(config, counters, &ring) {}

    telemetry::EventRing ring;
    telemetry::WorkerCounters counters;
    engine::Worker worker;
    // Of the burst in hand: the packets of this worker and where they stand in it.
    std::array<net::PacketView, engine::kMaxBurst> packets;
    std::array<std::size_t, engine::kMaxBurst> positions;
    std::size_t count = 0;
    engine::BurstResult result;
  };

  State(ReplayOptions given, std::shared_ptr<const engine::Snapshot> given_snapshot,
        std::vector<std::unique_ptr<telemetry::Sink>> sinks, Output given_output);

  void add(const net::PacketView& packet);
  void flush();
  void process(std::span<const net::PacketView> packets, Time time);
  void emit(std::size_t size);
  void walk_to(Time time);
  void keep_times();
  bool fits(const net::PacketView& packet) const;

  const ReplayOptions options;
  std::shared_ptr<const engine::Snapshot> snapshot;
  const Output output;
  const KeyedHash hash{kHashSeed};
  learn::LearnedServers learned{learn::LearnedServers::kUsualCapacity, hash};
  learn::ExpectedFlows expected{learn::ExpectedFlows::kUsualCapacity, hash};
  learn::SkypeNodes nodes{learn::SkypeNodes::kUsualCapacity, hash};
  SideFinder sides;
  std::vector<std::unique_ptr<Lane>> lanes;
  telemetry::EventWriter writer;

  std::array<net::PacketView, engine::kMaxBurst> burst;
  std::size_t burst_size = 0;
  Time now;
  std::uint64_t minute = 0;  // of the capture's time, at which the policy's times were looked at
  bool started = false;
  std::chrono::nanoseconds engine_time{0};
  const std::chrono::nanoseconds clock_cost = cost_of_clock();
  Summary summary;
};

Replay::State::State(ReplayOptions given, std::shared_ptr<const engine::Snapshot> given_snapshot,
                     std::vector<std::unique_ptr<telemetry::Sink>> sinks, Output given_output)
    : options(std::move(given)),
      snapshot(std::move(given_snapshot)),
      output(std::move(given_output)),
      sides(options.inside),
      writer(writer_options(options), std::move(sinks)) {
  writer.publish(snapshot->generation, std::make_shared<engine::SnapshotNames>(snapshot));
  for (unsigned i = 0; i < options.workers; ++i) {
    engine::WorkerConfig config;
    config.id = WorkerId(static_cast<WorkerId::rep>(i));
    config.flows = options.flows;
    config.inspections = options.inspections;
    config.protocol_events = options.protocol_events;
    config.verify_checksums = options.verify_checksums && !options.offloaded.headers_unfilled();
    config.hash = hash;
    config.learned = &learned;
    config.expected = &expected;
    config.nodes = &nodes;
    // Rings are emptied between two bursts; the most that one step can cause is the end of every
    // flow.
    lanes.push_back(std::make_unique<Lane>(config, std::max(options.flows, 4096u)));
    writer.add_ring(lanes.back()->ring, &lanes.back()->counters);
  }
}

// A burst is what a device could have handed over at once: a millisecond at most.
bool Replay::State::fits(const net::PacketView& packet) const {
  return burst_size < engine::kMaxBurst &&
         packet.time.nanoseconds < burst[0].time.nanoseconds + kMillisecond;
}

void Replay::State::add(const net::PacketView& packet) {
  if (burst_size != 0 && !fits(packet)) flush();
  burst[burst_size] = packet;
  burst[burst_size].pair = PairId(0);
  burst[burst_size].side = sides.side_of(packet);
  if (options.offloaded.vouch_for(packet)) {
    burst[burst_size].transport_checksum = net::ChecksumStatus::good;
  }
  ++burst_size;
}

void Replay::State::flush() {
  if (burst_size == 0) return;
  const auto packets = std::span<const net::PacketView>(burst).first(burst_size);
  burst_size = 0;
  Time latest = packets[0].time;
  for (const net::PacketView& packet : packets) latest = std::max(latest, packet.time);
  walk_to(packets[0].time);
  process(packets, std::max(now, latest));
}

// Lets time pass up to the next burst, as a worker that waits for packets would.
void Replay::State::walk_to(Time time) {
  if (!started) {
    // All clocks start together, so that timers fall alike whatever the number of workers.
    started = true;
    now = time;
    keep_times();
    for (const auto& lane : lanes) lane->worker.tick(now, *snapshot);
    return;
  }
  if (time.nanoseconds < now.nanoseconds + kMillisecond) return;
  const std::uint64_t gap = time.nanoseconds - now.nanoseconds;
  const std::uint64_t steps = std::clamp<std::uint64_t>(gap / kSecond, 1, kMostSteps);
  const Time begin = now;
  for (std::uint64_t i = 1; i <= steps; ++i) {
    now = i == steps ? time : Time{begin.nanoseconds + gap / steps * i};
    keep_times();
    for (const auto& lane : lanes) lane->worker.tick(now, *snapshot);
    writer.drain_once();
  }
}

// The policy's times by the capture's, which change at the full minute only.
void Replay::State::keep_times() {
  constexpr std::uint64_t kMinute = 60 * kSecond;
  const policy::Times& times = snapshot->policy->times();
  if (times.empty() || now.nanoseconds / kMinute == minute) return;
  minute = now.nanoseconds / kMinute;
  const policy::TimeSet in_force = times.in_force(now);
  if (in_force == snapshot->times) return;
  auto next = std::make_shared<engine::Snapshot>(*snapshot);
  ++next->generation;
  ++next->same_rules;
  next->times = in_force;
  writer.publish(next->generation, std::make_shared<engine::SnapshotNames>(next));
  writer.flush();
  snapshot = std::move(next);
}

void Replay::State::process(std::span<const net::PacketView> packets, Time time) {
  now = time;
  keep_times();
  for (const auto& lane : lanes) lane->count = 0;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    Lane& lane = *lanes[engine::owner(packets[i], hash, options.workers, *snapshot).value()];
    lane.packets[lane.count] = packets[i];
    lane.positions[lane.count] = i;
    ++lane.count;
    summary.bytes += packets[i].wire_length;
  }
  summary.packets += packets.size();
  for (const auto& lane : lanes) {
    if (lane->count == 0) continue;
    const auto own = std::span<const net::PacketView>(lane->packets).first(lane->count);
    const std::chrono::nanoseconds begin = processor_time();
    lane->worker.process(own, now, *snapshot, lane->result);
    engine_time += std::max(processor_time() - begin - clock_cost, std::chrono::nanoseconds(0));
  }
  emit(packets.size());
  writer.drain_once();
}

// Shows what goes out, in the order of the capture: each packet, then what it caused.
void Replay::State::emit(std::size_t size) {
  std::array<std::pair<Lane*, std::size_t>, engine::kMaxBurst> owners;
  for (const auto& lane : lanes) {
    for (std::size_t i = 0; i < lane->count; ++i) owners[lane->positions[i]] = {lane.get(), i};
  }
  for (std::size_t position = 0; position < size; ++position) {
    const auto [lane, index] = owners[position];
    const net::PacketView& packet = lane->packets[index];
    if (lane->result.dispositions[index].forward) {
      ++summary.forwarded;
      if (output) {
        output({packet.bytes, packet.wire_length, packet.link, net::other(packet.side), packet.time,
                false});
      }
    }
    for (const engine::ReleasedFrame& released : lane->result.released) {
      if (released.after != index) continue;
      const net::PacketView& held = released.packet;
      ++summary.forwarded;
      if (output) {
        output(
            {held.bytes, held.wire_length, held.link, net::other(held.side), packet.time, false});
      }
    }
    for (const engine::ForgedFrame& frame : lane->result.forged_frames()) {
      if (frame.after != index) continue;
      ++summary.forged;
      if (output) output({frame.bytes(), frame.size, frame.link, frame.out, packet.time, true});
    }
  }
  // What is held back counts as dropped until it goes on.
  summary.dropped = summary.packets - summary.forwarded;
}

Replay::Replay(ReplayOptions options, std::shared_ptr<const engine::Snapshot> snapshot,
               std::vector<std::unique_ptr<telemetry::Sink>> sinks, Output output)
    : state_(std::make_unique<State>(std::move(options), std::move(snapshot), std::move(sinks),
                                     std::move(output))) {}

Replay::~Replay() = default;

void Replay::trace(engine::TraceRequest& request) {
  state_->lanes.front()->worker.mailbox().trace.post(request);
}

void Replay::add(const net::PacketView& packet) {
  state_->add(packet);
}

bool Replay::run(io::CaptureReader& reader) {
  // The reader's bytes live until its next packet, a burst's until it is processed.
  std::array<std::vector<std::uint8_t>, engine::kMaxBurst> kept;
  net::PacketView packet;
  io::CaptureReader::Next next;
  while ((next = reader.next(packet)) == io::CaptureReader::Next::packet) {
    if (state_->burst_size != 0 && !state_->fits(packet)) state_->flush();
    std::vector<std::uint8_t>& copy = kept[state_->burst_size];
    copy.assign(packet.bytes.begin(), packet.bytes.end());
    packet.bytes = copy;
    state_->add(packet);
  }
  state_->flush();
  return next == io::CaptureReader::Next::end;
}

void Replay::run(std::span<const net::PacketView> packets, unsigned times) {
  if (packets.empty()) return;
  Time first = packets[0].time;
  Time last = first;
  for (const net::PacketView& packet : packets) {
    first = std::min(first, packet.time);
    last = std::max(last, packet.time);
  }
  const std::uint64_t round = last.nanoseconds - first.nanoseconds + kMillisecond;
  for (unsigned i = 0; i < times; ++i) {
    for (net::PacketView packet : packets) {
      packet.time.nanoseconds += round * i;
      state_->add(packet);
    }
    state_->flush();
  }
}

void Replay::finish() {
  state_->flush();
  for (const auto& lane : state_->lanes) lane->worker.shut_down(state_->now, *state_->snapshot);
  state_->writer.stop();
}

Summary Replay::summary() const {
  Summary summary = state_->summary;
  for (const auto& lane : state_->lanes) {
    summary.flows += lane->counters.get(telemetry::Counter::flows_created);
  }
  summary.alerts = state_->writer.taken(telemetry::EventType::alert);
  summary.engine_seconds = std::chrono::duration<double>(state_->engine_time).count();
  return summary;
}

std::uint64_t Replay::count(telemetry::Reason reason) const {
  std::uint64_t count = 0;
  for (const auto& lane : state_->lanes) count += lane->counters.get(reason);
  return count;
}

std::uint64_t Replay::events_lost() const {
  std::uint64_t lost = state_->writer.lost();
  for (const auto& sink : state_->writer.sinks()) lost += sink.lost;
  return lost;
}

}  // namespace chatgate::replay
