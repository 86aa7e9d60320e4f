// SIP for the whole life of a flow, over TCP and UDP, on any port and in both directions.
//
// Source: RFC 3261, section 18.3 for what frames messages, and the RFCs named in
// proto/sip_message.h, which tells what a message says; sessions are described in proto/sdp.h.
//
// Each request and each answer is one message: `done` with `next` = `message`. Over TCP a message
// is a head and Content-Length bytes, none where no length is told; line ends between messages,
// which keep the connection alive, are pieces. The body is read where it tells what the head does
// not (sessions, invitations, parts), up to kBodyRead, and else skipped. `malformed` are a first
// line that is none of SIP's, a length that is no number or that is told twice and differs, and a
// head of more than kHeadLimit bytes: servers close such connections, since they cannot know where
// the next message begins.
//
// Over UDP a message is a datagram. What is left out of it, or of its length, ends no reading; a
// datagram that no line of SIP begins is `not_mine`. Datagrams that only keep an address translator
// awake (line ends, or zeros) wait for the next.
//
// SIP is telephony first. The application is told where the program or the headers name it, see
// application_of(), and is remembered for what the same end says after. Else it stays empty: no
// telephone is called a messenger. Over TLS, as messengers mostly use it, nothing of this is seen,
// nor within a WebSocket (RFC 7118), nor once a connection was compressed (SigComp, MS-SIPCOMP).
// RTP and RTCP have no bytes that are theirs alone (the first two bits, and a number), so the
// media's flows are known by the addresses that are announced here, and by nothing else.
//
// Bounds: memory and work as kByteLimit of a message; work is linear in the bytes.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no state of its
// own beside ParserState. No allocation.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::sip {

// Servers take some 16 to 64 KiB in all.
constexpr std::uint32_t kHeadLimit = 32 * 1024;
// Two descriptions of a call with all its candidates are some 10 KiB.
constexpr std::uint32_t kBodyRead = 16 * 1024;
constexpr std::uint32_t kByteLimit = kHeadLimit + kBodyRead;

// Certain on a whole first line: a method in capitals, a URI of sip, sips, tel, im, pres or urn,
// and SIP/2.0; or SIP/2.0 and a status.
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

Probe probe_datagram(Bytes payload);
ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& context);

inline constexpr StreamParser kParser = {AppProto::sip, Direction::to_server, kByteLimit, probe,
                                         feed};
inline constexpr DatagramParser kDatagrams = {AppProto::sip, 0, probe_datagram, nullptr, parse};

}  // namespace chatgate::proto::sip
