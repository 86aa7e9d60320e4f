// IP addresses and prefixes.
//
// One representation for both families: 16 bytes in network order, IPv4 as an IPv4-mapped IPv6
// address (RFC 4291 section 2.5.5.2), so that keys, comparisons and prefix look-ups need no branch.
// Parsing allocates nothing; formatting is for reports, not for the packet path.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace chatgate {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  static IpAddress from_v4(const std::uint8_t* network_order) {
    IpAddress address;
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(address.bytes.data() + 12, network_order, 4);
    return address;
  }
  static IpAddress from_v6(const std::uint8_t* network_order) {
    IpAddress address;
    std::memcpy(address.bytes.data(), network_order, 16);
    return address;
  }
  // Dotted quad or RFC 4291 text; nothing for anything else (no zone, no port, no prefix length).
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  std::string to_string() const;
  auto operator<=>(const IpAddress&) const = default;
};

// An address range "ADDRESS/LENGTH". `length` counts from the start of the 16-byte form, so an IPv4
// /24 has length 120.
struct Prefix {
  IpAddress address;
  std::uint8_t length = 128;

  // "10.0.0.0/8", "fd00::/8", or a bare address for a single host. Host bits that are set are
  // cleared when `host_bits_set` is given (it is set to true), and refused otherwise.
  static std::optional<Prefix> parse(std::string_view text, bool* host_bits_set = nullptr);

  bool contains(const IpAddress& candidate) const;
  IpAddress first() const;
  IpAddress last() const;
  std::string to_string() const;
  auto operator<=>(const Prefix&) const = default;
};

}  // namespace chatgate
