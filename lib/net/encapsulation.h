// The kinds of encapsulation that `decode` looks through, switches for them, and where they stood.
//
// Plain values without state, for any thread. The kinds and what each is recognised by:
//   pppoe     Ethernet type 0x8864 (RFC 2516), PPP protocol 0x0021 or 0x0057, one byte or two
//   mpls      Ethernet type 0x8847 or 0x8848 (RFC 3032), also in GRE: at most four labels, and an
//             IP header behind the last; a pseudo-wire's control word (RFC 4385) is none
//   gre       IP protocol 47 (RFC 2784, RFC 2890), version 0, carrying IPv4, IPv6, MPLS, Ethernet
//   ip_in_ip  IP protocol 4 or 41 (RFC 2003, RFC 2473, RFC 4213)
//   gtp_u     UDP to port 2152 (3GPP TS 29.281), version 1, message type 255
//   vxlan     UDP to port 4789 (RFC 7348)
//   teredo    UDP from or to port 3544 (RFC 4380), authentication and origin headers skipped
#pragma once

#include <cstddef>
#include <cstdint>

namespace chatgate::net {

enum class Encapsulation : std::uint8_t { pppoe, mpls, gre, ip_in_ip, gtp_u, vxlan, teredo };

// More of them around one packet are not looked through; the fourth's inside then passes as what it
// is by itself.
constexpr std::size_t kMaxEncapsulations = 4;

// Which kinds are looked through. One that is not passes as what it is without looking: an unknown
// Ethernet type, an unknown IP protocol, a UDP flow.
class Encapsulations {
 public:
  static constexpr Encapsulations all() { return Encapsulations(0x7f); }
  static constexpr Encapsulations none() { return Encapsulations(0); }

  constexpr bool has(Encapsulation kind) const { return (bits_ & bit(kind)) != 0; }
  constexpr Encapsulations with(Encapsulation kind) const {
    return Encapsulations(static_cast<std::uint8_t>(bits_ | bit(kind)));
  }
  constexpr Encapsulations without(Encapsulation kind) const {
    return Encapsulations(static_cast<std::uint8_t>(bits_ & ~bit(kind)));
  }
  constexpr bool operator==(const Encapsulations&) const = default;

 private:
  constexpr explicit Encapsulations(std::uint8_t bits) : bits_(bits) {}
  static constexpr std::uint8_t bit(Encapsulation kind) {
    return static_cast<std::uint8_t>(1u << static_cast<unsigned>(kind));
  }

  std::uint8_t bits_;
};

// One encapsulation around a packet. Offsets are from the start of the frame.
struct Encapsulated {
  Encapsulation kind = Encapsulation::pppoe;
  // 4 or 6 where an IP header carries it, which starts at `carrier`; 0 for PPPoE and MPLS.
  std::uint8_t carrier_version = 0;
  std::uint16_t carrier = 0;
  // Its own header: PPPoE, first label, GRE, GTP, VXLAN, the UDP payload of Teredo, and for
  // `ip_in_ip` the IP header inside.
  std::uint16_t offset = 0;
};

}  // namespace chatgate::net
