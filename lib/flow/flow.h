// The record of one flow: what every packet needs in one cache line, the rest in another place.
//
// Together with its share of the buckets a flow takes at most 128 bytes. Records are owned by the
// FlowTable of one worker and referred to by FlowIndex.
#pragma once

#include <array>
#include <cstdint>

#include "base/strong_id.h"
#include "base/time.h"
#include "catalog/ids.h"
#include "flow/flow_key.h"
#include "policy/verdict.h"
#include "proto/facts.h"

namespace chatgate::flow {

using FlowIndex = StrongId<struct FlowTag, std::uint32_t>;
using InspectionIndex = StrongId<struct InspectionTag, std::uint32_t>;
using NameIndex = StrongId<struct NameTag, std::uint32_t>;

// Which way a packet or stream goes: forward is from the initiator to the responder.
enum class Way : std::uint8_t { to_server, to_client };

constexpr Way reverse(Way way) {
  return way == Way::to_server ? Way::to_client : Way::to_server;
}
constexpr std::size_t index(Way way) {
  return static_cast<std::size_t>(way);
}

// How far a flow's judgement is.
enum class Stage : std::uint8_t {
  undecided,   // payload is still looked at
  per_packet,  // never decided as a whole: DNS over UDP
  watched,     // forwarded so far; further messages may still change that
  confirming,  // to be forwarded once the receiver has acknowledged what the verdict rests on
  forwarded,
  dropped,  // silently
  reset,
};

// Whether a verdict stands, so that the record holds a name and a rule.
constexpr bool is_decided(Stage stage) {
  return stage != Stage::undecided && stage != Stage::per_packet;
}

// Whether the numbers of a TCP connection are kept, because its bytes still matter.
constexpr bool is_followed(Stage stage) {
  return stage == Stage::undecided || stage == Stage::watched || stage == Stage::confirming;
}

constexpr bool is_blocked(Stage stage) {
  return stage == Stage::dropped || stage == Stage::reset;
}

// What every packet of a decided flow reads and writes: one cache line.
struct alignas(64) HotFlow {
  FlowKey key;
  Tick last_seen;
  std::uint16_t generation = 0;  // low bits of the policy's generation that decided
  Stage stage = Stage::undecided;
  bool initiator_is_low : 1 = false;
  bool reopening : 1 = false;  // a SYN for the next connection on these ports awaits its answer
  std::uint8_t client_mac : 6 = 0;           // its class, see policy::MacClasses
  std::array<std::uint32_t, 2> packets{};    // by Way
  std::array<std::uint32_t, 2> bytes_low{};  // by Way; overflow goes to ColdFlow::bytes_high

  Way way(bool from_low) const {
    return from_low == initiator_is_low ? Way::to_server : Way::to_client;
  }
  const IpAddress& client() const { return initiator_is_low ? key.low : key.high; }
  const IpAddress& server() const { return initiator_is_low ? key.high : key.low; }
  std::uint16_t client_port() const { return initiator_is_low ? key.low_port : key.high_port; }
  std::uint16_t server_port() const { return initiator_is_low ? key.high_port : key.low_port; }
};
static_assert(sizeof(HotFlow) == 64);

// What only undecided packets, the end of a flow and reports need.
struct ColdFlow {
  // Bits of `flags`.
  static constexpr std::uint8_t kKnownToServer = 0x01;  // next_sequence of that way holds a number
  static constexpr std::uint8_t kKnownToClient = 0x02;
  static constexpr std::uint8_t kFinToServer = 0x04;
  static constexpr std::uint8_t kFinToClient = 0x08;
  static constexpr std::uint8_t kReset = 0x10;
  static constexpr std::uint8_t kPayload = 0x20;
  static constexpr std::uint8_t kInsideOpened = 0x40;  // the initiator is on the inside
  // The SYN carried a TCP-MD5 or TCP-AO option (RFC 2385, RFC 5925), so segments may.
  static constexpr std::uint8_t kAuthenticated = 0x80;

  std::array<std::uint16_t, 2> bytes_high{};
  Tick first_seen;
  // TCP: the sequence number of the next byte each way, as far as it is known.
  std::array<std::uint32_t, 2> next_sequence{};
  // Two words with a meaning for each half of a flow's life; see the accessors.
  std::array<std::uint32_t, 2> words{};
  InspectionIndex inspection;
  FlowIndex timer_next, timer_previous;
  catalog::Classification im;
  RuleId rule;
  std::uint16_t timer_slot = 0;  // FlowTable's own
  proto::AppProto app_proto = proto::AppProto::unknown;
  std::uint8_t flags = 0;
  std::uint8_t resets_sent = 0;
  policy::Action action = policy::Action::allow;

  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  std::uint64_t bytes(const HotFlow& hot, Way way) const {
    return std::uint64_t{bytes_high[index(way)]} << 32 | hot.bytes_low[index(way)];
  }

  // Until the verdict: the latest TCP timestamp of the handshake each way, 0 where none.
  std::uint32_t handshake_timestamp(Way way) const { return words[index(way)]; }
  void set_handshake_timestamp(Way way, std::uint32_t value) { words[index(way)] = value; }
  // From the verdict on: the name that told, and the number of the deciding packet in a capture.
  void decide(NameIndex name, std::uint32_t packet_number) {
    words = {name.value(), packet_number};
  }
  NameIndex name() const { return NameIndex(words[0]); }
  std::uint32_t decided_at() const { return words[1]; }

  bool sequence_known(Way way) const {
    return has(way == Way::to_server ? kKnownToServer : kKnownToClient);
  }
  void set_sequence(Way way, std::uint32_t next) {
    flags |= way == Way::to_server ? kKnownToServer : kKnownToClient;
    next_sequence[index(way)] = next;
  }
  bool closed() const { return has(kReset) || (has(kFinToServer) && has(kFinToClient)); }
};
static_assert(sizeof(ColdFlow) == 48);

}  // namespace chatgate::flow
