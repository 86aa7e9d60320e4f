// The engine over packets in memory: decided flows, and new ones from their first packet to their
// verdict. What is timed is the processor time of this thread, so that others on the machine do not
// count.

#include <benchmark/benchmark.h>
#include <string>

#include "flow/flow_table.h"

#include "engine_timing.h"
#include "engine_traffic.h"
#include "heavy_policy.h"

namespace chatgate::bench {
namespace {

// A packet of a decided flow, by the number of flows; each comes once before any comes again.
void packet_of_decided_flow(benchmark::State& state, const std::string& policy, std::uint32_t flows,
                            unsigned warm = 2) {
  const Frames frames = datagrams(flows);
  Engine engine(policy, flows + flows / 4);
  time_decided(state, engine, frames, warm);
}

void decided(benchmark::State& state) {
  packet_of_decided_flow(state, "", static_cast<std::uint32_t>(state.range(0)));
}
BENCHMARK(decided)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->UseManualTime();

// The same under policies of so many rules, none of which matches.
void decided_with_rules(benchmark::State& state) {
  packet_of_decided_flow(state, policy_of_rules(static_cast<std::uint32_t>(state.range(0))),
                         100'000);
}
BENCHMARK(decided_with_rules)->Arg(10)->Arg(4'000)->UseManualTime();

// And under 4,000 rules, a list of so many thousand names and so many Snort rules, which are asked
// about a flow's first 32 datagrams.
void decided_with_all(benchmark::State& state) {
  const HeavyPolicy policy(4'000, static_cast<std::uint32_t>(state.range(0)) * 1000,
                           static_cast<std::uint32_t>(state.range(1)));
  packet_of_decided_flow(state, policy.file(), 100'000, 36);
}
BENCHMARK(decided_with_all)->Args({1'000, 10'000})->UseManualTime();

// One worker's flows in each thread, and what a packet takes of its thread's time: caches and
// memory are all that workers share.
void two_workers(benchmark::State& state) {
  constexpr std::uint32_t kFlows = 50'000;
  const Frames frames = datagrams(kFlows);
  Engine engine("", kFlows + kFlows / 4);
  engine.run(frames);
  engine.run(frames);
  double seconds = 0;
  for (auto _ : state) {
    const double begin = thread_seconds();
    engine.run(frames);
    seconds += thread_seconds() - begin;
  }
  const auto packets = static_cast<double>(state.iterations()) * kFlows;
  state.counters["ns_a_packet"] =
      benchmark::Counter(seconds * 1e9 / packets, benchmark::Counter::kAvgThreads);
}
BENCHMARK(two_workers)->Threads(1)->Threads(2);

// Flows side by side, as they are on a wire: all opening packets, then all answers, and so on.
constexpr std::uint32_t kAtOnce = 1024;

void new_tls_flow(benchmark::State& state, const std::string& name) {
  const NewFlows flows = new_tls_flows(name, kAtOnce);
  time_new_flows(state, flows, kAtOnce);
}
BENCHMARK_CAPTURE(new_tls_flow, passed, "www.example.org")->UseManualTime();
BENCHMARK_CAPTURE(new_tls_flow, reset, "web.whatsapp.com")->UseManualTime();

void new_quic_flow(benchmark::State& state, const std::string& name) {
  const NewFlows flows = new_quic_flows(name, kAtOnce);
  time_new_flows(state, flows, kAtOnce);
}
BENCHMARK_CAPTURE(new_quic_flow, passed, "www.example.org")->UseManualTime();
BENCHMARK_CAPTURE(new_quic_flow, reset, "web.whatsapp.com")->UseManualTime();

// What tables and pools take: a count, not a time.
void memory(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  for (auto _ : state) {
    const Engine engine("", flows, static_cast<std::uint32_t>(state.range(1)));
    state.counters["bytes"] = static_cast<double>(engine.memory());
  }
}
BENCHMARK(memory)->Args({1'000'000, 50'000})->Iterations(1);

// What each flow more adds to the table.
void bytes_a_flow(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  for (auto _ : state) {
    const flow::FlowTable one(flows, Tick()), two(2 * flows, Tick());
    state.counters["bytes"] = static_cast<double>(two.memory() - one.memory()) / flows;
  }
}
BENCHMARK(bytes_a_flow)->Arg(1'000'000)->Iterations(1);

}  // namespace
}  // namespace chatgate::bench
