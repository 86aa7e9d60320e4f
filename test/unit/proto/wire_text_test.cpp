#include "proto/wire_text.h"

#include <array>
#include <gtest/gtest.h>
#include <string>

#include "msnp_message.h"

namespace chatgate::proto {
namespace {

std::string percent(std::string_view text) {
  ShortText result;
  append_percent_decoded(result, text);
  return std::string(result.view());
}

std::string utf16(std::u16string_view text) {
  ShortText result;
  append_utf16le(result, as_bytes(test::utf16le(text)));
  return std::string(result.view());
}

std::string base64(std::string_view text) {
  std::array<std::uint8_t, 8> bytes;
  return std::string(as_text(Bytes(bytes).first(decode_base64(text, bytes))));
}

TEST(WireText, DecodesPercents) {
  EXPECT_EQ(percent("a%40b%2e%E4"), "a@b.\xe4");
  EXPECT_EQ(percent("100%"), "100%");
  EXPECT_EQ(percent("%4"), "%4");
  EXPECT_EQ(percent("%zz%20"), "%zz ");
  EXPECT_EQ(percent(std::string(1000, 'x')), std::string(ShortText::kCapacity, 'x'));
}

TEST(WireText, DecodesUtf16) {
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
  append_utf16le(odd, as_bytes("a"));
  EXPECT_TRUE(odd.empty());
}

TEST(WireText, DecodesBase64) {
  EXPECT_EQ(base64("aGVsbG8="), "hello");
  EXPECT_EQ(base64("aGVsbG8"), "hello");
  EXPECT_EQ(base64("aGVs*bG8="), "hel");
  EXPECT_EQ(base64("=="), "");
  EXPECT_EQ(base64("+/+/"), "\xfb\xff\xbf");
  EXPECT_EQ(base64("MTIzNDU2Nzg5MDEy"), "12345678");  // no more than there is room for
}

TEST(WireText, ReadsNumbersAndPlaces) {
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
