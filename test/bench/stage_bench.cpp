// What each stage of the packet's way costs: the stages' own functions, run alone over the traffic
// that engine-bench has, in bursts and side by side as the worker does it.
//
// For a packet of a decided flow the stages are added one after the other and the whole loop is
// timed each time, so that a stage's figure (the difference: test/bench/stages.py) is what it adds
// where waits for memory overlap. For a new flow each stage runs over all flows by itself. Nothing
// on the packet path reads a clock for this. Processor time of this thread.

#include <algorithm>
#include <array>
#include <benchmark/benchmark.h>
#include <span>
#include <string>
#include <vector>

#include "base/keyed_hash.h"
#include "enforce/tcp_reset.h"
#include "engine/admission.h"
#include "engine/judge.h"
#include "flow/flow_key.h"
#include "flow/flow_table.h"
#include "net/decode.h"
#include "net/plain_headers.h"
#include "stream/buffer_pool.h"
#include "stream/tcp_stream.h"

#include "engine_timing.h"
#include "engine_traffic.h"
#include "first_message.h"

namespace chatgate::bench {
namespace {

constexpr Time kNow{1'800'000'000'000'000'000};
constexpr PairId kPair{0};
constexpr std::uint32_t kAtOnce = 1024;  // new flows side by side
constexpr std::uint32_t kTimeout = 60'000;

// One packet of a burst, as the worker keeps it.
struct Place {
  net::PacketView view;
  net::PlainHeaders plain;
  net::Layers layers;
  flow::FlowPacket key;
  std::uint64_t hash = 0;
};
using Burst = std::array<Place, kBurst>;

enum class Depth : std::uint8_t { view, glance, key, look_up };

struct Table {
  explicit Table(std::uint32_t count) : flows(count + count / 4, Tick(kNow)) {}

  flow::FlowTable flows;
  KeyedHash hash{7};
};

void fill(Table& table, const Frames& frames) {
  for (std::size_t i = 0; i < frames.count(); ++i) {
    Place place;
    frames.view(i, kNow, place.view);
    net::decode(place.view, place.layers);
    flow::make_key(place.layers, kPair, place.key);
    table.flows.insert(place.key.key, flow::hash_key(table.hash, place.key.key));
  }
}

// What decoding looks through under the shipped policy.
net::Encapsulations shipped_look_through() {
  const Engine engine("", 1024);
  return engine.snapshot().policy->controls().inspection.look_through;
}

// The first stages over a burst, up to `depth`; answers how many flows were found.
template <Depth depth>
std::size_t walk(const Frames& frames, std::size_t at, std::size_t count, Burst& burst,
                 Table& table) {
  for (std::size_t i = 0; i < count; ++i) {
    Place& place = burst[i];
    frames.view(at + i, kNow, place.view);
    if constexpr (depth >= Depth::glance) {
      if (!net::read_plain(place.view, place.plain)) continue;
    }
    if constexpr (depth >= Depth::key) {
      flow::make_key(place.plain, kPair, place.key);
      place.hash = flow::hash_key(table.hash, place.key.key);
    }
    if constexpr (depth >= Depth::look_up) table.flows.prefetch_bucket(place.hash);
  }
  std::size_t found = 0;
  if constexpr (depth >= Depth::look_up) {
    for (std::size_t i = 0; i < count; ++i) table.flows.prefetch_flow(burst[i].hash);
    for (std::size_t i = 0; i < count; ++i) {
      const flow::FlowIndex at_flow = table.flows.find(burst[i].key.key, burst[i].hash);
      if (!at_flow.valid()) continue;
      ++found;
      flow::HotFlow& hot = table.flows.hot(at_flow);
      hot.last_seen = Tick(kNow);
      ++hot.packets[0];
      hot.bytes_low[0] += burst[i].view.wire_length;
    }
  }
  return found;
}

template <Depth depth>
void packet(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  const Frames frames = datagrams(flows);
  Table table(flows);
  fill(table, frames);
  Burst burst;
  for (auto _ : state) {
    const double begin = thread_seconds();
    std::size_t found = 0;
    for (std::size_t at = 0; at < frames.count(); at += kBurst) {
      const std::size_t count = std::min(kBurst, frames.count() - at);
      found += walk<depth>(frames, at, count, burst, table);
      benchmark::DoNotOptimize(burst.data());
      benchmark::ClobberMemory();
    }
    state.SetIterationTime(thread_seconds() - begin);
    if (depth == Depth::look_up && found != flows) state.SkipWithError("flows were not found");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * flows);
}

void packet_whole(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  Engine engine("", flows + flows / 4);
  time_decided(state, engine, datagrams(flows));
}

// What net_null makes: the engine's part of the loop in which input and output are measured.
void packet_not_ip(benchmark::State& state) {
  Frames frames(60);
  for (unsigned i = 0; i < 4096; ++i) frames.add(std::vector<std::uint8_t>(60, 0));
  Engine engine("", 4096);
  time_decided(state, engine, frames);
}

#define CHATGATE_FLOWS(registered) registered->Arg(1'000)->Arg(100'000)->UseManualTime()
CHATGATE_FLOWS(BENCHMARK_TEMPLATE(packet, Depth::view)->Name("packet/view"));
CHATGATE_FLOWS(BENCHMARK_TEMPLATE(packet, Depth::glance)->Name("packet/glance"));
CHATGATE_FLOWS(BENCHMARK_TEMPLATE(packet, Depth::key)->Name("packet/key"));
CHATGATE_FLOWS(BENCHMARK_TEMPLATE(packet, Depth::look_up)->Name("packet/look-up"));
CHATGATE_FLOWS(BENCHMARK(packet_whole)->Name("packet/whole"));
BENCHMARK(packet_not_ip)->Name("not-ip")->UseManualTime();

// New flows.

// The packets of kAtOnce TLS flows from SYN to hello, decoded where a stage begins behind that.
struct Openings {
  Openings() {
    for (std::size_t i = 0; i < packets.size(); ++i) {
      flows.opening.view(i, kNow, packets[i].view);
      net::decode(packets[i].view, packets[i].layers);
      flow::make_key(packets[i].layers, kPair, packets[i].key);
      packets[i].hash = flow::hash_key(KeyedHash(7), packets[i].key.key);
    }
  }
  std::span<Place> hellos() { return std::span(packets).last(kAtOnce); }

  NewFlows flows = new_tls_flows("www.example.org", kAtOnce);
  std::vector<Place> packets{flows.opening.count()};
};

Bytes payload_of(const Place& place) {
  return place.view.bytes.subspan(place.layers.payload, place.layers.payload_size);
}

// Times `stage`, which does all flows once, and then does `after` untimed.
template <typename Stage, typename After>
void time_flows(benchmark::State& state, const Stage& stage, const After& after) {
  for (auto _ : state) {
    const double begin = thread_seconds();
    const std::size_t done = stage();
    state.SetIterationTime(thread_seconds() - begin);
    if (done != kAtOnce) state.SkipWithError("not every flow went this way");
    after();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kAtOnce);
}

template <typename Stage>
void time_flows(benchmark::State& state, const Stage& stage) {
  time_flows(state, stage, [] {});
}

void flow_decode(benchmark::State& state) {
  Openings openings;
  const KeyedHash hash(7);
  const net::Encapsulations look_through = shipped_look_through();
  time_flows(state, [&] {
    std::size_t done = 0;
    for (Place& place : openings.packets) {
      net::decode(place.view, place.layers, look_through);
      flow::make_key(place.layers, kPair, place.key);
      place.hash = flow::hash_key(hash, place.key.key);
      done += place.layers.outcome == net::Decoded::transport ? 1 : 0;
    }
    return done / (openings.packets.size() / kAtOnce);
  });
}

void flow_open(benchmark::State& state) {
  Openings openings;
  flow::FlowTable table(4 * kAtOnce, Tick(kNow));
  std::vector<flow::FlowIndex> made(kAtOnce);
  const auto open = [&] {
    std::size_t done = 0;
    for (std::uint32_t i = 0; i < kAtOnce; ++i) {
      const Place& place = openings.packets[i];
      if (table.find(place.key.key, place.hash).valid()) continue;
      made[i] = table.insert(place.key.key, place.hash);
      table.schedule(made[i], Tick(kNow), kTimeout);
      ++done;
    }
    return done;
  };
  time_flows(state, open, [&] {
    for (std::uint32_t i = 0; i < kAtOnce; ++i) table.erase(made[i], openings.packets[i].hash);
  });
}

// The look-ups of the packets behind the first.
void flow_look_up(benchmark::State& state) {
  Openings openings;
  flow::FlowTable table(4 * kAtOnce, Tick(kNow));
  for (const Place& place : std::span(openings.packets).first(kAtOnce)) {
    table.insert(place.key.key, place.hash);
  }
  const auto later = std::span(openings.packets).subspan(kAtOnce);
  time_flows(state, [&] {
    std::size_t done = 0;
    for (const Place& place : later) done += table.find(place.key.key, place.hash).valid() ? 1 : 0;
    return done / (later.size() / kAtOnce);
  });
}

// All four packets: checksums, the longest of them over the hello.
void flow_admit(benchmark::State& state) {
  Openings openings;
  time_flows(state, [&] {
    std::size_t done = 0;
    for (const Place& place : openings.packets) {
      const net::TcpOptions options = net::read_tcp_options(place.view, place.layers);
      benchmark::DoNotOptimize(options);
      done += engine::check_sums(place.view, place.layers) == telemetry::Reason::none ? 1 : 0;
    }
    return done / (openings.packets.size() / kAtOnce);
  });
}

void flow_order(benchmark::State& state) {
  Openings openings;
  stream::BufferPool pool(64);
  std::vector<stream::TcpStream> streams(kAtOnce);
  time_flows(state, [&] {
    std::size_t done = 0, i = 0;
    for (const Place& place : openings.hellos()) {
      stream::TcpStream& stream = streams[i++];
      stream = stream::TcpStream();
      stream.start(place.layers.sequence);
      stream.add(place.layers.sequence, payload_of(place), pool);
      done += stream.view(pool).size() == place.layers.payload_size ? 1 : 0;
      stream.consume(place.layers.payload_size, pool);
      stream.release(pool);
    }
    return done;
  });
}

void flow_parse(benchmark::State& state) {
  Openings openings;
  proto::Context context(16);
  proto::Facts facts;
  time_flows(state, [&] {
    std::size_t done = 0;
    for (const Place& place : openings.hellos()) {
      done += read_stream(payload_of(place), facts, context) && facts.name_count == 1 ? 1 : 0;
    }
    return done;
  });
}

std::vector<engine::Ends> ends_of_all(Openings& openings, proto::AppProto protocol) {
  std::vector<engine::Ends> ends;
  for (const Place& place : openings.hellos()) {
    engine::Ends& each = ends.emplace_back();
    each.client = place.layers.source;
    each.server = place.layers.destination;
    each.server_port = place.layers.destination_port;
    each.tcp = true;
    each.protocol = protocol;
  }
  return ends;
}

// From names to a verdict under the shipped policy: catalogue, lists, rules.
void flow_judge(benchmark::State& state, const std::string& name, bool blocked) {
  Openings openings;
  const Engine engine("", 4096);
  proto::Context context(16);
  proto::Facts facts;
  const NewFlows named = new_tls_flows(name, 1);
  Place hello;
  named.opening.view(3, kNow, hello.view);
  net::decode(hello.view, hello.layers);
  if (!read_stream(payload_of(hello), facts, context)) state.SkipWithError("no hello");
  const std::vector<engine::Ends> ends = ends_of_all(openings, facts.spoken());
  time_flows(state, [&] {
    std::size_t done = 0;
    for (const engine::Ends& each : ends) {
      const engine::Judgement judgement = engine::judge(engine.snapshot(), each, facts);
      done += policy::forwards(judgement.verdict.action) != blocked ? 1 : 0;
    }
    return done;
  });
}

// Whether the SYN can be refused by what is known of the server.
void flow_early(benchmark::State& state) {
  Openings openings;
  const Engine engine("", 4096);
  const std::vector<engine::Ends> ends = ends_of_all(openings, proto::AppProto::unknown);
  time_flows(state, [&] {
    std::size_t done = 0;
    for (const engine::Ends& each : ends) {
      engine::Judgement judgement;
      done += engine::refuse_at_once(engine.snapshot(), each, judgement) ? 0 : 1;
    }
    return done;
  });
}

// Two resets, one to each end.
void flow_forge(benchmark::State& state) {
  Openings openings;
  std::array<std::uint8_t, 256> room{};
  time_flows(state, [&] {
    std::size_t done = 0;
    for (const Place& place : openings.hellos()) {
      const std::uint32_t next = place.layers.sequence;
      const bool both = enforce::reset_to_sender(place.view, place.layers, next, room) != 0 &&
                        enforce::reset_to_receiver(place.view, place.layers, next, room) != 0;
      benchmark::ClobberMemory();
      done += both ? 1 : 0;
    }
    return done;
  });
}

BENCHMARK(flow_decode)->Name("flow/decode")->UseManualTime();
BENCHMARK(flow_open)->Name("flow/open")->UseManualTime();
BENCHMARK(flow_look_up)->Name("flow/look-up")->UseManualTime();
BENCHMARK(flow_early)->Name("flow/early")->UseManualTime();
BENCHMARK(flow_admit)->Name("flow/admit")->UseManualTime();
BENCHMARK(flow_order)->Name("flow/order")->UseManualTime();
BENCHMARK(flow_parse)->Name("flow/parse")->UseManualTime();
BENCHMARK_CAPTURE(flow_judge, passed, "www.example.org", false)
    ->Name("flow/judge")
    ->UseManualTime();
BENCHMARK_CAPTURE(flow_judge, reset, "web.whatsapp.com", true)
    ->Name("flow/judge-reset")
    ->UseManualTime();
BENCHMARK(flow_forge)->Name("flow/forge")->UseManualTime();

void quic_parse(benchmark::State& state) {
  const NewFlows flows = new_quic_flows("www.example.org", kAtOnce);
  std::vector<Place> packets(kAtOnce);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    flows.opening.view(i, kNow, packets[i].view);
    net::decode(packets[i].view, packets[i].layers);
  }
  proto::Context context(64);
  proto::Facts facts;
  time_flows(state, [&] {
    std::size_t done = 0;
    for (const Place& place : packets) {
      done += read_datagram(payload_of(place), 443, facts, context) && facts.name_count == 1;
    }
    return done;
  });
}
BENCHMARK(quic_parse)->Name("quic/parse")->UseManualTime();

// A whole flow of each kind, as in engine-bench.
void whole_flow(benchmark::State& state, NewFlows (*make)(const std::string&, std::uint32_t),
                const std::string& name) {
  const NewFlows flows = make(name, kAtOnce);
  time_new_flows(state, flows, kAtOnce);
}
BENCHMARK_CAPTURE(whole_flow, tls, new_tls_flows, "www.example.org")
    ->Name("flow/whole")
    ->UseManualTime();
BENCHMARK_CAPTURE(whole_flow, reset, new_tls_flows, "web.whatsapp.com")
    ->Name("flow/whole-reset")
    ->UseManualTime();
BENCHMARK_CAPTURE(whole_flow, quic, new_quic_flows, "www.example.org")
    ->Name("quic/whole")
    ->UseManualTime();

}  // namespace
}  // namespace chatgate::bench
