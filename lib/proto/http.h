// HTTP/1.x: the head of the first request of a connection.
//
// Reads request line and header lines (RFC 9112 sections 3 and 5) from the client's side of a TCP
// connection, as tolerantly as the most tolerant servers do, because what any server takes for the
// host must be seen here: blank lines before the request, lines ended by LF or a lone CR, spaces
// and tabs anywhere between words, folded lines, several Host fields. All of these are names:
//
//   - every Host field, and every folded line of one (RFC 9112 section 5.2),
//   - the host of an absolute request target, and the authority of CONNECT (section 3.2).
//
// A request without any of them (HTTP/1.0, HTTP/0.9) is `done` without names. A head that does not
// end within kByteLimit is `malformed`, with the names of the part that was read.
//
// Each byte is searched for the end of the head once, however the stream grows, and walked for
// names once. Called as every parser (proto/parser.h): a worker's thread, bytes of the caller.
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
// and MSNP lines are not HTTP.
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

}  // namespace chatgate::proto::http
