// OSCAR over FLAP, as AIM and ICQ speak it, and TOC: who logs in, and what each message is for.
//
// Sources: AOL's published OSCAR and TOC descriptions, and the public ones of FLAP, SNAC and ICBM
// that free clients and Wireshark's dissector follow. See docs/design/messengers/oscar.md.
//
// One FLAP frame is one message, either way. Of each its first kByteLimit bytes are looked at, and
// the rest is skipped. Told are: the log-in with screen name and client, by FLAP's channel 1, SNAC
// family 0x17 or TOC's sign-on; presence and lists; text, with whom it is for or from; what a
// rendezvous (ICBM channel 2) proposes, by its capability, with the file's name and the addresses
// that it announces; chat rooms; and where a server hands its client on to. ICQ is told from AIM by
// names that are numbers, by clients that call themselves so, and by SNAC family 0x15.
//
// `malformed`: a frame that does not begin with FLAP's mark. Frames of unknown channels, families
// and subtypes, and values that do not fit, are messages of Service::any or of what was told by
// then: servers pass over them.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no memory but
// ParserState. The same entry serves both directions.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::oscar {

constexpr std::uint32_t kByteLimit = 4096;

// Certain on a FLAP sign-on frame with version 1, or TOC's "FLAPON".
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::oscar, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::oscar
