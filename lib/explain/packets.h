// Traced packets in words, one after another: for `show trace`.
//
// Control thread; nothing is kept. What came from the network is not made printable here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "engine/snapshot.h"
#include "engine/trace.h"

namespace chatgate::explain {

struct TracedStep {
  std::string stage;  // a word of engine::TraceStage
  std::string result;
};

struct TracedPacket {
  std::uint64_t number = 0;
  Time time;
  std::uint64_t flow_id = 0;  // 0: of no flow
  std::string heading;
  std::vector<TracedStep> steps;
};

// `snapshot` names applications and rules; rules of another generation are told by that.
std::vector<TracedPacket> describe(const engine::Snapshot& snapshot,
                                   std::span<const engine::TraceEntry> entries);

}  // namespace chatgate::explain
