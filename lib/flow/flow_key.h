// What makes two packets parts of one flow.
//
// The key is normalised: the lower (address, port) stands first, addresses compared as the
// machine's own numbers, so both directions have one key, and `FlowPacket::from_low` says which way
// a packet goes. VLAN identifiers and the bridged pair are part of it: the same tuple on two wires
// is two flows.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/address.h"
#include "base/keyed_hash.h"
#include "base/strong_id.h"
#include "net/decode.h"
#include "net/plain_headers.h"

namespace chatgate::flow {

// A word from memory by a load of its own. Compilers join two of them into one that is wider than
// the stores before it; such a load waits until those have left for the cache, which for a key
// takes longer than all that is done with it.
inline std::uint64_t load_single(const std::uint8_t* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  asm("" : "+r"(word));
  return word;
}

struct FlowKey {
  IpAddress low;
  IpAddress high;
  std::uint16_t low_port = 0;
  std::uint16_t high_port = 0;
  // Outer VLAN (12 bits), inner VLAN or a number for the tunnel around (12), which of them (1),
  // pair (6), TCP (1).
  std::uint32_t context = 0;

  // The key as plain words.
  static constexpr std::size_t kWords = 5;
  std::uint64_t word(std::size_t i) const {
    return load_single(reinterpret_cast<const std::uint8_t*>(this) + i * sizeof(std::uint64_t));
  }

  bool operator==(const FlowKey& other) const {
    return ((word(0) ^ other.word(0)) | (word(1) ^ other.word(1)) | (word(2) ^ other.word(2)) |
            (word(3) ^ other.word(3)) | (word(4) ^ other.word(4))) == 0;
  }

  bool is_tcp() const { return (context & 1) != 0; }
  PairId pair() const { return PairId(static_cast<std::uint8_t>(context >> 1 & 0x3f)); }
  bool in_tunnel() const { return (context >> 7 & 1) != 0; }
  std::uint16_t outer_vlan() const { return static_cast<std::uint16_t>(context >> 20); }
  std::uint16_t inner_vlan() const {
    return in_tunnel() ? std::uint16_t{0} : static_cast<std::uint16_t>(context >> 8 & 0xfff);
  }
};
static_assert(sizeof(FlowKey) == FlowKey::kWords * sizeof(std::uint64_t));

// A packet's key and its direction within it.
struct FlowPacket {
  FlowKey key;
  bool from_low = false;
};

// Writes a key from addresses in words as they lie in memory, and `context`; answers `from_low`.
inline bool make_key(const std::uint64_t (&source)[2], const std::uint64_t (&destination)[2],
                     std::uint16_t source_port, std::uint16_t destination_port,
                     std::uint32_t context, FlowKey& key) {
  const auto store = [](std::uint8_t* at, std::uint64_t word) {
    std::memcpy(at, &word, sizeof word);
  };
  bool from_low = source_port <= destination_port;
  if (source[1] != destination[1]) from_low = source[1] < destination[1];
  if (source[0] != destination[0]) from_low = source[0] < destination[0];
  store(&key.low.bytes[0], from_low ? source[0] : destination[0]);
  store(&key.low.bytes[8], from_low ? source[1] : destination[1]);
  store(&key.high.bytes[0], from_low ? destination[0] : source[0]);
  store(&key.high.bytes[8], from_low ? destination[1] : source[1]);
  struct Rest {
    std::uint16_t low_port, high_port;
    std::uint32_t context;
  };
  const Rest rest{from_low ? source_port : destination_port,
                  from_low ? destination_port : source_port, context};
  const auto word = std::bit_cast<std::uint64_t>(rest);
  std::memcpy(&key.low_port, &word, sizeof word);
  return from_low;
}

// Writes key and direction of a packet whose `layers.outcome` is `transport`, in whole words.
inline void make_key(const net::Layers& layers, PairId pair, FlowPacket& packet) {
  const std::uint64_t source[] = {load_single(&layers.source.bytes[0]),
                                  load_single(&layers.source.bytes[8])};
  const std::uint64_t destination[] = {load_single(&layers.destination.bytes[0]),
                                       load_single(&layers.destination.bytes[8])};
  const bool in_tunnel = layers.tunnel_id != 0;
  const unsigned inner = in_tunnel ? (layers.vlan[1] ^ layers.tunnel_id) & 0xfffu : layers.vlan[1];
  const std::uint32_t context = static_cast<std::uint32_t>(layers.vlan[0]) << 20 | inner << 8 |
                                (in_tunnel ? 1u << 7 : 0u) |
                                static_cast<std::uint32_t>(pair.value() & 0x3f) << 1 |
                                (layers.protocol == net::kTcp ? 1u : 0u);
  packet.from_low = make_key(source, destination, layers.source_port, layers.destination_port,
                             context, packet.key);
}

// The same of a plain frame.
inline void make_key(const net::PlainHeaders& plain, PairId pair, FlowPacket& packet) {
  const std::uint64_t source[] = {plain.source[0], plain.source[1]};
  const std::uint64_t destination[] = {plain.destination[0], plain.destination[1]};
  const std::uint32_t context = static_cast<std::uint32_t>(plain.vlan) << 20 |
                                static_cast<std::uint32_t>(pair.value() & 0x3f) << 1 |
                                (plain.tcp ? 1u : 0u);
  packet.from_low =
      make_key(source, destination, plain.source_port, plain.destination_port, context, packet.key);
}

inline std::uint64_t hash_key(const KeyedHash& hash, const FlowKey& key) {
  return hash({key.word(0), key.word(1), key.word(2), key.word(3), key.word(4), 0});
}

}  // namespace chatgate::flow
