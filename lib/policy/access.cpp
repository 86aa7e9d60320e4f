#include "policy/access.h"

#include <algorithm>

#include "base/ip_protocol.h"

namespace chatgate::policy {
namespace {

using ip_protocol::kTcp;
using ip_protocol::kUdp;

bool may_match_others(const AccessEntry& entry) {
  if (!entry.ports.empty()) return false;
  return entry.protocols.empty() ||
         std::any_of(entry.protocols.begin(), entry.protocols.end(),
                     [](std::uint8_t protocol) { return protocol != kTcp && protocol != kUdp; });
}

}  // namespace

bool AccessList::matches(const AccessEntry& entry, const Question& question) {
  if (!entry.protocols.empty() && std::find(entry.protocols.begin(), entry.protocols.end(),
                                            question.protocol) == entry.protocols.end()) {
    return false;
  }
  const auto holds_port = [&](const AccessEntry::PortRange& range) {
    return range.first <= question.server_port && question.server_port <= range.last;
  };
  return holds(entry.when, question.times) && entry.from.contains(question.client) &&
         entry.to.contains(question.server) && entry.path.holds(question.circumstances) &&
         (entry.ports.empty() || std::any_of(entry.ports.begin(), entry.ports.end(), holds_port));
}

AccessList::AccessList(std::vector<AccessEntry> entries) : entries_(std::move(entries)) {
  std::vector<CandidateIndex::Entry> indexed;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const AccessEntry& entry = entries_[i];
    indexed.push_back({static_cast<Position>(i), &entry.from, &entry.to});
    concerns_others_ = concerns_others_ || may_match_others(entry);
    if (entry.unconditional()) break;
  }
  index_ = CandidateIndex(indexed);
}

AccessId AccessList::first_match(const Question& question) const {
  CandidateWalk walk;
  walk.add(index_, question.client, question.server);
  while (const auto position = walk.next()) {
    if (matches(entries_[*position], question)) return AccessId(*position);
  }
  return AccessId::none();
}

}  // namespace chatgate::policy
