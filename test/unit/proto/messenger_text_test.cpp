#include "proto/messenger_text.h"

#include <gtest/gtest.h>
#include <string>

namespace chatgate::proto {
namespace {

using namespace std::string_literals;

TEST(MessengerText, Numbers) {
  EXPECT_TRUE(is_number("0123456789"));
  EXPECT_FALSE(is_number(""));
  EXPECT_FALSE(is_number("12a"));
  EXPECT_FALSE(is_number("-1"));
  ShortText text;
  assign_number(text, 4'294'967'295);
  EXPECT_EQ(text.view(), "4294967295");
  assign_number(text, 0);
  EXPECT_EQ(text.view(), "0");
  text.clear();
  append_hex(text, 0x0a1f);
  EXPECT_EQ(text.view(), "0a1f");
  EXPECT_EQ(port_of("5190"), 5190);
  EXPECT_EQ(port_of("65536"), std::nullopt);
  EXPECT_EQ(port_of("51x"), std::nullopt);
  EXPECT_EQ(port_of(""), std::nullopt);
}

TEST(MessengerText, Utf16) {
  ShortText text;
  assign_utf16be(text, as_bytes("\0A\x07\xff\xff\xfd\xdb\xff\xdf\xff"s));
  EXPECT_EQ(text.view(), "A\xdf\xbf\xef\xbf\xbd\xf4\x8f\xbf\xbf");
  // Halves of pairs, at the end too; a byte that is over.
  assign_utf16be(text, as_bytes("\xdc\0\0a\xd8\0\0b\xd8\0\0"s));
  EXPECT_EQ(text.view(),
            "\xef\xbf\xbd"
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  assign_utf16be(text, as_bytes("\0a\0\0\0b"s));
  EXPECT_EQ(text.view(), "a");
  // Cut at a whole character: 42 of three bytes.
  std::string many;
  for (int i = 0; i < 60; ++i) many += "\x20\xac";
  assign_utf16be(text, as_bytes(many));
  EXPECT_EQ(text.view().size(), 126u);
}

TEST(MessengerText, Fields) {
  EXPECT_EQ(up_to_zero(as_bytes("ab\0cd"s)), "ab");
  EXPECT_EQ(up_to_zero(as_bytes("ab"s)), "ab");
  std::string_view text = "a:b";
  EXPECT_EQ(take_field(text, ':'), "a");
  EXPECT_EQ(take_field(text, ':'), "b");
  EXPECT_EQ(take_field(text, ':'), "");
}

TEST(MessengerText, ExpectedFlows) {
  Messenger messenger;
  expect_endpoint(messenger, "10.0.0.1:80", 5190, Service::voice);
  expect_endpoint(messenger, "10.0.0.1", 5190, Service::voice);
  expect_endpoint(messenger, "10.0.0.1:5190", 1, Service::voice);  // known
  for (const char* nothing : {"", "name.example:80", "0.0.0.0:80", "10.0.0.2:0", "10.0.0.2:x"}) {
    expect_endpoint(messenger, nothing, 5190, Service::voice);
  }
  ASSERT_EQ(messenger.expected_count, 2);
  EXPECT_EQ(messenger.expected[0].address.to_string(), "10.0.0.1");
  EXPECT_EQ(messenger.expected[0].port, 80);
  EXPECT_EQ(messenger.expected[1].port, 5190);
  EXPECT_TRUE(messenger.expected[1].tcp);
  EXPECT_EQ(messenger.expected[1].service, Service::voice);
}

}  // namespace
}  // namespace chatgate::proto
