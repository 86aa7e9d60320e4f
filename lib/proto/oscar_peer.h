// What two OSCAR clients say to each other, directly or through the rendezvous proxy: file
// transfer (OFT2), direct messages (ODC2), and the proxy's own messages.
//
// Sources: the public descriptions of OFT, ODC and the rendezvous proxy that free clients follow.
// See docs/design/messengers/oscar.md.
//
// Files: each header is a message that tells the file's name; behind one that begins a file, or
// resumes it, the file's bytes are skipped. Direct messages: each header is a message that tells
// its sender, its text is skipped. Proxy: a connection is made through it by one message of each
// client, and one or two of the proxy; what follows is a stream of its own (Next::protocol).
// `malformed`: no header where one must begin, or one too short to be read.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no memory but
// ParserState. Either end may have opened the connection, so each entry serves both directions.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::oft {

constexpr std::uint32_t kByteLimit = 1024;  // of a header; most are 256

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::oscar, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::oft

namespace chatgate::proto::odc {

constexpr std::uint32_t kByteLimit = 1024;  // of a header; most are 76

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::oscar, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::odc

namespace chatgate::proto::rendezvous_proxy {

constexpr std::uint32_t kByteLimit = 1024;

// Certain on a whole header with a known type, and a length that such a message can have.
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::oscar, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::rendezvous_proxy
