// Takes the keys of Encrypted ClientHello out of a DNS answer.
//
// HTTPS and SVCB records tell clients the key with which a ClientHello's server name is encrypted,
// in the parameter "ech" (RFC 9460, RFC 9848). A client that does not get it sends the name in
// clear.
//
// The message is changed in place and keeps its length, so that it fits the datagram or the TCP
// segments it came in and no compression pointer has to move. In each record the parameter becomes
// one of the keys that RFC 9460 section 14.3.2 leaves to private use, moved to where the order of
// keys wants it (the end), its value zeroed. Clients ignore keys they do not know (section 8). A
// record that lists "ech" as mandatory lists the private key instead: clients that do not know a
// mandatory key leave the record out (section 8), which is what the one who published it asked for.
//
// AD is cleared. A signature over a changed record no longer holds, so a client that validates by
// itself takes the records for forged and goes without them.
//
// Pure, called on a worker's thread; work bounded by kMaxStripRecords records and the bytes of the
// message; allocates nothing.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace chatgate::enforce {

enum class DnsStripped : std::uint8_t {
  nothing,     // there is no such parameter, or this is no response; unchanged
  stripped,    // changed
  impossible,  // broken or strange, and unchanged: not to be passed on to who must not use ECH
};

constexpr unsigned kMaxStripRecords = 256;

// `message` is a DNS message without UDP header or TCP length. `impossible` is a response that
// cannot be followed to its end, has more than kMaxStripRecords records though it answers a
// question for HTTPS, SVCB or ANY or has "ech" in one of the first, or has a record with "ech"
// whose parameters break RFC 9460 section 2.2; clients accept no such record, and the way out is
// replace_dns_answer with `nodata`.
DnsStripped strip_ech(MutableBytes message);

}  // namespace chatgate::enforce
