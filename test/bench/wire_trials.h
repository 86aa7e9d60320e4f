// What wire-load does on command: an open loop of datagrams at a rate, and a closed loop of TLS
// connections, both through whatever forwards between two memif sockets.
//
// One thread, which polls. Times are the monotonic clock's, which the processor's counter gives
// without a system call; one look at it serves a round. A round that took longer than kStoodStill
// is one in which the thread did not have its processor: the schedule is moved by it, and no burst
// makes up for it, so that what a shared machine does to the sender is not done to the forwarder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "latency_histogram.h"
#include "memif_client.h"

namespace chatgate::bench {

constexpr std::uint64_t kStoodStill = 100'000;  // ns

// Both ends of the line; frames of `inside` come out at `outside`, and the reverse.
struct Wire {
  MemifClient& inside;
  MemifClient& outside;
};

struct LoadRequest {
  double rate = 1e6;     // frames a second
  double seconds = 0.5;  // that they are sent for
  std::uint32_t flows = 1000;
  std::vector<std::uint32_t> sizes = {60};
};

// From inside to outside. `offered` = `received` + `lost`; `refused`, which found no room in the
// ring, are among the lost. A frame's latency is from before its being handed over to its being
// found; frames for which this thread was not there in time are received, but have none.
struct LoadOutcome {
  std::uint64_t offered = 0, refused = 0, received = 0, lost = 0, reordered = 0;
  double seconds = 0;      // from the first to the last that was offered, less what stood still
  double behind = 0;       // s that the sender was late at the end: it is the limit itself
  double stood_still = 0;  // s
  LatencyHistogram latency;
};

LoadOutcome run_load(Wire wire, const LoadRequest& request);

struct ConnectionRequest {
  double seconds = 1;       // that connections are begun for
  std::uint32_t count = 0;  // or so many of them, where not zero
  std::uint32_t at_once = 512;
  bool hold = false;  // they are left open
  std::string name = "www.example.org";
};

// Each frame is sent when the one before it has come out at the other end.
struct ConnectionOutcome {
  std::uint64_t completed = 0, frames = 0, resent = 0, unknown = 0;
  double seconds = 0, stood_still = 0;
  bool stuck = false;            // nothing came for seconds
  LatencyHistogram first_bytes;  // from the SYN to the server's first bytes
  LatencyHistogram whole;        // from the SYN to the last frame
};

ConnectionOutcome run_connections(Wire wire, const ConnectionRequest& request);

}  // namespace chatgate::bench
