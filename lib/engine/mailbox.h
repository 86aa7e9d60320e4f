// How the control thread asks a worker about its flows, and has packets traced, without a lock.
//
// Control posts one request at a time and waits for `done`; the worker answers between bursts, a
// bounded slice of its table at each tick, so a large table delays no packet.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "engine/trace.h"
#include "telemetry/event.h"

namespace chatgate::engine {

// Fills `flows` (whose capacity control reserved) with copies of flows in the form of flow events.
struct FlowQuery {
  std::size_t limit = 0;  // most flows wanted; `flows` is sized to it beforehand
  bool blocked_only = false;
  ApplicationId application;  // none: any
  std::uint64_t flow_id = 0;  // as in events; 0: any
  std::vector<telemetry::Event> flows;
  std::size_t found = 0;     // how many entries of `flows` are filled
  std::size_t matching = 0;  // how many flows matched, also beyond the limit
  std::uint32_t cursor = 0;  // worker's own
  std::atomic<bool> done{false};
};

class Mailbox {
 public:
  TraceSlot trace;

  // Control. False while an earlier request is still being answered. The query stays control's and
  // must live until `done`, or until the worker has ended.
  bool post(FlowQuery& query) {
    FlowQuery* expected = nullptr;
    return query_.compare_exchange_strong(expected, &query, std::memory_order_release);
  }

  // Worker.
  FlowQuery* pending() { return query_.load(std::memory_order_acquire); }
  void finish() {
    FlowQuery* query = query_.load(std::memory_order_relaxed);
    query_.store(nullptr, std::memory_order_relaxed);
    query->done.store(true, std::memory_order_release);
  }

 private:
  std::atomic<FlowQuery*> query_{nullptr};
};

}  // namespace chatgate::engine
