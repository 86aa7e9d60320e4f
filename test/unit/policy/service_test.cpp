// Rules that ask what is done and said in a messenger.

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "catalog/builder.h"
#include "catalog/loader.h"
#include "catalog/registry.h"
#include "policy/loader.h"
#include "policy/policy.h"

#include "allocation_count.h"

namespace chatgate::policy {
namespace {

using catalog::Service;

constexpr const char* kYahoo =
    R"({"id": "yahoo", "name": "Yahoo", "category": "legacy-im",
        "status": "shut-down", "vendor": "Yahoo"})";
constexpr const char* kMsn =
    R"({"id": "msn", "name": "MSN", "category": "legacy-im",
        "status": "shut-down", "vendor": "Microsoft"})";

class Services : public testing::Test {
 protected:
  // `rules` without the brackets.
  void load_rules(const std::string& rules) {
    Diagnostics findings;
    catalog::CatalogueBuilder builder(findings);
    catalog::load_application(kYahoo, "yahoo.json", builder, findings);
    catalog::load_application(kMsn, "msn.json", builder, findings);
    Draft draft = load("{\"rules\": [" + rules + "]}", "p", builder, findings);
    catalog::ApplicationRegistry registry;
    catalogue_ = std::make_unique<catalog::Catalogue>(builder.take(registry));
    EXPECT_FALSE(findings.has_errors()) << findings.all()[0].to_string();
    policy_ = compile(std::move(draft), *catalogue_);
  }

  std::string decide(const std::string& application, Service service,
                     const proto::Messenger* said = nullptr) {
    Connection connection;
    connection.im = {catalogue_->find(application)->id, service, catalog::Evidence::payload};
    connection.client = *IpAddress::parse("10.0.0.1");
    connection.server = *IpAddress::parse("192.0.2.1");
    connection.said = said;
    const std::size_t before = allocation_count();
    const Verdict verdict = policy_->decide(connection);
    EXPECT_EQ(allocation_count(), before);
    return std::string(policy_->rule_name(verdict.rule)) + " " +
           std::string(to_string(verdict.action));
  }

  std::unique_ptr<catalog::Catalogue> catalogue_;
  std::shared_ptr<const Policy> policy_;
};

constexpr const char* kTextOnly =
    R"({"name": "text", "application": "yahoo", "service": "text-chat", "action": "allow"},
       {"name": "rest", "category": "im", "action": "reset"})";

TEST_F(Services, WhatLeadsToAnAllowedServicePasses) {
  load_rules(kTextOnly);
  EXPECT_EQ(decide("yahoo", Service::text_chat), "text allow");
  EXPECT_EQ(decide("yahoo", Service::login), "text allow");
  EXPECT_EQ(decide("yahoo", Service::presence), "text allow");
  EXPECT_EQ(decide("yahoo", Service::any), "text allow");
  for (const Service other :
       {Service::file_transfer, Service::voice, Service::video, Service::webcam,
        Service::conference, Service::games, Service::screen_share, Service::other}) {
    EXPECT_EQ(decide("yahoo", other), "rest reset") << to_string(other);
  }
  EXPECT_EQ(decide("msn", Service::text_chat), "rest reset");
  EXPECT_EQ(decide("msn", Service::login), "rest reset");
}

TEST_F(Services, ARuleThatRefusesAServiceLeavesSignallingAlone) {
  load_rules(R"({"name": "no files", "application": "yahoo",
                 "service": ["file-transfer", "webcam"], "action": "reset"})");
  EXPECT_EQ(decide("yahoo", Service::file_transfer), "no files reset");
  EXPECT_EQ(decide("yahoo", Service::webcam), "no files reset");
  EXPECT_EQ(decide("yahoo", Service::login), "default allow");
  EXPECT_EQ(decide("yahoo", Service::any), "default allow");
  EXPECT_EQ(decide("yahoo", Service::text_chat), "default allow");
}

TEST_F(Services, OnlyApplicationsThatARuleLooksIntoHaveToBeRead) {
  load_rules(kTextOnly);
  EXPECT_TRUE(policy_->looks_into(catalogue_->find("yahoo")->id));
  EXPECT_FALSE(policy_->looks_into(catalogue_->find("msn")->id));
  EXPECT_FALSE(policy_->looks_into(ApplicationId::none()));
  load_rules(R"({"application": "msn", "action": "allow"},
                {"application": "msn", "filename": "exe$", "action": "reset"})");
  // The first decides all.
  EXPECT_FALSE(policy_->looks_into(catalogue_->find("msn")->id));
}

TEST_F(Services, TextsAreSearchedInAnyCase) {
  load_rules(R"({"name": "no programs", "application": "msn", "service": "file-transfer",
                 "filename": ["\\.(exe|scr)$", "^setup"], "action": "reset"})");
  proto::Messenger said;
  const auto file = [&](std::string_view name) {
    said.filename.assign(name);
    return decide("msn", Service::file_transfer, &said);
  };
  EXPECT_EQ(file("game.exe"), "no programs reset");
  EXPECT_EQ(file("GAME.EXE"), "no programs reset");
  EXPECT_EQ(file("setup.zip"), "no programs reset");
  EXPECT_EQ(file("game.exe.txt"), "default allow");
  EXPECT_EQ(file("my setup.zip"), "default allow");
  EXPECT_EQ(file(""), "default allow");
  EXPECT_EQ(decide("msn", Service::file_transfer), "default allow");
  said.filename.assign("game.exe");
  EXPECT_EQ(decide("msn", Service::text_chat, &said), "default allow");
}

TEST_F(Services, SeveralTextsMustAllHold) {
  load_rules(R"({"name": "one", "application": "msn", "login": "^alice@", "peer_login": "@partner",
                 "version": "^MSNP1[0-5]$", "action": "drop"})");
  proto::Messenger said;
  said.login.assign("Alice@example.com");
  said.peer_login.assign("bob@partner.example");
  said.version.assign("MSNP12");
  EXPECT_EQ(decide("msn", Service::text_chat, &said), "one drop");
  said.version.assign("MSNP18");
  EXPECT_EQ(decide("msn", Service::text_chat, &said), "default allow");
  said.version.assign("MSNP12");
  said.login.assign("carol@example.com");
  EXPECT_EQ(decide("msn", Service::text_chat, &said), "default allow");
}

TEST_F(Services, WhoMayChatMayLogInBeforeTheNameIsSaid) {
  load_rules(R"({"name": "alice", "application": "msn", "login": "^alice@", "action": "allow"},
                {"name": "nobody", "application": "msn", "action": "reset"})");
  proto::Messenger said;
  EXPECT_EQ(decide("msn", Service::login), "alice allow");
  EXPECT_EQ(decide("msn", Service::login, &said), "alice allow");
  EXPECT_EQ(decide("msn", Service::text_chat, &said), "nobody reset");
  said.login.assign("alice@example.com");
  EXPECT_EQ(decide("msn", Service::text_chat, &said), "alice allow");
  said.login.assign("bob@example.com");
  EXPECT_EQ(decide("msn", Service::login, &said), "nobody reset");
}

// Perl's worst: what would take for ever is given up and does not match.
TEST_F(Services, AnExpressionCannotTakeForever) {
  load_rules(R"({"name": "slow", "application": "msn", "login": "^(a+)+$", "action": "drop"})");
  proto::Messenger said;
  said.login.assign(std::string(100, 'a') + "b");
  EXPECT_EQ(decide("msn", Service::text_chat, &said), "default allow");
  said.login.assign(std::string(100, 'a'));
  EXPECT_EQ(decide("msn", Service::text_chat, &said), "slow drop");
}

TEST(ServiceWords, MistakesAreNamed) {
  Diagnostics findings;
  catalog::CatalogueBuilder builder(findings);
  catalog::load_application(kYahoo, "yahoo.json", builder, findings);
  load(
      "{\"rules\": [\n"
      "{\"application\": \"yahoo\", \"service\": \"text-chatt\", \"action\": \"allow\"},\n"
      "{\"application\": \"yahoo\", \"service\": \"any\", \"action\": \"allow\"},\n"
      "{\"application\": \"yahoo\", \"login\": \"(\", \"filename\": \"\", \"action\": \"drop\"}]}",
      "p", builder, findings);
  std::vector<std::string> lines;
  for (const Diagnostic& each : findings.all()) lines.push_back(each.to_string());
  EXPECT_EQ(lines,
            (std::vector<std::string>{
                "p:2:37: unknown service \"text-chatt\", did you mean \"text-chat\"?",
                "p:3:37: \"any\" is no service, leave \"service\" out",
                "p:4:35: \"(\" is no regular expression: missing closing parenthesis at character "
                "2, expected one such as \"\\\\.exe$\"",
                "p:4:52: \"filename\" is empty"}));
}

}  // namespace
}  // namespace chatgate::policy
