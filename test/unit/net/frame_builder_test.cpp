#include "net/frame_builder.h"

#include <gtest/gtest.h>

#include "frames.h"

namespace chatgate::net {
namespace {

using test::Frame;
using test::Octets;
using test::view_of;

struct Built {
  Octets frame;
  Layers layers;
};

Built built(const Octets& original, Toward toward, std::string_view payload, bool tcp) {
  const PacketView view = view_of(original);
  Layers layers;
  decode(view, layers);
  Octets out(1024);
  const TcpFields fields{111, 222, tcp_flag::rst | tcp_flag::ack, 333};
  out.resize(tcp ? build_tcp(view, layers, toward, fields, as_bytes(payload), out)
                 : build_udp(view, layers, toward, as_bytes(payload), out));
  Built result{out, {}};
  decode(view_of(result.frame), result.layers);
  return result;
}

struct Case {
  const char* name;
  Frame frame;
  bool tcp;
};

std::vector<Case> cases() {
  const auto v4 = [] { return Frame().v4("10.0.0.1", "192.0.2.1"); };
  const auto v6 = [] { return Frame().v6("2001:db8::1", "2001:db8::2"); };
  return {
      {"tcp v4", v4().tcp(4000, 443, tcp_flag::ack).payload("x"), true},
      {"tcp v4 with options", v4().ip_options({1, 1, 1, 1}).tcp(4000, 443, tcp_flag::ack), true},
      {"tcp v6", v6().tcp(4000, 443, tcp_flag::ack), true},
      {"tcp v6 behind an extension", v6().v6_extension(60).tcp(4000, 443, tcp_flag::ack), true},
      {"tcp vlan", v4().vlan(100).tcp(4000, 443, tcp_flag::ack), true},
      {"tcp qinq", v4().vlan(7, 0x88a8).vlan(100).tcp(4000, 443, tcp_flag::ack), true},
      {"udp v4", v4().udp(4000, 53).payload("x"), false},
      {"udp v6 vlan", v6().vlan(5).udp(4000, 53).payload("x"), false},
  };
}

TEST(FrameBuilder, AnswersGoBackTheWayTheyCame) {
  for (const Case& c : cases()) {
    const Octets original = c.frame.build();
    Layers seen;
    decode(view_of(original), seen);
    const Built answer = built(original, Toward::sender, "answer", c.tcp);
    ASSERT_EQ(answer.layers.outcome, Decoded::transport) << c.name;
    EXPECT_TRUE(test::checksums_right(answer.frame)) << c.name;
    EXPECT_EQ(answer.layers.source, seen.destination) << c.name;
    EXPECT_EQ(answer.layers.destination, seen.source) << c.name;
    EXPECT_EQ(answer.layers.source_port, 443 * c.tcp + 53 * !c.tcp) << c.name;
    EXPECT_EQ(answer.layers.destination_port, 4000) << c.name;
    EXPECT_EQ(answer.layers.vlan, seen.vlan) << c.name;
    EXPECT_EQ(as_text(answer.layers.payload_of(view_of(answer.frame))), "answer") << c.name;
    EXPECT_TRUE(std::equal(original.begin(), original.begin() + 6, answer.frame.begin() + 6));
    EXPECT_TRUE(std::equal(original.begin() + 6, original.begin() + 12, answer.frame.begin()));
    EXPECT_GE(answer.frame.size(), 60u) << c.name;
    if (c.tcp) {
      EXPECT_EQ(answer.layers.sequence, 111u);
      EXPECT_EQ(answer.layers.acknowledgment, 222u);
      EXPECT_EQ(answer.layers.flags, tcp_flag::rst | tcp_flag::ack);
    }
  }
}

TEST(FrameBuilder, ContinuationsKeepDirectionAndHopLimit) {
  const Octets original =
      Frame().v4("10.0.0.1", "192.0.2.1").ttl(17).tcp(4000, 443, tcp_flag::ack).build();
  const Built frame = built(original, Toward::receiver, "", true);
  EXPECT_TRUE(test::checksums_right(frame.frame));
  EXPECT_EQ(frame.layers.source.to_string(), "10.0.0.1");
  EXPECT_EQ(frame.layers.source_port, 4000);
  EXPECT_EQ(frame.frame[22], 17);
  EXPECT_TRUE(std::equal(original.begin(), original.begin() + 14, frame.frame.begin()));
}

TEST(FrameBuilder, RefusesWhatDoesNotFit) {
  const Octets original = Frame().v4("10.0.0.1", "192.0.2.1").udp(1, 53).payload("x").build();
  const PacketView view = view_of(original);
  Layers layers;
  decode(view, layers);
  for (std::size_t size = 0; size < 14 + 20 + 8 + 10; ++size) {
    Octets out(size);
    EXPECT_EQ(build_udp(view, layers, Toward::sender, as_bytes("0123456789"), out), 0u) << size;
  }
}

}  // namespace
}  // namespace chatgate::net
