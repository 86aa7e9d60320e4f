// Sametime's community protocol (Virtual Places): who logs in, and for what channels are opened.
//
// Sources: IBM's published description of the community protocol's messages, and the Meanwhile
// library's. See docs/design/messengers/sametime.md.
//
// A message is a length, a header with type and channel, and a body; a byte of 0x80 or more between
// two messages keeps the connection alive. Read are the handshake (client), the log-in (user), its
// answer (user, redirection), status and lists (presence), and what opens a channel: for which
// service, with whom, and the name of a file that is offered. What is sent in a channel is of the
// service that opened it, where that was in the same direction and its number is among 16 that are
// remembered; else what is sent tells by its kind where kinds differ. Bodies of channels are
// skipped.
//
// Of a message its first kByteLimit bytes are looked at. `malformed`: a length that no server
// takes, or too short for a header.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no memory but
// ParserState. The same entry serves both directions.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::sametime {

constexpr std::uint32_t kByteLimit = 2048;

// Certain on a handshake, or the server's answer to one.
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::sametime, Direction::to_server, kByteLimit,
                                         probe, feed};

}  // namespace chatgate::proto::sametime
