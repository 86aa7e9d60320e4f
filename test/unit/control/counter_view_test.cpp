#include "control/counter_view.h"

#include <gtest/gtest.h>

namespace chatgate::control {
namespace {

using telemetry::Counter;
using telemetry::Reason;

constexpr RuleId kFirst{0};
const RuleId kDefault = RuleId::none();

class CounterViewTest : public ::testing::Test {
 protected:
  // What Gateway::publish does to the counts, with `moving` verdicts by workers that move already.
  void publish(std::uint32_t generation, bool same_rules, int moving = 0) {
    view.before_publish(generation);
    a.add_rule(generation - 1, kFirst);  // a worker that still uses the last one
    for (int i = 0; i < moving; ++i) b.add_rule(generation, kFirst);
    view.after_publish(generation, same_rules);
  }

  telemetry::WorkerCounters a, b;
  CounterView view{{&a, &b}, 1};
};

TEST_F(CounterViewTest, SumsWorkersAndSubtractsTheClearing) {
  a.add(Counter::packets, 3);
  b.add(Counter::packets, 4);
  b.set(Counter::flows_active, 9);
  a.add(Reason::policy_reset, 2);
  b.add_application(5, catalog::Evidence::tls_sni, true);
  b.add_application(5, catalog::Evidence::tls_sni, false);
  EXPECT_EQ(view.get(Counter::packets), 7u);
  EXPECT_EQ(view.get(Counter::packets, 1), 4u);
  EXPECT_EQ(view.get(Reason::policy_reset), 2u);
  EXPECT_FALSE(view.clearing());

  view.clear(from_seconds(10), 1000);
  a.add(Counter::packets, 5);
  a.add_application(5, catalog::Evidence::tls_sni, true);
  EXPECT_EQ(view.get(Counter::packets), 5u);
  EXPECT_EQ(view.get(Counter::packets, 1), 0u);
  EXPECT_EQ(view.get(Reason::policy_reset), 0u);
  EXPECT_EQ(view.application(ApplicationId(5)).blocked, 1u);
  EXPECT_EQ(view.application(ApplicationId(5)).allowed, 0u);
  EXPECT_EQ(view.get(Counter::flows_active), 9u) << "a level is not cleared";
  ASSERT_TRUE(view.clearing());
  EXPECT_EQ(view.clearing()->uid, 1000u);
}

TEST_F(CounterViewTest, RuleHitsStartAnewWithEveryPolicyAndLoseNone) {
  a.add_rule(1, kFirst);
  b.add_rule(1, kDefault);
  EXPECT_EQ(view.rule_hits(kFirst), 1u);
  EXPECT_EQ(view.rule_hits(kDefault), 1u);

  publish(2, false, 3);
  EXPECT_EQ(view.rule_hits(kFirst), 3u) << "those under the new policy, from the first one on";
  EXPECT_EQ(view.rule_hits(kDefault), 0u);

  publish(3, false, 2);  // back in the first bank
  EXPECT_EQ(view.rule_hits(kFirst), 2u);
}

TEST_F(CounterViewTest, RuleHitsGoOnOverAModeChange) {
  a.add_rule(1, kFirst);
  publish(2, true, 3);  // adds one under generation 1
  EXPECT_EQ(view.rule_hits(kFirst), 5u);
  publish(3, true);  // adds one under generation 2
  b.add_rule(3, kFirst);
  EXPECT_EQ(view.rule_hits(kFirst), 7u);
}

TEST_F(CounterViewTest, RuleHitsAreClearedAndStayClearedOverAModeChange) {
  a.add_rule(1, kFirst);
  view.clear(from_seconds(1), 0);
  EXPECT_EQ(view.rule_hits(kFirst), 0u);
  publish(2, true, 1);
  EXPECT_EQ(view.rule_hits(kFirst), 2u);
  publish(3, false, 1);
  EXPECT_EQ(view.rule_hits(kFirst), 1u);
  view.clear(from_seconds(2), 0);
  EXPECT_EQ(view.rule_hits(kFirst), 0u);
}

TEST_F(CounterViewTest, RulesBeyondTheTableAreNotCounted) {
  const RuleId beyond{static_cast<RuleId::rep>(telemetry::kMaxRules)};
  a.add_rule(1, beyond);
  a.add_rule(1, RuleId(0xfffe));
  EXPECT_EQ(view.rule_hits(beyond), 0u);
  EXPECT_EQ(view.rule_hits(kDefault), 0u) << "nor taken for the default's";
}

}  // namespace
}  // namespace chatgate::control
