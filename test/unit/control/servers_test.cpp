// What was learned from DNS answers, as it is shown and cleared.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/commands.h"

#include "fake_gateway.h"

namespace chatgate::control::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ServersTest : public ::testing::Test {
 protected:
  ServersTest() {
    CommandsConfig config;
    config.source.policy_file = "/etc/chatgate/policy.json";
    config.owner = 64000;
    config.clock = [] { return from_seconds(kNow); };
    config.audit = [this](std::string line) { audits.push_back(Json::parse(line)); };
    commands = std::make_unique<Commands>(io, gateway, registry, config);
  }

  Reply run(std::string_view line, uid_t uid = 0) {
    Reply reply;
    commands->execute(line, Caller{uid, 1, "/"}, [&](Reply result) { reply = std::move(result); });
    return reply;
  }
  void learn(const char* address, ApplicationId application, std::string_view name,
             std::uint32_t ttl, std::uint32_t generation = 1) {
    learn::ServerClaim claim;
    claim.application = application;
    claim.name = name;
    claim.ttl = ttl;
    claim.generation = generation;
    gateway.learned.learn(*IpAddress::parse(address), claim, from_seconds(kNow - 10));
  }
  void learn_some() {
    learn("203.0.113.7", kWhatsapp, "web.whatsapp.com", 300);
    learn("203.0.113.6", kWhatsapp, "g.whatsapp.net", 300);
    learn("203.0.113.6", ApplicationId(), "shop.example", 300);
    learn("2001:db8::1", kTelegram, "t.me", 90);
    learn("203.0.113.80", ApplicationId(), "shop.example", 70);
  }

  boost::asio::io_context io;
  FakeGateway gateway;
  catalog::ApplicationRegistry registry;
  std::vector<Json> audits;
  std::unique_ptr<Commands> commands;
};

TEST_F(ServersTest, ShowsServersByApplication) {
  learn_some();
  EXPECT_EQ(
      run("show servers").text,
      "3 servers\n"
      "Application  Service  Server       Name              Rules  Others  Learned     Left\n"
      "telegram     -        2001:db8::1  t.me              -      no      0:00:10  0:01:20\n"
      "whatsapp     -        203.0.113.6  g.whatsapp.net    -      yes     0:00:10  0:04:50\n"
      "whatsapp     -        203.0.113.7  web.whatsapp.com  -      no      0:00:10  0:04:50\n");
  const Reply one = run("show servers application telegram");
  ASSERT_EQ(one.result["servers"].size(), 1u);
  const Json& server = one.result["servers"][0];
  EXPECT_EQ(server["address"], "2001:db8::1");
  EXPECT_EQ(server["application"], "telegram");
  EXPECT_EQ(server["shared"], false);
  EXPECT_EQ(server["seconds_left"], 80);
  EXPECT_EQ(server["learned_seconds_ago"], 10);
  EXPECT_EQ(one.result["learning"], true);

  const Reply first = run("show servers limit 1");
  EXPECT_EQ(first.result["servers"].size(), 1u);
  EXPECT_EQ(first.result["matching"], 3);
  EXPECT_THAT(first.text, HasSubstr("3 servers, the first 1 are shown\n"));
}

TEST_F(ServersTest, ShowsTheCacheByName) {
  learn_some();
  EXPECT_EQ(run("show dns-cache").text,
            "4 names\n"
            "Name              Address       Application     Left\n"
            "g.whatsapp.net    203.0.113.6   whatsapp     0:04:50\n"
            "shop.example      203.0.113.80  -            0:01:00\n"
            "t.me              2001:db8::1   telegram     0:01:20\n"
            "web.whatsapp.com  203.0.113.7   whatsapp     0:04:50\n");
}

TEST_F(ServersTest, ClassifiesAnewAfterAReload) {
  learn_some();
  gateway.publish(small_snapshot(2));
  // The small catalogue has no names: nothing is an application's any more.
  EXPECT_EQ(run("show servers").text, "0 servers\n");
  EXPECT_EQ(run("show dns-cache").result["names"].size(), 4u);
  EXPECT_FALSE(run("show dns-cache").result["names"][0].contains("application"));
}

TEST_F(ServersTest, Clears) {
  learn_some();
  const Reply reply = run("clear dns-cache", 64000);
  EXPECT_EQ(reply.status, kDone);
  EXPECT_EQ(reply.text, "Forgotten: 4 names.\n");
  EXPECT_EQ(reply.result["forgotten"], 4);
  ASSERT_EQ(audits.size(), 1u);
  EXPECT_EQ(audits[0]["audit"]["what"], "dns cache cleared");
  EXPECT_EQ(run("show dns-cache").text, "0 names\n");
  learn("203.0.113.7", kWhatsapp, "web.whatsapp.com", 300);
  EXPECT_EQ(run("clear dns-cache", 64001).status, kFailed);
  EXPECT_EQ(run("show servers").result["matching"], 1);
}

TEST_F(ServersTest, HostileNamesStayOnTheirLine) {
  learn("203.0.113.7", kWhatsapp, "a\x1b[2J\n\xff", 300);
  for (const char* line : {"show servers", "show dns-cache"}) {
    const Reply reply = run(line);
    EXPECT_THAT(reply.text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(reply.text, HasSubstr("a\\x1b[2J\\x0a\\xff"));
    EXPECT_NO_THROW(reply.result.dump());
  }
}

TEST_F(ServersTest, SaysWhereNothingIsLearned) {
  gateway.learning = false;
  for (const char* line : {"show servers", "show dns-cache", "clear dns-cache"}) {
    const Reply reply = run(line);
    EXPECT_EQ(reply.status, kDone) << line;
    EXPECT_EQ(reply.result["learning"], false) << line;
    EXPECT_EQ(reply.text, "Servers are not learned from DNS answers here.\n") << line;
  }
}

}  // namespace
}  // namespace chatgate::control::testing
