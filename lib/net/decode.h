// Where each header of a frame starts, and the five-tuple in it.
//
// `decode` walks link, tags, IP and transport header of one frame, trusts no length in it, and
// writes plain facts. It drops nothing and judges nothing: what becomes of a packet is the engine's
// to say. Called by a worker on its own thread for every packet; allocates nothing, constant bound
// on headers walked.
//
// Read are: Ethernet II, up to two tags (802.1Q, 802.1ad, 0x9100), Linux cooked v1 and v2, null and
// raw IP (captures), IPv4 (RFC 791), IPv6 with at most eight extension headers of at most 256 bytes
// together (RFC 8200), TCP (RFC 9293), UDP (RFC 768), and the encapsulations of
// net/encapsulation.h, at most four of them around one packet.
//
// Encapsulations. The facts are those of the innermost packet; `encapsulation` says what is around
// it. What is inside counts only from a sane IP header on: its version, its own lengths, and that
// it fits into what carries it. Where nothing but a port number or the first four bits tell of IP
// (GTP-U, VXLAN, MPLS), an IPv4 header must have a right checksum besides, an IPv6 header behind
// MPLS must fill what is left of the frame or lead to a right transport checksum or a fragment (an
// Ethernet address can begin with a six), and in
// Teredo one of its addresses must be a Teredo address. Without such a header the packet is what
// the outside is: GRE and IP in IP are `not_transport`, PPPoE and MPLS `not_ip`, the three over UDP
// are plain UDP flows. With it the inside is judged like any packet, `malformed` included: the end
// that unpacks it would read it the same way. A fragment is never looked into.
#pragma once

#include <array>
#include <cstdint>

#include "base/address.h"
#include "base/ip_protocol.h"
#include "net/encapsulation.h"
#include "net/packet_view.h"

namespace chatgate::net {

enum class Decoded : std::uint8_t {
  transport,      // TCP or UDP, everything below but the fragment fields is set
  fragment,       // an IP fragment: addresses, protocol, payload and fragment fields, no ports
  not_transport,  // IP, but neither TCP nor UDP; addresses are set, and the IP payload where the
                  // header behind IP is no encapsulation
  not_ip,         // ARP, LLDP, … : nothing but tags is set
  malformed,      // an IP or transport header that contradicts itself or the frame's length
  header_chain,   // IPv6 extension headers in a number or order that no endpoint needs
  undecodable,    // a runt, or a capture cut the frame before the end of a header
};

using ip_protocol::kTcp;
using ip_protocol::kUdp;

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
  // Of the frame, without priority, outermost first; those of Ethernet inside are in `tunnel_id`.
  std::array<std::uint16_t, 2> vlan{};

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

  // Fragments only. `payload` is the fragmented part, at `fragment_offset` of the datagram's, and
  // `protocol` what its first byte belongs to (IPv6: the fragment header's word, which stands eight
  // bytes before the payload). A fragment that is the whole datagram (RFC 6946) is none.
  bool fragment_more = false;
  std::uint16_t fragment_offset = 0;  // bytes
  std::uint32_t fragment_id = 0;      // IPv4: 16 bits

  // What the packet was inside of, outermost first; entries from `encapsulation_count` on mean
  // nothing.
  std::uint8_t encapsulation_count = 0;
  // Mixed from the identifiers of all encapsulations that are the same both ways (VXLAN network,
  // GRE key, tags of Ethernet inside): part of a flow's identity. 0 where there are none.
  std::uint16_t tunnel_id = 0;
  std::array<Encapsulated, kMaxEncapsulations> encapsulation{};

  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  Bytes payload_of(const PacketView& packet) const {
    return packet.bytes.subspan(payload, payload_size);
  }
};

// `tunnel_id` is that of what is around the packet already, where it was taken out of fragments.
// An IPv4 total length of zero, as captures of segmentation offload have it, means the end of the
// frame where `packet` comes from a capture; on a device it is malformed, as any endpoint takes it.
void decode(const PacketView& packet, Layers& layers,
            Encapsulations look_through = Encapsulations::all(), std::uint16_t tunnel_id = 0);

}  // namespace chatgate::net
