#include "net/decode.h"

#include <functional>
#include <gtest/gtest.h>

#include "frames.h"

namespace chatgate::net {
namespace {

using test::Frame;
using test::from_hex;
using test::Octets;
using test::view_of;

Layers decoded(const Octets& frame, LinkType link = LinkType::ethernet) {
  PacketView view = view_of(frame);
  view.link = link;
  Layers layers;
  decode(view, layers);
  return layers;
}

Frame tcp() {
  return Frame().v4("10.0.0.1", "192.0.2.1").tcp(40000, 443, tcp_flag::ack);
}
Frame tcp6() {
  return Frame().v6("2001:db8::1", "2001:db8::2").tcp(40000, 443, tcp_flag::ack);
}

struct Case {
  const char* name;
  Octets frame;
  Decoded outcome;
  std::size_t payload = 0;
  std::vector<std::uint16_t> vlans = {};
};

Frame extensions(std::size_t count) {
  Frame frame = tcp6();
  for (std::size_t i = 0; i < count; ++i) frame.v6_extension(60);
  return frame;
}

Octets next_header(std::uint8_t type) {
  return Frame()
      .v6("2001:db8::1", "2001:db8::2")
      .v6_extension(60)
      .protocol(type)
      .payload("12345678")
      .build();
}

Octets changed(Octets frame, std::function<void(Octets&)> change) {
  change(frame);
  return frame;
}

std::vector<Case> cases() {
  const Octets plain = tcp().payload("hello").build();
  return {
      {"tcp v4", plain, Decoded::transport, 5},
      {"udp v4", Frame().v4("10.0.0.1", "192.0.2.1").udp(1, 53).payload("abc").build(),
       Decoded::transport, 3},
      {"tcp v6", tcp6().payload("hello").build(), Decoded::transport, 5},
      {"no payload, padded to sixty", changed(tcp().build(), [](Octets& f) { f.resize(60); }),
       Decoded::transport, 0},
      {"ip options", tcp().ip_options(from_hex("9404 0000")).payload("xy").build(),
       Decoded::transport, 2},
      {"tcp options", tcp().tcp_options(from_hex("0204 05b4 0101 0402")).payload("x").build(),
       Decoded::transport, 1},
      {"vlan", tcp().vlan(100).payload("x").build(), Decoded::transport, 1, {100}},
      {"priority bits are not the vlan",
       tcp().vlan(0xe064).payload("x").build(),
       Decoded::transport,
       1,
       {100}},
      {"qinq",
       tcp().vlan(7, 0x88a8).vlan(100).payload("x").build(),
       Decoded::transport,
       1,
       {7, 100}},
      {"old qinq", tcp().vlan(7, 0x9100).vlan(100).build(), Decoded::transport, 0, {7, 100}},
      {"three tags", tcp().vlan(1).vlan(2).vlan(3).build(), Decoded::not_ip, 0, {1, 2}},
      {"hop-by-hop", tcp6().v6_extension(0).payload("abc").build(), Decoded::transport, 3},
      {"destination options of 24 bytes", tcp6().v6_extension(60, 24).payload("abc").build(),
       Decoded::transport, 3},
      {"routing and destination", tcp6().v6_extension(43).v6_extension(60).payload("a").build(),
       Decoded::transport, 1},
      {"eight extensions", extensions(8).build(), Decoded::transport},
      {"nine extensions", extensions(9).build(), Decoded::header_chain},
      {"a chain of 256 bytes", tcp6().v6_extension(60, 128).v6_extension(60, 128).build(),
       Decoded::transport},
      {"a chain of 264 bytes", tcp6().v6_extension(60, 128).v6_extension(60, 136).build(),
       Decoded::header_chain},
      {"an extension longer than the datagram",
       changed(tcp6().v6_extension(60).build(), [](Octets& f) { f[55] = 3; }), Decoded::malformed},
      {"two hop-by-hop headers", tcp6().v6_extension(0).v6_extension(0).build(),
       Decoded::header_chain},
      {"hop-by-hop behind another", tcp6().v6_extension(60).v6_extension(0).build(),
       Decoded::header_chain},
      {"hop-by-hop behind an atomic fragment", tcp6().v6_extension(44).v6_extension(0).build(),
       Decoded::header_chain},
      {"atomic fragment", tcp6().v6_extension(44).payload("abc").build(), Decoded::transport, 3},
      {"atomic fragment with an identification",
       tcp6().fragment(0, false, 9).payload("abc").build(), Decoded::transport, 3},
      {"hop-by-hop, atomic fragment, destination",
       tcp6().v6_extension(0).v6_extension(44).v6_extension(60).payload("abc").build(),
       Decoded::transport, 3},
      {"no next header", next_header(59), Decoded::not_transport},
      {"reserved next header", next_header(255), Decoded::not_transport},
      {"experimental next header", next_header(253), Decoded::not_transport},
      {"icmp for v6", next_header(58), Decoded::not_transport},
      {"first fragment", tcp().fragment(0, true).payload("x").build(), Decoded::fragment},
      {"later fragment", tcp().fragment(8, false).payload("x").build(), Decoded::fragment},
      {"first v6 fragment", tcp6().fragment(0, true).payload("x").build(), Decoded::fragment},
      {"later v6 fragment", tcp6().fragment(8, false).payload("x").build(), Decoded::fragment},
      {"v6 fragment behind hop-by-hop",
       tcp6().v6_extension(0).fragment(8, true).payload("x").build(), Decoded::fragment},
      {"icmp", Frame().v4("10.0.0.1", "10.0.0.2").protocol(1).payload("ping").build(),
       Decoded::not_transport},
      {"esp", Frame().v4("10.0.0.1", "10.0.0.2").protocol(50).payload("1234").build(),
       Decoded::not_transport},
      {"arp", from_hex("ffffffffffff 020000000001 0806 0001080006040001"), Decoded::not_ip},
      {"length field instead of a type", from_hex("0180c2000000 020000000001 0026 424203"),
       Decoded::not_ip},
      {"runt", from_hex("0180c2000000"), Decoded::undecodable},
      {"empty", {}, Decoded::undecodable},
      {"cut within a tag", from_hex("020000000002 020000000001 8100 00"), Decoded::undecodable},
      {"total length of zero", changed(plain, [](Octets& f) { f[17] = 0; }), Decoded::malformed},
      {"ip header longer than the frame", changed(plain, [](Octets& f) { f.resize(30); }),
       Decoded::malformed},
      {"ihl below five", changed(plain, [](Octets& f) { f[14] = 0x44; }), Decoded::malformed},
      {"version five", changed(plain, [](Octets& f) { f[14] = 0x55; }), Decoded::malformed},
      {"total length beyond the frame", changed(plain, [](Octets& f) { f[17] = 0xff; }),
       Decoded::malformed},
      {"total length within the header", changed(plain, [](Octets& f) { f[17] = 10; }),
       Decoded::malformed},
      {"data offset below five", changed(plain, [](Octets& f) { f[46] = 0x40; }),
       Decoded::malformed},
      {"data offset beyond the datagram", changed(plain, [](Octets& f) { f[46] = 0xf0; }),
       Decoded::malformed},
      {"udp length beyond the datagram",
       changed(Frame().v4("10.0.0.1", "192.0.2.1").udp(1, 53).build(),
               [](Octets& f) { f[39] = 9; }),
       Decoded::malformed},
      {"bytes after the datagram are padding",
       changed(plain, [](Octets& f) { f.resize(f.size() + 9, 0xee); }), Decoded::transport, 5},
  };
}

TEST(Decode, Table) {
  for (const Case& c : cases()) {
    const Layers layers = decoded(c.frame);
    EXPECT_EQ(layers.outcome, c.outcome) << c.name;
    if (c.outcome == Decoded::transport) {
      EXPECT_EQ(layers.payload_size, c.payload) << c.name;
    }
    ASSERT_EQ(layers.tag_count, c.vlans.size()) << c.name;
    for (std::size_t i = 0; i < c.vlans.size(); ++i)
      EXPECT_EQ(layers.vlan[i], c.vlans[i]) << c.name;
  }
}

TEST(Decode, ReadsEveryField) {
  const Octets frame = tcp().seq(0x01020304).ack(0x0a0b0c0d).payload("hello").build();
  const Layers layers = decoded(frame);
  EXPECT_EQ(layers.source.to_string(), "10.0.0.1");
  EXPECT_EQ(layers.destination.to_string(), "192.0.2.1");
  EXPECT_EQ(layers.source_port, 40000);
  EXPECT_EQ(layers.destination_port, 443);
  EXPECT_EQ(layers.sequence, 0x01020304u);
  EXPECT_EQ(layers.acknowledgment, 0x0a0b0c0du);
  EXPECT_EQ(layers.flags, tcp_flag::ack);
  EXPECT_EQ(as_text(layers.payload_of(view_of(frame))), "hello");
}

struct FragmentCase {
  const char* name;
  Frame frame;
  std::uint16_t offset;
  bool more;
  std::uint32_t id;
  std::size_t headers;  // before the fragmented part
};

TEST(Decode, FragmentsSayWhichPartTheyAre) {
  const std::vector<FragmentCase> fragments = {
      {"v4, first", tcp().fragment(0, true, 0x1234), 0, true, 0x1234, 14 + 20},
      {"v4, last", tcp().ip_options({1, 1, 1, 1}).fragment(1480, false), 1480, false, 0x4242,
       14 + 24},
      {"v4, highest", tcp().fragment(65528, true), 65528, true, 0x4242, 14 + 20},
      {"v6, first", tcp6().fragment(0, true, 0x12345678), 0, true, 0x12345678, 14 + 48},
      {"v6, last", tcp6().v6_extension(0).fragment(1448, false, 1), 1448, false, 1, 14 + 56},
      {"v6, highest", tcp6().fragment(65528, true), 65528, true, 0x4242, 14 + 48},
      {"vlan", tcp().vlan(5).fragment(8, true), 8, true, 0x4242, 18 + 20},
  };
  for (const FragmentCase& c : fragments) {
    const Octets frame = Frame(c.frame).payload("abcd").build();
    const Layers layers = decoded(frame);
    EXPECT_EQ(layers.outcome, Decoded::fragment) << c.name;
    EXPECT_EQ(layers.fragment_offset, c.offset) << c.name;
    EXPECT_EQ(layers.fragment_more, c.more) << c.name;
    EXPECT_EQ(layers.fragment_id, c.id) << c.name;
    EXPECT_EQ(layers.payload, c.headers) << c.name;
    EXPECT_EQ(layers.payload_size, 20 + 4) << c.name;
    EXPECT_EQ(layers.protocol, kTcp) << c.name;
    EXPECT_EQ(layers.source_port, 0) << c.name;
    EXPECT_EQ(layers.destination_port, 0) << c.name;
    EXPECT_EQ(layers.flags, 0) << c.name;
  }
}

// Segmentation offload leaves the length to the device; on a wire no endpoint takes such a packet.
TEST(Decode, ATotalLengthOfZeroIsAnOffloadInCapturesOnly) {
  Octets frame = tcp().payload(std::string(3000, 'x')).build();
  store_be16(&frame[16], 0);
  PacketView view = view_of(frame);
  Layers layers;
  decode(view, layers);
  EXPECT_EQ(layers.outcome, Decoded::malformed);
  view.number = 1;
  decode(view, layers);
  EXPECT_EQ(layers.outcome, Decoded::transport);
  EXPECT_EQ(layers.payload_size, 3000);
  view.bytes = view.bytes.first(100);
  decode(view, layers);
  EXPECT_EQ(layers.outcome, Decoded::transport);
  EXPECT_EQ(layers.payload_missing, 3000 - (100 - 54));
}

// A frame that lost its end on the wire must never be read beyond it, wherever it ends.
TEST(Decode, EveryCutIsMalformedOrShorter) {
  for (const Case& c : cases()) {
    for (std::size_t size = 0; size < c.frame.size(); ++size) {
      const Octets cut(c.frame.begin(), c.frame.begin() + static_cast<std::ptrdiff_t>(size));
      const Layers layers = decoded(cut);
      if (layers.outcome == Decoded::transport) {
        EXPECT_LE(std::size_t{layers.payload} + layers.payload_size, size) << c.name << " " << size;
      }
    }
  }
}

// A frame that a capture cut is no packet that contradicts itself.
TEST(Decode, ACutCaptureIsNeverMalformed) {
  for (const Case& c : cases()) {
    if (c.outcome == Decoded::malformed) continue;
    for (std::size_t size = 0; size < c.frame.size(); ++size) {
      PacketView view = view_of(c.frame);
      view.bytes = view.bytes.first(size);
      Layers layers;
      decode(view, layers);
      EXPECT_NE(layers.outcome, Decoded::malformed) << c.name << " " << size;
    }
  }
}

// A capture with a snap length keeps the headers' word for what is missing.
TEST(Decode, ACutCaptureSaysHowMuchIsMissing) {
  const Octets frame = tcp().payload("0123456789").build();
  PacketView view = view_of(frame);
  view.bytes = view.bytes.first(frame.size() - 4);
  Layers layers;
  decode(view, layers);
  EXPECT_EQ(layers.outcome, Decoded::transport);
  EXPECT_EQ(layers.payload_size, 6);
  EXPECT_EQ(layers.payload_missing, 4);
}

TEST(Decode, LinkTypesOfCaptures) {
  const Octets frame = tcp().payload("hello").build();
  const Octets ip(frame.begin() + 14, frame.end());
  const auto with = [&](std::string_view header) {
    Octets out = from_hex(header);
    out.insert(out.end(), ip.begin(), ip.end());
    return out;
  };
  EXPECT_EQ(decoded(ip, LinkType::raw_ip).payload_size, 5);
  EXPECT_EQ(decoded(with("02000000"), LinkType::null_loopback).payload_size, 5);
  EXPECT_EQ(
      decoded(with("0000 0001 0006 020000000001 0000 0800"), LinkType::linux_cooked).payload_size,
      5);
  EXPECT_EQ(
      decoded(with("0800 0000 00000002 0001 00 06 0200000000010000"), LinkType::linux_cooked_v2)
          .payload_size,
      5);
  EXPECT_EQ(decoded({0x00}, LinkType::raw_ip).outcome, Decoded::not_ip);
}

}  // namespace
}  // namespace chatgate::net
