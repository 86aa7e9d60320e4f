// What frame_builder makes of packets in encapsulations.
#include <algorithm>
#include <gtest/gtest.h>

#include "net/frame_builder.h"
#include "net/validity.h"

#include "wrapped.h"

namespace chatgate::net {
namespace {

using namespace test_cases;
using test::view_of;

struct Built {
  Octets frame;
  Layers layers;
};

Layers decoded(const Octets& frame) {
  Layers layers;
  decode(view_of(frame), layers);
  return layers;
}

Built build(const Octets& original, Toward toward, const Octets* back = nullptr,
            std::string_view payload = "answer") {
  const PacketView view = view_of(original);
  const Layers layers = decoded(original);
  PacketView back_view;
  Layers back_layers;
  if (back != nullptr) {
    back_view = view_of(*back);
    back_layers = decoded(*back);
  }
  const Opposite opposite{back_view, back_layers};
  const Opposite* other = back != nullptr ? &opposite : nullptr;
  const TcpFields fields{111, 222, tcp_flag::rst | tcp_flag::ack, 333};
  Octets out(2048, 0xcc);
  out.resize(layers.protocol == kTcp
                 ? build_tcp(view, layers, toward, fields, as_bytes(payload), out, other)
                 : build_udp(view, layers, toward, as_bytes(payload), out, other));
  return {out, decoded(out)};
}

bool one_way(const Wrapped& c) {
  return std::any_of(c.around.begin(), c.around.end(), [](const Wrap& w) { return w.one_way; });
}

// The same packet the other way, in the same wraps; its outer addresses are not turned, so that a
// test can tell them from turned ones.
Octets opposite_of(const Wrapped& c) {
  Frame frame;
  const Layers layers = decoded(c.packet.frame);
  const std::string from = layers.destination.to_string(), to = layers.source.to_string();
  layers.ip_version == 4 ? frame.v4(from, to) : frame.v6(from, to);
  c.packet.tcp ? frame.tcp(443, 40000, tcp_flag::ack) : frame.udp(443, 40000);
  Octets out = frame.macs("020000000004", "020000000003").payload("a longer way back").build();
  for (std::size_t i = c.around.size(); i-- > 0;) out = c.around[i].apply(out);
  return out;
}

// Every length in the headers around ends with the packet, and every checksum is right.
void expect_sound(const Built& built, const std::string& name) {
  const Octets& frame = built.frame;
  const Layers& layers = built.layers;
  ASSERT_EQ(layers.outcome, Decoded::transport) << name;
  EXPECT_EQ(as_text(layers.payload_of(view_of(frame))), "answer") << name;
  const std::size_t end = std::size_t{layers.payload} + layers.payload_size;
  EXPECT_EQ(frame.size(), std::max<std::size_t>(end, 60)) << name;
  for (std::size_t i = 0; i < layers.encapsulation_count; ++i) {
    const Encapsulated& around = layers.encapsulation[i];
    if (around.carrier_version == 4) {
      EXPECT_EQ(load_be16(&frame[around.carrier + 2u]), end - around.carrier) << name;
    }
    if (around.carrier_version == 6) {
      EXPECT_EQ(load_be16(&frame[around.carrier + 4u]), end - around.carrier - 40) << name;
    }
    switch (around.kind) {
      case Encapsulation::pppoe:
        EXPECT_EQ(load_be16(&frame[around.offset + 4u]), end - around.offset - 6) << name;
        break;
      case Encapsulation::gtp_u:
        EXPECT_EQ(load_be16(&frame[around.offset + 2u]), end - around.offset - 8) << name;
        [[fallthrough]];
      case Encapsulation::vxlan:
      case Encapsulation::teredo:
        EXPECT_EQ(load_be16(&frame[around.offset - 4u]), end - around.offset + 8) << name;
        break;
      case Encapsulation::mpls:
      case Encapsulation::gre:
      case Encapsulation::ip_in_ip: break;
    }
  }
  EXPECT_TRUE(ip_checksum_right(view_of(frame), layers)) << name;
  EXPECT_TRUE(transport_checksum_right(view_of(frame), layers)) << name;
  EXPECT_TRUE(test::checksums_right(frame)) << name;
}

void expect_same_wraps(const Layers& built, const Layers& seen, const std::string& name) {
  ASSERT_EQ(built.encapsulation_count, seen.encapsulation_count) << name;
  EXPECT_EQ(built.tunnel_id, seen.tunnel_id) << name;
  for (std::size_t i = 0; i < seen.encapsulation_count; ++i) {
    EXPECT_EQ(built.encapsulation[i].kind, seen.encapsulation[i].kind) << name;
  }
}

Bytes carrier_source(const Octets& frame, const Encapsulated& around) {
  const bool v4 = around.carrier_version == 4;
  return Bytes(frame).subspan(around.carrier + (v4 ? 12u : 8u), v4 ? 4 : 16);
}
Bytes carrier_destination(const Octets& frame, const Encapsulated& around) {
  const bool v4 = around.carrier_version == 4;
  return Bytes(frame).subspan(around.carrier + (v4 ? 16u : 24u), v4 ? 4 : 16);
}

TEST(EncapsulatedFrames, OnwardTheyTakeThePacketsPlace) {
  for (const Wrapped& c : wrapped()) {
    const Layers seen = decoded(c.frame);
    const Built built = build(c.frame, Toward::receiver);
    expect_sound(built, c.name);
    expect_same_wraps(built.layers, seen, c.name);
    EXPECT_EQ(built.layers.network, seen.network) << c.name;
    EXPECT_EQ(built.layers.source, seen.source) << c.name;
    EXPECT_EQ(built.layers.destination, seen.destination) << c.name;
    EXPECT_EQ(built.layers.destination_port, 443) << c.name;
    for (std::size_t i = 0; i < seen.encapsulation_count; ++i) {
      if (seen.encapsulation[i].carrier_version == 0) continue;
      EXPECT_TRUE(std::ranges::equal(carrier_source(built.frame, built.layers.encapsulation[i]),
                                     carrier_source(c.frame, seen.encapsulation[i])));
    }
  }
}

TEST(EncapsulatedFrames, BackTheyAreTurnedAllTheWay) {
  for (const Wrapped& c : wrapped()) {
    const Layers seen = decoded(c.frame);
    EXPECT_EQ(needs_opposite(view_of(c.frame), seen), one_way(c)) << c.name;
    const Built built = build(c.frame, Toward::sender);
    if (one_way(c)) {
      EXPECT_TRUE(built.frame.empty()) << c.name;
      continue;
    }
    expect_sound(built, c.name);
    expect_same_wraps(built.layers, seen, c.name);
    EXPECT_EQ(built.layers.source, seen.destination) << c.name;
    EXPECT_EQ(built.layers.destination, seen.source) << c.name;
    EXPECT_EQ(built.layers.source_port, 443) << c.name;
    EXPECT_TRUE(std::equal(c.frame.begin(), c.frame.begin() + 6, built.frame.begin() + 6));
    for (std::size_t i = 0; i < seen.encapsulation_count; ++i) {
      const Encapsulated& was = seen.encapsulation[i];
      const Encapsulated& is = built.layers.encapsulation[i];
      if (was.carrier_version == 0) continue;
      EXPECT_TRUE(
          std::ranges::equal(carrier_source(built.frame, is), carrier_destination(c.frame, was)))
          << c.name;
      EXPECT_TRUE(
          std::ranges::equal(carrier_destination(built.frame, is), carrier_source(c.frame, was)))
          << c.name;
    }
  }
}

TEST(EncapsulatedFrames, BackBesideAPacketOfTheOtherDirection) {
  for (const Wrapped& c : wrapped()) {
    const Octets other = opposite_of(c);
    const Layers beside = decoded(other);
    const Layers seen = decoded(c.frame);
    const Built built = build(c.frame, Toward::sender, &other);
    expect_sound(built, c.name);
    expect_same_wraps(built.layers, beside, c.name);
    EXPECT_EQ(built.layers.source, seen.destination) << c.name;
    EXPECT_EQ(built.layers.destination_port, 40000) << c.name;
    EXPECT_TRUE(std::equal(other.begin(), other.begin() + 14, built.frame.begin())) << c.name;
    for (std::size_t i = 0; i < beside.encapsulation_count; ++i) {
      if (beside.encapsulation[i].carrier_version == 0) continue;
      EXPECT_TRUE(std::ranges::equal(carrier_source(built.frame, built.layers.encapsulation[i]),
                                     carrier_source(other, beside.encapsulation[i])))
          << c.name;
    }
    // It is not asked on the way onward.
    EXPECT_EQ(build(c.frame, Toward::receiver, &other).frame,
              build(c.frame, Toward::receiver).frame);
  }
}

Octets tcp4() {
  return Frame().v4("10.0.0.1", "192.0.2.1").tcp(40000, 443, tcp_flag::ack).build();
}
Octets tcp4_back() {
  return Frame().v4("192.0.2.1", "10.0.0.1").tcp(443, 40000, tcp_flag::ack).build();
}

TEST(EncapsulatedFrames, ValuesOfOneDirectionAreThoseOfTheOtherPacket) {
  const Octets gtp = test::in_gtp(tcp4(), {0x1111});
  const Octets gtp_back = test::in_gtp(tcp4_back(), {0x2222});
  EXPECT_EQ(load_be32(&build(gtp, Toward::receiver).frame[42 + 4]), 0x1111u);
  EXPECT_EQ(load_be32(&build(gtp, Toward::sender, &gtp_back).frame[42 + 4]), 0x2222u);

  const Octets mpls = test::in_mpls(tcp4(), {17});
  const Octets mpls_back = test::in_mpls(tcp4_back(), {18, 19});
  const Built labelled = build(mpls, Toward::sender, &mpls_back);
  expect_sound(labelled, "mpls");
  EXPECT_EQ(load_be32(&labelled.frame[14]) >> 12, 18u);
  EXPECT_EQ(load_be32(&labelled.frame[18]) >> 12, 19u);
  // The last router before the end takes the labels off: one direction may have none.
  const Octets bare_back = tcp4_back();
  const Built bare = build(mpls, Toward::sender, &bare_back);
  expect_sound(bare, "bare");
  EXPECT_EQ(bare.layers.encapsulation_count, 0);
}

TEST(EncapsulatedFrames, SequenceNumbersOfGreGoOnwardOnly) {
  for (const bool checksum : {false, true}) {
    for (const bool ethernet : {false, true}) {
      const Octets frame = test::in_gre(tcp4(), {checksum, 7u, 99u, ethernet});
      const std::size_t at = decoded(frame).encapsulation[0].offset;
      const std::size_t sequence_at = at + 4 + (checksum ? 4u : 0u) + 4;
      const Built onward = build(frame, Toward::receiver);
      EXPECT_EQ(load_be32(&onward.frame[sequence_at]), 99u);
      const Built back = build(frame, Toward::sender);
      expect_sound(back, "gre");
      EXPECT_EQ(back.frame[at] & 0x10, 0);
      EXPECT_EQ(load_be32(&back.frame[sequence_at - 4]), 7u);
      EXPECT_EQ(back.layers.network, decoded(frame).network - 4);
    }
  }
}

TEST(EncapsulatedFrames, EthernetInsideIsTurnedToo) {
  const Octets inside = Frame()
                            .macs("020000000011", "020000000022")
                            .v4("10.0.0.1", "192.0.2.1")
                            .tcp(40000, 443, tcp_flag::ack)
                            .build();
  const Octets vxlan = test::in_vxlan(inside, {42, 0x88000123});
  const Built back = build(vxlan, Toward::sender);
  const std::size_t at = 14 + 20 + 8;
  EXPECT_TRUE(std::equal(inside.begin(), inside.begin() + 6, back.frame.begin() + at + 8 + 6));
  EXPECT_TRUE(std::equal(inside.begin() + 6, inside.begin() + 12, back.frame.begin() + at + 8));
  // Both directions go to the one port; the group is that of the sender.
  EXPECT_EQ(load_be16(&back.frame[14 + 20 + 2]), 4789);
  EXPECT_EQ(load_be32(&back.frame[at]), 0x08000000u);
  EXPECT_EQ(load_be32(&build(vxlan, Toward::receiver).frame[at]), 0x88000123u);
}

TEST(EncapsulatedFrames, TeredoGoesBackWithoutItsHeaders) {
  const Octets inside =
      Frame().v6("2001:0:1::1", "2001:db8::2").tcp(40000, 443, tcp_flag::ack).build();
  const Octets teredo =
      test::in_teredo(inside, test::from_hex("0001 00 00 0102030405060708 00 0000 1234 01020304"));
  const Built back = build(teredo, Toward::sender);
  EXPECT_EQ(back.layers.network, 14 + 20 + 8);
  EXPECT_EQ(load_be16(&back.frame[14 + 20]), 3544);
  EXPECT_EQ(load_be16(&back.frame[14 + 20 + 2]), 52000);
  EXPECT_EQ(build(teredo, Toward::receiver).layers.network, decoded(teredo).network);
}

TEST(EncapsulatedFrames, AClientOfTeredoMayHaveThePortOfAnotherEncapsulation) {
  const Octets inside =
      Frame().v6("2001:0:1::1", "2001:db8::2").tcp(40000, 443, tcp_flag::ack).build();
  for (const std::uint16_t port : {2152, 4789, 3544}) {
    Octets teredo = test::without_outer_udp_checksum(test::in_teredo(inside));
    store_be16(&teredo[14 + 20], port);
    const Built back = build(teredo, Toward::sender);
    EXPECT_EQ(load_be16(&back.frame[14 + 20 + 2]), port);
    ASSERT_EQ(back.layers.encapsulation_count, 1u) << port;
    EXPECT_EQ(back.layers.encapsulation[0].kind, Encapsulation::teredo) << port;
    EXPECT_EQ(back.layers.source_port, 443) << port;
  }
}

TEST(EncapsulatedFrames, AZeroChecksumOfUdpStaysZeroOverV4) {
  const Octets zero = test::without_outer_udp_checksum(test::in_vxlan(tcp4()));
  Octets zero6 = test::in_vxlan(tcp4(), {}, Outer::v6);
  store_be16(&zero6[14 + 40 + 6], 0);
  for (const Toward toward : {Toward::sender, Toward::receiver}) {
    EXPECT_EQ(load_be16(&build(zero, toward).frame[14 + 20 + 6]), 0);
    EXPECT_NE(load_be16(&build(test::in_vxlan(tcp4()), toward).frame[14 + 20 + 6]), 0);
    EXPECT_NE(load_be16(&build(zero6, toward).frame[14 + 40 + 6]), 0);
  }
}

// An outer routing header says where to go onward; the way back is another.
TEST(EncapsulatedFrames, ARoutingHeaderOutsideIsOneWay) {
  const Octets inside = tcp4();
  const auto outer = [&](std::uint8_t left) {
    Octets frame = Frame()
                       .v6(test::kOuterSource6, test::kOuterDestination6)
                       .v6_extension(43, 24)
                       .protocol(4)
                       .payload(Octets(inside.begin() + 14, inside.end()))
                       .build();
    frame[14 + 40 + 2] = 4;
    frame[14 + 40 + 3] = left;
    return frame;
  };
  EXPECT_TRUE(build(outer(1), Toward::sender).frame.empty());
  EXPECT_FALSE(build(outer(0), Toward::sender).frame.empty());
  expect_sound(build(outer(1), Toward::receiver), "routed");
}

TEST(EncapsulatedFrames, NoRoomNoFrame) {
  for (const Wrapped& c : wrapped()) {
    if (c.around.size() != 2) continue;
    const PacketView view = view_of(c.frame);
    const Layers layers = decoded(c.frame);
    const std::size_t needed = layers.network + (layers.ip_version == 4 ? 20u : 40u) + 20;
    for (const std::size_t size : {std::size_t{0}, std::size_t{14}, needed - 1}) {
      Octets out(size);
      EXPECT_EQ(build_tcp(view, layers, Toward::receiver, {}, {}, out), 0u) << c.name;
    }
    Octets out(needed);
    EXPECT_EQ(build_tcp(view, layers, Toward::receiver, {}, {}, out), needed) << c.name;
  }
}

}  // namespace
}  // namespace chatgate::net
