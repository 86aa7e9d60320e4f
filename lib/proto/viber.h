// Viber's connections and calls.
//
// Viber's messages over TCP begin with their length (little-endian, two bytes). Two first messages
// are known: one with fc ff at 6 and 80 at 9, one with 03 80 at 4 and 0a at 10. Three bytes at
// fixed places and a length between 11 and 1,460 are met by four of 2^31 random streams, and by no
// text. `login`.
//
// Its datagrams begin with a number of two bytes and a type. 1 with a 5 behind it, of 20 bytes or
// more, is certain by itself: a DNS message of that form would hold 1,280 questions. Others are so
// with the answer to the same number: 55 bytes of type 12 and 76 of type 1, or 12 bytes of type 3
// and 12 of type 4. `voice`.
//
// One message, then Next::opaque. Called as every parser (proto/parser.h): a worker's thread, bytes
// of the caller.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::viber {

constexpr std::uint32_t kByteLimit = 11;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);
Probe probe_datagram(Bytes payload);
ParseStatus parse_datagram(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                           Context& context);

inline constexpr StreamParser kParser = {AppProto::viber, Direction::to_server, kByteLimit, probe,
                                         feed};
inline constexpr DatagramParser kDatagrams = {AppProto::viber, 0,      probe_datagram, nullptr,
                                              parse_datagram,  nullptr};

}  // namespace chatgate::proto::viber
