#include "detect/rule_groups.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/ip_protocol.h"

namespace chatgate::detect {
namespace {

using ip_protocol::kIcmp;
using ip_protocol::kIcmp6;
using ip_protocol::kTcp;
using ip_protocol::kUdp;

constexpr std::uint64_t kPayloads =
    Buffers::bit(Buffer::payload) | Buffers::bit(Buffer::raw_payload);

// Whether it looks at a buffer of a protocol.
bool is_about_messages(const Rule& rule) {
  return std::any_of(rule.payload.begin(), rule.payload.end(), [](const PayloadOption& option) {
    const Buffer buffer = std::visit([](const auto& one) { return one.target.buffer; }, option);
    return (Buffers::bit(buffer) & kPayloads) == 0;
  });
}

bool belongs(const RankedRule& ranked, LookKind kind, bool to_server) {
  const Rule& rule = *ranked.rule;
  if (rule.flow.way == (to_server ? FlowWay::to_client : FlowWay::to_server)) return false;
  const bool messages = is_about_messages(rule);
  switch (kind) {
    case LookKind::tcp_stream: return rule.protocol.tcp && !ranked.needs_packet && !messages;
    case LookKind::tcp_message: return rule.protocol.tcp && !ranked.needs_packet && messages;
    case LookKind::tcp_packet: return rule.protocol.tcp && ranked.needs_packet;
    case LookKind::udp: return rule.protocol.udp && !messages;
    case LookKind::udp_message: return rule.protocol.udp && messages;
    case LookKind::icmp: return rule.protocol.icmp;
    case LookKind::other: break;
  }
  return rule.protocol.other;
}

bool has_ports(LookKind kind) {
  return kind != LookKind::icmp && kind != LookKind::other;
}

// What the rule says of the port at the server's end of a look this way.
PortSet server_ports(const Rule& rule, LookKind kind, bool to_server) {
  if (!has_ports(kind)) return PortSet::any();
  if (rule.both_ways) return rule.source.ports->united(*rule.destination.ports);
  return to_server ? *rule.destination.ports : *rule.source.ports;
}

// The union of many sets of which most are one and the same.
template <typename Value>
class SetUnion {
 public:
  void add(const std::shared_ptr<const RangeSet<Value>>& set) {
    if (!seen_.insert(set.get()).second) return;
    ranges_.insert(ranges_.end(), set->ranges().begin(), set->ranges().end());
  }
  RangeSet<Value> result() && { return RangeSet<Value>::of(std::move(ranges_)); }

 private:
  std::set<const RangeSet<Value>*> seen_;
  std::vector<typename RangeSet<Value>::Range> ranges_;
};

class EndUnion {
 public:
  void add(const Endpoint& end) {
    addresses_.add(end.addresses);
    ports_.add(end.ports);
  }
  GroupEnd result() && { return {std::move(addresses_).result(), std::move(ports_).result()}; }

 private:
  SetUnion<IpAddress> addresses_;
  SetUnion<std::uint16_t> ports_;
};

}  // namespace

LookKind kind_of(const Subject& subject, const Buffers& buffers) {
  const bool message = (buffers.present & ~kPayloads) != 0;
  switch (subject.ip_protocol) {
    case kTcp:
      if (!subject.on_stream()) return LookKind::tcp_packet;
      return message ? LookKind::tcp_message : LookKind::tcp_stream;
    case kUdp: return message ? LookKind::udp_message : LookKind::udp;
    case kIcmp:
    case kIcmp6: return LookKind::icmp;
    default: return LookKind::other;
  }
}

RuleGroups::RuleGroups(std::span<const RankedRule> rules, DatabaseCache& cache) {
  Shared shared;
  for (std::size_t kind = 0; kind < kLookKinds; ++kind) {
    for (const bool to_server : {false, true}) {
      Section& section = sections_[kind][to_server];
      section = make_section(rules, static_cast<LookKind>(kind), to_server, cache, shared);
      std::size_t most = 0;
      for (const RuleGroup& group : section.by_port) most = std::max(most, group.always.size());
      most_always_ = std::max(most_always_, section.any.always.size() + most);
    }
  }
  for (auto& [literals, database] : shared) {
    if (database != nullptr) databases_.push_back(std::move(database));
  }
}

RuleGroups::Section RuleGroups::make_section(std::span<const RankedRule> rules, LookKind kind,
                                             bool to_server, DatabaseCache& cache, Shared& shared) {
  std::vector<PortGroups::Entry> entries;
  for (std::uint32_t rank = 0; rank < rules.size(); ++rank) {
    if (!belongs(rules[rank], kind, to_server)) continue;
    entries.push_back({rank, server_ports(*rules[rank].rule, kind, to_server)});
  }
  Section section;
  const bool ported = has_ports(kind);
  section.ports = PortGroups(entries);
  section.any = make_group(rules, section.ports.any(), ported, cache, shared);
  for (const std::vector<std::uint32_t>& ranks : section.ports.groups()) {
    section.by_port.push_back(make_group(rules, ranks, ported, cache, shared));
  }
  return section;
}

RuleGroup RuleGroups::make_group(std::span<const RankedRule> rules,
                                 std::span<const std::uint32_t> ranks, bool has_ports,
                                 DatabaseCache& cache, Shared& shared) {
  RuleGroup group;
  std::map<Buffer, std::map<Literal, std::vector<std::uint32_t>>> by_buffer;
  EndUnion sources;
  EndUnion destinations;
  for (const std::uint32_t rank : ranks) {
    const Rule& rule = *rules[rank].rule;
    sources.add(rule.source);
    destinations.add(rule.destination);
    if (rule.both_ways) {
      sources.add(rule.destination);
      destinations.add(rule.source);
    }
    if (const std::optional<FastPattern>& pattern = rules[rank].fast_pattern) {
      by_buffer[pattern->buffer][pattern->literal].push_back(rank);
    } else {
      group.always.push_back(rank);
    }
  }
  group.source = std::move(sources).result();
  group.destination = std::move(destinations).result();
  if (!has_ports) group.source.ports = group.destination.ports = PortSet::any();

  for (auto& [buffer, by_literal] : by_buffer) {
    Prefilter prefilter;
    prefilter.buffer = buffer;
    std::vector<Literal> literals;
    for (auto& [literal, of_literal] : by_literal) {
      literals.push_back(literal);
      prefilter.starts.push_back(static_cast<std::uint32_t>(prefilter.ranks.size()));
      prefilter.ranks.insert(prefilter.ranks.end(), of_literal.begin(), of_literal.end());
    }
    prefilter.starts.push_back(static_cast<std::uint32_t>(prefilter.ranks.size()));
    const auto [place, fresh] = shared.emplace(std::move(literals), nullptr);
    if (fresh) {
      std::string error;
      place->second = LiteralDatabase::make(place->first, cache, error);
      if (failure_.empty()) failure_ = std::move(error);
    }
    prefilter.database = place->second;
    if (prefilter.database != nullptr) {
      group.prefilters.push_back(std::move(prefilter));
    } else {
      group.always.insert(group.always.end(), prefilter.ranks.begin(), prefilter.ranks.end());
    }
  }
  std::sort(group.always.begin(), group.always.end());
  return group;
}

std::array<const RuleGroup*, 2> RuleGroups::groups_for(LookKind kind,
                                                       const Subject& subject) const {
  const Section& section = sections_[static_cast<std::size_t>(kind)][subject.to_server];
  const std::uint16_t server_port =
      subject.to_server ? subject.destination_port : subject.source_port;
  const std::uint32_t group = section.ports.group_of(server_port);
  std::array<const RuleGroup*, 2> groups{
      &section.any, group == PortGroups::kNone ? nullptr : &section.by_port[group]};
  for (const RuleGroup*& which : groups) {
    if (which != nullptr && !which->may_apply(subject)) which = nullptr;
  }
  return groups;
}

std::size_t RuleGroups::memory() const {
  std::size_t sum = sizeof *this;
  for (const auto& database : databases_) sum += database->memory();
  const auto add = [&sum](const RuleGroup& group) {
    sum += sizeof group + group.always.capacity() * sizeof(group.always[0]);
    for (const Prefilter& prefilter : group.prefilters) {
      sum += sizeof prefilter + prefilter.starts.capacity() * sizeof(prefilter.starts[0]) +
             prefilter.ranks.capacity() * sizeof(prefilter.ranks[0]);
    }
  };
  for (const auto& ways : sections_) {
    for (const Section& section : ways) {
      sum += section.ports.memory();
      add(section.any);
      for (const RuleGroup& group : section.by_port) add(group);
    }
  }
  return sum;
}

}  // namespace chatgate::detect
