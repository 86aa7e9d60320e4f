// The five-tuple of the plainest frames, which are most of all, without walking their headers.
//
// Plain is: Ethernet with at most one 802.1Q tag, IPv4 without options or IPv6 without extension
// headers, no fragment, TCP or UDP whose lengths are sane, a port that no encapsulation uses, and
// the whole frame there. `read_plain` answers true for those alone, and tells of them what `decode`
// tells (test/unit/flow/plain_headers_test.cpp and the fuzz target `decode` hold the two together);
// of all others it tells nothing, and `decode` is to be asked.
//
// Called by a worker for every packet. Nothing of the frame is trusted or kept.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "base/ip_protocol.h"
#include "net/headers.h"
#include "net/packet_view.h"

namespace chatgate::net {

struct PlainHeaders {
  // Addresses as IpAddress has them in memory, in two words of the machine.
  std::array<std::uint64_t, 2> source, destination;
  std::uint16_t source_port, destination_port;
  std::uint16_t vlan;  // 0: no tag, or one of priority alone
  bool tcp;
  std::uint8_t flags;         // of TCP; 0 for UDP
  std::uint16_t first_bytes;  // of a payload of UDP, as one number; 0 where it has fewer than two
};

namespace detail {

inline std::uint64_t load_word(const std::uint8_t* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// An IPv4 address at `at` as the second word of an IPv4-mapped one.
inline std::uint64_t mapped_word(const std::uint8_t* at) {
  constexpr std::array<std::uint8_t, 4> kMapped = {0, 0, 0xff, 0xff};
  std::array<std::uint32_t, 2> half{std::bit_cast<std::uint32_t>(kMapped)};
  std::memcpy(&half[1], at, sizeof half[1]);
  return std::bit_cast<std::uint64_t>(half);
}

// The transport header at `header`, of an IP payload of `size` bytes; at least 20 can be read.
[[gnu::always_inline]] inline bool read_plain_transport(const std::uint8_t* header,
                                                        std::size_t size, std::uint8_t protocol,
                                                        PlainHeaders& plain) {
  plain.source_port = load_be16(header);
  plain.destination_port = load_be16(header + 2);
  if (protocol == ip_protocol::kTcp) {
    const std::size_t header_size = (header[12] >> 4) * 4u;
    plain.tcp = true;
    plain.flags = header[13] & 0x3f;
    plain.first_bytes = 0;
    return header_size >= 20 && header_size <= size;
  }
  const std::size_t length = load_be16(header + 4);
  plain.tcp = false;
  plain.flags = 0;
  plain.first_bytes = length < 10 ? std::uint16_t{0} : load_be16(header + 8);
  return protocol == ip_protocol::kUdp && length >= 8 && length <= size &&
         !may_encapsulate(plain.source_port, plain.destination_port);
}

}  // namespace detail

[[gnu::always_inline]] inline bool read_plain(const PacketView& packet, PlainHeaders& plain) {
  constexpr std::size_t kIpv4 = 20, kIpv6 = 40, kTransport = 20;
  const std::size_t size = packet.bytes.size();
  const std::uint8_t* frame = packet.bytes.data();
  if (packet.link != LinkType::ethernet || size != packet.wire_length ||
      size < 14 + kIpv4 + kTransport || size > 0xffff) {
    return false;
  }
  std::uint16_t type = load_be16(frame + 12);
  std::size_t at = 14;
  plain.vlan = 0;
  if (type == kEtherVlan && size >= 18 + kIpv4 + kTransport) {
    plain.vlan = load_be16(frame + 14) & 0x0fff;
    type = load_be16(frame + 16);
    at = 18;
  }
  const std::uint8_t* header = frame + at;
  if (type == kEtherIpv4) {
    const std::size_t total = load_be16(header + 2);
    // More fragments, or an offset (RFC 791 section 3.1).
    const bool whole = (load_be16(header + 6) & 0x3fff) == 0;
    if (header[0] != 0x45 || !whole || total < kIpv4 || total > size - at) return false;
    plain.source = {0, detail::mapped_word(header + 12)};
    plain.destination = {0, detail::mapped_word(header + 16)};
    return detail::read_plain_transport(header + kIpv4, total - kIpv4, header[9], plain);
  }
  if (type == kEtherIpv6 && size >= at + kIpv6 + kTransport) {
    const std::size_t length = load_be16(header + 4);
    if (header[0] >> 4 != 6 || length > size - at - kIpv6) return false;
    plain.source = {detail::load_word(header + 8), detail::load_word(header + 16)};
    plain.destination = {detail::load_word(header + 24), detail::load_word(header + 32)};
    return detail::read_plain_transport(header + kIpv6, length, header[6], plain);
  }
  return false;
}

}  // namespace chatgate::net
