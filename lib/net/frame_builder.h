// Frames made from frames: what the gateway sends of its own is an answer to, or a continuation of,
// a packet it saw, so it copies that packet's link header, tags and addresses.
//
// Pure functions from bytes to bytes, for enforcement on a worker's thread; nothing is allocated.
// The result starts with the original's link header (Ethernet addresses swapped where it goes
// back), has an IP header without options, right checksums, and is padded to Ethernet's minimum of
// 60 bytes.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "net/decode.h"
#include "net/packet_view.h"

namespace chatgate::net {

// Whom a built frame is for, seen from the packet it is built from.
enum class Toward : std::uint8_t { sender, receiver };

struct TcpFields {
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint8_t flags = 0;
  std::uint16_t window = 0;
};

// Builds a TCP segment with `payload` into `out` and returns its size, 0 where it does not fit.
// `layers` must come from `original` and have the outcome `transport`.
std::size_t build_tcp(const PacketView& original, const Layers& layers, Toward toward,
                      const TcpFields& fields, Bytes payload, MutableBytes out);

// The same for a UDP datagram; `payload` may not overlap `out`.
std::size_t build_udp(const PacketView& original, const Layers& layers, Toward toward,
                      Bytes payload, MutableBytes out);

}  // namespace chatgate::net
