// IPv4 addresses behind translators.
//
// A network without IPv4 reaches servers that have nothing else by NAT64 (RFC 6146): hosts send to
// an IPv6 address that holds the server's IPv4 address. What is known of the one holds for the
// other. Called wherever addresses are looked up that somebody listed; on the packet path, without
// limits.
#pragma once

#include <array>
#include <cstring>

#include "base/address.h"

namespace chatgate {

// The IPv4 address in the well-known prefix 64:ff9b::/96 (RFC 6052 section 2.1), else the address
// itself. Prefixes that a network has chosen for itself are not known.
inline IpAddress translated(const IpAddress& address) {
  constexpr std::array<std::uint8_t, 12> kWellKnown = {0, 0x64, 0xff, 0x9b};
  if (std::memcmp(address.bytes.data(), kWellKnown.data(), kWellKnown.size()) != 0) return address;
  return IpAddress::from_v4(address.bytes.data() + kWellKnown.size());
}

}  // namespace chatgate
