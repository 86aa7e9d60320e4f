// How the control thread asks a worker about its flows, and has packets traced or captured, without
// a lock.
//
// Control posts one request of a kind at a time and waits until it is done; the worker answers
// between bursts, a bounded slice of its table at each tick, so a large table delays no packet.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/capture.h"
#include "engine/request_slot.h"
#include "engine/talkers.h"
#include "engine/trace.h"
#include "telemetry/event.h"

namespace chatgate::engine {

// Which flows; everything that is set must hold.
struct FlowFilter {
  bool blocked_only = false;
  ApplicationId application;         // none: any
  std::uint64_t flow_id = 0;         // as in events; 0: any
  std::optional<IpAddress> address;  // of either end
  std::uint16_t port = 0;            // of either end; 0: any
};

// What is to be done with the flows that match: they are copied into `flows` (whose size control
// set) in the form of flow events, as far as there is room, summed up in `talkers`, and forgotten.
struct FlowQuery : PostedRequest {
  FlowFilter filter;
  std::vector<telemetry::Event> flows;
  TalkerTable* talkers = nullptr;  // null: nothing is summed up
  bool forget = false;             // their records are given back, each with its flow event
  std::size_t found = 0;           // how many entries of `flows` are filled
  std::size_t matching = 0;        // how many flows matched, also those without room
  std::uint32_t cursor = 0;        // worker's own
};

struct Mailbox {
  RequestSlot<FlowQuery> flows;
  RequestSlot<TraceRequest> trace;
  std::array<RequestSlot<CaptureRequest>, kMostCaptures> captures;
};

}  // namespace chatgate::engine
