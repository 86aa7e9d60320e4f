#include "enforce/tcp_reset.h"

#include <gtest/gtest.h>

#include "frames.h"

namespace chatgate::enforce {
namespace {

using net::tcp_flag::ack;
using net::tcp_flag::fin;
using net::tcp_flag::psh;
using net::tcp_flag::rst;
using net::tcp_flag::syn;
using test::Frame;
using test::Octets;

struct Numbers {
  std::uint8_t flags;
  std::uint32_t sequence, acknowledgment;
};

struct Case {
  const char* name;
  std::uint8_t flags;
  std::uint32_t seq, ack;
  const char* payload;
  // Expected, where `passed_on` is 900.
  std::optional<Numbers> to_sender, to_receiver;
};

const std::vector<Case> kCases = {
    {"data", ack | psh, 1000, 5000, "hello", Numbers{rst | ack, 5000, 900},
     Numbers{rst | ack, 900, 5000}},
    {"pure acknowledgment", ack, 1000, 5000, "", Numbers{rst | ack, 5000, 900},
     Numbers{rst | ack, 900, 5000}},
    {"syn", syn, 1000, 0, "", Numbers{rst | ack, 0, 1001}, Numbers{rst, 900, 0}},
    {"syn with data", syn, 1000, 0, "hello", Numbers{rst | ack, 0, 1006}, Numbers{rst, 900, 0}},
    {"syn at the wrap-around", syn, 0xffffffff, 0, "", Numbers{rst | ack, 0, 0},
     Numbers{rst, 900, 0}},
    {"fin without ack", fin, 1000, 0, "", Numbers{rst | ack, 0, 1001}, Numbers{rst, 900, 0}},
    {"reset", rst, 1000, 0, "", std::nullopt, std::nullopt},
    {"reset with ack", rst | ack, 1000, 5000, "", std::nullopt, std::nullopt},
};

std::optional<Numbers> read(const Octets& frame) {
  if (frame.empty()) return std::nullopt;
  EXPECT_TRUE(test::checksums_right(frame));
  net::Layers layers;
  net::decode(test::view_of(frame), layers);
  EXPECT_EQ(layers.payload_size, 0);
  return Numbers{layers.flags, layers.sequence, layers.acknowledgment};
}

void expect_equal(const char* name, const std::optional<Numbers>& got,
                  const std::optional<Numbers>& wanted) {
  ASSERT_EQ(got.has_value(), wanted.has_value()) << name;
  if (!wanted) return;
  EXPECT_EQ(got->flags, wanted->flags) << name;
  EXPECT_EQ(got->sequence, wanted->sequence) << name;
  EXPECT_EQ(got->acknowledgment, wanted->acknowledgment) << name;
}

TEST(TcpReset, Table) {
  for (const bool v6 : {false, true}) {
    for (const Case& c : kCases) {
      Frame made;
      if (v6) {
        made.v6("2001:db8::1", "2001:db8::2");
      } else {
        made.v4("10.0.0.1", "192.0.2.1");
      }
      made.tcp(4000, 443, c.flags).seq(c.seq).payload(c.payload);
      if ((c.flags & ack) != 0) made.ack(c.ack);
      const Octets original = made.build();
      const net::PacketView view = test::view_of(original);
      net::Layers layers;
      net::decode(view, layers);
      Octets out(128);
      out.resize(reset_to_sender(view, layers, 900, out));
      expect_equal(c.name, read(out), c.to_sender);
      out.resize(128);
      out.resize(reset_to_receiver(view, layers, 900, out));
      expect_equal(c.name, read(out), c.to_receiver);
    }
  }
}

}  // namespace
}  // namespace chatgate::enforce
