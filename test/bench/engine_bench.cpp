// The engine over packets in memory: decided flows, and new ones from their first packet to their
// end.

#include <benchmark/benchmark.h>

#include "engine_traffic.h"

namespace chatgate::bench {
namespace {

// A packet of a decided flow, by the number of flows; each comes once before any comes again.
void decided(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  const Frames frames = datagrams(flows);
  Engine engine("", flows + flows / 4);
  engine.run(frames);
  engine.run(frames);
  std::uint64_t packets = 0;
  for (auto _ : state) {
    if (engine.run(frames) != frames.count()) state.SkipWithError("packets were dropped");
    packets += frames.count();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(packets));
}
BENCHMARK(decided)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace chatgate::bench

BENCHMARK_MAIN();
