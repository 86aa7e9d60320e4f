// The gateway's own answer to a blocked DNS query.
//
// A pure function from a query message to a response message, both without UDP header or TCP
// length; who sends it builds those around it. The response carries the query's id and its question
// section byte for byte (so that the letter case a resolver checks comes back), RD and CD as asked,
// QR and RA set, AA clear, no SOA. Where the query had EDNS the response has it too, with the
// extended error 15, "Blocked" (RFC 6891 section 6.1.1, RFC 8914 section 4.16).
//
// Called on a worker's thread; keeps nothing, allocates nothing.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace chatgate::enforce {

enum class DnsAnswerKind : std::uint8_t {
  nxdomain,  // RCODE 3, RFC 1035 section 4.1.1
};

// What an answer may be longer than its query: OPT with the extended error.
constexpr std::size_t kDnsAnswerGrowth = 17;

// Writes the answer to `query` to the start of `buffer` and returns that part of it. Empty where
// there is nothing to answer (a response, an operation other than QUERY, no question, a malformed
// message, a question whose name is stored outside the question section), or where the buffer is
// too small. `buffer` must not overlap `query`.
Bytes answer_dns(DnsAnswerKind kind, Bytes query, MutableBytes buffer);

}  // namespace chatgate::enforce
