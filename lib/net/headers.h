// Numbers in headers that more than one file of this library reads. Not for other libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"

namespace chatgate::net {

constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherIpv6 = 0x86dd;
constexpr std::uint16_t kEtherVlan = 0x8100;
constexpr std::uint16_t kEtherServiceVlan = 0x88a8;
constexpr std::uint16_t kEtherOldServiceVlan = 0x9100;
constexpr std::uint16_t kEtherMpls = 0x8847;
constexpr std::uint16_t kEtherMplsMulticast = 0x8848;
constexpr std::uint16_t kEtherPppoeSession = 0x8864;
constexpr std::uint16_t kTransparentEthernet = 0x6558;  // in GRE, RFC 1701

constexpr std::uint8_t kIpv4InIp = 4;
constexpr std::uint8_t kIpv6InIp = 41;
constexpr std::uint8_t kGre = 47;

constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kIpv6Fragment = 44;
constexpr std::uint8_t kAuthentication = 51;

constexpr std::uint16_t kGtpPort = 2152;
constexpr std::uint16_t kTeredoPort = 3544;
constexpr std::uint16_t kVxlanPort = 4789;

// Whether the payload of a UDP datagram between these ports may be an encapsulation.
inline bool may_encapsulate(std::uint16_t from, std::uint16_t to) {
  return to == kGtpPort || to == kVxlanPort || to == kTeredoPort || from == kTeredoPort;
}

// In the first word of a GRE header (RFC 2890 section 2; routing: RFC 1701).
namespace gre_flag {
constexpr std::uint16_t checksum = 0x8000;
constexpr std::uint16_t routing = 0x4000;
constexpr std::uint16_t key = 0x2000;
constexpr std::uint16_t sequence = 0x1000;
constexpr std::uint16_t version = 0x0007;
}  // namespace gre_flag

inline std::size_t gre_header_size(std::uint16_t flags) {
  return 4u + ((flags & gre_flag::checksum) != 0 ? 4 : 0) + ((flags & gre_flag::key) != 0 ? 4 : 0) +
         ((flags & gre_flag::sequence) != 0 ? 4 : 0);
}

// IPv6 extension headers that are skipped on the way to the transport header (RFC 8200 section 4,
// RFC 6275, RFC 7401, RFC 5533). The fragment header is not one of them.
inline bool is_ipv6_extension(std::uint8_t next) {
  return next == kHopByHop || next == kRouting || next == kAuthentication || next == 60 ||
         next == 135 || next == 139 || next == 140;
}

// The size of the extension header of type `type` at `header`; the authentication header (RFC 4302)
// counts in units of four, the fragment header has a constant size.
inline std::size_t ipv6_extension_size(std::uint8_t type, const std::uint8_t* header) {
  if (type == kIpv6Fragment) return 8;
  return type == kAuthentication ? (header[1] + 2u) * 4 : (header[1] + 1u) * 8;
}

// The routing header with segments left between the IPv6 header at `network` and `end`, in a frame
// that `decode` walked that far; 0 where there is none.
inline std::size_t active_routing_header(Bytes frame, std::size_t network, std::size_t end) {
  std::uint8_t type = frame[network + 6];
  std::size_t at = network + 40;
  while (at + 8 <= end && at + 8 <= frame.size() &&
         (is_ipv6_extension(type) || type == kIpv6Fragment)) {
    if (type == kRouting && frame[at + 3] != 0) return at;
    const std::size_t size = ipv6_extension_size(type, &frame[at]);
    type = frame[at];
    at += size;
  }
  return 0;
}

// Where a packet with the IPv6 header at `network` ends up, which its checksums count with (RFC
// 8200 section 8.1): the home address of routing type 2 (RFC 6275), the first of the list of type 4
// (RFC 8754), which stand at the same place. Nothing where another type of routing header keeps it.
inline std::optional<IpAddress> ipv6_final_destination(Bytes frame, std::size_t network,
                                                       std::size_t end) {
  const std::size_t routing = active_routing_header(frame, network, end);
  if (routing == 0) return IpAddress::from_v6(&frame[network + 24]);
  const std::uint8_t type = frame[routing + 2];
  if ((type != 2 && type != 4) || routing + 24 > end) return std::nullopt;
  return IpAddress::from_v6(&frame[routing + 8]);
}

}  // namespace chatgate::net
