// One message at a time: what it costs to read it, from its first byte to its facts.

#include <benchmark/benchmark.h>
#include <string>

#include "net/decode.h"

#include "first_message.h"
#include "synth/frames.h"
#include "synth/quic_packets.h"

namespace chatgate::bench {
namespace {

using proto::Facts;

void decode(benchmark::State& state, const synth::Frame& frame) {
  const synth::Octets bytes = frame.build();
  net::PacketView view = synth::view_of(bytes);
  net::Layers layers;
  for (auto _ : state) {
    benchmark::DoNotOptimize(view);
    net::decode(view, layers);
    benchmark::DoNotOptimize(layers);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK_CAPTURE(decode, udp4,
                  synth::Frame().v4("10.0.0.1", "192.0.2.1").udp(4000, 4001).payload("text"));
BENCHMARK_CAPTURE(decode, tcp6,
                  synth::Frame().v6("2001:db8::1", "2001:db8::2").tcp(4000, 443, 0x10));
BENCHMARK_CAPTURE(decode, tcp4_tagged,
                  synth::Frame().vlan(7).v4("10.0.0.1", "192.0.2.1").tcp(4000, 443, 0x10));

void tls_hello(benchmark::State& state) {
  const synth::Octets hello = synth::client_hello("chat.example.org", 300);
  proto::Context context(16);
  Facts facts;
  for (auto _ : state) {
    if (!read_stream(hello, facts, context) || facts.name_count != 1) {
      state.SkipWithError("the hello was not read");
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(tls_hello);

void datagram(benchmark::State& state, const synth::Octets& payload, std::uint16_t port) {
  proto::Context context(64);
  Facts facts;
  for (auto _ : state) {
    if (!read_datagram(payload, port, facts, context) || facts.name_count == 0) {
      state.SkipWithError("the datagram was not read");
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

void quic_initial(benchmark::State& state) {
  namespace quic = synth::quic_packets;
  const synth::Octets record = synth::client_hello("chat.example.org", 200);
  datagram(
      state,
      synth::from_text(quic::initial(quic::crypto_frame(0, as_text(Bytes(record).subspan(5))))),
      443);
}
BENCHMARK(quic_initial);

void dns_question(benchmark::State& state) {
  datagram(state, synth::dns_query("chat.example.org"), 53);
}
BENCHMARK(dns_question);

}  // namespace
}  // namespace chatgate::bench
