// LWP: DingTalk's long-lived connection, before TLS or HTTP are of any use to it.
//
// A client's first message is a byte 10, its length, 87 80, and then fields of a type, a length of
// two bytes and a value: 1 is a zero, 2 is "dk", 3 a key of 32 bytes, 84 the program. Fifteen bytes
// are fixed. MQTT's CONNECT begins with 10 as well and has 00 in the third byte.
//
// One message with `login` and `client`, then Next::opaque: all else is ciphertext.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller. At most
// kByteLimit bytes are looked at.
//
// Source: a published capture of DingTalk for Android.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::lwp {

constexpr std::uint32_t kByteLimit = 4 + 255;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::lwp, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::lwp
