// Zoom's datagrams: meetings through its servers, between two ends, and its reachability tests.
//
// - A client greets a media server (UDP 8801 to 8810, and others) with 01 00 and 02 or 03, an id of
//   16 bytes, seven zeros, a number, its time twice and 00000040. A greeting of which that is not
//   true is waited for: the server's answer 02 00 repeats the id.
// - Two ends greet each other with 1f 02 01, small numbers, the other's address as text, an id as
//   text and four zeros, whose lengths fill the datagram.
// - A test of reachability is a STUN request of RFC 3489's form, without cookie, that holds the
//   text "1234567890123456789". It is waited for an answer of the type and attribute that only
//   Zoom's servers have.
//
// These are `conference`. Behind a greeting the flow is followed for kMaxFollowed datagrams: media
// whose encapsulation names audio, video or a shared screen (types 15, 16 and 30; RTP behind the
// first two) are told as `voice`, `video` and `screen_share`, once each. Type 13, once a shared
// screen, is other things today and tells nothing. Chat and log-in are TLS.
//
// The constant parts of a greeting are 18 bytes, of a peer's 3 and two lengths that agree, so no
// port is asked for. Called as every parser (proto/parser.h): a worker's thread, bytes of the
// caller, no memory but ParserState.
//
// Sources: "Enabling Passive Measurement of Zoom Performance in Production Networks" (2022) and
// public captures.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::zoom {

constexpr std::uint32_t kMaxFollowed = 256;

Probe probe(Bytes payload);
ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& context);

inline constexpr DatagramParser kParser = {AppProto::zoom, 0, probe, nullptr, parse, nullptr};

}  // namespace chatgate::proto::zoom
