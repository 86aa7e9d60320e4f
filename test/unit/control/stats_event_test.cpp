// The counters as an event: one line of JSON, with what `show counters` has, clearings subtracted.

#include "control/stats_event.h"

#include <gtest/gtest.h>
#include <memory>
#include <nlohmann/json.hpp>

namespace chatgate::control {
namespace {

using telemetry::Counter;

TEST(StatsEvent, HoldsEveryCounterOfAllWorkersUnderItsWord) {
  const auto one = std::make_unique<telemetry::WorkerCounters>();
  const auto other = std::make_unique<telemetry::WorkerCounters>();
  one->add(Counter::packets, 40);
  other->add(Counter::packets, 2);
  other->add(Counter::events_lost, 3);
  CounterView view({one.get(), other.get()}, 1);
  const std::string line = stats_line(view, Time{1'764'230'400'000'001'000}, 77, "gw1");
  EXPECT_EQ(line.find('\n'), line.npos);
  const auto event = nlohmann::json::parse(line);
  EXPECT_EQ(event["timestamp"], "2025-11-27T08:00:00.000001+0000");
  EXPECT_EQ(event["event_type"], "stats");
  EXPECT_EQ(event["host"], "gw1");
  EXPECT_EQ(event["stats"]["uptime"], 77);
  const auto& counters = event["stats"]["counters"];
  EXPECT_EQ(counters.size(), telemetry::counters().size());
  EXPECT_EQ(counters["packets"], 42);
  EXPECT_EQ(counters["events-lost"], 3);
  EXPECT_EQ(counters["dropped"], 0);

  view.clear(Time{1}, 0);
  one->add(Counter::packets, 5);
  const auto later = nlohmann::json::parse(stats_line(view, Time{2}, 78, ""));
  EXPECT_EQ(later["stats"]["counters"]["packets"], 5);
  EXPECT_FALSE(later.contains("host"));
}

}  // namespace
}  // namespace chatgate::control
