#include "latency_histogram.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <vector>

namespace chatgate::bench {
namespace {

TEST(LatencyHistogram, EmptyIsZero) {
  const auto histogram = std::make_unique<LatencyHistogram>();
  EXPECT_EQ(histogram->at(0.5), 0u);
  EXPECT_EQ(histogram->least(), 0u);
  EXPECT_EQ(histogram->most(), 0u);
  EXPECT_EQ(histogram->mean(), 0);
}

TEST(LatencyHistogram, SmallTimesAreExact) {
  const auto histogram = std::make_unique<LatencyHistogram>();
  for (std::uint64_t time = 1; time <= 200; ++time) histogram->add(time);
  EXPECT_EQ(histogram->at(0.5), 100u);
  EXPECT_EQ(histogram->at(0.99), 198u);
  EXPECT_EQ(histogram->at(1), 200u);
  EXPECT_EQ(histogram->least(), 1u);
  EXPECT_DOUBLE_EQ(histogram->mean(), 100.5);
}

// Against all times in order, over twelve decades: never below, and above by less than 1/128.
TEST(LatencyHistogram, QuantilesAgreeWithSortedTimes) {
  std::mt19937_64 random(11);
  const auto histogram = std::make_unique<LatencyHistogram>();
  std::vector<std::uint64_t> times(20'000);
  for (std::uint64_t& time : times) {
    time = random() >> (26 + random() % 38);
    histogram->add(time);
  }
  std::sort(times.begin(), times.end());
  for (const double quantile : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto rank =
        static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(times.size())));
    const std::uint64_t right = times[rank - 1], found = histogram->at(quantile);
    EXPECT_GE(found, right) << quantile;
    EXPECT_LE(found - right, right / 128) << quantile;
  }
  EXPECT_EQ(histogram->most(), times.back());
}

TEST(LatencyHistogram, TimesBeyondTheLastBucketAreInIt) {
  const auto histogram = std::make_unique<LatencyHistogram>();
  histogram->add(std::uint64_t{1} << 50);
  histogram->add(5);
  EXPECT_EQ(histogram->at(0.5), 5u);
  EXPECT_EQ(histogram->most(), std::uint64_t{1} << 50);
}

}  // namespace
}  // namespace chatgate::bench
