// Where each header of a frame starts, and the five-tuple in it.
//
// `decode` walks link, tags, IP and transport header of one frame, trusts no length in it, and
// writes plain facts. It drops nothing and judges nothing: what is not TCP or UDP, and what cannot
// be decoded, is for the engine to pass on unchanged. Called by a worker on its own thread for
// every packet; allocates nothing, constant bound on headers walked.
//
// Read are: Ethernet II, up to two tags (802.1Q, 802.1ad, 0x9100), Linux cooked v1 and v2, null and
// raw IP (captures), IPv4 (RFC 791), IPv6 with at most eight extension headers (RFC 8200), TCP
// (RFC 9293), UDP (RFC 768).
#pragma once

#include <array>
#include <cstdint>

#include "base/address.h"
#include "net/packet_view.h"

namespace chatgate::net {

enum class Decoded : std::uint8_t {
  transport,      // TCP or UDP, everything below is set
  fragment,       // an IP fragment: addresses, protocol and fragment fields are set, no ports
  not_transport,  // IP, but neither TCP nor UDP; addresses are set
  not_ip,         // ARP, LLDP, MPLS, … : nothing but tags is set
  malformed,      // a header that contradicts itself or the frame's length
};

// IANA protocol numbers.
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

// TCP flags, RFC 9293 section 3.1.
namespace tcp_flag {
constexpr std::uint8_t fin = 0x01;
constexpr std::uint8_t syn = 0x02;
constexpr std::uint8_t rst = 0x04;
constexpr std::uint8_t psh = 0x08;
constexpr std::uint8_t ack = 0x10;
constexpr std::uint8_t urg = 0x20;
}  // namespace tcp_flag

struct Layers {
  Decoded outcome = Decoded::not_ip;
  std::uint8_t ip_version = 0;  // 4 or 6
  std::uint8_t protocol = 0;    // of the transport header, or the last one walked to
  std::uint8_t tag_count = 0;
  std::array<std::uint16_t, 2> vlan{};  // identifiers without priority, outermost first

  // Offsets from the start of the frame.
  std::uint16_t network = 0;
  std::uint16_t transport = 0;
  std::uint16_t payload = 0;
  // Payload bytes that are in the frame. Trailing bytes beyond the IP length are padding and not
  // counted. Where a capture cut the frame, `payload_missing` more were on the wire.
  std::uint16_t payload_size = 0;
  std::uint16_t payload_missing = 0;

  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;

  // TCP only.
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint16_t window = 0;
  std::uint8_t flags = 0;

  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  Bytes payload_of(const PacketView& packet) const {
    return packet.bytes.subspan(payload, payload_size);
  }
};

void decode(const PacketView& packet, Layers& layers);

}  // namespace chatgate::net
