// ICQ's old protocol over UDP, versions 2 to 5: who logs in, and what each message is for.
//
// Sources: the published descriptions of versions 2 to 5, and Wireshark's dissector. See
// docs/design/messengers/icq.md.
//
// A client's datagram of versions 3 to 5 counts on any port once its check code is right, its
// command is known, and it has an account's number; so does a log-in or a message of version 2,
// which has no code, on server port 4000 alone, where their texts fill them exactly. A server's
// datagrams have nothing that would prove them: they are read in a flow whose client was
// recognised, and no other.
//
// Each datagram is one message (Next::message). Told are service, the user's number, the other
// user's, and the version. Nothing is `malformed`: what is not sound is `not_mine`.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no memory but
// ParserState. Work per datagram is constant.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::icq {

constexpr std::uint16_t kServerPort = 4000;

Probe probe(Bytes payload);          // on any port
Probe probe_on_port(Bytes payload);  // on kServerPort
ParseStatus parse(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                  Context& context);
ParseStatus parse_on_port(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                          Context& context);

inline constexpr DatagramParser kParserOnPort = {AppProto::icq, kServerPort, probe_on_port, nullptr,
                                                 parse_on_port};
inline constexpr DatagramParser kParser = {AppProto::icq, 0, probe, nullptr, parse};

}  // namespace chatgate::proto::icq
