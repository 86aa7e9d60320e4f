// The engine over packets in memory: decided flows, and new ones from their first packet to their
// verdict. What is timed is the processor time of this thread, so that others on the machine do not
// count.

#include <benchmark/benchmark.h>
#include <ctime>
#include <string>

#include "net/decode.h"

#include "engine_traffic.h"
#include "synth/frames.h"
#include "synth/quic_packets.h"

namespace chatgate::bench {
namespace {

namespace flag = net::tcp_flag;
using synth::Frame;

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// A packet of a decided flow, by the number of flows; each comes once before any comes again.
void packet_of_decided_flow(benchmark::State& state, const std::string& policy,
                            std::uint32_t flows) {
  const Frames frames = datagrams(flows);
  Engine engine(policy, flows + flows / 4);
  engine.run(frames);
  engine.run(frames);
  for (auto _ : state) {
    const double begin = thread_seconds();
    if (engine.run(frames) != frames.count()) state.SkipWithError("packets were dropped");
    state.SetIterationTime(thread_seconds() - begin);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * flows);
}

void decided(benchmark::State& state) {
  packet_of_decided_flow(state, "", static_cast<std::uint32_t>(state.range(0)));
}
BENCHMARK(decided)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->UseManualTime();

// The same under policies of so many rules, none of which matches.
void decided_with_rules(benchmark::State& state) {
  std::string policy = R"({ "rules": [)";
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    policy += (i == 0 ? "" : ",");
    policy += R"({ "category": "im", "from": "172.)" + std::to_string(16 + i / 256 % 16) + "." +
              std::to_string(i % 256) + R"(.0/24", "action": "reset" })";
  }
  packet_of_decided_flow(state, policy + "] }", 100'000);
}
BENCHMARK(decided_with_rules)->Arg(10)->Arg(1'000)->Arg(4'000)->UseManualTime();

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

void time_new_flows(benchmark::State& state, const Frames& opening, const Frames& ending,
                    std::uint64_t verdicts_each) {
  Engine engine("", 4 * kAtOnce, 2 * kAtOnce);
  for (auto _ : state) {
    const std::uint64_t before = engine.counters().get(telemetry::Counter::flows_decided);
    const double begin = thread_seconds();
    engine.run(opening);
    state.SetIterationTime(thread_seconds() - begin);
    const std::uint64_t after = engine.counters().get(telemetry::Counter::flows_decided);
    if (after - before != verdicts_each * kAtOnce) state.SkipWithError("not every flow was judged");
    engine.run(ending);
    engine.pass(std::uint64_t{400} * 1'000'000'000);  // longer than any of these may be silent
    if (engine.counters().get(telemetry::Counter::flows_active) != 0) {
      state.SkipWithError("flows stayed");
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kAtOnce);
}

// SYN, SYN/ACK, ACK and a ClientHello of 517 bytes, by a name that is nobody's or a messenger's.
void new_tls_flow(benchmark::State& state, const std::string& name) {
  constexpr std::uint32_t kClient = 1000, kServer = 9000;
  synth::Octets record = synth::client_hello(name);
  if (record.size() < 517) record = synth::client_hello(name, 517 - record.size());
  const auto size = static_cast<std::uint32_t>(record.size());
  Frames opening(14 + 20 + 20 + record.size()), ending(60);
  enum class Step { syn, syn_ack, ack, hello, taken, reset };
  for (const Step step :
       {Step::syn, Step::syn_ack, Step::ack, Step::hello, Step::taken, Step::reset}) {
    for (std::uint32_t i = 0; i < kAtOnce; ++i) {
      const FlowEnds ends = ends_of(i);
      const std::string client = text_of(ends.client), server = text_of(ends.server);
      Frame there = Frame().v4(client, server), back = Frame().v4(server, client);
      there.tcp(ends.client_port, 443, flag::ack).seq(kClient + 1);
      back.tcp(443, ends.client_port, flag::ack).seq(kServer + 1);
      switch (step) {
        case Step::syn: opening.add(there.flags(flag::syn).seq(kClient).build()); break;
        case Step::syn_ack:
          back.flags(flag::syn).seq(kServer).ack(kClient + 1);
          opening.add(back.build(), net::Side::outside);
          break;
        case Step::ack: opening.add(there.ack(kServer + 1).build()); break;
        case Step::hello: opening.add(there.ack(kServer + 1).payload(record).build()); break;
        case Step::taken:
          ending.add(back.ack(kClient + 1 + size).build(), net::Side::outside);
          break;
        case Step::reset:
          ending.add(
              there.flags(flag::rst | flag::ack).ack(kServer + 1).seq(kClient + 1 + size).build());
          break;
      }
    }
  }
  time_new_flows(state, opening, ending, 1);
}
BENCHMARK_CAPTURE(new_tls_flow, passed, "www.example.org")->UseManualTime();
BENCHMARK_CAPTURE(new_tls_flow, reset, "web.whatsapp.com")->UseManualTime();

// One Initial that holds the whole hello; each flow has keys of its own.
void new_quic_flow(benchmark::State& state, const std::string& name) {
  namespace quic = synth::quic_packets;
  // A QUIC hello is a TLS one without the record's five bytes around it.
  const synth::Octets record = synth::client_hello(name, 200);
  const std::string frames = quic::crypto_frame(0, as_text(Bytes(record).subspan(5)));
  Frames opening(14 + 20 + 8 + 1200), ending(60);
  for (std::uint32_t i = 0; i < kAtOnce; ++i) {
    const FlowEnds ends = ends_of(i);
    quic::Long fields;
    fields.destination = quic::big_endian(std::uint64_t{i} * 0x9e3779b97f4a7c15, 8);
    opening.add(Frame()
                    .v4(text_of(ends.client), text_of(ends.server))
                    .udp(ends.client_port, 443)
                    .payload(quic::initial(frames, fields))
                    .build());
  }
  time_new_flows(state, opening, ending, 1);
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

}  // namespace
}  // namespace chatgate::bench
