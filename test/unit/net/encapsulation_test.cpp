#include "net/encapsulation.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "net/decode.h"
#include "net/validity.h"

#include "wrapped.h"

namespace chatgate::net {
namespace {

using namespace test_cases;
using test::from_hex;
using test::view_of;

Layers decoded(const Octets& frame, Encapsulations look_through = Encapsulations::all()) {
  Layers layers;
  decode(view_of(frame), layers, look_through);
  return layers;
}

Octets changed(Octets frame, const std::function<void(Octets&)>& change) {
  change(frame);
  return frame;
}

Octets tcp4(std::string_view payload = "hello") {
  return Frame()
      .v4("10.0.0.1", "192.0.2.1")
      .tcp(40000, 443, tcp_flag::ack)
      .payload(payload)
      .build();
}
Octets tcp6() {
  return Frame().v6("2001:db8::1", "2001:db8::2").tcp(40000, 443, tcp_flag::ack).build();
}

TEST(Encapsulation, TheInsideIsRead) {
  for (const Wrapped& c : wrapped()) {
    const Layers layers = decoded(c.frame);
    const Layers plain = decoded(c.packet.frame);
    ASSERT_EQ(layers.outcome, Decoded::transport) << c.name;
    EXPECT_EQ(layers.source, plain.source) << c.name;
    EXPECT_EQ(layers.destination, plain.destination) << c.name;
    EXPECT_EQ(layers.source_port, 40000) << c.name;
    EXPECT_EQ(layers.destination_port, 443) << c.name;
    EXPECT_EQ(layers.protocol, c.packet.tcp ? kTcp : kUdp) << c.name;
    EXPECT_EQ(layers.ip_version, plain.ip_version) << c.name;
    EXPECT_EQ(layers.flags, plain.flags) << c.name;
    EXPECT_EQ(as_text(layers.payload_of(view_of(c.frame))), "hello") << c.name;
    EXPECT_EQ(layers.payload_missing, 0) << c.name;
    EXPECT_EQ(layers.network, c.frame.size() - (c.packet.frame.size() - plain.network)) << c.name;
    ASSERT_EQ(layers.encapsulation_count, c.around.size()) << c.name;
    bool identified = false;
    for (std::size_t i = 0; i < c.around.size(); ++i) {
      EXPECT_EQ(layers.encapsulation[i].kind, c.around[i].kind) << c.name;
      identified |= c.around[i].identified;
    }
    EXPECT_EQ(layers.tunnel_id != 0, identified) << c.name;
  }
}

TEST(Encapsulation, OffsetsAreThoseOfTheHeaders) {
  const Layers vxlan = decoded(test::in_pppoe(test::in_vxlan(tcp4())));
  ASSERT_EQ(vxlan.encapsulation_count, 2);
  EXPECT_EQ(vxlan.encapsulation[0].carrier_version, 0);
  EXPECT_EQ(vxlan.encapsulation[0].offset, 14);
  EXPECT_EQ(vxlan.encapsulation[1].carrier_version, 4);
  EXPECT_EQ(vxlan.encapsulation[1].carrier, 14 + 8);
  EXPECT_EQ(vxlan.encapsulation[1].offset, 14 + 8 + 20 + 8);

  const Layers ip = decoded(test::in_ip(tcp4(), Outer::v6));
  EXPECT_EQ(ip.encapsulation[0].carrier_version, 6);
  EXPECT_EQ(ip.encapsulation[0].carrier, 14);
  EXPECT_EQ(ip.encapsulation[0].offset, 14 + 40);
}

TEST(Encapsulation, AKindThatIsSwitchedOffIsUnknown) {
  for (const Wrapped& c : wrapped()) {
    const Wrap& outer = c.around.front();
    const Layers layers = decoded(c.frame, Encapsulations::all().without(outer.kind));
    EXPECT_EQ(layers.outcome, outer.unknown) << c.name;
    EXPECT_EQ(layers.encapsulation_count, 0) << c.name;
    EXPECT_EQ(layers.tunnel_id, 0) << c.name;
    if (outer.over_udp()) {
      EXPECT_EQ(layers.protocol, kUdp) << c.name;
      EXPECT_NE(layers.destination_port, 443) << c.name;
      EXPECT_EQ(std::size_t{layers.payload} + layers.payload_size, c.frame.size()) << c.name;
    }
    // Only its own switch counts.
    Encapsulations needed = Encapsulations::none();
    for (const Wrap& wrap : c.around) needed = needed.with(wrap.kind);
    EXPECT_EQ(decoded(c.frame, needed).outcome, Decoded::transport) << c.name;
    EXPECT_EQ(decoded(c.frame, needed).destination_port, 443) << c.name;
  }
}

// Each frame as if it had ended earlier on the wire, and as if a capture had cut it there; the copy
// of exactly that size is what a sanitizer watches.
TEST(Encapsulation, EveryCutStaysInBounds) {
  for (const Wrapped& c : wrapped()) {
    for (std::size_t size = 0; size < c.frame.size(); ++size) {
      const Octets cut(c.frame.begin(), c.frame.begin() + static_cast<std::ptrdiff_t>(size));
      for (const bool captured : {false, true}) {
        PacketView view = view_of(cut);
        if (captured) view.wire_length = static_cast<std::uint32_t>(c.frame.size());
        Layers layers;
        decode(view, layers);
        ASSERT_LE(std::size_t{layers.payload} + layers.payload_size, size) << c.name << " " << size;
        ASSERT_LE(layers.encapsulation_count, c.around.size()) << c.name << " " << size;
        if (captured && layers.outcome == Decoded::transport) {
          ASSERT_EQ(layers.payload + layers.payload_size + layers.payload_missing, c.frame.size())
              << c.name << " " << size;
        }
        // What the capture cut is no fault of the packet.
        if (captured) {
          ASSERT_NE(layers.outcome, Decoded::malformed) << c.name << " " << size;
        }
        if (!captured && layers.outcome == Decoded::transport) {
          ASSERT_NE(layers.destination_port, 443) << c.name << " " << size;
        }
      }
    }
  }
}

TEST(Encapsulation, NestingIsBounded) {
  Octets ip = tcp4(), vxlan = tcp4(), mpls = tcp4();
  for (std::size_t depth = 1; depth <= 40; ++depth) {
    ip = test::in_ip(ip);
    vxlan = test::in_vxlan(vxlan);
    mpls = test::in_gre(test::in_mpls(mpls));  // two
    const bool whole = depth <= kMaxEncapsulations;
    EXPECT_EQ(decoded(ip).outcome, whole ? Decoded::transport : Decoded::not_transport) << depth;
    EXPECT_EQ(decoded(ip).encapsulation_count, whole ? depth : kMaxEncapsulations);
    EXPECT_EQ(decoded(vxlan).outcome, Decoded::transport) << depth;
    EXPECT_EQ(decoded(vxlan).destination_port, whole ? 443 : 4789) << depth;
    EXPECT_EQ(decoded(mpls).outcome, depth <= 2 ? Decoded::transport : Decoded::not_transport);
  }
  // The fifth is what it is by itself, in the fourth.
  const Layers layers = decoded(ip);
  EXPECT_EQ(layers.source.to_string(), test::kOuterSource);
  EXPECT_EQ(layers.protocol, 4);
}

TEST(Encapsulation, TagsOutsideAreTagsInsideAreIdentity) {
  const Octets tagged = Frame().vlan(7).v4("10.0.0.1", "192.0.2.1").udp(1, 2).build();
  const Octets other = Frame().vlan(8).v4("10.0.0.1", "192.0.2.1").udp(1, 2).build();
  const Octets bare = Frame().v4("10.0.0.1", "192.0.2.1").udp(1, 2).build();
  const Layers layers = decoded(test::in_vxlan(tagged));
  EXPECT_EQ(layers.outcome, Decoded::transport);
  EXPECT_EQ(layers.tag_count, 0);
  EXPECT_NE(layers.tunnel_id, decoded(test::in_vxlan(other)).tunnel_id);
  EXPECT_NE(layers.tunnel_id, decoded(test::in_vxlan(bare)).tunnel_id);
  // Tags of the frame stand before PPPoE and MPLS.
  for (const Octets& frame : {test::in_pppoe(tcp4()), test::in_mpls(tcp4())}) {
    Octets with_tag = frame;
    const Octets tag = from_hex("8100 0064");
    with_tag.insert(with_tag.begin() + 12, tag.begin(), tag.end());
    const Layers outside = decoded(with_tag);
    EXPECT_EQ(outside.outcome, Decoded::transport);
    EXPECT_EQ(outside.vlan[0], 100);
    EXPECT_EQ(outside.tunnel_id, 0);
  }
}

TEST(Encapsulation, IdentifiersOfBothDirectionsMakeTheTunnel) {
  const auto vxlan = [](std::uint32_t network) {
    return decoded(test::in_vxlan(tcp4(), {network})).tunnel_id;
  };
  const auto gre = [](std::uint32_t key, bool ethernet = false) {
    return decoded(test::in_gre(tcp4(), {false, key, {}, ethernet})).tunnel_id;
  };
  EXPECT_NE(vxlan(1), vxlan(2));
  EXPECT_EQ(vxlan(1), vxlan(1));
  EXPECT_NE(vxlan(0), 0);
  EXPECT_NE(gre(1), gre(2));
  EXPECT_NE(gre(1), vxlan(1));
  // RFC 7637: the low byte tells flows apart, not networks.
  EXPECT_EQ(gre(0x100, true), gre(0x101, true));
  EXPECT_NE(gre(0x100, true), gre(0x200, true));
  // Values of one direction, of one hop and of a session with one peer are left out.
  EXPECT_EQ(decoded(test::in_gtp(tcp4(), {1})).tunnel_id, 0);
  EXPECT_EQ(decoded(test::in_mpls(tcp4(), {5})).tunnel_id, 0);
  EXPECT_EQ(decoded(test::in_pppoe(tcp4())).tunnel_id, 0);
  // Few networks share an identifier.
  std::vector<int> seen(65536);
  for (std::uint32_t network = 0; network < 4096; ++network) ++seen[vxlan(network)];
  EXPECT_LE(*std::max_element(seen.begin(), seen.end()), 3);
}

struct Case {
  const char* name;
  Octets frame;
  Decoded outcome;
  std::uint16_t port = 0;  // destination
};

void check(const std::vector<Case>& cases, std::size_t encapsulations) {
  for (const Case& c : cases) {
    const Layers layers = decoded(c.frame);
    EXPECT_EQ(layers.outcome, c.outcome) << c.name;
    EXPECT_EQ(layers.destination_port, c.port) << c.name;
    EXPECT_EQ(layers.encapsulation_count, encapsulations) << c.name;
    if (encapsulations == 0) {
      EXPECT_EQ(layers.tunnel_id, 0) << c.name;
    }
    if (c.port != 0) {
      EXPECT_EQ(std::size_t{layers.payload} + layers.payload_size, c.frame.size()) << c.name;
    }
  }
}

Octets udp_to(std::uint16_t port, const Octets& payload) {
  return Frame().v4("10.0.0.1", "192.0.2.1").udp(50000, port).payload(payload).build();
}

Octets mpls_with(std::string_view hex) {
  Octets frame = from_hex("020000000002 020000000001 8847 003e8140");
  const Octets inside = from_hex(hex);
  frame.insert(frame.end(), inside.begin(), inside.end());
  return frame;
}

Octets gre_with(std::string_view hex) {
  return Frame().v4("10.0.0.1", "192.0.2.1").protocol(47).payload(from_hex(hex)).build();
}

// What looks like an encapsulation to one glance, and is something else.
TEST(Encapsulation, LookAlikesAreWhatTheyAre) {
  using enum Decoded;
  const Octets arp = from_hex("ffffffffffff 020000000001 0806 0001080006040001");
  const std::string inside4 = "4500001c000000004011 0000 0a000001c0000201 0001000200080000";
  check(
      {
          {"dns to the gtp port", udp_to(2152, test::dns_query("chat.example")), transport, 2152},
          {"dns to the vxlan port", udp_to(4789, test::dns_query("chat.example", 0x0800)),
           transport, 4789},
          {"dns to the teredo port", udp_to(3544, test::dns_query("chat.example", 1)), transport,
           3544},
          {"quic to the vxlan port", udp_to(4789, Octets(1200, 0xcb)), transport, 4789},
          {"quic, short header, to the teredo port", udp_to(3544, Octets(60, 0x61)), transport,
           3544},
          {"empty", udp_to(2152, {}), transport, 2152},
          {"gtp echo", udp_to(2152, from_hex("3201000400000000 00010000")), transport, 2152},
          {"gtp end marker", udp_to(2152, from_hex("30fe000000000001")), transport, 2152},
          {"gtp version 2", changed(test::in_gtp(tcp4()), [](Octets& f) { f[42] = 0x50; }),
           transport, 2152},
          {"gtp prime", changed(test::in_gtp(tcp4()), [](Octets& f) { f[42] = 0x20; }), transport,
           2152},
          {"gtp with ethernet inside, address 45:…",
           udp_to(2152, from_hex("30ff001c00000001 450000000002 020000000001 0806 0001080006040001"
                                 "020000000001")),
           transport, 2152},
          {"gtp, inner checksum wrong", udp_to(2152, from_hex("30ff001c00000001" + inside4)),
           transport, 2152},
          {"gtp, extension of no length",
           changed(test::in_gtp(tcp4(), {1, 0x34, from_hex("00000085 00000000")}), [](Octets&) {}),
           transport, 2152},
          {"vxlan without an identifier", test::in_vxlan(tcp4(), {42, 0}), transport, 4789},
          {"vxlan with arp inside", test::in_vxlan(arp), transport, 4789},
          {"vxlan, inner checksum wrong",
           test::in_vxlan(changed(tcp4(), [](Octets& f) { f[24] ^= 1; })), transport, 4789},
          {"teredo with other addresses", test::in_teredo(tcp6()), transport, 3544},
          {"pseudo wire with a control word", mpls_with("00000000 450000000002 020000000001 0800"),
           not_ip},
          {"pseudo wire, address 45:…", mpls_with("450000000002 020000000001 0800" + inside4),
           not_ip},
          {"pseudo wire, address 60:… and source 00:…",
           mpls_with("600000000008 000000000001 0800" + inside4 + inside4), not_ip},
          {"pseudo wire channel", mpls_with("10000021 00000000"), not_ip},
          {"five labels", test::in_mpls(tcp4(), {1, 2, 3, 4, 5}), not_ip},
          {"no bottom of the stack", from_hex("020000000002 020000000001 8847 003e8040 003e8040"),
           not_ip},
          {"gre keep-alive answer", gre_with("00000000"), not_transport},
          {"gre version 1", gre_with("3081880b 00100001 00000000"), not_transport},
          {"gre with routing", gre_with("40000800 00000000" + inside4), not_transport},
          {"gre with a mirror session", gre_with("100088be 00000001" + inside4), not_transport},
          {"gre of two bytes", gre_with("0000"), not_transport},
          {"gre with arp", test::in_gre(arp, {false, 5u, {}, true}), not_transport},
          {"pppoe discovery", changed(test::in_pppoe(tcp4()), [](Octets& f) { f[13] = 0x63; }),
           not_ip},
          {"pppoe, link control", changed(test::in_pppoe(tcp4()), [](Octets& f) { f[20] = 0xc0; }),
           not_ip},
          {"pppoe, another code", changed(test::in_pppoe(tcp4()), [](Octets& f) { f[15] = 9; }),
           not_ip},
      },
      0);
}

// Inner lengths that do not fit into what carries them: no endpoint reads such a packet.
TEST(Encapsulation, AnInsideThatDoesNotFitIsNotRead) {
  for (const Wrapped& c : wrapped()) {
    if (c.around.size() != 1) continue;
    const Layers whole = decoded(c.frame);
    const std::size_t length_at = whole.network + (whole.ip_version == 4 ? 2u : 4u);
    Octets longer = c.frame;
    store_be16(&longer[length_at], static_cast<std::uint16_t>(load_be16(&longer[length_at]) + 1));
    Octets version = c.frame;
    version[whole.network] ^= 0x10;
    for (const Octets& frame : {longer, version}) {
      const Layers layers = decoded(frame);
      EXPECT_EQ(layers.outcome, c.around[0].unknown) << c.name;
      EXPECT_EQ(layers.encapsulation_count, 0) << c.name;
    }
  }
  using enum Decoded;
  check(
      {
          {"inner header below five", test::in_ip(changed(tcp4(), [](Octets& f) { f[14] = 0x44; })),
           not_transport},
          {"inner total length of zero",
           test::in_ip(changed(tcp4(), [](Octets& f) { f[16] = f[17] = 0; })), not_transport},
          {"inner total length within the header",
           test::in_gre(changed(tcp4(), [](Octets& f) { f[17] = 19; })), not_transport},
          {"pppoe length beyond the frame",
           changed(test::in_pppoe(tcp4()), [](Octets& f) { ++f[19]; }), not_ip},
          {"pppoe length within the packet",
           changed(test::in_pppoe(tcp4()), [](Octets& f) { --f[19]; }), not_ip},
          {"pppoe length of zero", changed(test::in_pppoe(tcp4()), [](Octets& f) { f[19] = 0; }),
           not_ip},
          {"version 6 told, 4 inside",
           changed(test::in_gre(tcp4()), [](Octets& f) { store_be16(&f[36], 0x86dd); }),
           not_transport},
      },
      0);
}

// From a sane IP header on the inside is judged as if it were alone.
TEST(Encapsulation, AnInsideIsJudgedLikeAnyPacket) {
  using enum Decoded;
  const auto v6 = [] { return Frame().v6("2001:db8::1", "2001:db8::2"); };
  const auto v4 = [] { return Frame().v4("10.0.0.1", "192.0.2.1"); };
  const Octets bad_tcp = changed(tcp4(), [](Octets& f) { f[46] = 0x40; });
  check(
      {
          {"data offset", test::in_gre(bad_tcp), malformed},
          {"data offset in gtp", test::in_gtp(bad_tcp), malformed},
          {"two hop-by-hop headers",
           test::in_ip(v6().v6_extension(0).v6_extension(0).udp(1, 2).build()), header_chain},
          {"a fragment", test::in_vxlan(v4().udp(1, 2).fragment(8, true).build()), fragment},
          {"an icmp message", test::in_pppoe(v4().protocol(1).payload("ping").build()),
           not_transport},
      },
      1);
  const Layers layers = decoded(test::in_gre(v6().udp(1, 2).fragment(8, true, 77).build()));
  EXPECT_EQ(layers.outcome, fragment);
  EXPECT_EQ(layers.fragment_id, 77u);
  EXPECT_EQ(layers.source.to_string(), "2001:db8::1");
  // A fragment of the outside is not looked into.
  Octets outer = test::in_ip(tcp4());
  outer[20] |= 0x20;
  EXPECT_EQ(decoded(outer).outcome, fragment);
  EXPECT_EQ(decoded(outer).source.to_string(), test::kOuterSource);
  EXPECT_EQ(decoded(outer).encapsulation_count, 0);
}

struct Foreign {
  const char* name;
  Encapsulation kind;
  const char* frame;
};

// Frames that another builder made (Scapy): the tests' own builder and the decoder could be wrong
// the same way.
TEST(Encapsulation, FramesOfAnotherBuilder) {
  const std::vector<Foreign> frames = {
      {"pppoe", Encapsulation::pppoe,
       "020000000002020000000001886411000007002b214500002a000700004006aec50a000001c00002019c"
       "4001bb000000050000000650182000bd5800006869"},
      {"pppoe with v6", Encapsulation::pppoe,
       "02000000000202000000000188641100000700335760000000000a114020010db8000000000000000000"
       "00000120010db80000000000000000000000029c4001bb000a9e006869"},
      {"mpls", Encapsulation::mpls,
       "020000000002020000000001884700064040000c81404500002a000700004006aec50a000001c0000201"
       "9c4001bb000000050000000650182000bd5800006869"},
      {"gre", Encapsulation::gre,
       "02000000000202000000000108004500004200090000402f261ac6336401c6336402000008004500002a"
       "000700004006aec50a000001c00002019c4001bb000000050000000650182000bd5800006869"},
      {"gre with all options", Encapsulation::gre,
       "02000000000202000000000108004500005600090000402f2606c6336401c6336402b00086dd57a20000"
       "0000004d0000000360000000000a114020010db800000000000000000000000120010db8000000000000"
       "0000000000029c4001bb000a9e006869"},
      {"gre with ethernet", Encapsulation::gre,
       "02000000000202000000000108004500005400090000402f2608c6336401c63364022000655800001234"
       "02000000000202000000000108004500002a000700004006aec50a000001c00002019c4001bb00000005"
       "0000000650182000bd5800006869"},
      {"4 in 4", Encapsulation::ip_in_ip,
       "02000000000202000000000108004500003e0009000040042649c6336401c63364024500002a00070000"
       "4006aec50a000001c00002019c4001bb000000050000000650182000bd5800006869"},
      {"6 in 4", Encapsulation::ip_in_ip,
       "020000000002020000000001080045000046000900004029261cc6336401c633640260000000000a1140"
       "20010db800000000000000000000000120010db80000000000000000000000029c4001bb000a9e006869"},
      {"4 in 6", Encapsulation::ip_in_ip,
       "02000000000202000000000186dd60000000002a044020010db8ffff0000000000000000000120010db8"
       "ffff000000000000000000024500002a000700004006aec50a000001c00002019c4001bb000000050000"
       "000650182000bd5800006869"},
      {"gtp", Encapsulation::gtp_u,
       "02000000000202000000000108004500004e000900004011262cc6336401c633640208680868003a3534"
       "30ff002a000000014500002a000700004006aec50a000001c00002019c4001bb00000005000000065018"
       "2000bd5800006869"},
      {"gtp with a session container", Encapsulation::gtp_u,
       "02000000000202000000000108004500005e000900004011261cc6336401c633640208680868004ae920"
       "34ff003a00000001000000850110090060000000000a114020010db80000000000000000000000012001"
       "0db80000000000000000000000029c4001bb000a9e006869"},
      {"vxlan", Encapsulation::vxlan,
       "02000000000202000000000108004500005c000900004011261ec6336401c6336402c73812b500480000"
       "0800000000002a0002000000000202000000000108004500002a000700004006aec50a000001c0000201"
       "9c4001bb000000050000000650182000bd5800006869"},
      {"vxlan between tags", Encapsulation::vxlan,
       "020000000002020000000001810000050800450000680009000040112612c6336401c6336402c73812b5"
       "005421d40800000000002a000200000000020200000000018100000986dd60000000000a114020010db8"
       "00000000000000000000000120010db80000000000000000000000029c4001bb000a9e006869"},
      {"teredo", Encapsulation::teredo,
       "02000000000202000000000108004500004e000900004011262cc6336401c6336402cb200dd8003a60e7"
       "60000000000a11402001000000010000000000000000000120010db80000000000000000000000029c40"
       "01bb000aabb76869"},
  };
  for (const Foreign& c : frames) {
    const Octets frame = from_hex(c.frame);
    const Layers layers = decoded(frame);
    EXPECT_EQ(layers.outcome, Decoded::transport) << c.name;
    EXPECT_EQ(layers.source_port, 40000) << c.name;
    EXPECT_EQ(layers.destination_port, 443) << c.name;
    EXPECT_EQ(as_text(layers.payload_of(view_of(frame))), "hi") << c.name;
    ASSERT_EQ(layers.encapsulation_count, 1) << c.name;
    EXPECT_EQ(layers.encapsulation[0].kind, c.kind) << c.name;
    EXPECT_TRUE(ip_checksum_right(view_of(frame), layers)) << c.name;
    EXPECT_TRUE(transport_checksum_right(view_of(frame), layers)) << c.name;
  }
}

TEST(Encapsulation, ExtensionHeadersOfGtpAreBounded) {
  const auto with = [](std::size_t count) {
    Octets optional = from_hex("00000085");
    for (std::size_t i = 0; i < count; ++i) {
      const Octets header = from_hex(i + 1 == count ? "01000000" : "01000085");
      optional.insert(optional.end(), header.begin(), header.end());
    }
    return decoded(test::in_gtp(tcp4(), {1, 0x34, optional})).destination_port;
  };
  EXPECT_EQ(with(1), 443);
  EXPECT_EQ(with(8), 443);
  EXPECT_EQ(with(9), 2152);
}

TEST(Encapsulation, PaddingBehindTheInsideIsNotRead) {
  for (const Wrapped& c : wrapped()) {
    if (c.packet.name[3] == '6' && c.around.back().kind == Encapsulation::mpls) continue;
    if (c.around.size() != 1) continue;
    Octets padded = c.frame;
    padded.resize(padded.size() + 7, 0xee);
    if (c.around[0].kind == Encapsulation::mpls && c.packet.teredo) continue;
    EXPECT_EQ(decoded(padded).payload_size, 5) << c.name;
    EXPECT_EQ(decoded(padded).destination_port, 443) << c.name;
  }
}

}  // namespace
}  // namespace chatgate::net
