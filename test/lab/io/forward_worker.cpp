// An engine that forwards everything, in the place of the real one: what passes or does not is then
// the I/O's doing alone. Frames of ethertype 0x88b5 (local experimental, IEEE 802) are commands:
// the byte behind the type is 'd' to drop the frame, 'r' to answer it to its sender, 'f' to forward
// it and forge one more frame after it.
#include <algorithm>
#include <cstring>

#include "engine/worker.h"

namespace chatgate::engine {

struct Worker::State {
  telemetry::WorkerCounters& counters;
  Mailbox mailbox;
};

Worker::Worker(const WorkerConfig&, telemetry::WorkerCounters& counters, telemetry::EventRing*)
    : state_(new State{counters, {}}) {}
Worker::~Worker() = default;

void Worker::process(std::span<const net::PacketView> burst, Time, const Snapshot&,
                     BurstResult& result) {
  result.forged_count = 0;
  std::uint64_t bytes = 0, dropped = 0;
  for (std::size_t i = 0; i < burst.size(); ++i) {
    const net::PacketView& packet = burst[i];
    bytes += packet.wire_length;
    result.dispositions[i] = {};
    if (packet.bytes.size() < 15 || load_be16(packet.bytes.data() + 12) != 0x88b5) continue;
    const std::uint8_t command = packet.bytes[14];
    result.dispositions[i].forward = command == 'f';
    dropped += command != 'f';
    if (command == 'd') continue;
    ForgedFrame& frame = result.forged[result.forged_count++];
    frame.after = static_cast<std::uint16_t>(i);
    frame.out = command == 'r' ? packet.side : net::other(packet.side);
    frame.pair = packet.pair;
    frame.size = static_cast<std::uint16_t>(std::min(packet.bytes.size(), frame.data.size()));
    std::copy_n(packet.bytes.begin(), frame.size, frame.data.begin());
    frame.data[14] = 'F';
  }
  state_->counters.add(telemetry::Counter::packets, burst.size());
  state_->counters.add(telemetry::Counter::bytes, bytes);
  state_->counters.add(telemetry::Counter::forwarded, burst.size() - dropped);
  state_->counters.add(telemetry::Counter::dropped, dropped);
  state_->counters.add(telemetry::Counter::forged, result.forged_count);
}

void Worker::tick(Time, const Snapshot&) {}
void Worker::shut_down(Time, const Snapshot&) {}
Mailbox& Worker::mailbox() {
  return state_->mailbox;
}
std::size_t Worker::memory() const {
  return sizeof(State);
}

// Sums of both addresses' bytes are the same in both directions.
WorkerId owner(const net::PacketView& packet, const KeyedHash&, unsigned workers, const Snapshot&) {
  const Bytes bytes = packet.bytes;
  std::size_t at = 12;
  while (bytes.size() >= at + 2) {
    const std::uint16_t type = load_be16(bytes.data() + at);
    if (type != 0x8100 && type != 0x88a8) break;
    at += 4;
  }
  if (bytes.size() < at + 2) return WorkerId{0};
  const std::uint16_t type = load_be16(bytes.data() + at);
  const std::size_t first = type == 0x0800 ? at + 14 : at + 10;
  const std::size_t length = type == 0x0800 ? 8 : type == 0x86dd ? 32 : 0;
  if (length == 0 || bytes.size() < first + length) return WorkerId{0};
  unsigned sum = 0;
  for (std::size_t i = 0; i < length; ++i) sum += bytes[first + i];
  return WorkerId{static_cast<std::uint8_t>(sum % workers)};
}

}  // namespace chatgate::engine
