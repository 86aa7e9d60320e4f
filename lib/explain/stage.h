// A worker of one's own between two made-up ends: conversations in, what became of them out.
//
// `explain` and `audit` play what is described through the same engine that moves packets, frame by
// frame, and read from its trace what it did. Nothing of a running gateway is touched, but what DNS
// answers and signalling taught may be borrowed from it.
//
// Not for the packet path: it takes memory. One thread. Throws std::invalid_argument where a talk
// has ends that no frame can have.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/address.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "engine/snapshot.h"
#include "engine/trace.h"

#include "learn/expected_flows.h"
#include "learn/learned_servers.h"
#include "synth/frames.h"

namespace chatgate::explain {

struct TalkEnds {
  IpAddress client, server;
  std::uint16_t client_port = 0, server_port = 0;
  bool tcp = true;
  std::optional<std::uint16_t> vlan;
  bool client_outside = false;
  PairId pair{0};
  // Of the client, or of the router before it.
  std::optional<policy::MacAddress> client_mac = {};
};

// What one end says, in one segment or datagram.
struct Saying {
  bool from_client = true;
  synth::Octets bytes;
};

struct Talk {
  TalkEnds ends;
  std::vector<Saying> sayings;
};

// What became of a talk. It ends with the first packet that is not passed on.
struct Played {
  bool passed = true;
  // What the client got in place of what was stopped.
  bool reset = false;     // a TCP RST
  bool answered = false;  // an answer to its DNS question
  bool closed = false;    // QUIC's CONNECTION_CLOSE
  net::Side client_side = net::Side::inside;
  std::size_t packets = 0;
  std::vector<engine::TraceEntry> entries;
};

struct StageOptions {
  // Of whoever plays beside running workers: one that none of them has, and that the snapshot was
  // loaded for.
  WorkerId worker{0};
  std::uint32_t flows = 64;
  Time time = from_seconds(1'700'000'000);
  learn::LearnedServers* learned = nullptr;
  learn::ExpectedFlows* expected = nullptr;

  // For whoever plays thousands of talks: flows last longer than a talk, and a table that is full
  // changes what becomes of the next.
  static constexpr std::uint32_t kManyFlows = 4096;
};

class Stage {
 public:
  Stage(std::shared_ptr<const engine::Snapshot> snapshot, const StageOptions& options);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // A minute after the one before. Two talks between the same ends and ports are one flow.
  Played play(const Talk& talk);

  const engine::Snapshot& snapshot() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chatgate::explain
