// The PROXY protocol, versions 1 and 2: what a load balancer puts in front of a client's stream to
// say whose it is and where it was going (haproxy.org/download/2.8/doc/proxy-protocol.txt).
//
// The header is one message, with the destination as a name and Facts::target_port; in version 2 so
// is the host that the client asked the sender for (PP2_TYPE_AUTHORITY). UNKNOWN, LOCAL and
// addresses that are none of IP are `done` without an address. Behind it the client's own stream
// begins. `malformed`: a line that does not end in time or has an address or port that is none, and
// a length that does not hold the addresses or the fields it must.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::proxy_protocol {

constexpr std::size_t kMaxLine = 256;  // of version 1: 107 at most as specified (section 2.1)
constexpr std::uint32_t kByteLimit = 16 + 65535 + 1;

// Certain of "PROXY ", an address family and a blank, or of the whole signature of version 2 with a
// version and command that exist.
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::proxy_protocol, Direction::to_server, kByteLimit,
                                         probe, feed};

}  // namespace chatgate::proto::proxy_protocol
