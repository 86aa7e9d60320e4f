#include "learn/learned_servers.h"

#include <gtest/gtest.h>
#include <set>
#include <string>

namespace chatgate::learn {
namespace {

using Outcome = LearnedServers::Outcome;

constexpr ApplicationId kWhatsapp{3}, kTelegram{4};
constexpr ApplicationId kInnocent;
constexpr std::uint64_t kStart = 1'795'000'000;

IpAddress address(unsigned number) {
  const std::uint8_t bytes[4] = {192, 0, static_cast<std::uint8_t>(number >> 8),
                                 static_cast<std::uint8_t>(number)};
  return IpAddress::from_v4(bytes);
}

Time after(std::uint64_t seconds) {
  return from_seconds(kStart + seconds);
}

ServerClaim claim(ApplicationId application, std::string_view name, std::uint32_t ttl = 300) {
  ServerClaim result;
  result.application = application;
  result.name = name;
  result.ttl = ttl;
  result.generation = 1;
  return result;
}

class LearnedServersTest : public testing::Test {
 protected:
  // "3 name" or "none name", with "shared" where it is; empty where nothing is known.
  std::string told(unsigned number, std::uint64_t seconds) const {
    const auto server = table.find(address(number), after(seconds));
    if (!server) return "";
    EXPECT_EQ(server->address, address(number));
    EXPECT_EQ(server->decisive(), server->application.valid() && !server->shared);
    return (server->application.valid() ? std::to_string(server->application.value()) : "none") +
           " " + std::string(server->name()) + (server->shared ? " shared" : "");
  }
  Outcome learn(unsigned number, const ServerClaim& what, std::uint64_t seconds = 0) {
    return table.learn(address(number), what, after(seconds));
  }

  LearnedServers table{1024, KeyedHash(1)};
};

TEST_F(LearnedServersTest, KnowsWhatItWasTaught) {
  ServerClaim what = claim(kWhatsapp, "web.whatsapp.example");
  what.service = catalog::Service::voice;
  EXPECT_EQ(told(1, 0), "");
  EXPECT_EQ(learn(1, what), Outcome::added);
  EXPECT_EQ(learn(1, what), Outcome::refreshed);
  EXPECT_EQ(told(1, 0), "3 web.whatsapp.example");
  EXPECT_EQ(told(2, 0), "");
  const auto server = table.find(address(1), after(0));
  ASSERT_TRUE(server);
  EXPECT_EQ(server->service, catalog::Service::voice);
  EXPECT_EQ(server->generation, 1u);
  EXPECT_EQ(server->expires, kStart + 300);
  EXPECT_EQ(server->learned, kStart);
  const IpAddress six = *IpAddress::parse("2001:db8::1");
  EXPECT_EQ(table.learn(six, what, after(0)), Outcome::added);
  EXPECT_TRUE(table.knows(six, after(0)));
}

TEST_F(LearnedServersTest, LivesForItsTtlWithinBounds) {
  const struct {
    std::uint32_t ttl, life;
  } table_rows[] = {{0, LearnedServers::kMinLife},
                    {59, LearnedServers::kMinLife},
                    {300, 300},
                    {LearnedServers::kMaxLife, LearnedServers::kMaxLife},
                    {0xffffffff, LearnedServers::kMaxLife}};
  unsigned number = 0;
  for (const auto& row : table_rows) {
    learn(++number, claim(kWhatsapp, "w.example", row.ttl));
    EXPECT_NE(told(number, row.life - 1), "") << row.ttl;
    EXPECT_EQ(told(number, row.life), "") << row.ttl;
  }
  // Heard of again, it lives longer; a shorter TTL takes nothing away.
  learn(90, claim(kWhatsapp, "w.example", 300));
  learn(90, claim(kWhatsapp, "w.example", 300), 100);
  learn(90, claim(kWhatsapp, "w.example", 60), 110);
  EXPECT_NE(told(90, 399), "");
  EXPECT_EQ(told(90, 400), "");
}

TEST_F(LearnedServersTest, SharedWhileTwoClaimsLive) {
  const ServerClaim app = claim(kWhatsapp, "w.example", 300);
  const ServerClaim innocent = claim(kInnocent, "shop.example", 100);
  learn(1, app);
  learn(1, innocent);
  EXPECT_EQ(told(1, 0), "3 w.example shared");
  EXPECT_EQ(told(1, 99), "3 w.example shared");
  EXPECT_EQ(told(1, 100), "3 w.example") << "the innocent claim has ended";

  learn(2, innocent);
  EXPECT_EQ(told(2, 0), "none shop.example");
  learn(2, app);
  EXPECT_EQ(told(2, 0), "3 w.example shared");
  EXPECT_EQ(told(2, 100), "3 w.example");

  learn(3, app);
  learn(3, claim(kTelegram, "t.example", 200));
  EXPECT_EQ(told(3, 0), "3 w.example shared");
  EXPECT_EQ(told(3, 200), "3 w.example");

  ServerClaim on_a_network = app;
  on_a_network.shared = true;
  learn(4, on_a_network);
  EXPECT_EQ(told(4, 0), "3 w.example shared");
}

TEST_F(LearnedServersTest, TheSecondClaimOutlivesTheFirst) {
  learn(1, claim(kWhatsapp, "w.example", 100));
  learn(1, claim(kInnocent, "shop.example", 300));
  EXPECT_EQ(told(1, 100), "none  shared");
  // Back again, the application finds the address still in use by another.
  learn(1, claim(kWhatsapp, "w.example", 100), 150);
  EXPECT_EQ(told(1, 150), "3 w.example shared");
  EXPECT_EQ(told(1, 251), "none  shared");
  EXPECT_EQ(told(1, 300), "");
}

TEST_F(LearnedServersTest, NamesOfOneApplicationDoNotShare) {
  learn(1, claim(kWhatsapp, "a.example"));
  learn(1, claim(kWhatsapp, "b.example"));
  EXPECT_EQ(told(1, 0), "3 b.example");
  learn(2, claim(kInnocent, "a.example"));
  learn(2, claim(kInnocent, "a.example"));
  EXPECT_EQ(told(2, 0), "none a.example");
  learn(2, claim(kInnocent, "b.example"));
  EXPECT_EQ(told(2, 0), "none b.example shared") << "a reload may make one an application's";
}

TEST_F(LearnedServersTest, ForgetsAll) {
  learn(1, claim(kWhatsapp, "w.example"));
  table.forget_all();
  EXPECT_EQ(told(1, 0), "");
  EXPECT_EQ(learn(1, claim(kInnocent, "shop.example")), Outcome::added);
  EXPECT_EQ(told(1, 0), "none shop.example");
  EXPECT_EQ(table.evicted(), 0u);
}

TEST_F(LearnedServersTest, LongNames) {
  const std::string fits(LearnedServer::kMaxName, 'f'), longer(LearnedServer::kMaxName + 1, 'l');
  learn(1, claim(kWhatsapp, fits));
  learn(2, claim(kWhatsapp, longer));
  EXPECT_EQ(told(1, 0), "3 " + fits);
  EXPECT_TRUE(table.find(address(1), after(0))->name_is_whole());
  EXPECT_EQ(told(2, 0), "3 " + longer.substr(0, fits.size()));
  EXPECT_FALSE(table.find(address(2), after(0))->name_is_whole());
}

TEST_F(LearnedServersTest, AFullPlaceKeepsWhatMatters) {
  LearnedServers small(LearnedServers::kWays, KeyedHash(1));
  const auto at = [](unsigned number) { return address(number); };
  for (unsigned i = 0; i < LearnedServers::kWays; ++i) {
    EXPECT_EQ(small.learn(at(i), claim(kInnocent, "i.example", 300 + i), after(0)), Outcome::added);
  }
  EXPECT_EQ(small.evicted(), 0u);
  // The innocent entry that ends first makes room, for anybody.
  EXPECT_EQ(small.learn(at(100), claim(kInnocent, "n.example", 900), after(0)), Outcome::added);
  EXPECT_FALSE(small.knows(at(0), after(0)));
  EXPECT_EQ(small.evicted(), 1u);
  for (unsigned i = 0; i < LearnedServers::kWays; ++i) {
    EXPECT_EQ(small.learn(at(200 + i), claim(kWhatsapp, "w.example", 300 + i), after(0)),
              Outcome::added);
  }
  // Of applications only, the oldest goes, and only for an application.
  EXPECT_EQ(small.learn(at(101), claim(kInnocent, "n.example"), after(0)), Outcome::refused);
  EXPECT_EQ(small.learn(at(300), claim(kTelegram, "t.example"), after(0)), Outcome::added);
  EXPECT_FALSE(small.knows(at(200), after(0)));
  EXPECT_TRUE(small.knows(at(201), after(0)));
  // What has ended makes room for everybody.
  EXPECT_EQ(small.learn(at(102), claim(kInnocent, "n.example"), after(301)), Outcome::added);
  EXPECT_TRUE(small.knows(at(207), after(301)));
}

TEST_F(LearnedServersTest, ShowsEveryLiveClaimOnce) {
  for (unsigned i = 0; i < 500; ++i) learn(i, claim(kWhatsapp, "w.example", 100 + i % 2 * 100));
  std::multiset<IpAddress> seen;
  table.for_each(after(0), [&](const LearnedServer& server) { seen.insert(server.address); });
  const std::size_t all = seen.size();
  EXPECT_EQ(std::set<IpAddress>(seen.begin(), seen.end()).size(), all);
  EXPECT_GT(all, 490u) << "a table half full loses few";
  seen.clear();
  table.for_each(after(100), [&](const LearnedServer& server) { seen.insert(server.address); });
  EXPECT_LE(seen.size(), 250u);
  EXPECT_EQ(table.memory(), sizeof table + 1024 * 129);
}

TEST(CurrentApplication, IsThatOfTheCatalogueInForce) {
  const auto classify = [](std::string_view name) {
    catalog::NameMatch match;
    if (name == "w.example") match = {kWhatsapp, catalog::Service::login, true};
    if (name == "cdn.example") match = {kWhatsapp, catalog::Service::any, false};
    return match;
  };
  LearnedServers table(64, KeyedHash(1));
  const auto current = [&](const ServerClaim& what, std::uint32_t generation) {
    table.forget_all();
    table.learn(address(1), what, after(0));
    const auto match = current_application(*table.find(address(1), after(0)), generation, classify);
    return (match.found() ? std::to_string(match.application.value()) : "none") +
           (match.exclusive ? "" : " shared");
  };
  EXPECT_EQ(current(claim(kTelegram, "w.example"), 1), "4");
  EXPECT_EQ(current(claim(kTelegram, "w.example"), 2), "3");
  EXPECT_EQ(current(claim(kInnocent, "w.example"), 2), "3");
  EXPECT_EQ(current(claim(kTelegram, "gone.example"), 2), "none");
  EXPECT_EQ(current(claim(kTelegram, "cdn.example"), 2), "3 shared");
  EXPECT_EQ(current(claim(kTelegram, std::string(70, 'l')), 1), "4");
  EXPECT_EQ(current(claim(kTelegram, std::string(70, 'l')), 2), "none");
  ServerClaim shared = claim(kTelegram, "w.example");
  shared.shared = true;
  EXPECT_EQ(current(shared, 1), "4 shared");
  EXPECT_EQ(current(shared, 2), "3 shared");
}

}  // namespace
}  // namespace chatgate::learn
