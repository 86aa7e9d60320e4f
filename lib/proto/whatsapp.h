// WhatsApp's own protocol over TCP: how a connection begins.
//
// A client begins with "WA" and two bytes of version, or with "ED", 00 01 and routing for the edge
// of the network, behind which "WA" comes. Versions 5 and 6 are followed by a Noise handshake and
// are ciphertext from then on. Version 1 (until 2016) is followed by one stanza in clear, which
// names program and platform. Clients send the first four bytes by themselves, so these suffice:
// of 2^32 random streams 15 begin so, and no text does.
//
// A server answers a Noise handshake with its length in three bytes and one field of protobuf that
// fills it, with an ephemeral key of 32 bytes first (HandshakeMessage.serverHello); that tells
// where only its direction is seen.
//
// One message with `login`, then Next::opaque. Calls are STUN and RTP with marks of their own;
// media are HTTPS.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller. At most
// kByteLimit bytes are looked at.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::whatsapp {

// A stanza of version 1 that opens a stream has 26 bytes or few more; longer ones are not read.
constexpr std::uint32_t kByteLimit = 128;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

Probe probe_answer(Bytes stream);
ParseStatus feed_answer(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::whatsapp, Direction::to_server, kByteLimit,
                                         probe, feed};
inline constexpr StreamParser kAnswer = {AppProto::whatsapp, Direction::to_client, kByteLimit,
                                         probe_answer, feed_answer};

}  // namespace chatgate::proto::whatsapp
