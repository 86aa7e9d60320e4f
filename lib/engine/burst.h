// What the engine answers for a burst of packets.
//
// io hands a burst to `Worker::process` and gets, for each packet, whether it goes on, and beside
// that the frames the engine held back earlier and the frames it made itself. io sends in this
// order: for packet i, first the packet if it is forwarded, then the released frames whose `after`
// is i, then the forged ones.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "net/packet_view.h"
#include "telemetry/reason.h"

namespace chatgate::engine {

// The most packets `process` takes at once.
constexpr std::size_t kMaxBurst = 64;

struct Disposition {
  bool forward = true;
  telemetry::Reason reason = telemetry::Reason::none;
};

// A frame that was held back (its disposition said `fragment_held`) and goes on now, unchanged. Its
// bytes belong to the worker until the next `process` or `tick`.
struct ReleasedFrame {
  std::uint16_t after = 0;  // index in the burst of the packet that released it
  net::PacketView packet;   // as it came; it leaves by the other side
};

// A frame made by the engine; it belongs to the worker until the next `process`.
struct ForgedFrame {
  static constexpr std::size_t kCapacity = 1600;  // a frame as Ethernet carries it, tagged

  std::uint16_t after = 0;  // index in the burst of the packet that caused it
  net::Side out = net::Side::inside;
  PairId pair{0};
  net::LinkType link = net::LinkType::ethernet;
  std::uint16_t size = 0;
  std::array<std::uint8_t, kCapacity> data;

  Bytes bytes() const { return {data.data(), size}; }
};

struct BurstResult {
  // Two resets for every packet is the most there can be.
  static constexpr std::size_t kMaxForged = 2 * kMaxBurst;

  std::array<Disposition, kMaxBurst> dispositions;
  std::span<const ReleasedFrame> released;
  std::uint16_t forged_count = 0;
  std::array<ForgedFrame, kMaxForged> forged;

  std::span<const ForgedFrame> forged_frames() const { return {forged.data(), forged_count}; }
};

}  // namespace chatgate::engine
