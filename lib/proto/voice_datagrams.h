// Small datagram formats of voice programs: Discord, LINE, Zalo, Mumble and Tox.
//
// Discord: the client asks for its own address with 00 01 00 46 in 74 bytes whose address is all
// zeros; the answer is 00 02 00 46 with the address as text; keep-alives are 13 37 ca fe and a
// number, 8 bytes in all. (STUN's lengths are multiples of four, 46 is not.) `voice`.
//
// LINE: calls begin with b6, a type and the length of what follows; the five known datagrams have
// four fixed bytes and one or two sizes each. As RTP they would have a version, contributors and a
// type that no program uses. `voice`.
//
// These are certain by their answer only, because a single one has no mark but zeros or a size:
//
// - Zalo: 01 01 00 00 in 26, 27, 34 or 42 bytes, both ways in the same size. `voice`.
// - Mumble: 12 bytes, the first four zero, answered with 24 that repeat the other eight behind a
//   version 1.x and hold no more users than fit. `presence`, with the server's version. Everything
//   else of Mumble is TLS, or ciphertext without any mark.
// - Tox: an id, a key and a nonce that look random, in an exact size, and an answer of the matching
//   id and size: requests for nodes (02, 113 bytes; 04), pings (00, 82; 01, 82) and cookies (18,
//   145; 19, 161). `login`. What is done behind that cannot be told apart.
//
// All but Question::kMaxAsked of unanswered questions, the flow is somebody else's. One message,
// then Next::opaque.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no memory but
// ParserState. Sources: Discord's documentation of voice connections, Mumble's protocol
// documentation, the Tox protocol specification, the libprotoident library for LINE and Zalo.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto {

namespace discord {
Probe probe(Bytes payload);
ParseStatus parse(Bytes payload, Direction direction, Facts& facts);
inline constexpr DatagramParser kParser = {AppProto::discord, 0, probe, parse};
}  // namespace discord

namespace line {
Probe probe(Bytes payload);
ParseStatus parse(Bytes payload, Direction direction, Facts& facts);
inline constexpr DatagramParser kParser = {AppProto::line, 0, probe, parse};
}  // namespace line

namespace zalo {
Probe probe(Bytes payload);
ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& context);
inline constexpr DatagramParser kParser = {AppProto::zalo, 0, probe, nullptr, parse, nullptr};
}  // namespace zalo

namespace mumble {
Probe probe(Bytes payload);
ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& context);
inline constexpr DatagramParser kParser = {AppProto::mumble, 0, probe, nullptr, parse, nullptr};
}  // namespace mumble

namespace tox {
Probe probe(Bytes payload);
ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& context);
inline constexpr DatagramParser kParser = {AppProto::tox, 0, probe, nullptr, parse, nullptr};
}  // namespace tox

}  // namespace chatgate::proto
