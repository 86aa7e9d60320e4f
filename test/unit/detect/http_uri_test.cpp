#include "detect/http_uri.h"

#include <gtest/gtest.h>
#include <string>

namespace chatgate::detect {
namespace {

std::string normalised(std::string_view target) {
  Scratch out(target.size() + 1 + 4);
  out.add("kept");
  normalise_uri(target, out);
  EXPECT_EQ(out.since(0).substr(0, 4), "kept");
  return std::string(out.since(4));
}

TEST(HttpUri, AsRulesSeeIt) {
  struct Row {
    std::string_view target;
    std::string_view expected;
  };
  const Row rows[] = {
      {"", ""},
      {"/", "/"},
      {"/a/b.c?d=e&f=g", "/a/b.c?d=e&f=g"},
      {"*", "*"},
      {"a.b:443", "a.b:443"},
      // percent
      {"/%61%2Fb%2fc", "/a/b/c"},
      {"/%", "/%"},
      {"/%4", "/%4"},
      {"/%zz%4g%g4", "/%zz%4g%g4"},
      {"/%2541", "/%41"},
      {"/%%341", "/%41"},
      {"/a+b?c+d%2b", "/a+b?c+d+"},
      {"/a%3fb%23c", "/a?b#c"},
      {"/?%3f%20%41#%42", "/?? A#B"},
      // %u
      {"/%u0061%U0062", "/ab"},
      {"/%uff0f%uFF41", "/a"},
      {"/a%u002e%u002e", "/a.."},
      {"/%u20ac%uff5f", "/??"},
      {"/%u00e9", "/\xe9"},
      {"/%u004", "/%u004"},
      {"/%u00gg", "/%u00gg"},
      // segments
      {"/./a/./b/.", "/a/b/"},
      {"/a/../b", "/b"},
      {"/a/b/../../c/..", "/"},
      {"/../../a", "/a"},
      {"/..", "/"},
      {"/a/../..", "/"},
      {"/a/..b/...", "/a/..b/..."},
      {"//a///b//", "/a/b/"},
      {"\\a\\..\\b", "/b"},
      {"/a/%2e%2E/b%5c..%5Cc", "/c"},
      {"a/../b", "/b"},
      {"../b", "/b"},
      {".", ""},
      {"..", ""},
      {"/a?b/../c//d\\e", "/a?b/../c//d\\e"},
      {"/a#b/../c", "/a#b/../c"},
      // UTF-8 longer than it must be
      {"/a/%c0%ae%c0%ae%c0%af%c1%a1", "/a"},
      {"/%e0%80%af%e0%81%a1", "/a"},
      {"/%c3%a9%e2%82%ac", "/\xc3\xa9\xe2\x82\xac"},
      {"/%c0/%c0a/%e0%82%ac",
       "/\xc0/\xc0"
       "a/\xe0\x82\xac"},
      {"/a?%c0%af", "/a?\xc0\xaf"},
      // absolute
      {"http://a.b", "/"},
      {"http://a.b/", "/"},
      {"http://u:p@a.b:80/c/../d?e", "/d?e"},
      {"HTTPS://a.b?c/d", "/?c/d"},
      {"http://a.b#c", "/#c"},
      {"http://a.b\\c", "/c"},
      {"/http://a.b/c", "/http:/a.b/c"},
      {"/a?u=http://b.c/d", "/a?u=http://b.c/d"},
  };
  for (const Row& row : rows) EXPECT_EQ(normalised(row.target), row.expected) << row.target;
}

TEST(HttpUri, NulIsAByteLikeAnyOther) {
  EXPECT_EQ(normalised("/a%00b?c%00"), std::string("/a\0b?c\0", 7));
}

// Of every cut and of every byte in every place, no more than one byte more.
TEST(HttpUri, NeverLongerThanTheTarget) {
  const std::string target = "http://a.b/%u002e./%c0%ae\\..//c?d%2#e";
  for (std::size_t size = 0; size <= target.size(); ++size) {
    EXPECT_LE(normalised(target.substr(0, size)).size(), size + 1);
  }
  for (std::size_t at = 0; at < target.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string other = target;
      other[at] = static_cast<char>(byte);
      EXPECT_LE(normalised(other).size(), target.size() + 1);
    }
  }
}

}  // namespace
}  // namespace chatgate::detect
