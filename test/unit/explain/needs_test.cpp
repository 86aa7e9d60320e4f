#include "explain/needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "catalog/builder.h"
#include "catalog/loader.h"
#include "policy/loader.h"

#include "explain/explain.h"
#include "explain/needs_print.h"

namespace chatgate::explain {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Talk signs in at a name of a whole company, calls, and shows pictures of somebody else's.
constexpr std::string_view kTalk = R"({"id": "talk", "name": "Talk", "category": "team-chat",
"status": "alive", "names": [
  {"name": "talk.example", "exclusive": true, "source": ["general"]},
  {"name": "pictures.example", "exclusive": false, "use": ["file"], "shared_with": "a web shop", "source": ["general"]},
  {"name": "adverts.example", "exclusive": false, "use": ["ads"], "shared_with": "everybody", "source": ["general"]}],
"needs": [
  {"name": "login.example", "reason": "signing in"},
  {"application": "meet", "reason": "conferences"},
  {"ports": "udp/3478", "service": "voice", "reason": "calls"},
  {"ports": "tcp/6000", "or": ["tcp/7000-7002"], "reason": "the server"}]})";
constexpr std::string_view kMeet = R"({"id": "meet", "name": "Meet", "category": "voice-chat",
"status": "alive", "names": [{"name": "meet.example", "exclusive": true, "source": ["general"]}]})";
constexpr std::string_view kOld = R"({"id": "old", "name": "Old", "category": "legacy-im",
"status": "alive", "ports": [{"transport": "tcp", "ports": "6000", "default": true, "source": ["general"]}],
"names": [{"name": "login.example", "exclusive": false, "use": ["login"], "shared_with": "all of Example", "source": ["general"]}]})";

std::shared_ptr<const engine::Snapshot> snapshot(const std::string& rules,
                                                 const std::string& more = {}) {
  Diagnostics findings;
  catalog::CatalogueBuilder builder(findings);
  catalog::load_application(kTalk, "talk.json", builder, findings);
  catalog::load_application(kMeet, "meet.json", builder, findings);
  catalog::load_application(kOld, "old.json", builder, findings);
  policy::Draft draft =
      policy::load("{\"rules\": [" + rules + "]" + more + "}", "p", builder, findings);
  catalog::ApplicationRegistry registry;
  auto made = std::make_shared<engine::Snapshot>();
  made->catalogue = std::make_shared<catalog::Catalogue>(builder.take(registry));
  EXPECT_FALSE(findings.has_errors()) << findings.all().front().to_string();
  made->policy = policy::compile(std::move(draft), *made->catalogue);
  return made;
}

// Of the application talk.
std::vector<Requirement> needs(const std::shared_ptr<const engine::Snapshot>& of) {
  NeedsJudge judge(of, WorkerId(0), 256);
  return judge.needs_of(*of->catalogue->find("talk"), {});
}

std::vector<std::string> missing(const std::string& rules, const std::string& more = {}) {
  std::vector<std::string> all;
  for (const Requirement& each : needs(snapshot(rules, more))) {
    if (each.missing()) all.push_back(each.what + " by " + each.rule + ": " + each.stopped);
  }
  return all;
}

constexpr const char* kTalkMay = R"({"application": "talk", "action": "allow"},)";

TEST(Needs, AllOfThemAreToldInTheirOrder) {
  std::vector<std::string> lines;
  for (const Requirement& each : needs(snapshot(R"({"category": "im", "action": "alert"})"))) {
    lines.push_back(line_of(each));
  }
  EXPECT_THAT(
      lines,
      ElementsAre("passes   DNS for talk.example (finding its servers)",
                  "passes   login.example (signing in)", "passes   application meet (conferences)",
                  "passes   udp/3478 (calls)", "passes   tcp/6000 or tcp/7000-7002 (the server)",
                  "passes   pictures.example (file), which others use too: a web shop",
                  "passes   adverts.example (ads), which others use too: everybody; it works "
                  "without"));
}

TEST(Needs, WhatARuleBlocksIsNamedWithTheRule) {
  EXPECT_THAT(missing(std::string(kTalkMay) + R"({"category": "im", "action": "reset"})"),
              ElementsAre("meet by rule 2: question to DNS"));
  EXPECT_THAT(missing(std::string(kTalkMay) + R"({"server": "login.example", "action": "drop"})"),
              ElementsAre("login.example by rule 2: question to DNS"));
  EXPECT_THAT(missing(std::string(kTalkMay) +
                      R"({"name": "web", "server": "pictures.example", "action": "reset"})"),
              ElementsAre("pictures.example by web: question to DNS"));
}

TEST(Needs, WhatIsOnlyWatchedOrAllowedBeforeIsNotMissing) {
  EXPECT_THAT(missing(std::string(kTalkMay) +
                      R"({"server": "login.example", "monitor": true, "action": "drop"})"),
              IsEmpty());
  EXPECT_THAT(missing(std::string(kTalkMay) + R"({"server": "login.example", "action": "allow"},
                      {"server": "login.example", "action": "drop"})"),
              IsEmpty());
  EXPECT_THAT(
      missing(std::string(kTalkMay) + R"({"server": "notlogin.example", "action": "drop"})"),
      IsEmpty());
  EXPECT_THAT(missing(std::string(kTalkMay) + R"({"server": "adverts.example", "action": "drop"})"),
              IsEmpty());
  EXPECT_THAT(missing(R"({"category": "im", "action": "reset"})", R"(, "mode": "monitor")"),
              IsEmpty());
}

TEST(Needs, PortsOfAnAccessListOneOfWhichIsEnough) {
  const auto access = [](const char* lines) {
    return std::string(", \"access\": [") + lines + R"(, {"action": "permit"}])";
  };
  const std::string allow = R"({"application": ["talk", "meet"], "action": "allow"})";
  EXPECT_THAT(missing(allow, access(R"({"action": "deny", "protocol": "udp", "port": 3478})")),
              ElementsAre("udp/3478 by access line 1: udp/3478"));
  EXPECT_THAT(missing(allow, access(R"({"action": "deny", "protocol": "tcp", "port": 6000})")),
              IsEmpty());
  EXPECT_THAT(missing(allow, access(R"({"action": "deny", "protocol": "tcp", "port": 7001})")),
              IsEmpty());
  EXPECT_THAT(
      missing(
          allow,
          access(
              R"({"name": "high", "action": "deny", "protocol": "tcp", "port": ["6000", "7002"]})")),
      ElementsAre("tcp/6000 or tcp/7000-7002 by high: tcp/6000"));
  // No question, no name.
  EXPECT_THAT(missing(allow, access(R"({"action": "deny", "protocol": "udp", "port": 53})")),
              ::testing::Contains("talk.example by access line 1: question to DNS"));
}

TEST(Needs, AServiceThatMayNotPassNeedsNothing) {
  const std::string access = R"(, "access": [{"action": "deny", "protocol": "udp", "port": 3478},
                               {"action": "permit"}])";
  EXPECT_THAT(missing(R"({"application": "talk", "service": "text-chat", "action": "allow"},
                         {"application": "talk", "action": "reset"})",
                      access),
              IsEmpty());
  EXPECT_THAT(
      missing(R"({"application": "talk", "service": ["text-chat", "voice"], "action": "allow"},
                         {"application": "talk", "action": "reset"})",
              access),
      ElementsAre("udp/3478 by access line 1: udp/3478"));
}

// Each remedy that is a rule, put where it is said, is one.
TEST(Needs, RemediesHelp) {
  const std::string blocking =
      R"({"name": "none", "server": ["login.example", "meet.example"], "action": "drop"})";
  const std::vector<Requirement> all = needs(snapshot(kTalkMay + blocking));
  std::vector<Requirement> blocked;
  for (const Requirement& each : all) {
    if (each.missing()) blocked.push_back(each);
  }
  ASSERT_EQ(blocked.size(), 2u);
  EXPECT_EQ(blocked[0].remedy,
            R"(put { "server": "login.example", "action": "allow" } above rule "none")");
  EXPECT_EQ(blocked[1].remedy,
            R"(put { "application": "meet", "action": "allow" } above rule "none")");
  EXPECT_EQ(remedy_of(blocked),
            R"(put { "application": "meet", "action": "allow" } and )"
            R"({ "server": "login.example", "action": "allow" } above rule "none")");
  EXPECT_THAT(missing(kTalkMay + std::string(R"({"application": "meet", "action": "allow"},
                      {"server": "login.example", "action": "allow"},)") +
                      blocking),
              IsEmpty());
}

TEST(Needs, ExplanationsTellThemOfWhatPassesAndOtherUsersOfWhatDoesNot) {
  Description asked;
  asked.ends.client = *IpAddress::parse("10.1.1.5");
  asked.ends.server = *IpAddress::parse("192.0.2.1");
  asked.ends.client_port = 40000;
  asked.ends.server_port = 443;
  asked.kind = NameKind::sni;
  asked.name = "talk.example";
  const auto policy =
      snapshot(std::string(kTalkMay) + R"({"server": "login.example", "action": "drop"},
                                 {"category": "im", "action": "reset"})");
  const Explanation passes = explain(policy, asked, {});
  EXPECT_EQ(passes.application, "talk");
  EXPECT_EQ(passes.needs.size(), 7u);
  EXPECT_THAT(passes.also_used_by, IsEmpty());
  EXPECT_THAT(to_text(passes), HasSubstr("  BLOCKED  login.example (signing in); question to DNS "
                                         "is stopped by rule 2: put { \"server\""));

  asked.name = "login.example";
  const Explanation stopped = explain(policy, asked, {});
  EXPECT_TRUE(stopped.stopped);
  EXPECT_THAT(stopped.needs, IsEmpty());
  EXPECT_THAT(stopped.also_used_by,
              ElementsAre("all of Example", "old (login)", "talk (signing in)"));

  asked.name = "meet.example";
  EXPECT_THAT(explain(policy, asked, {}).also_used_by, ElementsAre("talk (conferences)"));
  asked.name = "innocent.example";
  const Explanation innocent = explain(policy, asked, {});
  EXPECT_THAT(innocent.needs, IsEmpty());
  EXPECT_THAT(innocent.also_used_by, IsEmpty());
}

}  // namespace
}  // namespace chatgate::explain
