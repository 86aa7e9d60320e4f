// What can be seen of Skype's own protocol: its log-in over TCP (until 2017).
//
// A client sends an empty TLS record and the server answers with 17 03 01 00 00; neither ever
// speaks TLS. No TLS server begins with application data, so that the five bytes of the server are
// certain. The client's record says nothing: what follows it may be a hello, and is for the TLS
// parser. One message with `login`, then Next::opaque.
//
// Datagrams between Skype's nodes are a number of two bytes, a type and ciphertext. A type of 02 in
// the third byte is met in too many others to decide anything by itself; learn/skype_nodes.h counts
// the numbers.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::skype {

constexpr std::uint32_t kByteLimit = 5;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

// The number of a datagram that may be a node's; none where it cannot be.
std::optional<std::uint16_t> datagram_number(Bytes datagram);

inline constexpr StreamParser kParser = {AppProto::skype, Direction::to_client, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::skype
