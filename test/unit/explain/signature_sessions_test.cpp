#include "explain/signature_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex>

#include "detect/parser.h"

#include "../engine/wire.h"
#include "explain/pattern_sample.h"

namespace chatgate::explain {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(PatternSample, IsMatchedByItsExpression) {
  for (const char* expression :
       {"abc", "^a.c$", "[0-9]{1,10} (?:TWN|SSO) [IS] ", "(?:$|[ /(])x", "a\\.b\\/c",
        "[^ \\r\\n]{3}", "^GIVE [0-9]{6,10}\\r?\\n", "(a|b)+c*d?", "[a-f0-9]{32}", "[\\x41-\\x43]z",
        "[]x]y", "(?:|later)", "\\d\\w\\s\\S\\D"}) {
    const auto sample = sample_of(expression);
    ASSERT_TRUE(sample.has_value()) << expression;
    EXPECT_TRUE(std::regex_search(
        sample->bytes, std::regex(std::string(expression) == "[]x]y" ? "[\\]x]y" : expression)))
        << expression << " and " << sample->bytes;
  }
  EXPECT_TRUE(sample_of("^a")->at_start);
  EXPECT_FALSE(sample_of("a^")->at_start);
}

TEST(PatternSample, NothingOfWhatIsNotRead) {
  for (const char* expression :
       {"(?=a)b", "(?<!a)b", "(a)\\1", "[[:alpha:]]", "a{", "[a", "(a", "a)", "*a", "\\", "\\x4",
        "\\xzz", "\\pL", "[z-a]", "x{4096}", "((((((((((((((((((a))))))))))))))))))"}) {
    EXPECT_FALSE(sample_of(expression).has_value()) << expression;
  }
}

// Rules that all name whatsapp.
std::shared_ptr<engine::Snapshot> with_rules(const std::vector<std::string>& rules) {
  std::string text;
  std::uint32_t sid = 1;
  for (const std::string& rule : rules) text += rule + "sid:" + std::to_string(sid++) + ";)\n";
  detect::RuleSet set = detect::parse_rules(text, "test.rules");
  EXPECT_TRUE(set.findings.empty()) << text << set.findings.all().front().to_string();
  auto made = engine::block_im();
  Diagnostics findings;
  made->signatures = detect::Signatures::compile(std::move(set), {}, findings);
  EXPECT_TRUE(findings.empty());
  made->signature_meanings.assign(
      rules.size(), {engine::kWhatsapp, catalog::Service::any, catalog::Evidence::signature});
  return made;
}

TEST(SignatureSessions, PlainContentsAndNumbersAndBuffers) {
  const auto snapshot = with_rules({
      R"(alert tcp any any -> any any (content:"|01 02|"; startswith; content:"end"; endswith; isdataat:9;)",
      R"(alert udp any any -> any 4000 (dsize:>30; content:"AB"; offset:4; depth:2; byte_test:2,>,500,8; byte_test:2,<,600,8;)",
      R"(alert tcp any any -> any any (flow:established,to_client; content:"one"; content:"two"; distance:3; within:10;)",
      R"(alert tcp any any -> any any (content:"go "; startswith; pcre:"/^go [0-9]{3,5}\r\n/";)",
      R"(alert http any any -> any any (flow:established,to_server; http.method; content:"POST"; http.uri; content:"/chat?"; http.user_agent; content:"Talker "; startswith; http.request_body; content:"hello";)",
      R"(alert http any any -> any any (flow:established,to_client; http.header; content:"X-Talk|3A|"; nocase;)",
      R"(alert tls any any -> any any (tls.sni; content:"talk.example"; endswith;)",
      R"(alert tcp any any -> any any (flow:established,to_server; content:"first"; startswith; flowbits:set,talk;)",
      R"(alert tcp any any -> any any (flow:established,to_server; flowbits:isset,talk; content:"second"; startswith;)",
  });
  const SignatureSessions made = signature_sessions(*snapshot);
  std::vector<std::uint32_t> sids;
  for (const UncoveredRule& rule : made.uncovered) sids.push_back(rule.sid);
  EXPECT_THAT(sids, IsEmpty());
  EXPECT_THAT(made.sessions, SizeIs(9));
  EXPECT_EQ(made.sessions[1].port, 4000);
  EXPECT_FALSE(made.sessions[1].tcp);
  EXPECT_TRUE(made.sessions[4].http);
}

// What no session can be made for is told, and nothing is claimed of it.
TEST(SignatureSessions, WhatCannotBeMadeIsToldWithItsReason) {
  const auto snapshot = with_rules({
      R"(alert icmp any any -> any any (content:"a";)",
      R"(alert tcp any any -> any any (content:"a"; threshold:type both, track by_src, count 5, seconds 60;)",
      R"(alert tcp any any -> any any (content:"ab"; startswith; content:"cd"; startswith;)",
      R"(alert tcp any any -> any any (content:"a"; pcre:"/(?<=b)a/";)",
  });
  const SignatureSessions made = signature_sessions(*snapshot);
  EXPECT_THAT(made.sessions, IsEmpty());
  ASSERT_THAT(made.uncovered, SizeIs(4));
  EXPECT_EQ(made.uncovered[0].why, "it is about packets that are neither TCP nor UDP");
  EXPECT_EQ(made.uncovered[1].why, "it waits for several matches");
  for (const UncoveredRule& rule : made.uncovered) EXPECT_FALSE(rule.why.empty());
}

TEST(SignatureSessions, RulesThatNameNoApplicationHaveNone) {
  auto snapshot = with_rules({R"(alert tcp any any -> any any (content:"abc";)"});
  snapshot->signature_meanings = {{}};
  const SignatureSessions made = signature_sessions(*snapshot);
  EXPECT_THAT(made.sessions, IsEmpty());
  EXPECT_THAT(made.uncovered, IsEmpty());
  EXPECT_THAT(signature_sessions(*engine::block_im()).sessions, IsEmpty());
}

}  // namespace
}  // namespace chatgate::explain
