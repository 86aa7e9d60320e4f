#include "io/dpdk/link_mirror.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "io/dpdk/idle.h"

namespace chatgate::io {
namespace {

struct Step {
  std::uint64_t milliseconds;
  bool inside, outside;
};

// Plays a course of links, sampled every 50 ms from each step to the next, and writes down what
// was done: "400 outside down".
std::vector<std::string> play(const std::vector<Step>& steps, std::uint64_t end) {
  LinkMirror mirror;
  std::vector<std::string> done;
  std::size_t at = 0;
  for (std::uint64_t now = 0; now <= end; now += 50) {
    while (at + 1 < steps.size() && steps[at + 1].milliseconds <= now) ++at;
    const auto action =
        mirror.observe(Time{(1000 + now) * 1'000'000}, steps[at].inside, steps[at].outside);
    if (!action) continue;
    done.push_back(std::to_string(now) +
                   (action->side == net::Side::inside ? " inside" : " outside") +
                   (action->up ? " up" : " down"));
  }
  return done;
}

using Done = std::vector<std::string>;

TEST(LinkMirror, NothingHappensWhileBothAreUp) {
  EXPECT_EQ(play({{0, true, true}}, 20'000), Done());
}

TEST(LinkMirror, ALostLinkTakesThePartnerDownAndUpAgain) {
  // The held side goes dark because of us; that must not come back at the other.
  EXPECT_EQ(play({{0, true, true},
                  {10'000, false, true},
                  {10'250, false, false},
                  {15'000, true, false},
                  {15'300, true, true}},
                 30'000),
            (Done{"10200 outside down", "15200 outside up"}));
  EXPECT_EQ(play({{0, true, true}, {10'000, true, false}, {10'250, false, false}}, 30'000),
            Done{"10200 inside down"});
}

TEST(LinkMirror, AFlickerIsIgnored) {
  EXPECT_EQ(play({{0, true, true}, {10'000, false, true}, {10'150, true, true}}, 20'000), Done());
  EXPECT_EQ(play({{0, true, true},
                  {10'000, false, false},
                  {12'000, true, false},
                  {12'100, false, false},
                  {14'000, true, false}},
                 14'500),
            (Done{"10200 outside down", "14200 outside up"}));
}

TEST(LinkMirror, AReleasedPortHasTimeToComeUp) {
  EXPECT_EQ(
      play({{0, true, true}, {10'000, false, false}, {12'000, true, false}, {16'000, true, true}},
           30'000),
      (Done{"10200 outside down", "12200 outside up"}));
  // One that does not come up is lost itself.
  EXPECT_EQ(play({{0, true, true}, {10'000, false, false}, {12'000, true, false}}, 30'000),
            (Done{"10200 outside down", "12200 outside up", "17400 inside down"}));
}

TEST(LinkMirror, AtStartLinksHaveTimeToComeUp) {
  EXPECT_EQ(play({{0, true, false}, {4'000, true, true}}, 20'000), Done());
  EXPECT_EQ(play({{0, true, false}}, 20'000), Done{"5200 inside down"});
}

TEST(IdleSteps, SleepsGrowUpToABoundAndStartAnew) {
  IdleSteps steps;
  for (unsigned i = 0; i < IdleSteps::kPollsBeforeSleep; ++i) EXPECT_EQ(steps.next(), 0u);
  std::uint32_t last = steps.next();
  EXPECT_EQ(last, IdleSteps::kFirstSleep);
  for (unsigned i = 0; i < 100; ++i) {
    const std::uint32_t next = steps.next();
    EXPECT_GE(next, last);
    EXPECT_LE(next, IdleSteps::kLongestSleep);
    last = next;
  }
  EXPECT_EQ(last, IdleSteps::kLongestSleep);
  steps.busy();
  EXPECT_EQ(steps.next(), 0u);
}

}  // namespace
}  // namespace chatgate::io
