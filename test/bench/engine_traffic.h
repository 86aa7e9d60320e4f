// Traffic made up for measuring the engine, and an engine to measure it with.
//
// Frames lie one behind the other in memory, all of one size, as a driver's buffers would; nothing
// is made while time runs. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "catalog/registry.h"
#include "engine/snapshot.h"
#include "engine/worker.h"
#include "net/packet_view.h"
#include "telemetry/counters.h"

#include "flow_ends.h"

namespace chatgate::bench {

constexpr std::size_t kBurst = 64;  // as the gateway takes them

// Frames of one size, and the side each comes by.
class Frames {
 public:
  explicit Frames(std::size_t size) : size_(size) {}

  void add(Bytes frame, net::Side side = net::Side::inside);
  std::size_t count() const { return sides_.size(); }
  Bytes at(std::size_t i) const { return {&bytes_[i * stride_], lengths_[i]}; }
  void view(std::size_t i, Time now, net::PacketView& view) const;

 private:
  std::size_t size_;
  std::size_t stride_ = (size_ + 63) / 64 * 64;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint32_t> lengths_;
  std::vector<net::Side> sides_;
};

// One datagram of 60 bytes (64 with the check sequence) for each of `flows` flows, in an order of
// their own.
Frames datagrams(std::uint32_t flows, std::size_t size = 60);

// The packets of new flows, side by side as on a wire: the first of each, the second of each, and
// so on until all are judged; and then what ends them.
struct NewFlows {
  Frames opening;
  Frames ending;
};
// SYN, SYN/ACK, ACK and a ClientHello of 517 bytes.
NewFlows new_tls_flows(const std::string& name, std::uint32_t flows);
// One Initial that holds the whole hello; each flow has keys of its own.
NewFlows new_quic_flows(const std::string& name, std::uint32_t flows);

// Processor time of this thread, so that others on the machine do not count.
double thread_seconds();

// An engine under a policy, one worker.
class Engine {
 public:
  // `policy`: a file, or JSON where it begins with a brace.
  Engine(const std::string& policy, std::uint32_t flows, std::uint32_t inspections = 1u << 12);

  // Bursts of kBurst until all have gone through; answers how many were forwarded.
  std::uint64_t run(const Frames& frames);
  // Lets `nanoseconds` pass, and the worker tidy up.
  void pass(std::uint64_t nanoseconds);

  const engine::Snapshot& snapshot() const { return *snapshot_; }
  std::size_t memory() const { return worker_->memory(); }
  const telemetry::WorkerCounters& counters() const { return *counters_; }

 private:
  catalog::ApplicationRegistry registry_;
  std::shared_ptr<const engine::Snapshot> snapshot_;
  std::unique_ptr<telemetry::WorkerCounters> counters_;
  std::unique_ptr<engine::Worker> worker_;
  std::unique_ptr<engine::BurstResult> result_;
  Time now_{1'800'000'000'000'000'000};
};

}  // namespace chatgate::bench
