// IRC for the whole life of a connection, in both directions: what clients say, and servers.
//
// Sources: RFC 1459 and 2812; IRCv3's message tags, capability negotiation, SASL and "tls"
// (ircv3.net); the published descriptions of CTCP and DCC (modern.ircdocs.horse, KVIrc's for voice
// and video); WEBIRC.
//
// Each line is one message: `done` with `next` = `message`. A line ends with LF, CR LF, or CR with
// something else behind it, as servers read them. Service and names of it are told by
// proto/irc_message.h. STARTTLS, and the server's 670 that grants it, are `done` with `protocol`:
// the stream of TLS begins behind them. If the server refuses, what follows is plain text and is
// found to be so by the same probes. Empty lines are pieces. Nothing is `malformed`: servers only
// complain about what they do not know.
//
// Bounds: kByteLimit of a line, with its tags; of a longer one the facts are given once so much of
// it is there, and the rest is dropped. Work is linear in the bytes.
//
// A probe is certain on a whole first line that IRC has and others have not, also within a session
// whose beginning was not seen: see the tests for what is told apart. A first line PASS needs
// another behind it.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no state of its
// own beside ParserState. No allocation.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::irc {

constexpr std::uint32_t kByteLimit = 9 * 1024;  // tags of 8,191 bytes and a line of 512

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

// What servers say.
Probe probe_server(Bytes stream);
ParseStatus feed_server(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::irc, Direction::to_server, kByteLimit, probe,
                                         feed};
inline constexpr StreamParser kServerParser = {AppProto::irc, Direction::to_client, kByteLimit,
                                               probe_server, feed_server};

}  // namespace chatgate::proto::irc
