// LOCO: KakaoTalk's protocol.
//
// Secured, as clients speak it: 256, the method by which the key is hidden, 2 (AES), all as 32 bits
// little-endian, and 256 bytes of RSA. Eleven of the twelve bytes are fixed; what follows must look
// random, which records of small numbers and zeros do not. One message with `login`, then
// Next::opaque: chats, files and keep-alive are within the ciphertext.
//
// In clear, as old clients and the booking servers behind TLS speak it: a header of 22 bytes with
// the method's name, then a BSON document that repeats the header's length. Known by its first
// message and followed for as long as it lasts, in both directions: the service is that of the
// method. Documents are skipped, so that no text and no token is read.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller. At most
// kByteLimit bytes of each message are looked at.
//
// Source: the node-kakao client library's description of packets.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::loco {

constexpr std::uint32_t kByteLimit = 32;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

// Server and client have the same form.
inline constexpr StreamParser kParser = {AppProto::loco, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::loco
