// Whether a DNS message has a form that a name server would take, for the policy's `dns.header`.
//
// Sources: RFC 1035 sections 2.3.4, 4.1 and 4.1.4, RFC 2136, RFC 6895, RFC 9619. Not well-formed is
//
//   - fewer than 12 bytes, an operation that is not assigned, the bit Z,
//   - a query (operation 0) with several questions; one that is no answer with a response code or
//     answers in it, or with more than the one authority that IXFR has (RFC 1995 section 3),
//   - a name with a label of over 63 bytes or of a reserved kind, of over 255 bytes in all, or with
//     pointers in a circle,
//   - counts of more than there is, unless the message says that it was cut off (TC), and bytes
//     behind what the counts tell.
//
// What a record holds is not looked at. Called by the engine on a worker's thread; bytes of the
// caller, nothing is allocated. Work is bounded by one name a record.
#pragma once

#include "base/bytes.h"

namespace chatgate::proto::dns {

bool is_well_formed(Bytes message);

}  // namespace chatgate::proto::dns
