// OICQ, the protocol of QQ's desktop clients, over UDP and TCP: whose account it is, and by its
// command what each message is for.
//
// Sources: Wireshark's dissector, and the descriptions that free clients follow. See
// docs/design/messengers/oicq.md.
//
// A message begins with 2 and ends with 3; between are the client's version, a command, a sequence
// number, the user's number, and a body under a key of its own, which is never looked at. Over TCP
// its length stands before it. On server port 8000 a sound message of any version counts; elsewhere
// only one of a version that is known, or with what later clients have behind the number. Commands
// are read as their version means them; see service_of_command.
//
// Over TCP the first message is looked at as a whole, because its last byte belongs to what proves
// it; longer ones than kByteLimit are not recognised. Of all others the header is read, and the
// rest skipped. `malformed` is a TCP stream that goes on with something else.
//
// Called as every parser (proto/parser.h): a worker's thread, bytes of the caller, no memory but
// ParserState. The same entries serve both directions.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::oicq {

constexpr std::uint16_t kServerPort = 8000;
constexpr std::uint32_t kByteLimit = 4096;

// By version, for what was numbered anew with QQ 2009.
Service service_of_command(std::uint16_t version, std::uint16_t command);

// One UDP payload: one message.
Probe probe_datagram(Bytes payload);          // on any port
Probe probe_datagram_on_port(Bytes payload);  // on kServerPort
ParseStatus parse(Bytes payload, Direction direction, Facts& facts);

// Over TCP, on any port.
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::oicq, Direction::to_server, kByteLimit, probe,
                                         feed};
inline constexpr DatagramParser kDatagramsOnPort = {AppProto::oicq, kServerPort,
                                                    probe_datagram_on_port, parse};
inline constexpr DatagramParser kDatagrams = {AppProto::oicq, 0, probe_datagram, parse};

}  // namespace chatgate::proto::oicq
