// TeamSpeak: its datagrams, and the banners of its servers' query port.
//
// - Version 3: a client's and server's first datagrams begin with "TS3INIT1". All else is
//   ciphertext: one message with `login`, then Next::opaque.
// - Version 2, which is in clear: datagrams of class bef4 (little-endian) make the connection and
//   hold a CRC-32 of themselves; that is what makes them certain. The flow is then followed: log-in
//   with login name, or else nickname, and the client's version; chat; voice; `presence` for the
//   lists of who is there and keep-alive. A service is told whenever it changes. Passwords and
//   texts are not read.
// - A query port greets with "TS3", LF, CR or "[TS]", CR, LF: `login`.
//
// Transfers of files over TCP begin with a random key.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no memory but
// ParserState. Source: public captures of both versions.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::teamspeak {

Probe probe(Bytes payload);
ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& context);

inline constexpr DatagramParser kDatagrams = {
    AppProto::teamspeak, 0, probe, nullptr, parse, nullptr};

constexpr std::uint32_t kByteLimit = 8;
Probe probe_query(Bytes stream);
ParseStatus feed_query(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kQuery = {AppProto::teamspeak, Direction::to_client, kByteLimit,
                                        probe_query, feed_query};

}  // namespace chatgate::proto::teamspeak
