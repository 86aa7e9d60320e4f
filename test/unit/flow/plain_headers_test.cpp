// Of plain frames what is read at a glance, and of all others nothing.
#include "net/plain_headers.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "effort.h"
#include "encapsulate.h"
#include "frames.h"
#include "plain_check.h"

namespace chatgate::flow {
namespace {

using test::check_plain;
using test::Frame;
using test::Octets;
using test::PlainCheck;
using test::view_of;

Frame v4() {
  return Frame().v4("10.0.0.9", "192.0.2.1");
}
Frame v6() {
  return Frame().v6("2001:db8::9", "2001:db8::1");
}

struct Case {
  const char* name;
  Octets frame;
};

std::vector<Case> plain_frames() {
  constexpr std::uint8_t kAck = net::tcp_flag::ack, kSyn = net::tcp_flag::syn;
  return {
      {"TCP", v4().tcp(40000, 443, kAck).payload("hello").build()},
      {"TCP without payload", v4().tcp(40000, 443, kAck).build()},
      {"TCP, SYN with options", v4().tcp(443, 443, kSyn).tcp_options(Octets(20, 1)).build()},
      {"TCP, tagged", v4().vlan(100).tcp(40000, 443, kAck).payload("hello").build()},
      {"TCP, tag of priority alone", v4().vlan(0x6000).tcp(40000, 443, kAck).build()},
      {"TCP from the lower address", Frame().v4("10.0.0.1", "10.0.0.2").tcp(1, 2, kAck).build()},
      {"TCP between ports of one", Frame().v4("10.0.0.1", "10.0.0.1").tcp(2, 1, kAck).build()},
      {"UDP", v4().udp(40000, 3478).payload("hello, world").build()},
      {"UDP, tagged", v4().vlan(7).udp(40000, 3478).payload("hello, world of tags").build()},
      {"UDP, a long header of QUIC", v4().udp(4000, 443).payload(Octets(20, 0xc3)).build()},
      {"TCP over IPv6", v6().tcp(40000, 443, kAck).payload("hello").build()},
      {"TCP over IPv6, tagged", v6().vlan(100).tcp(40000, 443, kAck).build()},
      {"UDP over IPv6", v6().udp(40000, 3478).payload("hello, world").build()},
      {"UDP over IPv6, tagged", v6().vlan(9).udp(40000, 3478).payload("hello, world").build()},
  };
}

std::vector<Case> other_frames() {
  constexpr std::uint8_t kAck = net::tcp_flag::ack;
  const Octets plain = v4().tcp(40000, 443, kAck).payload("hello, hello, hello").build();
  const Octets plain6 = v6().tcp(40000, 443, kAck).payload("hello, hello, hello").build();
  const auto udp = [](std::uint16_t from, std::uint16_t to) {
    return v4().udp(from, to).payload(Octets(40, 0)).build();
  };
  return {
      {"two tags", v4().vlan(1).vlan(2).tcp(40000, 443, kAck).build()},
      {"a tag of a provider", v4().vlan(1, 0x88a8).tcp(40000, 443, kAck).build()},
      {"options of IPv4", v4().ip_options(Octets(4, 1)).tcp(40000, 443, kAck).build()},
      {"an extension of IPv6", v6().v6_extension(60).tcp(40000, 443, kAck).build()},
      {"a first fragment", v4().fragment(0, true).udp(1, 2).payload(Octets(40, 0)).build()},
      {"a last fragment", v4().fragment(64, false).udp(1, 2).payload(Octets(40, 0)).build()},
      {"a fragment of IPv6", v6().fragment(0, true).udp(1, 2).payload(Octets(40, 0)).build()},
      {"neither TCP nor UDP", v4().protocol(1).payload(Octets(40, 0)).build()},
      {"to the port of GTP", udp(40000, 2152)},
      {"to the port of VXLAN", udp(40000, 4789)},
      {"to the port of Teredo", udp(40000, 3544)},
      {"from the port of Teredo", udp(3544, 40000)},
      {"in PPPoE", test::in_pppoe(plain)},
      {"in MPLS", test::in_mpls(plain)},
      {"in GRE", test::in_gre(plain, {}, test::Outer::v4)},
      {"in IP", test::in_ip(plain6)},
      {"a runt", Octets(plain.begin(), plain.begin() + 40)},
      {"not IP", Octets(60, 0x42)},
  };
}

TEST(PlainHeaders, SayWhatDecodingSays) {
  for (const Case& c : plain_frames()) {
    const PlainCheck check = check_plain(view_of(c.frame));
    EXPECT_TRUE(check.plain) << c.name;
    EXPECT_EQ(check.wrong, nullptr) << c.name << ": " << check.wrong;
  }
}

TEST(PlainHeaders, AreNotReadOfOtherFrames) {
  for (const Case& c : other_frames()) EXPECT_FALSE(check_plain(view_of(c.frame)).plain) << c.name;
  const Octets frame = plain_frames().front().frame;
  net::PacketView view = view_of(frame);
  view.link = net::LinkType::raw_ip;
  EXPECT_FALSE(check_plain(view).plain);
  view = view_of(frame);
  ++view.wire_length;  // cut by a capture
  EXPECT_FALSE(check_plain(view).plain);
}

// Each byte of a header replaced, and each frame cut anywhere: where it is still plain, the two
// agree.
TEST(PlainHeaders, AgreeOfWhateverAFrameHolds) {
  std::vector<Case> all = plain_frames();
  for (Case& c : other_frames()) all.push_back(std::move(c));
  std::size_t plain = 0;
  const auto check = [&](const char* name, const char* how, std::size_t at, const Octets& frame) {
    const PlainCheck result = check_plain(view_of(frame));
    plain += result.plain ? 1 : 0;
    ASSERT_EQ(result.wrong, nullptr) << name << ", " << how << " " << at << ": " << result.wrong;
  };
  for (const Case& c : all) {
    for (std::size_t at = 0; at < c.frame.size(); ++at) {
      check(c.name, "cut at", at, {c.frame.begin(), c.frame.begin() + static_cast<long>(at)});
      for (unsigned value = 0; value < 256; value += test::attempts(1u, 13u)) {
        Octets frame = c.frame;
        frame[at] = static_cast<std::uint8_t>(value);
        check(c.name, "another byte at", at, frame);
      }
    }
  }
  EXPECT_GT(plain, 1000u);
}

}  // namespace
}  // namespace chatgate::flow
