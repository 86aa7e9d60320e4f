// How the engine is timed under Google Benchmark: processor time of this thread, around whole runs.
#pragma once

#include <benchmark/benchmark.h>
#include <cstdint>

#include "telemetry/counters.h"

#include "engine_traffic.h"

namespace chatgate::bench {

// Packets of flows that are decided after `warm` runs; all must be forwarded.
inline void time_decided(benchmark::State& state, Engine& engine, const Frames& frames,
                         unsigned warm = 2) {
  for (; warm != 0; --warm) engine.run(frames);
  for (auto _ : state) {
    const double begin = thread_seconds();
    if (engine.run(frames) != frames.count()) state.SkipWithError("packets were dropped");
    state.SetIterationTime(thread_seconds() - begin);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(frames.count()));
}

// `count` new flows from their first packet to the verdict, of which each gets one.
inline void time_new_flows(benchmark::State& state, const NewFlows& flows, std::uint32_t count) {
  using telemetry::Counter;
  Engine engine("", 4 * count, 2 * count);
  for (auto _ : state) {
    const std::uint64_t before = engine.counters().get(Counter::flows_decided);
    const double begin = thread_seconds();
    engine.run(flows.opening);
    state.SetIterationTime(thread_seconds() - begin);
    const std::uint64_t after = engine.counters().get(Counter::flows_decided);
    if (after - before != count) state.SkipWithError("not every flow was judged");
    engine.run(flows.ending);
    engine.pass(std::uint64_t{400} * 1'000'000'000);  // longer than any of these may be silent
    if (engine.counters().get(Counter::flows_active) != 0) state.SkipWithError("flows stayed");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * count);
}

}  // namespace chatgate::bench
