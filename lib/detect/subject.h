// What rules are evaluated on: the buffers, and what is known of the packet and its flow.
//
// Filled by the engine for one look and borrowed for its length; nothing here owns bytes. The words
// are those of rule.h: a "look" is one evaluation of all rules that could apply, on a packet (with
// `PacketFields`) or on a piece of a TCP stream (without).
//
// What a look's buffers hold decides what a match means, so it is fixed here:
//   - On a packet: `payload` is that packet's. Complete by nature.
//   - On a stream: `payload` is a turn, the bytes one end sent from where the other end last fell
//     silent, from its first byte on, as far as they have come (`growing`), and complete when the
//     other end speaks, the stream ends, or kMaxTurn bytes are there.
//   - On a message: the buffers of a protocol (HTTP, TLS, DNS), of one message of a
//     stream or datagram, with the turn or the datagram as `payload` beside them. Rules that look
//     at a buffer of a protocol are evaluated on messages, all others on turns and packets.
// A rule for TCP is evaluated on packets where it asks for what only a packet has (dsize, flags,
// ttl, flow:no_stream, tcp-pkt …), and on streams otherwise, so that what it finds does not depend
// on how the bytes were cut into segments.
//
// Threads: one worker's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/address.h"
#include "base/bytes.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "detect/rule.h"
#include "proto/facts.h"

namespace chatgate::detect {

// The longest turn that is looked at; what one end says beyond it in one breath is not.
constexpr std::size_t kMaxTurn = 8192;

// The buffers of one look.
struct Buffers {
  std::uint64_t present = 0;              // bit by Buffer
  std::uint64_t growing = 0;              // bit by Buffer: more bytes may yet follow those here
  std::array<Bytes, kBufferCount> bytes;  // meaningful where present

  static constexpr std::uint64_t bit(Buffer buffer) {
    return std::uint64_t{1} << static_cast<unsigned>(buffer);
  }
  void set(Buffer buffer, Bytes value, bool complete = true) {
    present |= bit(buffer);
    growing = complete ? growing & ~bit(buffer) : growing | bit(buffer);
    bytes[static_cast<std::size_t>(buffer)] = value;
  }
  bool has(Buffer buffer) const { return (present & bit(buffer)) != 0; }
  bool complete(Buffer buffer) const { return (growing & bit(buffer)) == 0; }
  Bytes get(Buffer buffer) const {
    return has(buffer) ? bytes[static_cast<std::size_t>(buffer)] : Bytes();
  }
  void clear() { present = growing = 0; }
};
static_assert(kBufferCount <= 64);

// What only a packet has; see NumberField in rule.h for the meaning of each.
struct PacketFields {
  std::uint8_t ttl = 0;
  std::uint8_t tos = 0;
  bool is_v4 = true;  // ip_id, fragbits and ip_options exist
  std::uint16_t ip_id = 0;
  std::uint8_t fragbits = 0;          // kFragMore, kFragDont, kFragReserved
  std::uint16_t fragment_offset = 0;  // in units of 8 bytes
  bool from_fragments = false;        // the datagram came in pieces
  Bytes ip_options;                   // of the IPv4 header
  std::uint32_t payload_size = 0;
  // TCP
  std::uint8_t tcp_flags = 0;
  std::uint16_t window = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  // ICMP and ICMPv6
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  bool has_icmp_id = false;  // echo and its answer
  std::uint16_t icmp_id = 0;
  std::uint16_t icmp_sequence = 0;
};

struct Subject {
  // Of the sender and the receiver of what is looked at.
  IpAddress source, destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t ip_protocol = 0;  // behind IPv6 extension headers
  bool to_server = true;
  // TCP: the handshake is complete, or the connection was met midstream; UDP: both ends have sent.
  bool established = false;
  proto::AppProto protocol = proto::AppProto::unknown;  // as recognised so far
  std::array<std::uint64_t, 2> stream_bytes{};          // sent by the client, by the server
  Time now;
  const PacketFields* packet = nullptr;  // null: a look at a stream

  bool on_stream() const { return packet == nullptr; }
};

// What rules remember of a flow: flowbits and flowints by the numbers that the compiled set gave
// their names. Kept with the flow's inspection and cleared with it, and when another set of rules
// comes into force.
struct FlowMemory {
  static constexpr std::size_t kMaxBits = 512;
  static constexpr std::size_t kMaxCounters = 8;  // that one flow can hold at once

  struct Counter {
    std::uint16_t number = 0;  // 0: free; otherwise the flowint's number plus one
    std::uint32_t value = 0;
  };

  std::array<std::uint64_t, kMaxBits / 64> bits{};
  std::array<Counter, kMaxCounters> counters{};
  bool passed = false;  // a `pass` rule matched: nothing more is evaluated on this flow
};

// How far the looks at one growing turn or message have come. A fresh one for each.
struct LookState {
  static constexpr std::size_t kMaxCandidates = 24;

  std::uint64_t scanned = 0;  // bit by Buffer: scanned in its final form
  // Bytes that were scanned of the three buffers that grow: payload, http_client_body, file_data.
  std::array<std::uint32_t, 3> scanned_bytes{};
  std::uint32_t looks = 0;
  std::uint8_t candidate_count = 0;
  std::uint32_t settled = 0;  // bit by candidate: it matched, or can no longer
  bool began = false;         // rules without a fast pattern were taken up
  std::array<SignatureId, kMaxCandidates> candidates;
};

// The rules that matched in one look: alerts to be given and actions to be taken, in the order
// pass, drop, reject, alert, log, then priority, then sid.
struct Hits {
  static constexpr std::size_t kMax = 16;

  std::uint8_t count = 0;
  bool more = false;  // there were more
  std::array<SignatureId, kMax> signatures;
  // The action is taken, but no alert given: noalert, a threshold that is not due, or pass.
  std::array<bool, kMax> silent{};

  void clear() {
    count = 0;
    more = false;
  }
};

}  // namespace chatgate::detect
