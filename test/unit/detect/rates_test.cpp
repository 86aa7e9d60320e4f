// What outlives a flow: detection_filter, threshold, xbits, and the table they are kept in.
#include "detect/rates.h"

#include <gtest/gtest.h>
#include <string>

#include "detect/tracked_table.h"

namespace chatgate::detect {
namespace {

const IpAddress kA = *IpAddress::parse("192.0.2.1");
const IpAddress kB = *IpAddress::parse("192.0.2.2");
const IpAddress kC = *IpAddress::parse("2001:db8::1");

class RatesTest : public ::testing::Test {
 protected:
  Subject at(double seconds, const IpAddress& source = kA, const IpAddress& destination = kB) {
    Subject subject;
    subject.source = source;
    subject.destination = destination;
    subject.now =
        Time{from_seconds(1'000'000).nanoseconds + static_cast<std::uint64_t>(seconds * 1e9)};
    return subject;
  }
  // One letter for each time: "+" where it was due.
  std::string due(const Threshold& threshold, const std::vector<double>& times) {
    std::string text;
    for (const double time : times) text += rates_.due(rule_, threshold, at(time)) ? '+' : '-';
    return text;
  }
  std::string passes(const DetectionFilter& filter, const std::vector<double>& times) {
    std::string text;
    for (const double time : times) text += rates_.passes(rule_, filter, at(time)) ? '+' : '-';
    return text;
  }

  Rates rates_{64, KeyedHash(1)};
  Rule rule_ = [] {
    Rule rule;
    rule.sid = 1;
    return rule;
  }();
};

TEST_F(RatesTest, Limit) {
  const Threshold limit{ThresholdKind::limit, RateTrack::by_source, 2, 10};
  EXPECT_EQ(due(limit, {0, 1, 2, 9.9, 10, 11, 12, 30}), "++--++-+");
}

TEST_F(RatesTest, Threshold) {
  const Threshold every{ThresholdKind::threshold, RateTrack::by_source, 3, 10};
  EXPECT_EQ(due(every, {0, 1, 2, 3, 4, 5}), "--+--+");
  // The interval begins with the first match, or the last alert.
  EXPECT_EQ(due(every, {30, 31, 40, 41, 49}), "----+");
}

TEST_F(RatesTest, Both) {
  const Threshold both{ThresholdKind::both, RateTrack::by_source, 2, 10};
  EXPECT_EQ(due(both, {0, 1, 2, 3, 10, 11, 12}), "-+---+-");
  const Threshold once{ThresholdKind::both, RateTrack::by_destination, 1, 10};
  EXPECT_EQ(due(once, {20, 21, 31}), "+-+");
}

TEST_F(RatesTest, DetectionFilter) {
  const DetectionFilter filter{RateTrack::by_source, 2, 10};
  EXPECT_EQ(passes(filter, {0, 1, 2, 3}), "--++");
  // The interval after a busy one passes from the beginning, one after a pause does not.
  EXPECT_EQ(passes(filter, {10.5, 11}), "++");
  EXPECT_EQ(passes(filter, {40, 41, 42}), "--+");
}

TEST_F(RatesTest, TracksAreApart) {
  Threshold limit{ThresholdKind::limit, RateTrack::by_source, 1, 10};
  EXPECT_TRUE(rates_.due(rule_, limit, at(0, kA, kB)));
  EXPECT_FALSE(rates_.due(rule_, limit, at(0, kA, kC)));
  EXPECT_TRUE(rates_.due(rule_, limit, at(0, kC, kB)));
  limit.track = RateTrack::by_destination;
  EXPECT_TRUE(rates_.due(rule_, limit, at(0, kA, kB)));
  EXPECT_FALSE(rates_.due(rule_, limit, at(0, kC, kB)));
  EXPECT_TRUE(rates_.due(rule_, limit, at(0, kA, kC)));
  limit.track = RateTrack::by_both;
  EXPECT_TRUE(rates_.due(rule_, limit, at(0, kA, kB)));
  EXPECT_TRUE(rates_.due(rule_, limit, at(0, kB, kA)));
  EXPECT_FALSE(rates_.due(rule_, limit, at(0, kA, kB)));
  limit.track = RateTrack::by_rule;
  EXPECT_TRUE(rates_.due(rule_, limit, at(0, kA, kB)));
  EXPECT_FALSE(rates_.due(rule_, limit, at(0, kC, kC)));
}

TEST_F(RatesTest, RulesAreApart) {
  const Threshold limit{ThresholdKind::limit, RateTrack::by_source, 1, 10};
  Rule other = rule_;
  other.sid = 2;
  Rule generator = rule_;
  generator.gid = 3;
  Rule revised = rule_;
  revised.rev = 9;
  EXPECT_TRUE(rates_.due(rule_, limit, at(0)));
  EXPECT_TRUE(rates_.due(other, limit, at(0)));
  EXPECT_TRUE(rates_.due(generator, limit, at(0)));
  EXPECT_FALSE(rates_.due(revised, limit, at(0)));
}

TEST_F(RatesTest, XbitsExpire) {
  Xbit bit;
  bit.expire_seconds = 5;
  EXPECT_FALSE(rates_.is_set(7, XbitTrack::source, at(0)));
  rates_.apply(bit, 7, at(0));
  EXPECT_TRUE(rates_.is_set(7, XbitTrack::source, at(4.9)));
  EXPECT_FALSE(rates_.is_set(7, XbitTrack::source, at(5)));
  EXPECT_FALSE(rates_.is_set(8, XbitTrack::source, at(1)));
}

TEST_F(RatesTest, XbitsOfAddressesAndPairs) {
  Xbit bit;
  rates_.apply(bit, 7, at(0, kA, kB));
  EXPECT_TRUE(rates_.is_set(7, XbitTrack::source, at(1, kA, kC)));
  EXPECT_TRUE(rates_.is_set(7, XbitTrack::destination, at(1, kC, kA)));
  EXPECT_FALSE(rates_.is_set(7, XbitTrack::source, at(1, kB, kA)));
  EXPECT_FALSE(rates_.is_set(7, XbitTrack::pair, at(1, kA, kB)));
  bit.track = XbitTrack::pair;
  rates_.apply(bit, 7, at(0, kA, kB));
  EXPECT_TRUE(rates_.is_set(7, XbitTrack::pair, at(1, kB, kA)));
  EXPECT_FALSE(rates_.is_set(7, XbitTrack::pair, at(1, kC, kA)));
}

TEST_F(RatesTest, XbitsUnsetAndToggle) {
  Xbit bit;
  bit.operation = XbitOperation::toggle;
  rates_.apply(bit, 7, at(0));
  EXPECT_TRUE(rates_.is_set(7, XbitTrack::source, at(1)));
  rates_.apply(bit, 7, at(1));
  EXPECT_FALSE(rates_.is_set(7, XbitTrack::source, at(2)));
  bit.operation = XbitOperation::set;
  rates_.apply(bit, 7, at(2));
  bit.operation = XbitOperation::unset;
  rates_.apply(bit, 7, at(3));
  rates_.apply(bit, 9, at(3));
  EXPECT_FALSE(rates_.is_set(7, XbitTrack::source, at(3)));
  EXPECT_FALSE(rates_.is_set(9, XbitTrack::source, at(3)));
}

TEST(TrackedTable, ForgetsTheOldest) {
  TrackedTable table(TrackedTable::kWays, KeyedHash(1));  // one bucket
  for (std::uint64_t what = 1; what <= TrackedTable::kWays; ++what) {
    table.take({what, {}, {}}, from_seconds(what)).count = 1;
  }
  table.take({1, {}, {}}, from_seconds(20));
  table.take({99, {}, {}}, from_seconds(21));
  EXPECT_NE(table.find({1, {}, {}}), nullptr);
  EXPECT_EQ(table.find({2, {}, {}}), nullptr);
  EXPECT_NE(table.find({3, {}, {}}), nullptr);
  EXPECT_EQ(table.find({99, {}, {}})->count, 0u);
}

TEST(TrackedTable, NeverGrows) {
  TrackedTable table(100, KeyedHash(1));
  const std::size_t before = table.memory();
  for (std::uint64_t what = 0; what < 10'000; ++what)
    table.take({what, {}, {}}, from_seconds(what));
  EXPECT_EQ(table.memory(), before);
  EXPECT_NE(table.find({9'999, {}, {}}), nullptr);
}

}  // namespace
}  // namespace chatgate::detect
