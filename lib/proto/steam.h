// Steam's connections to its connection managers, over TCP and UDP.
//
// Over TCP each message, of either end, is its length, "VT01" and ciphertext; over UDP a datagram
// is "VS01", its payload's length and type, and 28 bytes of connection and sequence numbers; the
// length must be the datagram's. Everything of Steam goes through this one connection, chat
// included, and cannot be told apart, so that no application is named: one message with `login`,
// then Next::opaque.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller. Source: the
// SteamKit library.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::steam {

constexpr std::uint32_t kByteLimit = 8;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);
Probe probe_datagram(Bytes payload);
ParseStatus parse_datagram(Bytes payload, Direction direction, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::steam, Direction::to_server, kByteLimit, probe,
                                         feed};
inline constexpr DatagramParser kDatagrams = {AppProto::steam, 0, probe_datagram, parse_datagram};

}  // namespace chatgate::proto::steam
