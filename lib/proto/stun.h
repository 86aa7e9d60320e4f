// STUN and TURN: the realm that a server authenticates for, and whose calls they set up.
//
// Reads messages with the magic cookie (RFC 8489 section 5): their attributes are walked, REALM
// (section 14.9) is told, FINGERPRINT (section 14.7) is checked where it stands. Every REALM
// counts, also one that a receiver is to ignore. A message says nothing but its protocol where it
// has none, as a client's first request, or a binding request between two peers.
//
// Messages of WhatsApp, Skype and Teams pad no attribute, so their length is any; a message is read
// in the way in which its attributes fill it, padded where both do. Those of Skype and Teams
// (MS-TURN section 2.2) begin with a cookie of their own as first attribute; there REALM has the
// number that NONCE has elsewhere, and its value stands in quotes.
//
// Told as a call: WhatsApp's, by message types 0x0800 to 0x0802 or an attribute 0x4000 to 0x4004 or
// 0x4007; Microsoft's, by an attribute of MS-ICE2 (0x8054, 0x8070) or of
// Teams (0x24df, 0x3802, 0x8036, 0x8095): assumed to be Teams, since Skype and Lync have the same.
// The cookie, and MS-TURN's other attributes, tell nothing: other TURN servers take it too.
// Sources: MS-TURN, MS-ICE2, and the numbers that captures and nDPI agree on. None is assigned to
// anybody else. Such a mark in a broken message, or one with a wrong FINGERPRINT, says nothing.
//
// `malformed` is a message whose attributes do not fill it, or whose FINGERPRINT is not the last;
// the facts hold the realms read by then. With a wrong FINGERPRINT it is `not_mine` (RFC 8489
// section 7.3), but where it has a realm: servers that do not check would serve it. Windows Live
// Messenger and what came of it compute the CRC with a wrong word in their table; theirs is right.
//
// Classic STUN without the cookie (RFC 3489) says nothing that other datagrams do not, and is
// `not_mine`, as are ChannelData (RFC 8656 section 12.4) and STUN framed by RFC 4571.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no memory but
// ParserState.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::stun {

// Of a message over TCP. Nothing that a TURN client says of itself comes near it: REALM, NONCE and
// SOFTWARE are at most 763 bytes, USERNAME 513 (RFC 8489 section 14).
constexpr std::uint32_t kByteLimit = 4096;

// One UDP payload: one message and nothing beside it, padded or not. `done` with Next::message,
// because the realm comes with the server's first error and is in every request from then on.
ParseStatus parse(Bytes payload, Direction direction, Facts& facts);
// By type and cookie; the length is any.
Probe probe_datagram(Bytes payload);

// TURN over TCP (RFC 8656 section 3.1): messages one behind the other, whose length is a multiple
// of four. Certain with the cookie. Messages over kByteLimit are `malformed`.
//
// Behind an Allocate request without REALM comes another message (Next::message): a client has no
// channel to send data through before its allocation was answered, and servers answer the first
// request with the realm only. Behind all others anything may follow (Next::opaque).
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::stun, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::stun
