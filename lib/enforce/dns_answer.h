// The gateway's own answer to a blocked DNS query, and in place of an answer that leads to a
// blocked name.
//
// Pure functions from a query or response to a response, all without UDP header or TCP length; who
// sends it builds those around it. The answer carries the message's id and its question section
// byte for byte (so that the letter case a resolver checks comes back), RD and CD as asked, QR and
// RA set, AA clear. Where the message had EDNS the answer has it too, with the extended error 15,
// "Blocked" (RFC 6891 section 6.1.1, RFC 8914 section 4.16), and otherwise not.
//
// What an answer holds may be kept by resolvers for kDnsAnswerTtl seconds: short, so that another
// policy is felt soon. That is the TTL of addresses, and of the SOA that tells "no data" from a
// referral (RFC 2308 section 2.2). NXDOMAIN comes without SOA and is not kept at all: who keeps it
// may conclude that nothing below the name exists (RFC 8020), and what lies below may be allowed.
//
// Called on a worker's thread; keeps nothing, allocates nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"

namespace chatgate::enforce {

enum class DnsAnswerKind : std::uint8_t {
  nxdomain,  // RCODE 3, RFC 1035 section 4.1.1
  refused,   // RCODE 5
  nodata,    // RCODE 0 and no record, RFC 2308 section 2.2
  address,   // A and AAAA with the configured addresses; any other type has no data
};

struct DnsAnswer {
  DnsAnswerKind kind = DnsAnswerKind::nxdomain;
  // For `address`. A question for a family that has none is answered with no data.
  std::optional<IpAddress> ipv4 = {};
  std::optional<IpAddress> ipv6 = {};

  DnsAnswer() = default;
  // The kinds without addresses.
  DnsAnswer(DnsAnswerKind only) : kind(only) {}
  DnsAnswer(std::optional<IpAddress> v4, std::optional<IpAddress> v6)
      : kind(DnsAnswerKind::address), ipv4(v4), ipv6(v6) {}
};

constexpr std::uint32_t kDnsAnswerTtl = 10;

// What an answer may be longer than the questions it repeats: an A and an AAAA record (which ANY
// gets), and OPT with the extended error.
constexpr std::size_t kDnsAnswerGrowth = (12 + 4) + (12 + 16) + 17;

// Writes the answer to `query` to the start of `buffer` and returns that part of it. Empty where
// there is nothing to answer (a response, an operation other than QUERY, no question, a malformed
// message, a question whose name is stored outside the question section), or where the buffer is
// too small. `buffer` must not overlap `query`. Several questions are answered together: all are
// repeated, and records answer the first.
Bytes answer_dns(const DnsAnswer& answer, Bytes query, MutableBytes buffer);

// The same in place of `response`, which the resolver gave to a query.
Bytes replace_dns_answer(const DnsAnswer& answer, Bytes response, MutableBytes buffer);

}  // namespace chatgate::enforce
