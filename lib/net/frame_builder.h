// Frames made from frames: what the gateway sends of its own is an answer to, or a continuation of,
// a packet it saw, so it copies that packet's link header, tags, encapsulations and addresses.
//
// Pure functions from bytes to bytes, for enforcement on a worker's thread; nothing is allocated.
// The result starts with the original's link header (Ethernet addresses swapped where it goes
// back), has an innermost IP header without options, right checksums, and is padded to Ethernet's
// minimum of 60 bytes.
//
// Encapsulations are copied, with their lengths and checksums made right; a UDP checksum that was
// zero over IPv4 stays zero. Toward the sender addresses, Teredo's ports and Ethernet addresses
// inside are swapped (VXLAN keeps its ports: both directions go to the one port), and what belongs
// to the other direction alone is left out: GRE sequence numbers, VXLAN group policy, Teredo's
// authentication and origin. Some encapsulations name the way back by values that this packet does
// not have: MPLS labels, GTP tunnel endpoints, a routing header of an outer IPv6 header. For them a
// packet of the other direction is needed, see `Opposite`.
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

// A packet of the same flow that went the other way; the caller vouches for that. Everything before
// its innermost IP header is copied as it is, but for lengths, checksums and the sequence number of
// GRE, which is left out. Borrowed for the call; `layers` must come from `packet` and have an IP
// header (its transport header is not read).
struct Opposite {
  const PacketView& packet;
  const Layers& layers;
};

// Builds a TCP segment with `payload` into `out` and returns its size, 0 where it does not fit or
// the way back is not known. `layers` must come from `original` and have the outcome `transport`;
// `payload` and `original` may not overlap `out`. `back` is used toward the sender alone, whatever
// the encapsulations are, for the two directions need not have the same.
std::size_t build_tcp(const PacketView& original, const Layers& layers, Toward toward,
                      const TcpFields& fields, Bytes payload, MutableBytes out,
                      const Opposite* back = nullptr);

// The same for a UDP datagram.
std::size_t build_udp(const PacketView& original, const Layers& layers, Toward toward,
                      Bytes payload, MutableBytes out, const Opposite* back = nullptr);

// Whether build_tcp and build_udp toward the sender need an `Opposite`.
bool needs_opposite(const PacketView& original, const Layers& layers);

}  // namespace chatgate::net
