// The loop of one worker: take frames from its queues, let the engine judge them, send them on.
//
// Runs on one pinned logical core of the EAL. What it shares with others: the hand-over rings, the
// snapshot's pointer under RCU, its figures (relaxed atomics that others read).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>
#include <vector>

#include "engine/worker.h"
#include "io/dpdk/clock.h"
#include "io/dpdk/idle.h"
#include "io/dpdk/port.h"
#include "io/dpdk/queue_plan.h"

namespace chatgate::io {

// A ring that belongs to nobody's thread; freed with it, with the frames left in it.
struct FrameRingDeleter {
  void operator()(rte_ring* ring) const;
};
using FrameRing = std::unique_ptr<rte_ring, FrameRingDeleter>;

// What all workers of a gateway share. Set up before any of them runs.
struct Shared {
  unsigned workers = 1;
  Idle idle = Idle::sleep;
  KeyedHash hash{};
  std::vector<std::unique_ptr<Port>> ports;  // inside and outside of each pair, in turn
  std::vector<std::uint8_t> index_of;        // from DPDK's port number to the place in `ports`
  std::vector<bool> by_software;             // indexed by pair: frames are handed to their owner
  QueuePlan plan;

  // handover[from][to]: frames on their way to the worker that owns their flow. One producer and
  // one consumer each. outbound[worker]: frames to be sent on queues that only it may use, with
  // their port in mbuf->port.
  std::vector<std::vector<FrameRing>> handover;
  std::vector<FrameRing> outbound;

  std::atomic<const engine::Snapshot*> snapshot{nullptr};
  rte_rcu_qsbr* rcu = nullptr;
  const Clock* clock = nullptr;
  std::atomic<bool> stop{false};
};

struct WorkerFigures {
  std::atomic<std::uint64_t> polls{0}, empty_polls{0}, sleeps{0};
  std::atomic<const engine::Snapshot*> taken{nullptr};  // what the last round was made with
  std::atomic<std::uint32_t> generation{0};             // of it
  std::atomic<std::uint64_t> handed_over{0}, taken_over{0};
};

class WorkerThread {
 public:
  static constexpr unsigned kBurst = 64;
  static_assert(kBurst <= engine::kMaxBurst && kBurst <= PacketRing::kMaxLook);

  WorkerThread(Shared& shared, const engine::WorkerConfig& config, std::size_t events);
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // The loop; returns after `shared.stop`, when all flows have ended with their events.
  void run();

  engine::Worker& engine() { return engine_; }
  const telemetry::WorkerCounters& counters() const { return counters_; }
  telemetry::EventRing& events() { return events_; }
  const WorkerFigures& figures() const { return figures_; }

 private:
  // Frames waiting to be sent on one port.
  struct OutQueue {
    std::array<rte_mbuf*, kBurst + engine::BurstResult::kMaxForged> frames;
    std::uint16_t count = 0;
  };
  // Where the bytes of a frame in several buffers are gathered for the engine to read.
  using Scratch = std::array<std::uint8_t, kAfPacketFrame>;

  unsigned poll(const engine::Snapshot& snapshot);
  unsigned receive(const QueuePlan::Receive& queue, std::span<rte_mbuf*> frames);
  void hand_over(std::span<rte_mbuf*> frames, const engine::Snapshot& snapshot);
  void inspect(std::span<rte_mbuf*> frames, const engine::Snapshot& snapshot);
  bool send_as_they_came(std::span<rte_mbuf*> frames);
  void view(rte_mbuf* frame, const Port& port, unsigned slot, net::PacketView& packet);
  const Port& port_of(const rte_mbuf* frame) const {
    return *shared_.ports[shared_.index_of[frame->port]];
  }
  // A frame of the engine's own, in a fresh buffer.
  void send_copy(PairId pair, net::Side out, Bytes bytes);
  void put(unsigned port, rte_mbuf* frame);
  void flush(unsigned port);
  void send_by_port(unsigned port, std::span<rte_mbuf*> frames);
  void send(unsigned port, std::uint16_t queue, std::span<rte_mbuf*> frames);
  rte_mbuf* in_one_piece(rte_mbuf* frame, const Port& port);
  void lose(std::span<rte_mbuf* const> frames, telemetry::Reason reason, bool counted);
  void rest(std::uint32_t microseconds);
  static void bump(std::atomic<std::uint64_t>& figure, std::uint64_t amount = 1) {
    figure.store(figure.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  Shared& shared_;
  const unsigned id_;
  const QueuePlan::Worker plan_;
  MonotonicClock clock_;
  Time now_;
  telemetry::WorkerCounters counters_;
  telemetry::EventRing events_;
  engine::Worker engine_;
  WorkerFigures figures_;
  IdleSteps idle_;

  std::vector<OutQueue> out_;  // indexed by port
  std::array<net::PacketView, kBurst> views_;
  engine::BurstResult result_;
  std::unique_ptr<std::array<Scratch, kBurst>> scratch_;
  std::vector<std::vector<rte_mbuf*>> foreign_;  // indexed by worker; capacity kBurst each
};

}  // namespace chatgate::io
