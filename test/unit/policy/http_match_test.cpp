// What a policy says of a request: its patterns over target, arguments and header fields; and of
// what is disguised as HTTP.

#include <gtest/gtest.h>
#include <string>

#include "catalog/builder.h"
#include "catalog/catalogue.h"
#include "policy/loader.h"

namespace chatgate::policy {
namespace {

constexpr char kOneRule[] = R"({"from": "192.0.2.1", "action": "drop"})";

class HttpMatch : public testing::Test {
 protected:
  void load(const std::string& http, const std::string& rules = kOneRule) {
    Diagnostics diagnostics;
    catalog::CatalogueBuilder builder(diagnostics);
    builder.add("msn", {})->category = catalog::Category::legacy_im;
    builder.add("gnutella", {})->category = catalog::Category::p2p_file;
    builder.add("httptunnel", {})->category = catalog::Category::tunnel;
    builder.add("gator", {})->category = catalog::Category::adware;
    const std::string text = "{\"rules\": [" + rules + "], \"http\": {" + http + "}}";
    Draft draft = policy::load(text, "p", builder, diagnostics);
    for (const Diagnostic& each : diagnostics.all()) ADD_FAILURE() << each.to_string();
    catalog::ApplicationRegistry registry;
    catalogue_ = std::make_unique<catalog::Catalogue>(builder.take(registry));
    policy_ = compile(std::move(draft), *catalogue_);
  }
  static std::string word(const auto* found) {
    return found == nullptr ? "" : std::string(to_string(found->action));
  }
  std::string uri(std::string_view text) const { return word(policy_->match_uri(text, worker_)); }
  std::string header(std::string_view name, std::string_view value) const {
    return word(policy_->match_header(name, value, worker_));
  }
  std::string disguised(std::string_view application) const {
    Connection connection;
    connection.im.application = catalogue_->find(application)->id;
    connection.disguised = true;
    const Verdict verdict = policy_->decide(connection);
    return std::string(to_string(verdict.action)) + (verdict.port_misuse ? " misuse" : "") +
           (verdict.log ? " log" : "");
  }

  WorkerId worker_{0};
  std::unique_ptr<catalog::Catalogue> catalogue_;
  std::shared_ptr<const Policy> policy_;
};

TEST_F(HttpMatch, TheFirstPatternThatIsFoundCounts) {
  load(R"("uri": [{"pattern": "^/chat/help", "action": "allow"},
                  {"pattern": "^/chat", "action": "reset"},
                  {"pattern": "gateway\\.dll", "action": "drop"}],
          "arguments": [{"pattern": "(^|&)action=poll", "action": "alert"}])");
  EXPECT_EQ(uri("/chat/help/me"), "allow");
  EXPECT_EQ(uri("/Chat/room"), "reset") << "the case of letters is not minded";
  EXPECT_EQ(uri("/x/gateway.dll"), "drop");
  for (const char* other : {"", "/", "/a/chat", "/gatewayXdll"}) EXPECT_EQ(uri(other), "") << other;
  EXPECT_EQ(word(policy_->match_arguments("a=1&action=poll", worker_)), "alert");
  EXPECT_EQ(word(policy_->match_arguments("reaction=poll", worker_)), "");
}

TEST_F(HttpMatch, AFieldIsKnownByItsNameAndWhatItSays) {
  load(R"("headers": [{"name": "User-Agent", "pattern": "NSPlayer", "action": "alert"},
                      {"name": "X-Chat", "action": "reset"},
                      {"name_pattern": "^x-kazaa-", "action": "drop"}])");
  EXPECT_EQ(header("user-agent", "NSPlayer/9.0"), "alert");
  EXPECT_EQ(header("User-Agent", "curl/7.88"), "");
  EXPECT_EQ(header("X-CHAT", ""), "reset");
  EXPECT_EQ(header("X-Kazaa-Network", "MusicCity"), "drop");
  for (const char* other : {"X-Chat-Not", "Not-X-Kazaa-", "Accept", ""}) {
    EXPECT_EQ(header(other, "NSPlayer"), "") << other;
  }
}

TEST_F(HttpMatch, WhatIsDisguisedMeetsThePortsMisuse) {
  load(R"("port_misuse": {"im": "reset", "p2p": "drop", "tunneling": "alert"})");
  EXPECT_EQ(disguised("msn"), "reset misuse");
  EXPECT_EQ(disguised("gnutella"), "drop misuse");
  EXPECT_EQ(disguised("httptunnel"), "alert misuse log");
  EXPECT_EQ(disguised("gator"), "allow") << "none of the three";
}

TEST_F(HttpMatch, IndexesGrowWithTheRules) {
  load("");
  const std::size_t one = policy_->memory();
  std::string many = kOneRule;
  for (int i = 2; i < 200; ++i) {
    many += R"(, {"from": "192.0.2.)" + std::to_string(i) + R"(", "action": "drop"})";
  }
  load("", many);
  EXPECT_GT(policy_->memory(), 10 * one);
}

}  // namespace
}  // namespace chatgate::policy
