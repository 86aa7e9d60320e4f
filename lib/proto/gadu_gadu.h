// Gadu-Gadu: who logs in, and what each packet is for.
//
// Sources: the public description of the protocol, the libgadu library's, and Wireshark's
// dissector. See docs/design/messengers/gadu-gadu.md.
//
// A packet is a type, a length, both little-endian, and a body. Client and server use the same
// numbers for different things, so each direction has a parser of its own. Read are the log-in
// (number, client), messages (with whom, whether several are written to, whether they ask for a
// direct connection), typing, and what sets a file transfer or a voice call up: the file's name,
// and the address that is announced. Of a packet its first kByteLimit bytes are looked at, the rest
// is skipped. `malformed`: a packet of more than 64 KiB, which neither end takes.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no memory but
// ParserState.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::gadu_gadu {

constexpr std::uint32_t kByteLimit = 4096;

// Certain on a log-in: its type, a length it can have, and what of its body has few values.
Probe probe_client(Bytes stream);
ParseStatus feed_client(ParserState& state, Bytes stream, Facts& facts);

// The server speaks first, and says so little that it is recognised by its second packet, the
// answer to the log-in.
Probe probe_server(Bytes stream);
ParseStatus feed_server(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kClient = {AppProto::gadu_gadu, Direction::to_server, kByteLimit,
                                         probe_client, feed_client};
inline constexpr StreamParser kServer = {AppProto::gadu_gadu, Direction::to_client, kByteLimit,
                                         probe_server, feed_server};

}  // namespace chatgate::proto::gadu_gadu
