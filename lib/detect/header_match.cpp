#include "detect/header_match.h"

#include <algorithm>
#include <variant>

#include "base/ip_protocol.h"

namespace chatgate::detect {
namespace {

using ip_protocol::kTcp;
using ip_protocol::kUdp;

bool is_icmp(const Subject& subject) {
  return ip_protocol::is_icmp(subject.ip_protocol);
}

// Whether only PacketFields can say.
bool needs_packet(const Condition& condition) {
  if (const auto* number = std::get_if<NumberCondition>(&condition)) {
    return number->field != NumberField::ip_proto;
  }
  return std::holds_alternative<FlagCondition>(condition) ||
         std::holds_alternative<FragCondition>(condition) ||
         std::holds_alternative<IpOptionCondition>(condition);
}

bool needs_packet(const Rule& rule) {
  const Flow& flow = rule.flow;
  return rule.protocol.only_packets || flow.part == StreamPart::no_stream || flow.only_fragments ||
         flow.no_fragments ||
         std::any_of(rule.conditions.begin(), rule.conditions.end(),
                     [](const Condition& condition) { return needs_packet(condition); });
}

// The field, where the packet has it.
std::optional<std::uint64_t> field_of(NumberField field, const Subject& subject,
                                      const PacketFields& packet) {
  const auto where = [](bool exists, std::uint64_t value) {
    return exists ? std::optional(value) : std::nullopt;
  };
  const bool tcp = subject.ip_protocol == kTcp;
  switch (field) {
    case NumberField::dsize: return packet.payload_size;
    case NumberField::ttl: return packet.ttl;
    case NumberField::tos: return packet.tos;
    case NumberField::ip_id: return where(packet.is_v4, packet.ip_id);
    case NumberField::fragoffset: return packet.fragment_offset;
    case NumberField::ip_proto: return subject.ip_protocol;
    case NumberField::tcp_seq: return where(tcp, packet.sequence);
    case NumberField::tcp_ack: return where(tcp, packet.acknowledgment);
    case NumberField::tcp_window: return where(tcp, packet.window);
    case NumberField::icmp_type: return where(is_icmp(subject), packet.icmp_type);
    case NumberField::icmp_code: return where(is_icmp(subject), packet.icmp_code);
    case NumberField::icmp_id: return where(is_icmp(subject) && packet.has_icmp_id, packet.icmp_id);
    case NumberField::icmp_seq:
      return where(is_icmp(subject) && packet.has_icmp_id, packet.icmp_sequence);
  }
  return {};
}

bool flags_match(FlagMatch match, unsigned flags, unsigned wanted) {
  switch (match) {
    case FlagMatch::exactly: return flags == wanted;
    case FlagMatch::all: return (flags & wanted) == wanted;
    case FlagMatch::any: return (flags & wanted) != 0;
    case FlagMatch::none: return (flags & wanted) == 0;
  }
  return false;
}

// Walks the options (RFC 791 section 3.1); what cannot be walked ends them.
bool has_option(Bytes options, std::uint8_t type) {
  constexpr std::uint8_t kEnd = 0, kNoOperation = 1;
  for (std::size_t at = 0; at < options.size();) {
    if (options[at] == type) return true;
    if (options[at] == kEnd) return false;
    std::size_t size = 1;
    if (options[at] != kNoOperation) {
      if (at + 1 == options.size() || options[at + 1] < 2) return false;
      size = options[at + 1];
    }
    at += size;
  }
  return false;
}

// One condition; everything it may look at is in the subject.
struct Holds {
  const Subject& subject;

  bool operator()(const NumberCondition& condition) const {
    if (condition.field == NumberField::ip_proto) {
      return condition.range.matches(subject.ip_protocol);
    }
    if (subject.packet == nullptr) return false;
    const auto value = field_of(condition.field, subject, *subject.packet);
    return value && condition.range.matches(*value);
  }
  bool operator()(const FlagCondition& condition) const {
    if (subject.packet == nullptr || subject.ip_protocol != kTcp) return false;
    const unsigned looked_at = ~unsigned{condition.ignored} & 0xff;
    return flags_match(condition.match, subject.packet->tcp_flags & looked_at,
                       condition.bits & looked_at);
  }
  bool operator()(const FragCondition& condition) const {
    if (subject.packet == nullptr || !subject.packet->is_v4) return false;
    return flags_match(condition.match, subject.packet->fragbits, condition.bits);
  }
  bool operator()(const IpOptionCondition& condition) const {
    if (subject.packet == nullptr || !subject.packet->is_v4) return false;
    const Bytes options = subject.packet->ip_options;
    return condition.any ? !options.empty() : has_option(options, condition.type);
  }
  bool operator()(const SameIpCondition&) const { return subject.source == subject.destination; }
  bool operator()(const AppLayerCondition& condition) const {
    if (subject.protocol == proto::AppProto::unknown) return false;
    const auto& wanted = condition.any_of;
    const bool among = std::find(wanted.begin(), wanted.end(), subject.protocol) != wanted.end();
    return among != condition.negated;
  }
  bool operator()(const StreamSizeCondition& condition) const {
    if (subject.ip_protocol != kTcp) return false;
    const bool client = condition.size.matches(subject.stream_bytes[0]);
    const bool server = condition.size.matches(subject.stream_bytes[1]);
    switch (condition.side) {
      case StreamSide::client: return client;
      case StreamSide::server: return server;
      case StreamSide::both: return client && server;
      case StreamSide::either: return client || server;
    }
    return false;
  }
};

bool end_fits(const Endpoint& end, const IpAddress& address, std::uint16_t port, bool has_ports) {
  return end.addresses->contains(address) && (!has_ports || end.ports->contains(port));
}

}  // namespace

HeaderMatch::HeaderMatch(const Rule& rule)
    : protocol_(rule.protocol),
      source_(rule.source),
      destination_(rule.destination),
      both_ways_(rule.both_ways),
      flow_(rule.flow),
      conditions_(rule.conditions),
      needs_packet_(detect::needs_packet(rule)) {}

bool HeaderMatch::protocol_fits(const Subject& subject) const {
  const auto& applications = protocol_.applications;
  if (!applications.empty() &&
      std::find(applications.begin(), applications.end(), subject.protocol) == applications.end()) {
    return false;
  }
  if (subject.ip_protocol == kTcp) {
    // A rule is for streams or for packets, never for both.
    if (protocol_.only_stream && !subject.on_stream()) return false;
    return protocol_.tcp && subject.on_stream() != needs_packet_;
  }
  if (subject.ip_protocol == kUdp) return protocol_.udp;
  return is_icmp(subject) ? protocol_.icmp : protocol_.other;
}

bool HeaderMatch::flow_fits(const Subject& subject) const {
  if (flow_.state != FlowState::any &&
      subject.established != (flow_.state == FlowState::established)) {
    return false;
  }
  if (flow_.way != FlowWay::any && subject.to_server != (flow_.way == FlowWay::to_server)) {
    return false;
  }
  if (flow_.part != StreamPart::any &&
      subject.on_stream() != (flow_.part == StreamPart::only_stream)) {
    return false;
  }
  if (!flow_.only_fragments && !flow_.no_fragments) return true;
  return subject.packet != nullptr && subject.packet->from_fragments == flow_.only_fragments;
}

bool HeaderMatch::ends_fit(const Subject& subject) const {
  const bool has_ports = subject.ip_protocol == kTcp || subject.ip_protocol == kUdp;
  const auto fit = [&](const Endpoint& source, const Endpoint& destination) {
    return end_fits(source, subject.source, subject.source_port, has_ports) &&
           end_fits(destination, subject.destination, subject.destination_port, has_ports);
  };
  return fit(source_, destination_) || (both_ways_ && fit(destination_, source_));
}

bool HeaderMatch::fits(const Subject& subject) const {
  return protocol_fits(subject) && flow_fits(subject) && ends_fit(subject) &&
         std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
           return std::visit(Holds{subject}, condition);
         });
}

std::size_t HeaderMatch::memory() const {
  return conditions_.capacity() * sizeof(Condition) +
         protocol_.applications.capacity() * sizeof(proto::AppProto);
}

}  // namespace chatgate::detect
