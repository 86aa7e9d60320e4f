// MSRP, the sessions of text and files that SIP sets up, for the whole life of a connection.
//
// Sources: RFC 4975, RFC 4976 (relays: AUTH), RFC 5547 (files), RFC 7701 (NICKNAME); bodies as
// proto/sip_content.h tells.
//
// Each request and each answer is one message: `done` with `next` = `message`, and the application
// empty: whose session it is was said where it was set up. SEND tells a service by its type: text,
// CPIM by the type within, typing and receipts as presence, pictures and other bytes as a file; the
// file's name by Content-Disposition. SEND without content, which only opens a session, is
// presence, AUTH the login, NICKNAME a conference, REPORT, answers and all others tell nothing.
//
// A message ends with a line of hyphens and its own identifier, and only there: a receiver does not
// go by Byte-Range, so neither does this. The head is read, and of CPIM kBodyRead bytes of the body
// or the whole of it; the rest are pieces, searched for the end and not held. Of the identifier 63
// bits of a hash are kept meanwhile. `malformed`: a first line that is none of MSRP's, or a head of
// more than kHeadLimit bytes.
//
// Over TLS (msrps) nothing of this is seen.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no state of its
// own beside ParserState. No allocation; work is linear in the bytes.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::msrp {

constexpr std::uint32_t kHeadLimit = 8 * 1024;
constexpr std::uint32_t kBodyRead = 4 * 1024;
constexpr std::uint32_t kByteLimit = kHeadLimit + kBodyRead;

// Certain on a whole first line: MSRP, an identifier, and a method or a status.
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::msrp, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::msrp
