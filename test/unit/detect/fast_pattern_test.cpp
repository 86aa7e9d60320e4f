// Which bytes of a rule the prefilter looks for.
#include "detect/fast_pattern.h"

#include <gtest/gtest.h>

#include "detect/buffers.h"

#include "rules.h"

namespace chatgate::detect {
namespace {

// "BUFFER BYTES", with "/i" behind where the case is of no meaning; "-" where there is none.
std::string chosen(const std::string& options) {
  const RuleSet set = parse_rules(with_options(options), "f");
  if (set.rules.size() != 1) return findings_text(set);
  const std::optional<FastPattern> pattern = choose_fast_pattern(set.rules[0]);
  if (!pattern) return "-";
  return std::string(to_string(pattern->buffer)) + " " + pattern->literal.bytes +
         (pattern->literal.nocase ? "/i" : "");
}

std::string literal(const std::string& expression) {
  return chosen("pcre:\"/" + expression + "/\";");
}

TEST(FastPattern, LongestContent) {
  EXPECT_EQ(chosen(R"(content:"ab"; content:"abcd"; content:"xyz";)"), "pkt_data abcd");
  EXPECT_EQ(chosen(R"(content:"ab"; nocase;)"), "pkt_data ab/i");
}

TEST(FastPattern, TheFirstOfEquals) {
  EXPECT_EQ(chosen(R"(content:"abcd"; content:"efgh";)"), "pkt_data abcd");
}

TEST(FastPattern, CaseDecidesBetweenEquals) {
  EXPECT_EQ(chosen(R"(content:"abcd"; nocase; content:"efgh";)"), "pkt_data efgh");
}

TEST(FastPattern, NegatedIsNone) {
  EXPECT_EQ(chosen(R"(content:!"abcdefgh"; content:"x";)"), "pkt_data x");
  EXPECT_EQ(chosen(R"(content:!"abcdefgh";)"), "-");
}

TEST(FastPattern, BytesThatAreEverywhereCountLittle) {
  EXPECT_EQ(chosen(R"(content:"|00 00 00 00 00|"; content:"abc";)"), "pkt_data abc");
  EXPECT_EQ(chosen(R"(content:"AAAAAA"; content:"abcd";)"), "pkt_data abcd");
}

TEST(FastPattern, RarerBuffersArePreferred) {
  EXPECT_EQ(chosen(R"(content:"abcde"; content:"/chat"; http_uri;)"), "http.uri /chat");
  EXPECT_EQ(chosen(R"(content:"abcdefghijkl"; content:"/ch"; http_uri;)"), "pkt_data abcdefghijkl");
  EXPECT_EQ(chosen(R"(content:"POST"; http_method; content:"/im"; http_uri;)"), "http.uri /im");
}

TEST(FastPattern, AuthorsChoice) {
  EXPECT_EQ(chosen(R"(content:"abcdefgh"; content:"xy"; fast_pattern;)"), "pkt_data xy");
  EXPECT_EQ(chosen(R"(content:"abcdefgh"; fast_pattern:2,3; content:"longer than that";)"),
            "pkt_data cde");
}

TEST(FastPattern, IsCutToItsBestPiece) {
  EXPECT_EQ(chosen(R"(content:"|00 00 00 00|abcdefghijklmnopqrstuvwxyzABCDEFGH";)"),
            "pkt_data abcdefghijklmnopqrstuvwxyzABCDEF");
  EXPECT_EQ(chosen(R"(content:"abcdefghijklmnopqrstuvwxyzABCDEF  ";)"),
            "pkt_data abcdefghijklmnopqrstuvwxyzABCDEF");
}

TEST(FastPattern, TransformsAreUndone) {
  EXPECT_EQ(chosen(R"(dns.query; dotprefix; content:".example.com";)"), "dns.query example.com");
  EXPECT_EQ(chosen(R"(dns.query; dotprefix; content:"example.com";)"), "dns.query example.com");
  EXPECT_EQ(chosen(R"(dns.query; dotprefix; content:".";)"), "-");
  EXPECT_EQ(chosen(R"(http.uri; to_lowercase; content:"/chat";)"), "http.uri /chat/i");
  EXPECT_EQ(chosen(R"(http.header; compress_whitespace; content:"a:b";)"), "http.header a:b");
}

TEST(FastPattern, TransformsThatCannotBeUndone) {
  EXPECT_EQ(chosen(R"(http.header; compress_whitespace; content:"a b";)"), "-");
  EXPECT_EQ(chosen(R"(http.uri; strip_whitespace; content:"ab";)"), "-");
  EXPECT_EQ(chosen(R"(http.uri; url_decode; content:"abcdefgh"; http.host; content:"xy";)"),
            "http.host xy");
  EXPECT_EQ(chosen(R"(http.uri; url_decode; content:"abcd"; fast_pattern; pkt_data; content:"x";)"),
            "pkt_data x");
}

TEST(FastPattern, ExpressionOnlyWithoutContent) {
  EXPECT_EQ(chosen(R"(content:"x"; pcre:"/abcdef/";)"), "pkt_data x");
  EXPECT_EQ(chosen(R"(content:!"x"; pcre:"/abcdef/";)"), "pkt_data abcdef");
  EXPECT_EQ(chosen(R"(pcre:!"/abcdef/";)"), "-");
  EXPECT_EQ(chosen(R"(pcre:"/abcdef/i";)"), "pkt_data abcdef/i");
  EXPECT_EQ(chosen(R"(pcre:"/abc def/x";)"), "-");
  EXPECT_EQ(chosen(R"(http.uri; pcre:"/^\/abc/";)"), "http.uri /abc");
}

TEST(RequiredLiteral, RunsOfCharacters) {
  EXPECT_EQ(literal("abc"), "pkt_data abc");
  EXPECT_EQ(literal("^ab.cde$"), "pkt_data cde");
  EXPECT_EQ(literal("ab[cd]efg"), "pkt_data efg");
  EXPECT_EQ(literal("ab[]cdefgh]efg"), "pkt_data efg");
  EXPECT_EQ(literal("ab[^]cdefgh]efg"), "pkt_data efg");
  EXPECT_EQ(literal("ab[[:alpha:]cdefgh]efg"), "pkt_data efg");
  EXPECT_EQ(literal(R"(ab[\]cdefgh]efg)"), "pkt_data efg");
  EXPECT_EQ(literal(R"(a\d+bcd\s*ef)"), "pkt_data bcd");
  EXPECT_EQ(literal(R"(a\.b\x41\x2f\n)"), "pkt_data a.bA/\n");
  EXPECT_EQ(literal("(?:abcdef|x)gh"), "pkt_data gh");
  EXPECT_EQ(literal("(abcdef)?gh"), "pkt_data gh");
  EXPECT_EQ(literal("(?!abcdef)gh"), "pkt_data gh");
  EXPECT_EQ(literal("(a(b[)]c)d)gh"), "pkt_data gh");
  EXPECT_EQ(literal("(?i)abc"), "pkt_data abc/i");
}

TEST(RequiredLiteral, Quantifiers) {
  EXPECT_EQ(literal("abcd?e"), "pkt_data abc");
  EXPECT_EQ(literal("abcd*?e"), "pkt_data abc");
  EXPECT_EQ(literal("abcd+?e"), "pkt_data abcd");
  EXPECT_EQ(literal("abcd{2,3}e"), "pkt_data abcd");
  EXPECT_EQ(literal("abcd{10}e"), "pkt_data abcd");
  EXPECT_EQ(literal("abcd{0,3}e"), "pkt_data abc");
  EXPECT_EQ(literal("abcd{00}e"), "pkt_data abc");
  EXPECT_EQ(literal("abcd{,3}e"), "pkt_data abc");
  EXPECT_EQ(literal("abcd{0}e"), "pkt_data abc");
}

TEST(RequiredLiteral, WhatCouldMakeItDispensable) {
  for (const std::string expression :
       {"abc|d", "a(*ACCEPT)bc", "(x(*ACCEPT)y)bc", R"(\Qab*\E)", "a(?#b)*", "(?x)a b", "(?-i)abc",
        R"((\Q)\Eabc))", "abc\\E*", "d*", R"(\x{41})", R"(a\Nb)"}) {
    EXPECT_EQ(literal(expression), "-") << expression;
  }
}

}  // namespace
}  // namespace chatgate::detect
