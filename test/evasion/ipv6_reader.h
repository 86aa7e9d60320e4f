// How an endpoint walks the headers of an IPv6 packet, written from RFC 8200 and apart from the
// decoder under test: any number of headers of any length, a hop-by-hop header only in front.
#pragma once

#include <cstdint>

#include "frames.h"

namespace chatgate::test {

struct Ipv6Reading {
  enum class Kind : std::uint8_t {
    refused,   // discarded: an option or header that must be understood and is not, a lie of length
    fragment,  // `rest` is the fragmented part, whose first header is of type `protocol`
    packet,    // `rest` is what the last header leads to
  };

  Kind kind = Kind::refused;
  std::uint8_t protocol = 0;
  std::uint8_t hop_limit = 0;
  std::uint32_t id = 0;
  std::size_t offset = 0;
  bool more = false;
  Octets rest;
};

// An Ethernet frame without tags.
Ipv6Reading read_ipv6(Bytes frame);

// The frame of `like` with an IPv6 header alone before `rest`.
Octets plain_ipv6(Bytes like, std::uint8_t protocol, const Octets& rest);

}  // namespace chatgate::test
