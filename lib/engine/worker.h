// One worker: the packet's way from decode to disposition, run to completion.
//
// A worker owns its flows, inspections and counters and is used by one thread at a time. It knows
// plain bytes only: the gateway, replay, tests, fuzzers and benchmarks drive the same class.
//
//   rx → [process: decode → look up flow ─ decided ─────────────────────┐
//                              └ undecided → stream → parse → identify → decide ─┤
//                                                        enforce → account ◄─────┘] → tx
//
// `process` allocates nothing, takes no lock, reads no clock and throws nothing; memory is all
// taken in the constructor.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/keyed_hash.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "engine/burst.h"
#include "engine/mailbox.h"
#include "engine/snapshot.h"
#include "net/fragment_cache.h"
#include "net/packet_view.h"
#include "telemetry/counters.h"
#include "telemetry/event.h"

#include "learn/expected_flows.h"
#include "learn/learned_servers.h"
#include "learn/skype_nodes.h"

namespace chatgate::engine {

struct WorkerConfig {
  WorkerId id{0};
  std::uint32_t flows = 1u << 16;        // most flows in the table
  std::uint32_t inspections = 1u << 12;  // most flows being inspected at once
  // What happens to a packet for which a resource has run out, where the policy does not say.
  policy::OnExhaustion on_failure = policy::OnExhaustion::open;
  bool protocol_events = false;  // dns, tls and http events
  // Off for captures taken where the sender's device had not filled in the checksums yet.
  bool verify_checksums = true;
  net::FragmentLimits fragments;
  KeyedHash hash{};  // the same for all workers of a process
  // What DNS answers taught, shared by all workers of a process; null: nothing is learned. Must
  // outlive the workers.
  learn::LearnedServers* learned = nullptr;
  // What signalling announced, shared likewise; null: nothing is expected.
  learn::ExpectedFlows* expected = nullptr;
  // Who behaves as a node of Skype's network, shared likewise; null: nobody is watched for it.
  learn::SkypeNodes* nodes = nullptr;
};

class Worker {
 public:
  // `events` may be null: no events are made then. Both must outlive the worker.
  Worker(const WorkerConfig& config, telemetry::WorkerCounters& counters,
         telemetry::EventRing* events);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // At most kMaxBurst packets. `now` never goes back; packets' own times are for events only.
  void process(std::span<const net::PacketView> burst, Time now, const Snapshot& snapshot,
               BurstResult& result);

  // Expires flows and answers mail; bounded work. To be called between bursts, about once a
  // millisecond or when idle.
  void tick(Time now, const Snapshot& snapshot);

  // Ends every flow with its event, for an orderly end. Work grows with the table.
  void shut_down(Time now, const Snapshot& snapshot);

  // The control thread's way to ask this worker something.
  Mailbox& mailbox();

  // Bytes taken by tables and pools.
  std::size_t memory() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The worker that owns a packet's flow: a symmetric hash of its two addresses, so that both
// directions and all fragments of a flow meet the same worker. Packets that are not IP belong to
// worker 0. `workers` is at least 1. The snapshot says which encapsulations are looked through.
WorkerId owner(const net::PacketView& packet, const KeyedHash& hash, unsigned workers,
               const Snapshot& snapshot);

}  // namespace chatgate::engine
