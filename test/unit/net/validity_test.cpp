#include "net/validity.h"

#include <gtest/gtest.h>

#include "net/checksum.h"

#include "wrapped.h"

namespace chatgate::net {
namespace {

using namespace test_cases;
using test::view_of;

struct Validity {
  bool ip;
  bool transport;
};

Validity validity(const PacketView& view) {
  Layers layers;
  decode(view, layers);
  EXPECT_EQ(layers.outcome, Decoded::transport);
  return {ip_checksum_right(view, layers), transport_checksum_right(view, layers)};
}
Validity validity(const Octets& frame) {
  return validity(view_of(frame));
}

std::vector<Wrapped> all() {
  std::vector<Wrapped> out = wrapped();
  for (const Packet& packet : packets()) out.push_back({packet.name, packet.frame, packet, {}});
  return out;
}

TEST(Validity, RightIsRight) {
  for (const Wrapped& c : all()) {
    EXPECT_TRUE(validity(c.frame).ip) << c.name;
    EXPECT_TRUE(validity(c.frame).transport) << c.name;
  }
}

// One bit wrong in a byte that a checksum covers, in a frame that still reads as the same headers.
TEST(Validity, ABitIsNeverOverlooked) {
  for (const Wrapped& c : all()) {
    if (c.around.size() > 1) continue;
    Layers whole;
    decode(view_of(c.frame), whole);
    for (std::size_t at = whole.network; at < c.frame.size(); ++at) {
      const bool of_ip = at < whole.transport;
      if (of_ip && whole.ip_version == 6) continue;
      for (unsigned bit = 0; bit < 8; ++bit) {
        Octets frame = c.frame;
        frame[at] = static_cast<std::uint8_t>(frame[at] ^ 1u << bit);
        const PacketView view = view_of(frame);
        Layers layers;
        decode(view, layers);
        if (layers.outcome != Decoded::transport || layers.network != whole.network ||
            layers.transport != whole.transport || layers.protocol != whole.protocol ||
            layers.payload_size != whole.payload_size) {
          continue;
        }
        EXPECT_EQ(ip_checksum_right(view, layers), !of_ip) << c.name << " " << at;
        if (!of_ip) {
          EXPECT_FALSE(transport_checksum_right(view, layers)) << c.name << " " << at;
        }
      }
    }
  }
}

TEST(Validity, TheCarriersCountToo) {
  for (const Wrapped& c : wrapped()) {
    Layers layers;
    decode(view_of(c.frame), layers);
    for (std::size_t i = 0; i < layers.encapsulation_count; ++i) {
      const Encapsulated& around = layers.encapsulation[i];
      if (around.carrier_version == 4) {
        Octets frame = c.frame;
        frame[around.carrier + 8u] ^= 1;  // hops
        // Where a carrier was told by its port alone, its own carrier's checksum makes it IP.
        Layers again;
        decode(view_of(frame), again);
        if (again.encapsulation_count != layers.encapsulation_count) continue;
        EXPECT_FALSE(ip_checksum_right(view_of(frame), layers)) << c.name;
        if (i == 0) {
          EXPECT_TRUE(transport_checksum_right(view_of(frame), layers)) << c.name;
        }
      }
      const bool gre = around.kind == Encapsulation::gre;
      const bool udp = around.kind == Encapsulation::gtp_u || around.kind == Encapsulation::vxlan ||
                       around.kind == Encapsulation::teredo;
      const std::size_t sum_at = gre ? around.offset + 4u : around.offset - 2u;
      if (gre && (c.frame[around.offset] & 0x80) == 0) continue;
      if ((!gre && !udp) || load_be16(&c.frame[sum_at]) == 0) continue;
      Octets frame = c.frame;
      frame[sum_at] ^= 1;
      EXPECT_FALSE(transport_checksum_right(view_of(frame), layers)) << c.name;
    }
  }
}

TEST(Validity, ZeroOfUdpMeansNoneWhereItMay) {
  const auto zeroed = [](Octets frame, std::size_t at) {
    store_be16(&frame[at], 0);
    return frame;
  };
  const Octets v4 = Frame().v4("10.0.0.1", "192.0.2.1").udp(1, 2).payload("abc").build();
  const Octets v6 = Frame().v6("2001:db8::1", "2001:db8::2").udp(1, 2).payload("abc").build();
  EXPECT_TRUE(validity(zeroed(v4, 14 + 20 + 6)).transport);
  EXPECT_FALSE(validity(zeroed(v6, 14 + 40 + 6)).transport);
  EXPECT_TRUE(validity(zeroed(test::in_vxlan(v4), 14 + 20 + 6)).transport);
  EXPECT_TRUE(validity(zeroed(test::in_vxlan(v4, {}, Outer::v6), 14 + 40 + 6)).transport);
  // TCP has no such zero.
  const Octets tcp = Frame().v4("10.0.0.1", "192.0.2.1").tcp(1, 2, tcp_flag::ack).build();
  EXPECT_FALSE(validity(zeroed(tcp, 14 + 20 + 16)).transport);
}

TEST(Validity, WhatACaptureCutIsTakenForRight) {
  for (const Wrapped& c : all()) {
    const std::size_t last = c.frame.size() - 1;
    Octets wrong = c.frame;
    wrong[last - 1] ^= 1;
    EXPECT_FALSE(validity(wrong).transport) << c.name;
    PacketView view = view_of(wrong);
    view.bytes = view.bytes.first(last);
    EXPECT_TRUE(validity(view).transport) << c.name;
  }
  // Cut within the options of a segment without payload: nothing of the payload is missing.
  const Octets tcp = Frame()
                         .v4("10.0.0.1", "192.0.2.1")
                         .tcp(1, 2, tcp_flag::ack)
                         .tcp_options(Octets(20, 1))
                         .build();
  PacketView view = view_of(tcp);
  view.bytes = view.bytes.first(tcp.size() - 8);
  EXPECT_TRUE(validity(view).transport);
}

TEST(Validity, PaddingIsNotCounted) {
  Octets frame = Frame().v4("10.0.0.1", "192.0.2.1").udp(1, 2).payload("abc").build();
  frame.resize(60, 0xee);
  EXPECT_TRUE(validity(frame).transport);
}

// RFC 8200 section 8.1: with segments left, the checksum counts with the last of them.
TEST(Validity, ARoutingHeaderNamesTheDestination) {
  const auto routed = [](std::uint8_t type, std::uint8_t left) {
    Octets frame = Frame()
                       .v6("2001:db8::1", "2001:db8::99")
                       .v6_extension(43, 24)
                       .udp(1, 2)
                       .payload("abc")
                       .build();
    constexpr std::size_t kRouting = 14 + 40, kUdpAt = kRouting + 24;
    const IpAddress last = *IpAddress::parse("2001:db8::2");
    frame[kRouting + 2] = type;
    frame[kRouting + 3] = left;
    std::copy(last.bytes.begin(), last.bytes.end(), frame.begin() + kRouting + 8);
    store_be16(&frame[kUdpAt + 6], 0);
    const Bytes segment = Bytes(frame).subspan(kUdpAt);
    const auto sum = checksum_fold(
        checksum_add(segment, pseudo_header_sum(*IpAddress::parse("2001:db8::1"), last, false, kUdp,
                                                static_cast<std::uint32_t>(segment.size()))));
    store_be16(&frame[kUdpAt + 6], sum);
    return frame;
  };
  EXPECT_TRUE(validity(routed(4, 1)).transport);
  EXPECT_TRUE(validity(routed(2, 1)).transport);
  EXPECT_TRUE(validity(routed(3, 1)).transport);  // not known how to read it
  EXPECT_FALSE(validity(routed(4, 0)).transport);
  Octets wrong = routed(4, 1);
  wrong.back() ^= 1;
  EXPECT_FALSE(validity(wrong).transport);
}

}  // namespace
}  // namespace chatgate::net
