// The engine over captured packets: what both ports would have sent, and what the engine said.
//
// `chatgate replay` and the tests drive it; everything happens on the calling thread, workers take
// their turns, and the same packets under the same policy give the same result every time. Time is
// the capture's and never goes back: a packet that claims an earlier time is handled at the latest
// one seen.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/address.h"
#include "engine/snapshot.h"
#include "engine/trace.h"
#include "io/pcap/capture_reader.h"
#include "net/packet_view.h"
#include "telemetry/reason.h"
#include "telemetry/sink.h"

#include "replay/offload.h"

namespace chatgate::replay {

struct ReplayOptions {
  unsigned workers = 1;
  std::uint32_t flows = 1u << 16;        // of each worker
  std::uint32_t inspections = 1u << 12;  // of each worker
  bool protocol_events = false;
  std::vector<Prefix> inside;  // empty: see replay/side_finder.h
  std::string host;            // EVE's `host`; empty: left out
  bool redact_people = false;  // as telemetry::EveOptions has it
  // Whether checksums count at all, and if they do, whose are taken for right unseen.
  bool verify_checksums = true;
  OffloadedSenders offloaded;
};

// A frame on its way out, valid during the call that shows it.
struct OutputFrame {
  Bytes bytes;
  std::uint32_t wire_length = 0;
  net::LinkType link = net::LinkType::ethernet;
  net::Side out = net::Side::inside;
  Time time;            // of the packet, or of the one that caused a forged frame
  bool forged = false;  // made by the engine
};

using Output = std::function<void(const OutputFrame&)>;

struct Summary {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  // on the wire
  std::uint64_t flows = 0;
  std::uint64_t forwarded = 0;
  std::uint64_t dropped = 0;
  std::uint64_t forged = 0;
  std::uint64_t alerts = 0;
  double engine_seconds = 0;  // processor time, without reading, writing and start-up

  std::uint64_t packets_per_second() const;
  // The contract's JSON object, without line feed.
  std::string to_json() const;
};

// A capture as a whole in memory.
class LoadedCapture {
 public:
  // Reads to the end, or to what `reader.error()` then says.
  explicit LoadedCapture(io::CaptureReader& reader);

  std::span<const net::PacketView> packets() const { return packets_; }
  bool complete() const { return complete_; }

 private:
  std::vector<std::uint8_t> bytes_;
  std::vector<net::PacketView> packets_;
  bool complete_ = false;
};

class Replay {
 public:
  // `output` may be empty. Sinks get the events.
  Replay(ReplayOptions options, std::shared_ptr<const engine::Snapshot> snapshot,
         std::vector<std::unique_ptr<telemetry::Sink>> sinks, Output output);
  ~Replay();
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // Has packets traced from now on; with one worker only. The request must outlive the replay.
  void trace(engine::TraceRequest& request);

  // All packets of the reader; false where it ended with `reader.error()`.
  bool run(io::CaptureReader& reader);
  // Packets from memory, `times` times over; each round begins a moment after the one before.
  void run(std::span<const net::PacketView> packets, unsigned times);
  // The same for packets at hand, such as a test's. Bytes must stay until `finish`.
  void add(const net::PacketView& packet);

  // Ends all flows and hands every event to the sinks. Nothing may be run afterwards.
  void finish();

  Summary summary() const;
  // How often the engine gave this reason, all workers together.
  std::uint64_t count(telemetry::Reason reason) const;
  // Events that no sink got: full rings and slow peers.
  std::uint64_t events_lost() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chatgate::replay
