// The last events stay, blocked ones longer, and nobody is told of one twice or of none.
#include "telemetry/recent_events.h"

#include <gtest/gtest.h>

namespace chatgate::telemetry {
namespace {

using Kind = RecentEvents::Kind;
using Lines = std::vector<std::string>;

TEST(RecentEvents, TheLastOnesStay) {
  RecentEvents events(3);
  EXPECT_TRUE(events.last(Kind::all, 10).lines.empty());
  for (int i = 1; i <= 5; ++i) events.add(std::to_string(i) + "\n", false);
  EXPECT_EQ(events.last(Kind::all, 10).lines, (Lines{"3", "4", "5"}));
  EXPECT_EQ(events.last(Kind::all, 2).lines, (Lines{"4", "5"}));
  EXPECT_EQ(events.count(Kind::all), 5u);
}

TEST(RecentEvents, BlockedOnesAreNotPushedOutByOthers) {
  RecentEvents events(2);
  events.add("blocked", true);
  for (int i = 1; i <= 5; ++i) events.add(std::to_string(i), false);
  EXPECT_EQ(events.last(Kind::blocked, 10).lines, Lines{"blocked"});
  EXPECT_EQ(events.last(Kind::all, 10).lines, (Lines{"4", "5"}));
  EXPECT_EQ(events.count(Kind::blocked), 1u);
}

TEST(RecentEvents, AReaderGoesOnWhereItWasAndLearnsWhatItMissed) {
  RecentEvents events(3);
  std::uint64_t next = events.count(Kind::all);
  events.add("1", false);
  events.add("2", false);
  RecentEvents::Page page = events.since(Kind::all, next, 1);
  EXPECT_EQ(page.lines, Lines{"1"});
  EXPECT_EQ(page.missed, 0u);
  page = events.since(Kind::all, page.next, 10);
  EXPECT_EQ(page.lines, Lines{"2"});
  for (int i = 3; i <= 7; ++i) events.add(std::to_string(i), false);
  page = events.since(Kind::all, page.next, 10);
  EXPECT_EQ(page.lines, (Lines{"5", "6", "7"}));
  EXPECT_EQ(page.missed, 2u);
  page = events.since(Kind::all, page.next, 10);
  EXPECT_TRUE(page.lines.empty());
  EXPECT_EQ(page.missed, 0u);
}

TEST(RecentEvents, ALineWithoutBoundIsNotKept) {
  RecentEvents events(3);
  events.add(std::string(RecentEvents::kLongest + 1, 'x'), true);
  EXPECT_EQ(events.count(Kind::all), 0u);
  events.add(std::string(RecentEvents::kLongest, 'x') + "\n", true);
  EXPECT_EQ(events.count(Kind::blocked), 1u);
}

}  // namespace
}  // namespace chatgate::telemetry
