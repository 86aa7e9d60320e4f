// What the tests of encapsulations go through: packets, and ways to wrap them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "net/decode.h"

#include "encapsulate.h"

namespace chatgate::net::test_cases {

using test::Frame;
using test::Octets;
using test::Outer;

struct Packet {
  std::string name;
  Octets frame;
  bool tcp = true;
  bool teredo = false;  // has a Teredo address
};

inline std::vector<Packet> packets() {
  const auto v4 = [] { return Frame().v4("10.0.0.1", "192.0.2.1"); };
  const auto v6 = [] { return Frame().v6("2001:db8::1", "2001:db8::2"); };
  const auto teredo = [] { return Frame().v6("2001:0:1::1", "2001:db8::2"); };
  constexpr std::uint8_t kAck = tcp_flag::ack;
  return {
      {"tcp4", v4().tcp(40000, 443, kAck).payload("hello").build()},
      {"udp4", v4().udp(40000, 443).payload("hello").build(), false},
      {"tcp6", v6().tcp(40000, 443, kAck).payload("hello").build()},
      {"udp6", v6().v6_extension(60).udp(40000, 443).payload("hello").build(), false},
      {"teredo tcp", teredo().tcp(40000, 443, kAck).payload("hello").build(), true, true},
      {"teredo udp", teredo().udp(40000, 443).payload("hello").build(), false, true},
  };
}

struct Wrap {
  std::string name;
  Encapsulation kind = Encapsulation::pppoe;
  std::function<Octets(const Octets&)> apply;
  Decoded unknown = Decoded::not_ip;  // what a frame is whose inside cannot be read
  bool identified = false;            // has an identifier that is the same both ways
  bool holds_ethernet = false;
  bool one_way = false;  // has values of one direction

  bool over_udp() const { return unknown == Decoded::transport; }
  // Whether it can hold `frame`, which may be wrapped already.
  bool can_hold(const Octets& frame, bool teredo) const {
    const std::uint16_t type = load_be16(&frame[12]);
    if (kind == Encapsulation::teredo) return teredo && type == 0x86dd;
    return holds_ethernet || type == 0x0800 || type == 0x86dd;
  }
};

inline std::vector<Wrap> wraps() {
  using enum Decoded;
  using E = Encapsulation;
  const auto gre = [](test::Gre options, Outer outer = Outer::v4) {
    return [=](const Octets& f) { return test::in_gre(f, options, outer); };
  };
  const auto gtp = [](std::uint8_t flags, const char* optional, Outer outer = Outer::v4) {
    return [=](const Octets& f) {
      return test::in_gtp(f, {0x1000, flags, test::from_hex(optional)}, outer);
    };
  };
  const auto vxlan = [](std::uint32_t word, Outer outer = Outer::v4) {
    return [=](const Octets& f) { return test::in_vxlan(f, {42, word}, outer); };
  };
  const auto teredo = [](const char* headers) {
    return [=](const Octets& f) { return test::in_teredo(f, test::from_hex(headers)); };
  };
  return {
      {"pppoe", E::pppoe, [](const Octets& f) { return test::in_pppoe(f); }, not_ip},
      {"pppoe, one byte", E::pppoe, [](const Octets& f) { return test::in_pppoe(f, true); },
       not_ip},
      {"mpls", E::mpls, [](const Octets& f) { return test::in_mpls(f); }, not_ip, false, false,
       true},
      {"mpls, four labels", E::mpls,
       [](const Octets& f) {
         return test::in_mpls(f, {1, 2, 3, 4});
       },
       not_ip, false, false, true},
      {"gre", E::gre, gre({}), not_transport},
      {"gre over v6", E::gre, gre({}, Outer::v6), not_transport},
      {"gre, all options", E::gre, gre({true, 7u, 9u}), not_transport, true},
      {"gre, sequence", E::gre, gre({false, {}, 9u}), not_transport},
      {"gre, checksum over v6", E::gre, gre({true}, Outer::v6), not_transport},
      {"gre with ethernet", E::gre, gre({false, 0x123400u, 1u, true}), not_transport, true, true},
      {"ip in v4", E::ip_in_ip, [](const Octets& f) { return test::in_ip(f); }, not_transport},
      {"ip in v6", E::ip_in_ip, [](const Octets& f) { return test::in_ip(f, Outer::v6); },
       not_transport},
      {"gtp", E::gtp_u, gtp(0x30, ""), transport, false, false, true},
      {"gtp, sequence", E::gtp_u, gtp(0x32, "00010000"), transport, false, false, true},
      {"gtp, two extensions", E::gtp_u, gtp(0x34, "00000085 01091285 0200000000000000"), transport,
       false, false, true},
      {"gtp over v6", E::gtp_u, gtp(0x30, "", Outer::v6), transport, false, false, true},
      {"vxlan", E::vxlan, vxlan(0x08000000), transport, true, true},
      {"vxlan with a group", E::vxlan, vxlan(0x88000123), transport, true, true},
      {"vxlan over v6", E::vxlan, vxlan(0x08000000, Outer::v6), transport, true, true},
      {"vxlan, no udp checksum", E::vxlan,
       [](const Octets& f) { return test::without_outer_udp_checksum(test::in_vxlan(f)); },
       transport, true, true},
      {"teredo", E::teredo, teredo(""), transport},
      {"teredo, origin", E::teredo, teredo("0000 1234 01020304"), transport},
      {"teredo, authentication and origin", E::teredo,
       teredo("0001 02 01 aabb cc 0102030405060708 00 0000 1234 01020304"), transport},
  };
}

// Every packet in every wrap, and in every pair of wraps that fit.
struct Wrapped {
  std::string name;
  Octets frame;
  Packet packet;
  std::vector<Wrap> around;  // outermost first
};

inline std::vector<Wrapped> wrapped() {
  std::vector<Wrapped> out;
  for (const Packet& packet : packets()) {
    for (const Wrap& inner : wraps()) {
      if (!inner.can_hold(packet.frame, packet.teredo)) continue;
      const Octets once = inner.apply(packet.frame);
      out.push_back({inner.name + " > " + packet.name, once, packet, {inner}});
      for (const Wrap& outer : wraps()) {
        if (!outer.can_hold(once, false)) continue;
        out.push_back({outer.name + " > " + inner.name + " > " + packet.name,
                       outer.apply(once),
                       packet,
                       {outer, inner}});
      }
    }
  }
  return out;
}

}  // namespace chatgate::net::test_cases
