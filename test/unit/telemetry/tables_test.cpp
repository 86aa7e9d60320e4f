// The tables of counters and reasons: one row each, words that a script can rely on.
#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "telemetry/counters.h"

namespace chatgate::telemetry {
namespace {

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

TEST(Tables, CountersHaveDistinctWordsAndHelp) {
  ASSERT_EQ(counters().size(), kCounterCount);
  std::set<std::string_view> words;
  for (const CounterInfo& info : counters()) {
    EXPECT_TRUE(is_word(info.word)) << info.word;
    EXPECT_TRUE(words.insert(info.word).second) << info.word;
    EXPECT_FALSE(info.help.empty()) << info.word;
  }
}

TEST(Tables, ReasonsHaveDistinctWordsAndHelp) {
  ASSERT_EQ(reasons().size(), kReasonCount);
  std::set<std::string_view> words;
  for (const ReasonInfo& info : reasons()) {
    EXPECT_TRUE(is_word(info.word)) << info.word;
    EXPECT_TRUE(words.insert(info.word).second) << info.word;
    EXPECT_FALSE(info.help.empty()) << info.word;
  }
}

TEST(Tables, RowsStandWhereTheirValueSays) {
  EXPECT_EQ(counters()[static_cast<std::size_t>(Counter::packets)].word, "packets");
  EXPECT_EQ(counters()[static_cast<std::size_t>(Counter::events_lost)].word, "events-lost");
  EXPECT_EQ(to_string(Reason::none), "none");
  EXPECT_EQ(to_string(Reason::policy_answer), "policy-answer");
  EXPECT_EQ(to_string(Reason::forge_full), "forge-full");
}

TEST(WorkerCounters, AddsAndSets) {
  const auto figures = std::make_unique<WorkerCounters>();
  figures->add(Counter::bytes, 1500);
  figures->add(Counter::bytes);
  figures->set(Counter::flows_active, 7);
  figures->set(Counter::flows_active, 3);
  figures->add(Reason::policy_drop, 2);
  EXPECT_EQ(figures->get(Counter::bytes), 1501u);
  EXPECT_EQ(figures->get(Counter::flows_active), 3u);
  EXPECT_EQ(figures->get(Counter::packets), 0u);
  EXPECT_EQ(figures->get(Reason::policy_drop), 2u);
  EXPECT_EQ(figures->get(Reason::policy_reset), 0u);
}

TEST(WorkerCounters, CountsApplicationsAndIgnoresOnesBeyondTheTable) {
  const auto figures = std::make_unique<WorkerCounters>();
  using catalog::Evidence;
  figures->add_application(5, Evidence::dns, true);
  figures->add_application(5, Evidence::dns, false);
  figures->add_application(5, Evidence::dns, false);
  figures->add_application(5, Evidence::none, false);
  figures->add_application(kMaxApplications, Evidence::payload, true);
  EXPECT_EQ(figures->application_blocked(5, Evidence::dns), 1u);
  EXPECT_EQ(figures->application_allowed(5, Evidence::dns), 2u);
  EXPECT_EQ(figures->application_allowed(5, Evidence::none), 1u);
  EXPECT_EQ(figures->application_allowed(5, Evidence::payload), 0u);
  EXPECT_EQ(figures->application_blocked(kMaxApplications - 1, Evidence::payload), 0u);
}

}  // namespace
}  // namespace chatgate::telemetry
