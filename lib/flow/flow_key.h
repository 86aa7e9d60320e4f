// What makes two packets parts of one flow.
//
// The key is normalised: the lower (address, port) stands first, addresses compared as the machine's
// own numbers, so both directions have one key, and `FlowPacket::from_low` says which way a packet
// goes. VLAN identifiers and the bridged pair
// are part of it: the same tuple on two wires is two flows.
#pragma once

#include <array>
#include <bit>
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
    const Words mine = words(), others = other.words();
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < mine.size(); ++i) difference |= mine[i] ^ others[i];
    return difference == 0;
  }

  // The key as plain words, for comparing and hashing.
  using Words = std::array<std::uint64_t, 5>;
  Words words() const {
    Words words;
    std::memcpy(words.data(), this, sizeof words);
    return words;
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

// Writes key and direction of a packet whose `layers.outcome` is `transport`.
//
// Everything moves in whole words. A load that is wider than the stores before it waits until they
// have left for the cache; for keys copied field by field that took longer than all the rest.
inline void make_key(const net::Layers& layers, PairId pair, FlowPacket& packet) {
  using Address = std::array<std::uint64_t, 2>;
  Address source, destination;
  std::memcpy(source.data(), layers.source.bytes.data(), sizeof source);
  std::memcpy(destination.data(), layers.destination.bytes.data(), sizeof destination);
  bool from_low = layers.source_port <= layers.destination_port;
  if (source[1] != destination[1]) from_low = source[1] < destination[1];
  if (source[0] != destination[0]) from_low = source[0] < destination[0];

  const bool in_tunnel = layers.tunnel_id != 0;
  const unsigned inner = in_tunnel ? (layers.vlan[1] ^ layers.tunnel_id) & 0xfffu : layers.vlan[1];
  FlowKey& key = packet.key;
  const Address& low = from_low ? source : destination;
  const Address& high = from_low ? destination : source;
  std::memcpy(key.low.bytes.data(), low.data(), sizeof low);
  std::memcpy(key.high.bytes.data(), high.data(), sizeof high);
  struct Rest {
    std::uint16_t low_port, high_port;
    std::uint32_t context;
  };
  const Rest rest{from_low ? layers.source_port : layers.destination_port,
                  from_low ? layers.destination_port : layers.source_port,
                  static_cast<std::uint32_t>(layers.vlan[0]) << 20 | inner << 8 |
                      (in_tunnel ? 1u << 7 : 0u) |
                      static_cast<std::uint32_t>(pair.value() & 0x3f) << 1 |
                      (layers.protocol == net::kTcp ? 1u : 0u)};
  const auto word = std::bit_cast<std::uint64_t>(rest);
  std::memcpy(&key.low_port, &word, sizeof word);
  packet.from_low = from_low;
}

inline std::uint64_t hash_key(const KeyedHash& hash, const FlowKey& key) {
  const FlowKey::Words words = key.words();
  KeyedHash::Words padded{};
  std::memcpy(padded.data(), words.data(), sizeof words);
  return hash(padded);
}

}  // namespace chatgate::flow
