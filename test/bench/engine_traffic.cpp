#include "engine_traffic.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "control/loader.h"

#include "synth/frames.h"

namespace chatgate::bench {
namespace {

constexpr std::size_t kBurst = 32;  // as the gateway takes them

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
