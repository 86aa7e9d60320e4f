// Fragments for tests, whose bytes are known from their place in the datagram.
#pragma once

#include <cstdint>

#include "net/fragment_cache.h"

#include "frames.h"

namespace chatgate::net::test {

using namespace chatgate::test;

// Bytes [begin, end) of the datagram number `variant`. Different variants differ in every byte.
inline Octets pattern(std::uint32_t variant, std::size_t begin, std::size_t end) {
  Octets bytes;
  for (std::size_t at = begin; at < end; ++at) {
    bytes.push_back(static_cast<std::uint8_t>(at * 7 + (at >> 8) * 31 + variant * 101));
  }
  return bytes;
}

inline FragmentKey fragment_key(std::uint8_t ip_version, std::uint32_t id) {
  FragmentKey key;
  key.source = *IpAddress::parse(ip_version == 6 ? "2001:db8::1" : "10.0.0.1");
  key.destination = *IpAddress::parse(ip_version == 6 ? "2001:db8::2" : "192.0.2.1");
  key.id = id;
  key.protocol = kUdp;
  key.ip_version = ip_version;
  return key;
}

struct Piece {
  FragmentKey key;
  std::uint32_t begin = 0;
  bool more = false;
  Octets bytes = {};
  mutable Octets frame = {};  // made by `fragment`

  // Its frame: headers that only say which piece it is, then the bytes. Borrows from the piece
  // until the next call.
  Fragment fragment() const {
    const std::size_t headers = key.ip_version == 6 ? 62 : 34;
    frame.assign(headers, static_cast<std::uint8_t>(begin / 8));
    frame.insert(frame.end(), bytes.begin(), bytes.end());
    Fragment made;
    made.key = key;
    made.offset = static_cast<std::uint16_t>(begin);
    made.more = more;
    made.header_size = key.ip_version == 6 ? 0 : 20;
    made.payload = static_cast<std::uint16_t>(headers);
    made.payload_size = static_cast<std::uint16_t>(bytes.size());
    made.packet = view_of(frame);
    made.packet.pair = key.pair;
    made.packet.side = key.side;
    return made;
  }
};

}  // namespace chatgate::net::test
