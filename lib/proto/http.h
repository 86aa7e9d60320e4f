// HTTP/1.x: the requests of a connection, one after the other, pipelined ones too.
//
// The head of each request is a message: `done` with its names, `offset` behind the head, `skip`
// the length of a body of known size. Chunks and trailer fields (RFC 9112 section 7.1) are pieces.
// All of these are names:
//
//   - every Host field, and every folded line of one (RFC 9112 section 5.2),
//   - the host of an absolute request target,
//   - the authority of CONNECT, as a tunnel's target (section 3.2).
//
// The port of an absolute target or of CONNECT is Facts::target_port. A request without any of
// these (HTTP/1.0, HTTP/0.9) is `done` without names. What follows:
//
//   - another request, whatever the version says of keeping the connection: some servers read on,
//   - behind CONNECT and any `Upgrade` but a websocket's a protocol of its own, which is HTTP again
//     where the server declined,
//   - behind `Upgrade: websocket` frames or, where the server declined, another request. The first
//     frame is `done` without names, then Next::opaque; bytes that are neither are handed on
//     with `offset` 0 as a protocol of their own.
//
// A request may not hide in another's body. `malformed`, with the names read until then, is
//
//   - a head that does not end within kByteLimit,
//   - a body whose end servers may see in different places: Content-Length beside
//     Transfer-Encoding, values that differ or are no numbers, codings other than chunked or in
//     another version than 1.1, folded or misspelt fields of these names, a body together with
//     CONNECT or with lines ended in several ways (RFC 9112 sections 6.3 and 11.2),
//   - a body of GET, HEAD, DELETE, OPTIONS or TRACE that begins like a request,
//   - a chunk whose size or end is not beyond doubt, or a trailer line that is no field,
//   - what follows a request and is none: servers answer 400 and close.
//
// Each byte of a head is searched for its end once, however the stream grows, and walked for names
// once. Called as every parser (proto/parser.h): a worker's thread, bytes of the caller.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::http {

constexpr std::uint32_t kByteLimit = 66 * 1024;  // a head of 64 KiB and a long request line

// Only this many blank bytes may come before the request line.
constexpr std::size_t kMaxLeadingBlank = 1024;

// Where neither method nor target tells, the request line must end within this many bytes.
constexpr std::size_t kMaxUnsureLine = 4096;

// Certain as soon as a well-known method is followed by a path or an http URI; any other method in
// capitals, or target, needs the whole line to end in an HTTP version. RTSP, SIP, IRC, SMTP, FTP
// and MSNP lines are not HTTP, nor is HTTP/2's preface.
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kParser = {AppProto::http, Direction::to_server, kByteLimit, probe,
                                         feed};

}  // namespace chatgate::proto::http
