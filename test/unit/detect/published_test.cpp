// Whole files of rules: those that chatgate ships, and a published set of chat, p2p and policy
// rules (test/data/rules, under the licence in its files).
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "rules.h"

namespace chatgate::detect {
namespace {

const std::string kShipped = CHATGATE_SOURCE "/policy/rules";
const std::string kPublished = CHATGATE_SOURCE "/test/data/rules";

RuleSet load(const std::string& folder, const Variables& variables) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".rules") files.insert(entry.path().filename());
  }
  RuleParser parser(variables);
  for (const std::string& file : files) {
    std::ifstream in(folder + "/" + file, std::ios::binary);
    parser.parse(std::string(std::istreambuf_iterator<char>(in), {}), file);
  }
  return parser.finish();
}

// FILE:LINE: what is wrong, of errors or of warnings.
std::vector<std::string> findings(const RuleSet& set, Severity severity) {
  std::vector<std::string> result;
  for (const Diagnostic& each : set.findings.all()) {
    if (each.severity != severity) continue;
    result.push_back(each.place.file + ":" + std::to_string(each.place.line) + ": " + each.message);
  }
  return result;
}

Variables with_home() {
  return Variables::customary(AddressSet::of({{*IpAddress::parse("10.0.0.0"),  //
                                               *IpAddress::parse("10.255.255.255")}}));
}

TEST(ShippedRules, LoadWithoutAWord) {
  for (const Variables& variables : {Variables::customary(), with_home()}) {
    const RuleSet set = load(kShipped, variables);
    EXPECT_GE(set.rules.size(), 100U);
    EXPECT_EQ(set.refused + set.replaced + set.disabled + set.skipped, 0U);
    EXPECT_EQ(findings_text(set), "");
  }
}

TEST(ShippedRules, OnlyAlertAndSayWhatTheyRecognise) {
  for (const Rule& rule : load(kShipped, Variables::customary()).rules) {
    EXPECT_EQ(rule.action, RuleAction::alert) << rule.sid;
    EXPECT_TRUE(rule.sid >= 9100001 && rule.sid <= 9199999) << rule.sid;
    EXPECT_EQ(rule.gid, 1U) << rule.sid;
    EXPECT_GE(rule.rev, 1U) << rule.sid;
    EXPECT_EQ(rule.classtype, "policy-violation") << rule.sid;
    EXPECT_FALSE(rule.chatgate_application.empty()) << rule.sid;
    EXPECT_TRUE(rule.msg.starts_with("CHATGATE ")) << rule.sid;
  }
}

TEST(PublishedRules, LoadButForFive) {
  const RuleSet set = load(kPublished, Variables::customary());
  EXPECT_EQ(set.rules.size() + set.refused, 672U);
  EXPECT_EQ(set.refused, 5U);
  EXPECT_GE(set.rules.size() * 100, (set.rules.size() + set.refused) * 98);
  const std::vector<std::string> wanted = {
      // Everything is inside, so that there is no outside: a matter of HOME_NET.
      R"(emerging-policy.rules:121: "!$SMTP_SERVERS" leaves nothing)",
      R"(emerging-policy.rules:121: "!$HOME_NET" leaves nothing)",
      R"(emerging-policy.rules:122: "!$HOME_NET" leaves nothing)",
      // A quote is missing in front of its pcre.
      "emerging-policy.rules:128: there is no text in quotes",
      // The version and state of a TLS handshake are in no buffer.
      R"(emerging-policy.rules:371: the option "ssl_version" is not supported)",
      R"(emerging-policy.rules:371: the option "ssl_state" is not supported)",
      R"(emerging-policy.rules:372: the option "ssl_version" is not supported)",
      R"(emerging-policy.rules:372: the option "ssl_state" is not supported)",
  };
  EXPECT_EQ(findings(set, Severity::error), wanted);
}

TEST(PublishedRules, LoadButForThreeWhereThereIsAnInside) {
  const RuleSet set = load(kPublished, with_home());
  const std::vector<std::string> wanted = {
      // A quote is missing in front of its pcre.
      "emerging-policy.rules:128: there is no text in quotes",
      // The version and state of a TLS handshake are in no buffer.
      R"(emerging-policy.rules:371: the option "ssl_version" is not supported)",
      R"(emerging-policy.rules:371: the option "ssl_state" is not supported)",
      R"(emerging-policy.rules:372: the option "ssl_version" is not supported)",
      R"(emerging-policy.rules:372: the option "ssl_state" is not supported)",
  };
  EXPECT_EQ(findings(set, Severity::error), wanted);
  EXPECT_EQ(set.refused, 3U);
}

// What was understood is said again in canonical text, and understood in the same way.
TEST(PublishedRules, CanonicalTextIsTheSameRule) {
  for (const std::string& folder : {kShipped, kPublished}) {
    for (const Rule& rule : load(folder, with_home()).rules) {
      const std::string text = to_text(rule);
      EXPECT_EQ(canonical(text, with_home()), text);
    }
  }
}

}  // namespace
}  // namespace chatgate::detect
