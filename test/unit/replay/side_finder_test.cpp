// Which end is inside, told from nothing but packets.
#include "replay/side_finder.h"

#include <gtest/gtest.h>

#include "frames.h"

namespace chatgate::replay {
namespace {

using net::Side;
using net::tcp_flag::ack;
using net::tcp_flag::syn;
using test::Frame;
using test::Octets;
using test::view_of;

constexpr const char* kA = "10.0.0.1";
constexpr const char* kB = "192.0.2.1";

Octets tcp(const char* from, const char* to, std::uint16_t source, std::uint16_t destination,
           std::uint8_t flags) {
  return Frame().v4(from, to).tcp(source, destination, flags).build();
}

struct Row {
  const char* what;
  Octets first;
  Side a;  // the side of kA afterwards
};

TEST(SideFinder, TheOpenerIsInsideFromTheFirstPacketOn) {
  const Row rows[] = {
      {"SYN from A", tcp(kA, kB, 80, 40000, syn), Side::inside},
      {"SYN from B", tcp(kB, kA, 80, 40000, syn), Side::outside},
      {"SYN/ACK from A", tcp(kA, kB, 40000, 80, syn | ack), Side::outside},
      {"SYN/ACK from B", tcp(kB, kA, 40000, 80, syn | ack), Side::inside},
      {"data from A's higher port", tcp(kA, kB, 40000, 80, ack), Side::inside},
      {"data from A's lower port", tcp(kA, kB, 80, 40000, ack), Side::outside},
      {"equal ports: the sender", Frame().v4(kB, kA).udp(500, 500).payload("x").build(),
       Side::outside},
      {"UDP from A's higher port", Frame().v4(kA, kB).udp(40000, 53).payload("x").build(),
       Side::inside},
      {"no ports: the sender", Frame().v4(kB, kA).protocol(1).payload("ping").build(),
       Side::outside},
      {"a fragment: the sender",
       Frame().v4(kA, kB).udp(53, 40000).fragment(8, false).payload("xxxxxxxx").build(),
       Side::inside},
  };
  for (const Row& row : rows) {
    SideFinder sides({});
    sides.side_of(view_of(row.first));
    // Whatever comes later between the two, it changes nothing.
    for (const std::uint8_t flags : {ack, syn}) {
      EXPECT_EQ(sides.side_of(view_of(tcp(kA, kB, 1, 2, flags))), row.a) << row.what;
      EXPECT_EQ(sides.side_of(view_of(tcp(kB, kA, 9, 8, flags))), net::other(row.a)) << row.what;
    }
  }
}

TEST(SideFinder, AClientDoesNotBecomeAServerByItsPort) {
  const auto side = [](const char* from, const char* to, std::uint16_t from_port) {
    SideFinder finder({});
    const Octets frame = Frame().v4(from, to).udp(from_port, 50000).payload("x").build();
    return finder.side_of(view_of(frame));
  };
  EXPECT_EQ(side("10.0.0.5", "192.0.2.9", 443), Side::inside);
  EXPECT_EQ(side("100.64.0.5", "192.0.2.9", 443), Side::inside);
  EXPECT_EQ(side("192.0.2.9", "10.0.0.5", 443), Side::outside);
  EXPECT_EQ(side("10.0.0.5", "10.9.9.9", 443), Side::outside);
  EXPECT_EQ(side("198.51.100.7", "192.0.2.9", 443), Side::outside);
}

TEST(SideFinder, PairsAreApart) {
  SideFinder sides({});
  EXPECT_EQ(sides.side_of(view_of(tcp(kA, kB, 1, 2, syn))), Side::inside);
  EXPECT_EQ(sides.side_of(view_of(tcp("192.0.2.2", kA, 1, 2, syn))), Side::inside);
  EXPECT_EQ(sides.side_of(view_of(tcp(kA, "192.0.2.2", 2, 1, ack))), Side::outside);
}

TEST(SideFinder, GivenNetworksComeFirst) {
  SideFinder sides({*Prefix::parse("10.0.0.0/8"), *Prefix::parse("fd00::/8")});
  EXPECT_EQ(sides.side_of(view_of(tcp(kB, kA, 40000, 80, syn))), Side::outside);
  EXPECT_EQ(sides.side_of(view_of(tcp(kA, kB, 80, 40000, ack))), Side::inside);
  const Octets six = Frame().v6("2001:db8::1", "fd00::1").tcp(1, 2, syn).build();
  EXPECT_EQ(sides.side_of(view_of(six)), Side::outside);
}

TEST(SideFinder, WhereNetworksDoNotTellTheOpenerDoes) {
  SideFinder sides({*Prefix::parse("10.0.0.0/8")});
  EXPECT_EQ(sides.side_of(view_of(tcp("10.0.0.9", kA, 1, 2, syn))), Side::inside);
  EXPECT_EQ(sides.side_of(view_of(tcp(kA, "10.0.0.9", 2, 1, syn | ack))), Side::outside);
  EXPECT_EQ(sides.side_of(view_of(tcp("203.0.113.1", kB, 1, 2, syn))), Side::inside);
}

TEST(SideFinder, FramesWithoutAddressesAreFromInside) {
  SideFinder sides({*Prefix::parse("10.0.0.0/8")});
  for (const char* hex : {"ffffffffffff 020000000001 0806 00010800", "", "0200"}) {
    EXPECT_EQ(sides.side_of(view_of(test::from_hex(hex))), Side::inside);
  }
}

}  // namespace
}  // namespace chatgate::replay
