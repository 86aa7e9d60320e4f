#include "proto/punycode.h"

#include <array>
#include <gtest/gtest.h>
#include <string>

#include "allocation_count.h"

namespace chatgate::proto {
namespace {

std::string ascii(std::string_view raw) {
  std::array<char, kMaxAsciiHost> buffer;
  const auto mapped = to_ascii_host(raw, buffer);
  return mapped ? std::string(*mapped) : "none";
}

struct Row {
  const char* what;
  std::string_view raw;
  std::string_view expected;
};

// RFC 3492 section 7.1, in small letters where they are mapped.
TEST(Punycode, EncodesTheSamplesOfTheRfc) {
  const Row rows[] = {
      {"Arabic", "ليهمابتكلموشعربي؟", "xn--egbpdaj6bu4bxfgehfvwxn"},
      {"Chinese, simplified", "他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"},
      {"Chinese, traditional", "他們爲什麽不說中文", "xn--ihqwctvzc91f659drss3x8bo0yb"},
      {"Czech", "Pročprostěnemluvíčesky", "xn--proprostnemluvesky-uyb24dma41a"},
      {"Hebrew", "למההםפשוטלאמדבריםעברית", "xn--4dbcagdahymbxekheh6e0a7fei0b"},
      {"Hindi", "यहलोगहिन्दीक्योंनहींबोलसकतेहैं", "xn--i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd"},
      {"Japanese", "なぜみんな日本語を話してくれないのか",
       "xn--n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"},
      {"Russian", "почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"},
      {"Vietnamese", "TạisaohọkhôngthểchỉnóitiếngViệt",
       "xn--tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g"},
      {"a mix", "3年B組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"},
      {"hyphens", "Hello-Another-Way-それぞれの場所",
       "xn--hello-another-way--fc4qua05auwb3674vfr0b"},
  };
  for (const Row& row : rows) EXPECT_EQ(ascii(row.raw), row.expected) << row.what;
}

TEST(Punycode, MapsHostNames) {
  const Row rows[] = {
      {"ASCII", "chat.example", "chat.example"},
      {"capitals", "Chat.EXAMPLE", "chat.example"},
      {"an A-label", "xn--Bcher-KVA.example", "xn--bcher-kva.example"},
      {"a U-label", "bücher.example", "xn--bcher-kva.example"},
      {"a U-label in capitals", "BÜCHER.example", "xn--bcher-kva.example"},
      {"the last label", "例え.テスト", "xn--r8jz45g.xn--zckzah"},
      {"Cyrillic capitals", "ПРИМЕР.РФ", "xn--e1afmkfd.xn--p1ai"},
      {"Cyrillic of the first row", "Ёж.example", "xn--f1a7c.example"},
      {"Greek capitals", "ΔΟΚΙΜΉ", "xn--jxalpdlp"},
      {"an ideographic dot", "chat。example", "chat.example"},
      {"a full-width dot", "chat．example", "chat.example"},
      {"a half-width dot", "chat｡example", "chat.example"},
      {"full-width letters", "ＣＨＡＴ．ｅｘａｍｐｌｅ", "chat.example"},
      {"a soft hyphen",
       "ch\xc2\xad"
       "at.example",
       "chat.example"},
      {"a zero-width space",
       "ch\xe2\x80\x8b"
       "at.example",
       "chat.example"},
      {"Latin Extended-A", "ŁÓDŹ.example", "xn--d-uga0v4h.example"},
      {"Y with two dots", "Ÿ.example", "xn--wda.example"},
      {"a trailing dot and a port", "bücher.example.:443", "xn--bcher-kva.example.:443"},
      {"what is no host name", "a b/c", "a b/c"},
      {"nothing", "", ""},
      {"dots", "..", ".."},
  };
  for (const Row& row : rows) EXPECT_EQ(ascii(row.raw), row.expected) << row.what;
}

TEST(Punycode, LeavesOtherBytesAlone) {
  const Row rows[] = {
      {"Latin-1",
       "b\xfc"
       "cher",
       "none"},
      {"a character cut", "chat.\xe4\xbe", "none"},
      {"a continuation alone", "\x80", "none"},
      {"too long a form", "\xc0\xaf", "none"},
      {"too long a form of three bytes", "\xe0\x80\xaf", "none"},
      {"half of a pair", "\xed\xa0\x80", "none"},
      {"beyond the last character", "\xf4\x90\x80\x80", "none"},
      {"a byte that no character begins with", "\xff", "none"},
  };
  for (const Row& row : rows) EXPECT_EQ(ascii(row.raw), row.expected) << row.what;
}

TEST(Punycode, HoldsItsLimits) {
  const std::string label(63, 'a');
  EXPECT_EQ(ascii(label), label);
  EXPECT_EQ(ascii(label + "a"), "none");
  std::string umlauts;
  for (int i = 0; i < 50; ++i) umlauts += "ü";
  EXPECT_EQ(ascii(umlauts).size(), 56u);
  for (int i = 0; i < 13; ++i) umlauts += "日";
  EXPECT_EQ(ascii(umlauts), "none");
  const std::string longest = label + "." + label + "." + label + "." + label;
  EXPECT_EQ(ascii(longest), longest);
  EXPECT_EQ(ascii(longest + "."), "none");
}

TEST(Punycode, AllocatesNothing) {
  std::array<char, kMaxAsciiHost> buffer;
  const std::size_t before = allocation_count();
  const bool mapped = to_ascii_host("bücher。example", buffer).has_value();
  EXPECT_EQ(allocation_count(), before);
  EXPECT_TRUE(mapped);
}

}  // namespace
}  // namespace chatgate::proto
