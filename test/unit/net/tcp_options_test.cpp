#include "net/tcp_options.h"

#include <gtest/gtest.h>

#include "net/multipath.h"

#include "frames.h"

namespace chatgate::net {
namespace {

using test::Frame;
using test::from_hex;
using test::Octets;
using test::view_of;

constexpr std::size_t kTcpAt = 14 + 20;

Octets with_options(std::string_view hex) {
  return Frame()
      .v4("10.0.0.1", "192.0.2.1")
      .tcp(40000, 443, tcp_flag::ack)
      .tcp_options(from_hex(hex))
      .payload("x")
      .build();
}

TcpOptions read(const Octets& frame) {
  Layers layers;
  decode(view_of(frame), layers);
  EXPECT_EQ(layers.outcome, Decoded::transport);
  return read_tcp_options(view_of(frame), layers);
}

struct Case {
  const char* name;
  const char* options;  // padded with end-of-list to a multiple of four
  TcpOptions expected;
};

// Options that are as default but for what `change` does.
template <typename Change>
TcpOptions but(Change change) {
  TcpOptions options;
  change(options);
  return options;
}

std::vector<Case> cases() {
  const auto broken = but([](TcpOptions& o) { o.ok = false; });
  const auto stamped = but([](TcpOptions& o) {
    o.timestamps = true;
    o.timestamp = 0x01020304;
    o.timestamp_echo = 0x0a0b0c0d;
  });
  const auto scaled = but([](TcpOptions& o) {
    o.has_window_scale = true;
    o.window_scale = 7;
  });
  const auto signed_by_md5 = but([](TcpOptions& o) { o.md5 = true; });
  return {
      {"none", "", {}},
      {"padding alone", "01010101", {}},
      {"end, then what would be broken", "00ffff00", {}},
      {"end, then what would be timestamps", "00080a01 02030405 06070809", {}},
      {"timestamps", "0101 080a 01020304 0a0b0c0d", stamped},
      {"timestamps as the last byte", "080a 01020304 0a0b0c0d 0101", stamped},
      {"the last timestamps count", "080a 11111111 22222222 080a 01020304 0a0b0c0d", stamped},
      {"timestamps of another length", "0809 01020304 0a0b0c", {}},
      {"window scale", "020405b4 030307", scaled},
      {"window scale of another length", "03040707", {}},
      {"md5", "1312 00112233445566778899aabbccddeeff 0101", signed_by_md5},
      {"md5 without digest", "1302", signed_by_md5},
      {"authentication", "1d10 0101 00112233445566778899aabb",
       but([](TcpOptions& o) { o.authentication = true; })},
      {"fast open", "2202", but([](TcpOptions& o) { o.fast_open = true; })},
      {"unknown kinds", "fd04f989 4c02", {}},
      {"length of zero", "05000000", broken},
      {"length of one", "05010000", broken},
      {"length beyond the header", "01010105", broken},
      {"a kind without a length", "010101 05", broken},
      {"an option that ends beyond", "0101 080a 01020304", broken},
      {"what stood before the break is told", "1302 0500", but([](TcpOptions& o) {
         o.md5 = true;
         o.ok = false;
       })},
      {"forty bytes of padding",
       "01010101010101010101 01010101010101010101 01010101010101010101 01010101010101010101",
       {}},
  };
}

void expect_same(const TcpOptions& read, const TcpOptions& expected, const char* name) {
  EXPECT_EQ(read.ok, expected.ok) << name;
  EXPECT_EQ(read.md5, expected.md5) << name;
  EXPECT_EQ(read.authentication, expected.authentication) << name;
  EXPECT_EQ(read.fast_open, expected.fast_open) << name;
  EXPECT_EQ(read.timestamps, expected.timestamps) << name;
  EXPECT_EQ(read.timestamp, expected.timestamp) << name;
  EXPECT_EQ(read.timestamp_echo, expected.timestamp_echo) << name;
  EXPECT_EQ(read.has_window_scale, expected.has_window_scale) << name;
  EXPECT_EQ(read.window_scale, expected.window_scale) << name;
}

TEST(TcpOptions, Table) {
  for (const Case& c : cases()) expect_same(read(with_options(c.options)), c.expected, c.name);
}

TEST(TcpOptions, AFurtherPathOfAConnection) {
  const auto joins = [](std::string_view options) {
    const Octets frame = with_options(options);
    Layers layers;
    decode(view_of(frame), layers);
    return joins_a_connection(view_of(frame), layers);
  };
  EXPECT_TRUE(joins("1e0c10010001020304050607"));
  EXPECT_TRUE(joins("01020405b41e0c1001000102030405060701"));
  EXPECT_TRUE(joins("1e0401811e0c10010001020304050607"));
  EXPECT_FALSE(joins(""));
  EXPECT_FALSE(joins("1e040181"));                  // MP_CAPABLE
  EXPECT_FALSE(joins("1e0c20010001020304050607"));  // DSS
  EXPECT_FALSE(joins("1e02"));
  EXPECT_FALSE(joins("1f0c10010001020304050607"));
  EXPECT_FALSE(joins("00001e0c10010001020304050607"));  // behind the list's end
}

TEST(TcpOptions, UrgentPointer) {
  Octets frame = with_options("");
  store_be16(&frame[kTcpAt + 18], 0x1234);
  EXPECT_EQ(read(frame).urgent_pointer, 0x1234);
}

// The header is whole on the wire, so what the capture cut is no break; a broken list stays one as
// far as it is there. The copy of exactly that size is what a sanitizer watches.
TEST(TcpOptions, ACutCaptureBreaksNothing) {
  for (const Case& c : cases()) {
    const Octets frame = with_options(c.options);
    for (std::size_t size = kTcpAt + 20; size < frame.size(); ++size) {
      const Octets cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
      PacketView view = view_of(cut);
      view.wire_length = static_cast<std::uint32_t>(frame.size());
      Layers layers;
      decode(view, layers);
      ASSERT_EQ(layers.outcome, Decoded::transport) << c.name << " " << size;
      const TcpOptions options = read_tcp_options(view, layers);
      EXPECT_TRUE(options.ok || !c.expected.ok) << c.name << " " << size;
      EXPECT_LE(options.timestamps, c.expected.timestamps) << c.name << " " << size;
    }
  }
}

}  // namespace
}  // namespace chatgate::net
