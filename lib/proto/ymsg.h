// YMSG, the protocol of Yahoo! Messenger, and what was before it, with both headers: YMSG, YHOO and
// YPNS. Sessions with servers and between peers, on any port, in both directions.
//
// Sources: the descriptions that the libraries libyahoo2 and libpurple give of services and keys;
// Wireshark's fields for the older header. See docs/design/messengers/ymsg.md.
//
// Every packet is a message: `done` with the application "yahoo", the service that its number tells
// (where the number covers several things, by what its body calls them), and Next::message. Of the
// body kBodyRead bytes are looked at, the rest is skipped. From the pairs of keys and values come
//
//   - login and peer: keys 4, 1, 0 for who sends, 5, 7 for whom it is to; rooms and conferences
//   have
//     keys of their own for the other,
//   - the file's name (27), the client's version (135), the protocol's from the header,
//   - expected flows: the address in a file's URL (20) or of a relay (250), of the webcam's server
//     (102), and of a peer that is ready to be talked to at port 5101 (12).
//
// What an old header carries behind it is not read but for whom a message is to.
//
// The probe is certain on the header's name and version (YHOO, YPNS: "1.0" and the like), with a
// service below 4096. A packet without that name behind others is malformed, and so is one of the
// old header with a length that cannot be.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no allocation,
// no state beside ParserState.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::ymsg {

constexpr std::uint32_t kBodyRead = 4 * 1024;
constexpr std::uint32_t kByteLimit = 20 + kBodyRead;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::ymsg, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::ymsg
