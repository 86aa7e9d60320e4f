// What a worker's tables take: counts that no machine changes.

#include <gtest/gtest.h>

#include "engine/worker.h"

namespace chatgate::engine {
namespace {

std::size_t memory_of(std::uint32_t flows, std::uint32_t inspections) {
  WorkerConfig config;
  config.flows = flows;
  config.inspections = inspections;
  const auto counters = std::make_unique<telemetry::WorkerCounters>();
  return Worker(config, *counters, nullptr).memory();
}

TEST(WorkerMemory, OfAMillionFlowsIsBelowOneGibibyte) {
  EXPECT_LE(memory_of(1'000'000, 50'000), std::size_t{1} << 30);
}

// What is not the flows' does not grow with them: at most 128 bytes of table, and a name for each
// eighth flow.
TEST(WorkerMemory, GrowsByTheFlow) {
  const std::size_t few = memory_of(100'000, 1000), many = memory_of(300'000, 1000);
  EXPECT_GE(many - few, 200'000u * 112);
  EXPECT_LE(many - few, 200'000u * 160);
}

}  // namespace
}  // namespace chatgate::engine
