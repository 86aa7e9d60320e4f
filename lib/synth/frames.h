// Frames made up, written as short as they are thought of: for `explain`, `audit` and tests.
//
//   Frame().v4("10.0.0.1", "192.0.2.1").tcp(40000, 443, flag::syn).seq(100).build()
//
// Everything has a sensible default; checksums and lengths are right unless told otherwise. Formats
// are those of RFC 791, 8200, 9293, 768, 8446 (ClientHello) and 1035. Not for the packet path:
// it takes memory, and throws std::invalid_argument for what is no address. No state.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "net/decode.h"
#include "net/packet_view.h"

namespace chatgate::synth {

using Octets = std::vector<std::uint8_t>;

// Hexadecimal digits, blanks ignored.
Octets from_hex(std::string_view text);

// Behind what is there, in network byte order.
void put16(Octets& out, std::size_t value);
void put32(Octets& out, std::uint32_t value);
void append(Octets& out, Bytes bytes);
Octets from_text(std::string_view text);

class Frame {
 public:
  Frame& macs(std::string_view source, std::string_view destination);
  Frame& macs(const std::array<std::uint8_t, 6>& source,
              const std::array<std::uint8_t, 6>& destination);
  Frame& vlan(std::uint16_t id, std::uint16_t ether_type = 0x8100);
  Frame& v4(std::string_view source, std::string_view destination);
  Frame& v6(std::string_view source, std::string_view destination);
  // Raw options, padded to a multiple of four.
  Frame& ip_options(Octets options);
  // An extension header of `size` bytes (a multiple of eight) before the transport header.
  Frame& v6_extension(std::uint8_t type, std::size_t size = 8);
  // IPv6: by a fragment header behind the extension headers. It holds the whole transport header,
  // whatever the offset.
  Frame& fragment(std::uint16_t offset_in_bytes, bool more, std::uint32_t id = 0x4242);
  Frame& tcp(std::uint16_t source, std::uint16_t destination, std::uint8_t flags);
  Frame& udp(std::uint16_t source, std::uint16_t destination);
  Frame& protocol(std::uint8_t number);  // neither TCP nor UDP
  Frame& seq(std::uint32_t sequence);
  Frame& ack(std::uint32_t acknowledgment);  // sets the flag too
  Frame& flags(std::uint8_t flags);
  Frame& ack_number(std::uint32_t acknowledgment);  // leaves the flag alone
  Frame& urgent_pointer(std::uint16_t pointer);
  Frame& tcp_options(Octets options);
  Frame& ttl(std::uint8_t hops);
  Frame& payload(Octets bytes);
  Frame& payload(std::string_view text);

  Octets build() const;

 private:
  Octets transport() const;

  Octets link_ = from_hex("020000000002 020000000001");
  std::vector<std::pair<std::uint16_t, std::uint16_t>> tags_;
  IpAddress source_, destination_;
  bool v6_ = false;
  Octets ip_options_;
  std::vector<std::pair<std::uint8_t, std::size_t>> extensions_;
  std::uint16_t fragment_offset_ = 0;
  bool fragment_more_ = false, fragment_header_ = false;
  std::uint32_t fragment_id_ = 0x4242;
  std::uint8_t protocol_ = net::kTcp;
  std::uint16_t source_port_ = 0, destination_port_ = 0, urgent_ = 0;
  std::uint8_t flags_ = 0, ttl_ = 64;
  std::uint32_t sequence_ = 0, acknowledgment_ = 0;
  Octets tcp_options_, payload_;
};

// A view of `frame`, whole, with the rest at its defaults. Borrows.
net::PacketView view_of(const Octets& frame, net::Side side = net::Side::inside);

// Whether a hello offers an encrypted one beside itself (RFC 9849 section 5).
enum class Ech : std::uint8_t { absent, offered };

// A TLS ClientHello record with `name` in its server_name extension (none where empty) after
// `padding` bytes of the padding extension, and one id in ALPN (none where empty).
Octets client_hello(std::string_view name, std::size_t padding = 0, Ech ech = Ech::absent,
                    std::string_view alpn = {});

// A DNS query message for one question of type A.
Octets dns_query(std::string_view name, std::uint16_t id = 0x1234);

}  // namespace chatgate::synth
