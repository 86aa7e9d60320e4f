#include "proto/messenger_text.h"

#include <array>
#include <gtest/gtest.h>
#include <string>

#include "msnp_message.h"

namespace chatgate::proto {
namespace {

using namespace std::string_literals;

std::string utf16be(const std::string& bytes) {
  ShortText text;
  append_utf16(text, as_bytes(bytes), std::endian::big);
  return std::string(text.view());
}

std::string percent(std::string_view text) {
  ShortText result;
  append_percent_decoded(result, text);
  return std::string(result.view());
}

std::string utf16(std::u16string_view text) {
  ShortText result;
  append_utf16(result, as_bytes(test::utf16le(text)), std::endian::little);
  return std::string(result.view());
}

std::string base64(std::string_view text) {
  std::array<std::uint8_t, 8> bytes;
  return std::string(as_text(Bytes(bytes).first(decode_base64(text, bytes))));
}

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
  EXPECT_EQ(utf16be("\0A\x07\xff\xff\xfd\xdb\xff\xdf\xff"s),
            "A\xdf\xbf\xef\xbf\xbd\xf4\x8f\xbf\xbf");
  // Halves of pairs, at the end too; a byte that is over.
  EXPECT_EQ(utf16be("\xdc\0\0a\xd8\0\0b\xd8\0\0"s),
            "\xef\xbf\xbd"
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(utf16be("\0a\0\0\0b"s), "a");
  // Cut at a whole character: 42 of three bytes.
  std::string many;
  for (int i = 0; i < 60; ++i) many += "\x20\xac";
  EXPECT_EQ(utf16be(many + "\0a"s).size(), 126u);
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

TEST(MessengerText, DecodesPercents) {
  EXPECT_EQ(percent("a%40b%2e%E4"), "a@b.\xe4");
  EXPECT_EQ(percent("100%"), "100%");
  EXPECT_EQ(percent("%4"), "%4");
  EXPECT_EQ(percent("%zz%20"), "%zz ");
  EXPECT_EQ(percent(std::string(1000, 'x')), std::string(ShortText::kCapacity, 'x'));
}

TEST(MessengerText, DecodesUtf16OfTheOtherOrder) {
  EXPECT_EQ(utf16(u"plain"), "plain");
  EXPECT_EQ(utf16(u"é€"), "é€");
  EXPECT_EQ(utf16(u"\U0001f600!"), "\U0001f600!");
  EXPECT_EQ(utf16(std::u16string_view(u"ends\0here", 9)), "ends");
  EXPECT_EQ(utf16(std::u16string{0xd83d, 'x'}), "\xef\xbf\xbdx");
  EXPECT_EQ(utf16(std::u16string{0xde00, 'x'}), "\xef\xbf\xbdx");
  EXPECT_EQ(utf16(std::u16string{'x', 0xd83d}), "x\xef\xbf\xbd");
  // Never half a character.
  EXPECT_EQ(utf16(std::u16string(100, u'é')).size(), ShortText::kCapacity - 1);
  ShortText odd;
  append_utf16(odd, as_bytes("a"), std::endian::little);
  EXPECT_TRUE(odd.empty());
}

TEST(MessengerText, DecodesBase64) {
  EXPECT_EQ(base64("aGVsbG8="), "hello");
  EXPECT_EQ(base64("aGVsbG8"), "hello");
  EXPECT_EQ(base64("aGVs*bG8="), "hel");
  EXPECT_EQ(base64("aGVs\r\n\t bG8="), "hello");
  EXPECT_EQ(base64("=="), "");
  EXPECT_EQ(base64("+/+/"), "\xfb\xff\xbf");
  EXPECT_EQ(base64("MTIzNDU2Nzg5MDEy"), "12345678");  // no more than there is room for
}

TEST(MessengerText, ReadsNumbersAndPlaces) {
  EXPECT_EQ(decimal("4294967295"), 4294967295u);
  for (const char* text : {"", "4294967296", "-1", "+1", " 1", "1 ", "0x10", "1a"}) {
    EXPECT_FALSE(decimal(text)) << text;
  }
  const auto place = address_and_port("192.0.2.1:65535");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->address.to_string(), "192.0.2.1");
  EXPECT_EQ(place->port, 65535);
  EXPECT_EQ(address_and_port("192.0.2.1")->port, 0);
  for (const char* text : {"", ":80", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:80:80", "host:80",
                           "192.0.2.1 :80"}) {
    EXPECT_FALSE(address_and_port(text)) << text;
  }
}

}  // namespace
}  // namespace chatgate::proto
