// Which rule is evaluated before which, and in which order hits are given.
#include "detect/evaluation_order.h"

#include <gtest/gtest.h>

#include "rules.h"

namespace chatgate::detect {
namespace {

std::string sids(const std::vector<Rule>& rules, const std::vector<std::uint32_t>& order) {
  std::string text;
  for (const std::uint32_t index : order) {
    text += (text.empty() ? "" : " ") + std::to_string(rules[index].sid);
  }
  return text;
}

// Rules "ACTION OPTIONS", with sids from 1 on in their order.
std::vector<Rule> load(const std::vector<std::string>& texts) {
  std::string text;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::size_t blank = texts[i].find(' ');
    text += texts[i].substr(0, blank) + " tcp any any -> any any (" + texts[i].substr(blank + 1) +
            " sid:" + std::to_string(i + 1) + ";)\n";
  }
  RuleSet set = parse_rules(text, "f");
  EXPECT_EQ(set.refused, 0u) << findings_text(set);
  return std::move(set.rules);
}

std::string order(const std::vector<std::string>& texts) {
  const std::vector<Rule> rules = load(texts);
  return sids(rules, evaluation_order(rules));
}

TEST(EvaluationOrder, ActionThenSid) {
  EXPECT_EQ(order({"log msg:\"\";", "alert msg:\"\";", "reject msg:\"\";", "drop msg:\"\";",
                   "pass msg:\"\";", "alert msg:\"\";"}),
            "5 4 3 2 6 1");
}

TEST(EvaluationOrder, SettersFirst) {
  EXPECT_EQ(order({"alert flowbits:isset,a;", "alert flowbits:set,a;"}), "2 1");
  EXPECT_EQ(order({"alert flowbits:isnotset,a;", "alert flowbits:unset,a;"}), "2 1");
  EXPECT_EQ(order({"alert flowint:n,>,1;", "alert flowint:n,+,1;"}), "2 1");
  EXPECT_EQ(
      order({"alert xbits:isset,a,track ip_src;", "alert xbits:set,a,track ip_src,expire 9;"}),
      "2 1");
}

TEST(EvaluationOrder, EvenBeforePass) {
  EXPECT_EQ(order({"pass flowbits:isset,a;", "log flowbits:set,a;"}), "2 1");
}

TEST(EvaluationOrder, NamesOfDifferentKindsAreDifferent) {
  EXPECT_EQ(order({"alert flowbits:isset,a;", "alert flowint:a,+,1;", "alert flowbits:set,a;"}),
            "2 3 1");
}

TEST(EvaluationOrder, AChain) {
  EXPECT_EQ(order({"alert flowbits:isset,c;", "alert flowbits:isset,b; flowbits:set,c;",
                   "alert flowbits:isset,a; flowbits:set,b;", "alert flowbits:set,a;"}),
            "4 3 2 1");
}

TEST(EvaluationOrder, TestAndSetComesBetween) {
  EXPECT_EQ(order({"alert flowbits:isset,a;", "alert flowbits:isnotset,a; flowbits:set,a;",
                   "alert flowbits:set,a;"}),
            "3 2 1");
}

TEST(EvaluationOrder, Groups) {
  EXPECT_EQ(
      order({"alert flowbits:isset,a;", "alert flowbits:reset,g;", "alert flowbits:set,a,g;"}),
      "2 3 1");
  EXPECT_EQ(order({"alert flowbits:isset,a;", "alert flowbits:reset;", "alert flowbits:set,a;"}),
            "2 3 1");
}

TEST(EvaluationOrder, CirclesAreBrokenBySid) {
  EXPECT_EQ(order({"alert flowbits:isset,b; flowbits:set,a;",
                   "alert flowbits:isset,a; flowbits:set,b;", "alert flowbits:isset,a;"}),
            "1 2 3");
}

TEST(HitOrder, ActionPrioritySid) {
  const std::vector<Rule> rules =
      load({"alert priority:3;", "alert priority:1;", "drop priority:9;", "pass priority:9;",
            "alert priority:1;", "log priority:1;", "reject priority:2;"});
  EXPECT_EQ(sids(rules, hit_order(rules)), "4 3 7 2 5 1 6");
}

}  // namespace
}  // namespace chatgate::detect
