// What `show policy`, `show service-policy`, `show access-list` and `show flows` say of a policy
// that uses every way to select connections.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/builder.h"
#include "policy/loader.h"

#include "fake_gateway.h"

namespace chatgate::control::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kPolicy[] = R"({
  "networks": { "inside": "10.0.0.0/8" },
  "times": { "always": { "days": "daily" },
             "long ago": { "start": "1999-01-01 00:00", "end": "1999-02-01 00:00" } },
  "access": [
    { "action": "deny", "reset": true, "protocol": "tcp", "to": "192.0.2.1", "port": 5222,
      "vlan": [7, "100-110"], "interface": 1, "direction": "outbound",
      "mac": "02:00:00:aa:bb:cc", "log": true },
    { "action": "permit", "protocol": ["udp", 132], "from": "10.1.0.0/16", "direction": "inbound",
      "when": "long ago" } ],
  "rules": [
    { "name": "by server", "when": "always", "action": "drop",
      "server": ["chat.example", "=one.example", "198.51.100.0/24"] },
    { "name": "by text", "application": "msn", "service": ["text-chat", "voice"],
      "login": "@example\\.com$", "filename": ["\\.exe$", "\\.scr$"], "action": "reset" } ],
  "unclassified": "drop", "confidence": "high" })";

class ShownPolicy : public ::testing::Test {
 protected:
  ShownPolicy() {
    Diagnostics diagnostics;
    catalog::CatalogueBuilder builder(diagnostics);
    builder.add("msn", {})->category = catalog::Category::legacy_im;
    policy::Draft draft = policy::load(kPolicy, "p", builder, diagnostics);
    for (const Diagnostic& each : diagnostics.all()) ADD_FAILURE() << each.to_string();
    auto snapshot = std::make_shared<engine::Snapshot>();
    snapshot->generation = 1;
    snapshot->catalogue = std::make_shared<catalog::Catalogue>(builder.take(registry_));
    snapshot->policy = policy::compile(std::move(draft), *snapshot->catalogue);
    snapshot->times = snapshot->policy->times().in_force(from_seconds(kNow));
    gateway_.publish(snapshot);
    CommandsConfig config;
    config.clock = [] { return from_seconds(kNow); };
    config.flow_patience = std::chrono::milliseconds(60);
    commands_.emplace(io_, gateway_, registry_, config);
  }

  Reply run(std::string_view line) {
    std::optional<Reply> reply;
    commands_->execute(line, Caller{}, [&](Reply result) { reply = std::move(result); });
    for (int i = 0; !reply && i < 1000; ++i) {
      gateway_.tick();
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(5));
    }
    return reply.value_or(Reply{});
  }

  boost::asio::io_context io_;
  FakeGateway gateway_;
  catalog::ApplicationRegistry registry_;
  std::optional<Commands> commands_;
};

TEST_F(ShownPolicy, AccessLinesSayWhichWayAConnectionCame) {
  const Reply reply = run("show access-list");
  EXPECT_THAT(reply.text,
              HasSubstr("line 1 extended deny tcp any host 192.0.2.1 eq 5222 log vlan 7 vlan "
                        "100-110 mac 02:00:00:aa:bb:cc interface 1 direction outbound "
                        "(hitcnt=0) 0x"));
  EXPECT_THAT(reply.text, HasSubstr("line 2 extended permit udp,132 10.1.0.0 255.255.0.0 any "
                                    "direction inbound time-range long ago (hitcnt=0) (inactive) "
                                    "0x"));
  const Json& first = reply.result["lines"][0];
  EXPECT_EQ(first["reset"], true);
  EXPECT_EQ(first["active"], true);
  EXPECT_EQ(first["vlan"], Json({"7", "100-110"}));
  EXPECT_EQ(first["mac"], Json::array({"02:00:00:aa:bb:cc"}));
  EXPECT_EQ(first["interface"], Json::array({"1"}));
  EXPECT_EQ(first["direction"], Json::array({"outbound"}));
  const Json& second = reply.result["lines"][1];
  EXPECT_EQ(second["active"], false);
  EXPECT_EQ(second["when"], Json::array({"long ago"}));
  EXPECT_FALSE(second.contains("mac"));
}

TEST_F(ShownPolicy, RulesSayWhatTheyMatch) {
  const Reply reply = run("show service-policy");
  EXPECT_THAT(reply.text,
              HasSubstr("    Rule 1: by server\n"
                        "      match server chat.example, =one.example, 198.51.100.0/24\n"
                        "      match when always\n"
                        "      drop, hits 0\n"
                        "    Rule 2: by text\n"
                        "      match application msn\n"
                        "      match service text-chat, voice\n"
                        "      match login @example\\.com$\n"
                        "      match filename \\.exe$, \\.scr$\n"
                        "      reset, hits 0\n"));
}

TEST_F(ShownPolicy, ThePolicySaysWhatHoldsBesideItsRules) {
  const Reply reply = run("show policy");
  for (const char* line :
       {"Rules           2, default allow\n", "Access list     2 lines\n",
        "Times in force  always\n", "Unclassified    drop\n",
        "Blocks from     high confidence on\n", "Inside          10.0.0.0/8\n"}) {
    EXPECT_THAT(reply.text, HasSubstr(line));
  }
  EXPECT_EQ(reply.result["times_in_force"], Json::array({"always"}));
  EXPECT_EQ(reply.result["unclassified"], "drop");
  EXPECT_EQ(reply.result["confidence"], "high");
}

TEST_F(ShownPolicy, FlowsSayTheirProtocolAndTags) {
  telemetry::Event ping = flow_to("203.0.113.1", ApplicationId{0}, policy::Action::allow, 5);
  ping.protocol = 1;
  ping.vlan = {100, 7};
  ping.vlan_count = 2;
  telemetry::Event other = flow_to("203.0.113.2", ApplicationId{0}, policy::Action::allow, 9);
  other.protocol = 132;
  gateway_.add_flow(0, ping);
  gateway_.add_flow(1, other);
  const Reply reply = run("show flows");
  ASSERT_EQ(reply.result["flows"].size(), 2u) << reply.text;
  EXPECT_EQ(reply.result["flows"][0]["proto"], "icmp");
  EXPECT_EQ(reply.result["flows"][0]["vlan"], Json({100, 7}));
  EXPECT_EQ(reply.result["flows"][1]["proto"], "132");
  EXPECT_FALSE(reply.result["flows"][1].contains("vlan"));
}

}  // namespace
}  // namespace chatgate::control::testing
