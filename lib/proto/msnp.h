// MSNP, the protocol of MSN Messenger and Windows Live Messenger: sessions with notification
// servers and with switchboards, on any port, in both directions.
//
// Sources: the MSN Messenger protocol pages of hypothetic.org and their successors MSNPiki and the
// NINA wiki (commands, payloads, invitations, MSNSLP); draft-movva-msn-messenger-protocol-00. See
// docs/design/messengers/msnp.md.
//
// A message is a line that ends with LF, with CR before or not, and the payload behind it where the
// command has one. Each is `done` with the application "msn", what it does, and Next::message:
//
//   - VER, CVR, INF, USR, ANS, GCF and XFR NS are the login, with the version and the client that
//     are named there; lists, status, capabilities and keep-alive are presence;
//   - what opens a switchboard (XFR SB, RNG, CAL, JOI, IRO) tells no service, since chats, files
//   and
//     pictures go the same way, but for a third party that joins: a conference;
//   - MSG, UUM, UBM, SDG, UUN and UBN are of the service that their payload tells, see
//     proto/msnp_payload.h;
//   - XFR and RNG announce the server's address as an expected flow of any service.
//
// Empty lines are pieces. A line of kLineLimit bytes is malformed; unknown commands are messages
// that tell nothing, and their payloads, which nobody could tell from lines, are read as lines.
// Of the payload kPayloadRead bytes are looked at, and only with the commands named; all others are
// skipped.
//
// The probe is certain on a whole first line that no other protocol has; see the tests. VER is
// certain as soon as a dialect stands in it. Streams that are met in their middle are recognised
// where a message begins with MSG, USR, ANS, CAL, JOI, IRO, RNG, XFR, CVR, QNG, UBX and the changes
// of status.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no allocation,
// no state beside ParserState.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::msnp {

constexpr std::uint32_t kLineLimit = 8 * 1024;  // a login's ticket is the longest word, some 2 KiB
constexpr std::uint32_t kPayloadRead = 2 * 1024;  // a switchboard takes 1664 bytes
constexpr std::uint32_t kByteLimit = kLineLimit + kPayloadRead;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::msnp, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::msnp
