// SOCKS 4, 4a and 5: whom a client asks a proxy to put it through to.
//
// The client's side up to its request is one message (RFC 1928 sections 3 and 4, with user and
// password by RFC 1929 between the two; the SOCKS 4 memo and its 4a addition). The target is a name
// and Facts::target_port, an address in its usual text. Behind CONNECT the stream of another
// protocol begins, and whether the client waits for the proxy's answers or sends all at once makes
// no difference. BIND, UDP ASSOCIATE and other commands are `done` with Next::opaque.
//
// Where the client offers methods other than none and password, and uses one, the rest cannot be
// read: `done` without names, Next::opaque.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller. The message is
// shorter than kByteLimit, and read anew with each call.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::socks {

constexpr std::uint32_t kByteLimit = 2048;

// The longest user and the longest name of SOCKS 4, which have no length but end in a zero.
constexpr std::size_t kMaxText = 512;

// SOCKS 5: certain of a version and a list of methods that exist; what follows it must be a request
// or a password, or `feed` finds that it is something else. SOCKS 4, whose first bytes say so
// little: certain of a whole request that a proxy can meet.
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::socks, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::socks
