#include <gtest/gtest.h>

#include "base/loose_address.h"
#include "base/translated.h"

namespace chatgate {
namespace {

std::string loose(std::string_view text) {
  const auto address = parse_loose_v4(text);
  return address ? address->to_string() : "none";
}

TEST(LooseAddress, AsInetAtonTakesThem) {
  EXPECT_EQ(loose("91.108.56.10"), "91.108.56.10");
  EXPECT_EQ(loose("1533818890"), "91.108.56.10");
  EXPECT_EQ(loose("0x5b6c380a"), "91.108.56.10");
  EXPECT_EQ(loose("0x5b.0x6c.0x38.0xa"), "91.108.56.10");
  EXPECT_EQ(loose("0133.0154.070.012"), "91.108.56.10");
  EXPECT_EQ(loose("91.108.14346"), "91.108.56.10");
  EXPECT_EQ(loose("91.7092234"), "91.108.56.10");
  EXPECT_EQ(loose("0"), "0.0.0.0");
  EXPECT_EQ(loose("4294967295"), "255.255.255.255");
}

TEST(LooseAddress, NothingElse) {
  for (const char* text : {"",
                           ".",
                           "1.",
                           ".1",
                           "1..2",
                           "1.2.3.4.5",
                           "4294967296",
                           "99999999999999999999",
                           "256.1.1.1",
                           "1.2.65536",
                           "1.16777216",
                           "0x",
                           "0x1g",
                           "08",
                           "0b1",
                           "1.2.3.x",
                           "-1",
                           "+1",
                           " 1",
                           "1 ",
                           "example.com",
                           "1e3",
                           "1.2.3.4.example.com",
                           "a.0x1"}) {
    EXPECT_EQ(loose(text), "none") << text;
  }
}

TEST(Translated, TheWellKnownPrefixAlone) {
  const auto behind = [](const char* text) {
    return translated(*IpAddress::parse(text)).to_string();
  };
  EXPECT_EQ(behind("64:ff9b::91.108.56.10"), "91.108.56.10");
  EXPECT_EQ(behind("64:ff9b::"), "0.0.0.0");
  for (const char* text : {"64:ff9b:1::5b6c:380a", "64:ff9a::5b6c:380a", "64:ff9b::1:5b6c:380a",
                           "2001:db8::5b6c:380a", "192.0.2.1"}) {
    EXPECT_EQ(behind(text), text);
  }
}

}  // namespace
}  // namespace chatgate
