#include "engine_traffic.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "control/loader.h"
#include "net/decode.h"

#include "synth/frames.h"
#include "synth/quic_packets.h"

namespace chatgate::bench {
namespace {

namespace flag = net::tcp_flag;
using synth::Frame;

}  // namespace

void Frames::add(Bytes frame, net::Side side) {
  bytes_.resize(bytes_.size() + stride_);
  std::memcpy(&bytes_[bytes_.size() - stride_], frame.data(), std::min(frame.size(), stride_));
  lengths_.push_back(static_cast<std::uint32_t>(std::min(frame.size(), stride_)));
  sides_.push_back(side);
}

void Frames::view(std::size_t i, Time now, net::PacketView& view) const {
  view.bytes = {&bytes_[i * stride_], lengths_[i]};
  view.wire_length = lengths_[i];
  view.side = sides_[i];
  view.time = now;
}

Frames datagrams(std::uint32_t flows, std::size_t size) {
  constexpr std::size_t kHeaders = 14 + 20 + 8;
  constexpr std::uint16_t kNobodysPort = 47111;
  Frames frames(size);
  for (std::uint32_t i = 0; i < flows; ++i) {
    const FlowEnds ends = ends_of(i);
    frames.add(synth::Frame()
                   .v4(text_of(ends.client), text_of(ends.server))
                   .udp(ends.client_port, kNobodysPort)
                   .payload(synth::Octets(size - kHeaders, 0x55))
                   .build());
  }
  return frames;
}

NewFlows new_tls_flows(const std::string& name, std::uint32_t flows) {
  constexpr std::uint32_t kClient = 1000, kServer = 9000;
  synth::Octets record = synth::client_hello(name);
  if (record.size() < 517) record = synth::client_hello(name, 517 - record.size());
  const auto size = static_cast<std::uint32_t>(record.size());
  NewFlows made{Frames(14 + 20 + 20 + record.size()), Frames(60)};
  enum class Step { syn, syn_ack, ack, hello, taken, reset };
  for (const Step step :
       {Step::syn, Step::syn_ack, Step::ack, Step::hello, Step::taken, Step::reset}) {
    for (std::uint32_t i = 0; i < flows; ++i) {
      const FlowEnds ends = ends_of(i);
      const std::string client = text_of(ends.client), server = text_of(ends.server);
      Frame there = Frame().v4(client, server), back = Frame().v4(server, client);
      there.tcp(ends.client_port, 443, flag::ack).seq(kClient + 1);
      back.tcp(443, ends.client_port, flag::ack).seq(kServer + 1);
      switch (step) {
        case Step::syn: made.opening.add(there.flags(flag::syn).seq(kClient).build()); break;
        case Step::syn_ack:
          back.flags(flag::syn).seq(kServer).ack(kClient + 1);
          made.opening.add(back.build(), net::Side::outside);
          break;
        case Step::ack: made.opening.add(there.ack(kServer + 1).build()); break;
        case Step::hello: made.opening.add(there.ack(kServer + 1).payload(record).build()); break;
        case Step::taken:
          made.ending.add(back.ack(kClient + 1 + size).build(), net::Side::outside);
          break;
        case Step::reset:
          there.flags(flag::rst | flag::ack).ack(kServer + 1).seq(kClient + 1 + size);
          made.ending.add(there.build());
          break;
      }
    }
  }
  return made;
}

NewFlows new_quic_flows(const std::string& name, std::uint32_t flows) {
  namespace quic = synth::quic_packets;
  // A QUIC hello is a TLS one without the record's five bytes around it.
  const synth::Octets record = synth::client_hello(name, 200);
  const std::string frames = quic::crypto_frame(0, as_text(Bytes(record).subspan(5)));
  NewFlows made{Frames(14 + 20 + 8 + 1200), Frames(60)};
  for (std::uint32_t i = 0; i < flows; ++i) {
    const FlowEnds ends = ends_of(i);
    quic::Long fields;
    fields.destination = quic::big_endian(std::uint64_t{i} * 0x9e3779b97f4a7c15, 8);
    Frame frame = Frame().v4(text_of(ends.client), text_of(ends.server));
    frame.udp(ends.client_port, 443).payload(quic::initial(frames, fields));
    made.opening.add(frame.build());
  }
  return made;
}

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Engine::Engine(const std::string& policy, std::uint32_t flows, std::uint32_t inspections) {
  control::LoadRequest request;
  request.policy_file = CHATGATE_POLICY;
  request.catalogue_folder = control::default_catalogue_folder(request.policy_file);
  if (policy.starts_with("{")) {
    request.policy_text = policy;
  } else if (!policy.empty()) {
    request.policy_file = policy;
  }
  const control::LoadResult loaded = control::load(request, registry_);
  snapshot_ = loaded.snapshot;
  if (snapshot_ == nullptr) {
    std::fprintf(stderr, "the policy does not load\n");
    std::exit(1);
  }
  engine::WorkerConfig config;
  config.flows = flows;
  config.inspections = inspections;
  config.hash = KeyedHash(7);
  counters_ = std::make_unique<telemetry::WorkerCounters>();
  worker_ = std::make_unique<engine::Worker>(config, *counters_, nullptr);
  result_ = std::make_unique<engine::BurstResult>();
}

std::uint64_t Engine::run(const Frames& frames) {
  std::array<net::PacketView, kBurst> views;
  std::uint64_t forwarded = 0;
  for (std::size_t at = 0; at < frames.count(); at += kBurst) {
    const std::size_t count = std::min(kBurst, frames.count() - at);
    for (std::size_t i = 0; i < count; ++i) frames.view(at + i, now_, views[i]);
    worker_->process({views.data(), count}, now_, *snapshot_, *result_);
    for (std::size_t i = 0; i < count; ++i) forwarded += result_->dispositions[i].forward ? 1 : 0;
    now_.nanoseconds += 1000;
  }
  return forwarded;
}

void Engine::pass(std::uint64_t nanoseconds) {
  // A millisecond at a time, as a gateway does: a tick's work is bounded.
  for (std::uint64_t passed = 0; passed < nanoseconds; passed += 1'000'000) {
    now_.nanoseconds += 1'000'000;
    worker_->tick(now_, *snapshot_);
  }
}

}  // namespace chatgate::bench
