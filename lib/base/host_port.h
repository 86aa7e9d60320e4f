// "HOST:PORT" as a person writes it: where to listen, or whom to connect to.
//
// For options and URLs, on any thread; allocates. An IPv6 address stands in brackets (RFC 3986
// section 3.2.2). Whether the host exists is not asked here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatgate {

struct HostPort {
  std::string host;  // without brackets; empty where none was written, as in ":9100"
  std::uint16_t port = 0;

  // With brackets where the host has a colon.
  std::string to_string() const;
};

// "HOST:PORT", "[IPV6]:PORT" or ":PORT"; without a port `default_port` is taken, or nothing is
// answered where that is 0. Nothing for a port that is not 1 to 65535, an address in broken
// brackets, and characters that no host has.
std::optional<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port = 0);

}  // namespace chatgate
