#include "base/printable.h"

#include <gtest/gtest.h>

namespace chatgate {
namespace {

TEST(Printable, LeavesNothingForATerminalToActOn) {
  const struct {
    std::string_view raw, shown;
  } kCases[] = {
      {"", ""},
      {"web.whatsapp.com", "web.whatsapp.com"},
      {"p\xc3\xa4iv\xc3\xa4\xc3\xa4", "p\xc3\xa4iv\xc3\xa4\xc3\xa4"},
      {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
      {"\x1b[2J", "\\x1b[2J"},
      {std::string_view("a\0b", 3), "a\\x00b"},
      {"\x7f", "\\x7f"},
      {"\xc2\x9b"
       "1m",
       "\\xc2\\x9b1m"},  // C1 control
      {"\xff", "\\xff"},
      {"\xc3", "\\xc3"},                             // cut
      {"\xc0\xaf", "\\xc0\\xaf"},                    // longer than needed
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},           // a surrogate
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // beyond Unicode
  };
  for (const auto& [raw, shown] : kCases) EXPECT_EQ(printable(raw), shown);
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("abc", 3), "abc");
}

}  // namespace
}  // namespace chatgate
