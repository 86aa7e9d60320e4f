// Frames inside of encapsulations, for tests.
//
//   in_gre(in_ip(Frame().v4("10.0.0.1", "192.0.2.1").tcp(40000, 443, flag::syn).build()))
//
// Each function takes an Ethernet frame without tags and gives an Ethernet frame with the same
// addresses that holds it, Ethernet header and all for `vxlan` and `gre` with `ethernet`, without
// it for the others. Lengths and checksums are right. The outer addresses are kOuterSource and
// kOuterDestination, or their IPv6 twins.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "frames.h"

namespace chatgate::test {

constexpr const char* kOuterSource = "198.51.100.1";
constexpr const char* kOuterDestination = "198.51.100.2";
constexpr const char* kOuterSource6 = "2001:db8:ffff::1";
constexpr const char* kOuterDestination6 = "2001:db8:ffff::2";

// What the outer IP header is, where there is one.
enum class Outer : std::uint8_t { v4, v6 };

Octets in_pppoe(const Octets& frame, bool compressed_protocol = false);

// Outermost label first, 20 bits each.
Octets in_mpls(const Octets& frame, const std::vector<std::uint32_t>& labels = {1000});

struct Gre {
  bool checksum = false;
  std::optional<std::uint32_t> key = {};
  std::optional<std::uint32_t> sequence = {};
  bool ethernet = false;
};
Octets in_gre(const Octets& frame, const Gre& gre = {}, Outer outer = Outer::v4);

Octets in_ip(const Octets& frame, Outer outer = Outer::v4);

struct Gtp {
  std::uint32_t endpoint = 0x1000;
  std::uint8_t flags = 0x30;
  Octets optional = {};  // the four bytes of sequence, N-PDU and type, and extension headers
};
Octets in_gtp(const Octets& frame, const Gtp& gtp = {}, Outer outer = Outer::v4);

struct Vxlan {
  std::uint32_t network = 42;
  std::uint32_t first_word = 0x08000000;
};
Octets in_vxlan(const Octets& frame, const Vxlan& vxlan = {}, Outer outer = Outer::v4);

// `headers` stand between the UDP header and the IPv6 header of `frame`.
Octets in_teredo(const Octets& frame, const Octets& headers = {});

// With the checksum of the UDP header right behind the outer IPv4 header set to zero.
Octets without_outer_udp_checksum(Octets frame);

}  // namespace chatgate::test
