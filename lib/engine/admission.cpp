#include "engine/admission.h"

#include "net/validity.h"

namespace chatgate::engine {
namespace {

using flow::ColdFlow;
using flow::Way;
using net::Layers;
using telemetry::Reason;
namespace flag = net::tcp_flag;

// How far behind or ahead sequence numbers compare, over their wrap-around.
std::int32_t distance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}

// Combinations that no implementation sends and that stacks read differently.
bool flags_possible(const Layers& layers) {
  const bool syn = layers.has(flag::syn), fin = layers.has(flag::fin), rst = layers.has(flag::rst);
  if (syn && (fin || rst)) return false;
  if (fin && rst) return false;
  return syn || fin || rst || layers.has(flag::ack) || layers.payload_size != 0;
}

// RFC 5961 section 5.2, its lower bound: what lies before the first byte was never sent at all.
// What lies ahead may have gone another way than through this gateway (asymmetric routes), so it is
// believed; it cannot harm, for bytes that were read are not read again in another version.
bool acknowledges_what_was_sent(const Layers& layers, const ColdFlow& flow,
                                const Inspection* inspection, Way back) {
  if (!layers.has(flag::ack) || !flow.sequence_known(back)) return true;
  const std::uint32_t first = inspection != nullptr ? inspection->first_sequence[index(back)]
                                                    : flow.next_sequence[index(back)];
  return distance(first, layers.acknowledgment) >= 0;
}

// Further behind than any retransmission of a connection's first bytes, or further ahead than the
// gateway could hold: refused, and sent again in due course if it was honest.
bool within_window(const Layers& layers, const ColdFlow& flow, const Inspection* inspection,
                   Way way) {
  if (layers.payload_size == 0 || !flow.sequence_known(way)) return true;
  const std::uint32_t next = flow.next_sequence[index(way)];
  const std::uint32_t first = inspection != nullptr ? inspection->first_sequence[index(way)] : next;
  // A keep-alive repeats the byte before the first (RFC 9293 section 3.8.4).
  const std::int32_t from_first = distance(first, layers.sequence);
  if (from_first < -1 && !layers.has(flag::syn)) return false;
  return distance(next, layers.sequence) <= static_cast<std::int32_t>(stream::TcpStream::kMaxAhead);
}

// RFC 7323 section 5.3, R1.
bool timestamp_fresh(const net::TcpOptions& options, const ColdFlow& flow,
                     const Inspection* inspection, Way way) {
  if (!options.timestamps) return true;
  const std::uint32_t recent = inspection != nullptr ? inspection->recent_timestamp[index(way)]
                                                     : flow.handshake_timestamp(way);
  return recent == 0 || distance(recent, options.timestamp) >= 0;
}

}  // namespace

Reason check_sums(const net::PacketView& packet, const Layers& layers) {
  if (!net::ip_checksum_right(packet, layers)) return Reason::ip_checksum;
  switch (packet.transport_checksum) {
    case net::ChecksumStatus::good: return Reason::none;
    case net::ChecksumStatus::bad: return Reason::transport_checksum;
    case net::ChecksumStatus::unknown: break;
  }
  return net::transport_checksum_right(packet, layers) ? Reason::none : Reason::transport_checksum;
}

Reason admit(const Layers& layers, const net::TcpOptions& options, const ColdFlow& flow,
             const Inspection* inspection, Way way) {
  if (!flags_possible(layers)) return Reason::tcp_flags;
  if (!options.ok) return Reason::tcp_options;
  const bool handshake = layers.has(flag::syn);
  if ((options.md5 || options.authentication) && !handshake &&
      !flow.has(ColdFlow::kAuthenticated)) {
    return Reason::tcp_authenticated;
  }
  if (handshake) return Reason::none;
  if (!layers.has(flag::ack) && !layers.has(flag::rst)) return Reason::tcp_no_ack;
  if (!acknowledges_what_was_sent(layers, flow, inspection, reverse(way)) &&
      !layers.has(flag::rst)) {
    return Reason::tcp_acknowledgment;
  }
  if (!within_window(layers, flow, inspection, way)) return Reason::tcp_window;
  if (!layers.has(flag::rst) && !timestamp_fresh(options, flow, inspection, way)) {
    return Reason::tcp_timestamp;
  }
  return Reason::none;
}

}  // namespace chatgate::engine
