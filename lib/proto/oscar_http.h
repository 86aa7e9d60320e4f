// OSCAR through AOL's HTTP proxy: what the bodies of /hello, /data and /monitor hold.
//
// Sources: what free clients (Miranda's ICQ plug-in) document of http.proxy.icq.com and
// aimhttp.oscar.aol.com. See docs/design/messengers/carriers.md.
//
// A body is packets, each with a header of 14 bytes: length of what follows it (2), version 0x0443
// (2), type (2), flags (4), number of the connection (4). Packets of type 5 hold FLAP, of which
// clients put at most 512 bytes in one; a frame is read as far as its first packet goes, 4,096
// bytes at most, and told as proto/oscar.h tells it. What continues a frame is skipped. The others
// open and close connections: log-in, and for the closing ones presence.
//
// The probe is certain on version, a known type and a possible length. `malformed` is a packet
// without those behind another.
//
// Called as every parser (proto/parser.h), for bodies only: proto/carriers.h. No memory but
// ParserState; bytes of the caller; no allocation.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::oscar_http {

constexpr std::uint32_t kByteLimit = 4096;

Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::oscar, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::oscar_http
