#include "explain/stage.h"

#include <stdexcept>

#include "engine/worker.h"
#include "net/decode.h"
#include "telemetry/counters.h"

namespace chatgate::explain {
namespace {

using net::tcp_flag::ack;
using net::tcp_flag::psh;
using net::tcp_flag::rst;
using net::tcp_flag::syn;

constexpr std::uint32_t kPackets = 64;  // of one talk that are traced
constexpr std::uint64_t kBetweenPackets = 1'000'000;
constexpr policy::MacAddress kOtherMac = {2, 0, 0, 0, 0, 2};
// Longer than a flow without payload, or a datagram's, lives by default.
constexpr std::uint64_t kBetweenTalks = 61'000'000'000;

}  // namespace

struct Stage::State {
  State(std::shared_ptr<const engine::Snapshot> given, const StageOptions& options)
      : snapshot(std::move(given)), now(options.time), worker(config(options), counters, nullptr) {
    worker.tick(now, *snapshot);
  }

  static engine::WorkerConfig config(const StageOptions& options) {
    engine::WorkerConfig config;
    config.id = options.worker;
    config.flows = options.flows;
    config.inspections = 64;
    config.learned = options.learned;
    config.expected = options.expected;
    config.fragments.frames = 16;
    config.fragments.datagrams = 4;
    return config;
  }

  // False where it is not passed on.
  bool send(const synth::Frame& made, PairId pair, net::Side side, Played& played) {
    const synth::Octets bytes = made.build();
    net::PacketView view = synth::view_of(bytes, side);
    view.pair = pair;
    view.time = now;
    view.number = ++played.packets;
    now.nanoseconds += kBetweenPackets;
    worker.process({&view, 1}, now, *snapshot, *result);
    played.passed = result->dispositions[0].forward;
    for (const engine::ForgedFrame& forged : result->forged_frames()) {
      if (forged.out == played.client_side) note(forged, played);
    }
    return played.passed;
  }

  static void note(const engine::ForgedFrame& forged, Played& played) {
    net::PacketView view;
    view.bytes = forged.bytes();
    view.wire_length = forged.size;
    view.link = forged.link;
    net::Layers layers;
    net::decode(view, layers);
    if (layers.outcome != net::Decoded::transport) return;
    const bool tcp = layers.protocol == net::kTcp;
    const Bytes payload = layers.payload_of(view);
    if (tcp && layers.has(net::tcp_flag::rst)) {
      played.reset = true;
    } else if (!tcp && !payload.empty() && (payload[0] & 0xc0) != 0 && layers.source_port != 53) {
      played.closed = true;
    } else {
      played.answered = true;
    }
  }

  // The request stays with the worker, unless a long talk has filled it.
  void begin_trace() {
    if (trace != nullptr && !trace->is_done()) return trace->rewind();
    trace = std::make_unique<engine::TraceRequest>(engine::TraceFilter(), kPackets);
    worker.mailbox().trace.post(*trace);
  }

  void talk(const Talk& talk, Played& played);
  synth::Frame frame(const TalkEnds& ends, bool from_client, std::uint8_t flags) const;
  void hang_up(const TalkEnds& ends);

  const std::shared_ptr<const engine::Snapshot> snapshot;
  Time now;
  std::uint32_t next[2] = {};  // sequence numbers of client and server
  telemetry::WorkerCounters counters;
  std::unique_ptr<engine::TraceRequest> trace;
  engine::Worker worker;
  std::unique_ptr<engine::BurstResult> result = std::make_unique<engine::BurstResult>();
};

synth::Frame Stage::State::frame(const TalkEnds& ends, bool from_client, std::uint8_t flags) const {
  synth::Frame made;
  if (ends.client_mac) {
    from_client ? made.macs(*ends.client_mac, kOtherMac) : made.macs(kOtherMac, *ends.client_mac);
  }
  if (ends.vlan) made.vlan(*ends.vlan);
  const std::string source = (from_client ? ends.client : ends.server).to_string();
  const std::string destination = (from_client ? ends.server : ends.client).to_string();
  ends.server.is_v4() ? made.v4(source, destination) : made.v6(source, destination);
  const std::uint16_t from = from_client ? ends.client_port : ends.server_port;
  const std::uint16_t to = from_client ? ends.server_port : ends.client_port;
  if (!ends.tcp) return made.udp(from, to);
  made.tcp(from, to, flags).seq(next[from_client ? 0 : 1]);
  if ((flags & ack) != 0) made.ack(next[from_client ? 1 : 0]);
  return made;
}

// What a connection that passed holds of the worker's room is given back, so that the next finds
// the worker as this one did.
void Stage::State::hang_up(const TalkEnds& ends) {
  Played after;
  after.client_side = ends.client_outside ? net::Side::outside : net::Side::inside;
  send(frame(ends, true, rst | ack), ends.pair, after.client_side, after);
}

void Stage::State::talk(const Talk& talk, Played& played) {
  const TalkEnds& ends = talk.ends;
  next[0] = 1000;
  next[1] = 5000;
  played.client_side = ends.client_outside ? net::Side::outside : net::Side::inside;
  const auto side = [&](bool from_client) {
    return from_client ? played.client_side : net::other(played.client_side);
  };
  if (ends.tcp) {
    if (!send(frame(ends, true, syn), ends.pair, side(true), played)) return;
    ++next[0];
    if (!send(frame(ends, false, syn | ack), ends.pair, side(false), played)) return;
    ++next[1];
    if (!send(frame(ends, true, ack), ends.pair, side(true), played)) return;
  }
  for (const Saying& saying : talk.sayings) {
    synth::Frame made = frame(ends, saying.from_client, psh | ack);
    made.payload(saying.bytes);
    if (!send(made, ends.pair, side(saying.from_client), played)) return;
    next[saying.from_client ? 0 : 1] += static_cast<std::uint32_t>(saying.bytes.size());
  }
}

Stage::Stage(std::shared_ptr<const engine::Snapshot> snapshot, const StageOptions& options)
    : state_(std::make_unique<State>(std::move(snapshot), options)) {}

Stage::~Stage() = default;

Played Stage::play(const Talk& talk) {
  if (talk.ends.client.is_v4() != talk.ends.server.is_v4()) {
    throw std::invalid_argument("the two ends are of different IP versions");
  }
  Played played;
  state_->begin_trace();
  state_->talk(talk, played);
  const auto entries = state_->trace->published();
  played.entries.assign(entries.begin(), entries.end());
  if (talk.ends.tcp && played.passed) state_->hang_up(talk.ends);
  state_->now.nanoseconds += kBetweenTalks;
  state_->worker.tick(state_->now, *state_->snapshot);
  return played;
}

const engine::Snapshot& Stage::snapshot() const {
  return *state_->snapshot;
}

}  // namespace chatgate::explain
