// Header, flow and conditions of one rule: what it asks of a subject beside its payload.
//
// Made at load time, immutable, asked on the packet path of any worker; bounded by the conditions
// of the rule. Keeps the address and port sets it shares with the rule.
//
// A condition on what the subject has not (an IPv4 identification of an IPv6 packet, a TTL of a
// piece of stream, an ICMP type of TCP) is false, negated or not. app-layer-protocol is false while
// the protocol is not yet known.
#pragma once

#include <cstddef>
#include <vector>

#include "detect/rule.h"
#include "detect/subject.h"

namespace chatgate::detect {

class HeaderMatch {
 public:
  explicit HeaderMatch(const Rule& rule);

  // Whether anything in it needs PacketFields.
  bool needs_packet() const { return needs_packet_; }
  bool fits(const Subject& subject) const;
  // Only the addresses and ports: what cannot change from one look at a flow to the next.
  bool ends_fit(const Subject& subject) const;

  std::size_t memory() const;

 private:
  bool protocol_fits(const Subject& subject) const;
  bool flow_fits(const Subject& subject) const;

  RuleProtocol protocol_;
  Endpoint source_;
  Endpoint destination_;
  bool both_ways_;
  Flow flow_;
  std::vector<Condition> conditions_;
  bool needs_packet_;
};

}  // namespace chatgate::detect
