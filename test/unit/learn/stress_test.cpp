// Several threads on one table: whatever a reader sees was written as a whole. Also meant to run
// under ThreadSanitizer (-Db_sanitize=thread).

#include <atomic>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "proto/dns_wire.h"

#include "learn/learned_servers.h"

namespace chatgate::learn {
namespace {

constexpr unsigned kAddresses = 64;  // few, so that threads meet
constexpr std::uint32_t kNow = 1'795'000'000;

IpAddress address(unsigned number) {
  const std::uint8_t bytes[4] = {192, 0, 2, static_cast<std::uint8_t>(number)};
  return IpAddress::from_v4(bytes);
}

// Every field follows from the address and one number, so that a mixture of two writes shows.
std::string name_of(unsigned number, unsigned variant) {
  return std::string(variant % 50 + 1, static_cast<char>('a' + variant % 26)) + "." +
         std::to_string(number) + "." + std::to_string(variant);
}

ServerClaim claim_of(unsigned number, unsigned variant, const std::string& name) {
  ServerClaim claim;
  // An address always is the same application's; some belong to none.
  if (number % 4 != 0) claim.application = ApplicationId(static_cast<std::uint16_t>(number));
  claim.name = name;
  claim.ttl = 1000 + number;
  claim.generation = variant;
  claim.service = static_cast<catalog::Service>(variant % 12);
  return claim;
}

bool is_whole(const LearnedServer& server) {
  const unsigned number = server.address.bytes[15];
  const std::string name = name_of(number, server.generation);
  const bool application =
      number % 4 == 0 ? !server.application.valid() : server.application.value() == number;
  return application && server.name() == name && server.expires == kNow + 1000 + number &&
         server.name_hash == proto::dns::hash_of_name(name) &&
         server.service == static_cast<catalog::Service>(server.generation % 12);
}

TEST(LearnedServersStress, ReadersSeeWholeEntries) {
  constexpr unsigned kWriters = 3, kReaders = 2, kRounds = 40000;
  LearnedServers table(128, KeyedHash(1));
  std::atomic<unsigned> writing{kWriters};
  std::atomic<std::uint64_t> torn{0}, seen{0}, lost{0};

  std::vector<std::thread> threads;
  for (unsigned writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      std::mt19937 random(writer);
      for (unsigned round = 0; round < kRounds; ++round) {
        const unsigned number = random() % kAddresses, variant = random() % 1000;
        const std::string name = name_of(number, variant);
        const auto outcome =
            table.learn(address(number), claim_of(number, variant, name), from_seconds(kNow));
        if (outcome == LearnedServers::Outcome::lost) ++lost;
        if (writer == 0 && round % 10000 == 9999) table.forget_all();
      }
      --writing;
    });
  }
  for (unsigned reader = 0; reader < kReaders; ++reader) {
    threads.emplace_back([&, reader] {
      const auto check = [&](const LearnedServer& server) {
        ++seen;
        if (!is_whole(server)) ++torn;
      };
      for (unsigned number = reader; writing > 0; ++number) {
        const auto server = table.find(address(number % kAddresses), from_seconds(kNow));
        if (server) check(*server);
        if (number % 1000 == 0) table.for_each(from_seconds(kNow), check);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(torn, 0u);
  EXPECT_GT(seen, 1000u);
  // Nothing is left half-written: every place can be read and written again.
  for (unsigned number = 0; number < kAddresses; ++number) {
    const std::string name = name_of(number, 1);
    const auto outcome =
        table.learn(address(number), claim_of(number, 1, name), from_seconds(kNow));
    ASSERT_NE(outcome, LearnedServers::Outcome::lost) << number;
    if (outcome == LearnedServers::Outcome::refused) {
      // Only what belongs to no application gives way, where all places are applications'.
      ASSERT_EQ(number % 4, 0u);
      continue;
    }
    const auto server = table.find(address(number), from_seconds(kNow));
    ASSERT_TRUE(server) << number;
    EXPECT_TRUE(is_whole(*server)) << number;
  }
  RecordProperty("lost", std::to_string(lost));
}

// Two threads that tell different things of one address: it is shared in the end, whichever way
// they met.
TEST(LearnedServersStress, NoClaimIsForgottenInARace) {
  constexpr unsigned kRounds = 3000;
  LearnedServers table(1024, KeyedHash(1));
  for (unsigned round = 0; round < kRounds; ++round) {
    const IpAddress server = *IpAddress::parse("2001:db8::" + std::to_string(round % 9000 + 1));
    std::atomic<unsigned> ready{0};
    std::atomic<bool> done[2] = {false, false};
    const auto tell = [&](unsigned which) {
      ServerClaim claim;
      claim.application = which == 0 ? ApplicationId(3) : ApplicationId();
      claim.name = which == 0 ? "wa.example" : "shop.example";
      claim.ttl = 300;
      ++ready;
      while (ready < 2) std::this_thread::yield();
      done[which] = table.learn(server, claim, from_seconds(kNow)) != LearnedServers::Outcome::lost;
    };
    std::thread other(tell, 1);
    tell(0);
    other.join();
    const auto found = table.find(server, from_seconds(kNow));
    ASSERT_TRUE(found);
    ASSERT_TRUE(done[0] || done[1]);
    EXPECT_EQ(found->application, done[0] ? ApplicationId(3) : ApplicationId());
    EXPECT_EQ(found->shared, done[0] && done[1]);
    table.forget_all();
  }
}

}  // namespace
}  // namespace chatgate::learn
