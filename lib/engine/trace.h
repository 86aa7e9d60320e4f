// The way of chosen packets through the engine, written down step by step.
//
// For `chatgatectl trace`, `packet-tracer`, `chatgate explain` and `audit`. Whoever asks (the
// control thread, or a tool that drives a worker itself) owns a TraceRequest with room for what is
// to be written, and posts it in the worker's mailbox. The worker fills it and gives it back;
// nothing is allocated or locked on the way, and without a request a packet costs one comparison.
// What was published of `entries` (the first `used`) may be read while the worker goes on.
//
// A packet's entries stand together, in the order of its steps: `decode` first, `disposition` last.
// A packet for which there is no room any more ends the trace.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "catalog/ids.h"
#include "engine/inspection.h"
#include "engine/judge.h"
#include "engine/packet_filter.h"
#include "engine/request_slot.h"
#include "flow/flow.h"
#include "net/decode.h"
#include "net/packet_view.h"
#include "telemetry/reason.h"

namespace chatgate::engine {

enum class TraceStage : std::uint8_t {
  decode,       // addresses, ports, size
  flow,         // its record: new or not, and how far it is
  admission,    // refused, for `reason`; nothing where an endpoint would take it
  parse,        // what looking at the payload came to, and the name it gave first
  access,       // the first line of the access list that matches, if any, and its action
  verdict,      // what was recognised, and what the policy says
  measure,      // a check that is no rule acts, for `reason`
  disposition,  // what became of the packet, and how many frames were made because of it
};
constexpr std::size_t kTraceStageCount = 8;

std::string_view to_string(TraceStage stage);

// One step. Which fields mean something depends on the stage.
struct TraceEntry {
  TraceStage stage = TraceStage::decode;
  std::uint64_t packet = 0;  // its number in a capture; on a device counted by the trace
  Time time;
  net::Side side = net::Side::inside;
  std::uint32_t generation = 0;  // of the snapshot that numbers the rules
  policy::TimeSet times = 0;     // in force

  net::Decoded decoded = net::Decoded::transport;
  std::uint8_t protocol = 0;  // IANA number
  std::uint8_t tcp_flags = 0;
  std::uint8_t vlan_count = 0;
  std::array<std::uint16_t, 2> vlan{};
  std::uint32_t wire_length = 0, payload_size = 0;
  IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;

  std::uint64_t flow_id = 0;
  bool fresh = false;  // the packet opened the flow
  flow::Way way = flow::Way::to_server;
  flow::Stage flow_stage = flow::Stage::undecided;

  Inspected inspected = Inspected::undecided;
  proto::AppProto app_proto = proto::AppProto::unknown;
  bool ech = false;               // the hello offers an encrypted one, in earnest or not
  proto::ClientHello::Alpn alpn;  // that the hello offers and the catalogue knows; empty: none

  Ends ends;                  // the verdict's, but for `learned_name`
  bool unclassified = false;  // see Judgement
  policy::AccessId line;      // of the access list; none: no line matches
  catalog::Classification im;
  policy::Verdict verdict;
  bool has_messenger = false;
  proto::Messenger messenger;

  telemetry::Reason reason = telemetry::Reason::none;
  policy::Action action = policy::Action::allow;  // the measure's, or the line's
  bool forward = true;
  std::uint16_t forged = 0;

  std::uint8_t name_size = 0, learned_size = 0;
  std::array<char, proto::HostName::kCapacity> name, learned;

  std::string_view name_view() const { return {name.data(), name_size}; }
  // That DNS answers gave the verdict's server.
  std::string_view learned_view() const { return {learned.data(), learned_size}; }
  void set_ends(const Ends& of) {
    ends = of;
    ends.learned_name = {};  // whoever lends it does not wait for the reader
    learned_size = static_cast<std::uint8_t>(of.learned_name.copy(learned.data(), learned.size()));
  }
  void set_name(std::string_view text) {
    name_size = static_cast<std::uint8_t>(text.copy(name.data(), name.size()));
  }
};

// Which packets; everything that is set must hold.
struct TraceFilter : PacketFilter {
  std::uint64_t flow_id = 0;  // as in events; 0: any
  // The flow that is opened as the Nth of the worker's life, from 1; 0: any.
  std::uint64_t flow_number = 0;

  bool matches(const net::Layers& layers) const;
};

class TraceRequest : public PostedRequest {
 public:
  // The most steps that are kept of one packet; what it does beyond them is left out.
  static constexpr std::size_t kMostSteps = 32;

  TraceRequest(const TraceFilter& filter, std::uint32_t packets)
      : filter_(filter), wanted_(packets), entries_(packets * kRoomEach + kMostSteps) {}

  // Asker: what can be read now.
  std::span<const TraceEntry> published() const {
    return std::span(entries_).first(used_.load(std::memory_order_acquire));
  }
  // Asker: asks the worker to give it back with its next burst or tick.
  void stop() { stopped_.store(true, std::memory_order_relaxed); }

  // Asker, once the worker has ended or given it back: the flow that was meant by its number, as in
  // events; 0 where it never came.
  std::uint64_t flow_id() const { return filter_.flow_id; }

  // Asker, that drives the worker itself and is between two bursts: room again for as many packets.
  void rewind() {
    packets_ = 0;
    used_.store(0, std::memory_order_relaxed);
  }

 private:
  friend class Pipeline;
  static constexpr std::size_t kRoomEach = 8;

  TraceFilter filter_;
  const std::uint32_t wanted_;
  std::vector<TraceEntry> entries_;
  std::uint32_t packets_ = 0;  // worker's: traced so far
  std::uint32_t writing_ = 0;  // worker's: end of what is written
  std::atomic<std::uint32_t> used_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace chatgate::engine
