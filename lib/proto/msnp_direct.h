// Connections that peers of MSN Messenger open to each other: MSNFTP, the peer-to-peer layer over
// TCP, and the webcam. In both directions, on any port.
//
// Sources: hypothetic.org's page on MSNFTP; MSNPiki's and the NINA wiki's pages on MSNC's direct
// connections (TCPv1) and on the webcam's. See docs/design/messengers/msnp.md.
//
// All say the application "msn".
//
//   - MSNFTP: lines, each a message of file transfer; USR has the receiver's login. Behind FIL the
//     file follows, of which nothing is read.
//   - peers: frames with a length of four bytes before them, the lowest first. Each is a message
//     that is read as those that go through a switchboard (proto/msnp_payload.h); of kFrameRead
//     bytes, the rest is skipped. What tells no service of its own is the file's for which such a
//     connection is made.
//   - webcam: its first line, then nothing is read.
//
// The probes are certain on the fixed first bytes of those who connect; of those who listen only
// where these have such bytes: MSNFTP and peers with the first kind of header.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no allocation,
// no state beside ParserState.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto {

namespace msnftp {

constexpr std::uint32_t kByteLimit = 512;  // a longer line is malformed

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::msnp, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace msnftp

namespace msn_peers {

constexpr std::uint32_t kFrameRead = 2 * 1024;
constexpr std::uint32_t kByteLimit = 4 + kFrameRead;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::msnp, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace msn_peers

namespace msn_webcam {

constexpr std::uint32_t kByteLimit = 128;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::msnp, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace msn_webcam

}  // namespace chatgate::proto
