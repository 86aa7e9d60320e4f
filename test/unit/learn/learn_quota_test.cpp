#include "learn/learn_quota.h"

#include <gtest/gtest.h>

namespace chatgate::learn {
namespace {

constexpr std::uint64_t kStart = 1'795'000'000;

unsigned taken(LearnQuota& quota, const IpAddress& client, Time now) {
  unsigned count = 0;
  while (count < 10000 && quota.take(client, now)) ++count;
  return count;
}

TEST(LearnQuota, RefillsSlowlyUpToTheBurst) {
  LearnQuota quota(64, KeyedHash(1));
  const IpAddress client = *IpAddress::parse("10.0.0.1");
  EXPECT_EQ(taken(quota, client, from_seconds(kStart)), LearnQuota::kBurst);
  EXPECT_EQ(taken(quota, client, from_seconds(kStart)), 0u);
  EXPECT_EQ(taken(quota, client, from_seconds(kStart - 5)), 0u) << "time may go back";
  EXPECT_EQ(taken(quota, client, from_seconds(kStart + 1)), LearnQuota::kPerSecond);
  EXPECT_EQ(taken(quota, client, from_seconds(kStart + 4)), 3 * LearnQuota::kPerSecond);
  EXPECT_EQ(taken(quota, client, from_seconds(kStart + 100000)), LearnQuota::kBurst);
}

TEST(LearnQuota, ManySmallStepsAddUp) {
  LearnQuota quota(64, KeyedHash(1));
  const IpAddress client = *IpAddress::parse("2001:db8::1");
  taken(quota, client, from_seconds(kStart));
  unsigned count = 0;
  for (std::uint64_t step = 1; step <= 1000; ++step) {
    count += taken(quota, client, Time{from_seconds(kStart).nanoseconds + step * 1'000'000});
  }
  EXPECT_EQ(count, LearnQuota::kPerSecond);
}

TEST(LearnQuota, OneClientDoesNotTakeTheOthers) {
  LearnQuota quota(4096, KeyedHash(1));
  taken(quota, *IpAddress::parse("10.0.0.1"), from_seconds(kStart));
  EXPECT_EQ(taken(quota, *IpAddress::parse("10.0.0.2"), from_seconds(kStart)), LearnQuota::kBurst);
}

}  // namespace
}  // namespace chatgate::learn
