// What makes two packets parts of one flow.
//
// The key is normalised: the lower (address, port) stands first, so both directions have one key,
// and `FlowPacket::from_low` says which way a packet goes. VLAN identifiers and the bridged pair
// are part of it: the same tuple on two wires is two flows.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/address.h"
#include "base/keyed_hash.h"
#include "base/strong_id.h"
#include "net/decode.h"

namespace chatgate::flow {

struct FlowKey {
  IpAddress low;
  IpAddress high;
  std::uint16_t low_port = 0;
  std::uint16_t high_port = 0;
  // Outer VLAN (12 bits), inner VLAN or a number for the tunnel around (12), which of them (1),
  // pair (6), TCP (1).
  std::uint32_t context = 0;

  bool operator==(const FlowKey& other) const {
    return std::memcmp(this, &other, sizeof *this) == 0;
  }

  bool is_tcp() const { return (context & 1) != 0; }
  PairId pair() const { return PairId(static_cast<std::uint8_t>(context >> 1 & 0x3f)); }
  bool in_tunnel() const { return (context >> 7 & 1) != 0; }
  std::uint16_t outer_vlan() const { return static_cast<std::uint16_t>(context >> 20); }
  std::uint16_t inner_vlan() const {
    return in_tunnel() ? std::uint16_t{0} : static_cast<std::uint16_t>(context >> 8 & 0xfff);
  }
};
static_assert(sizeof(FlowKey) == 40, "the key is compared and hashed as plain words");

// A packet's key and its direction within it.
struct FlowPacket {
  FlowKey key;
  bool from_low = false;
};

// `layers.outcome` must be `transport`.
inline FlowPacket make_key(const net::Layers& layers, PairId pair) {
  FlowPacket packet;
  const int order = std::memcmp(layers.source.bytes.data(), layers.destination.bytes.data(), 16);
  packet.from_low = order < 0 || (order == 0 && layers.source_port <= layers.destination_port);
  FlowKey& key = packet.key;
  key.low = packet.from_low ? layers.source : layers.destination;
  key.high = packet.from_low ? layers.destination : layers.source;
  key.low_port = packet.from_low ? layers.source_port : layers.destination_port;
  key.high_port = packet.from_low ? layers.destination_port : layers.source_port;
  const bool in_tunnel = layers.tunnel_id != 0;
  const unsigned inner = in_tunnel ? (layers.vlan[1] ^ layers.tunnel_id) & 0xfffu : layers.vlan[1];
  key.context = static_cast<std::uint32_t>(layers.vlan[0]) << 20 | inner << 8 |
                (in_tunnel ? 1u << 7 : 0u) | static_cast<std::uint32_t>(pair.value() & 0x3f) << 1 |
                (layers.protocol == net::kTcp ? 1u : 0u);
  return packet;
}

inline std::uint64_t hash_key(const KeyedHash& hash, const FlowKey& key) {
  KeyedHash::Words words{};
  std::memcpy(words.data(), &key, sizeof key);
  return hash(words);
}

}  // namespace chatgate::flow
