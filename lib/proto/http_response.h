// HTTP/1.x: the responses of a connection, for what a policy asks of them.
//
// Only asked where a policy has such checks (engine/inspection.h). A response is two messages: its
// head, with its end in `offset`, and, where it has a body, the first bytes of that (part_read says
// which it was), behind which `skip` passes over the rest of a body or chunk of known length. The
// other chunks and trailer fields are pieces. Facts hold the protocol and nothing else; what a head
// says is read by check_response where it is wanted.
//
// Whether a response has a body depends on its request: who knows that it answers HEAD says so
// with `expect_no_body` before the parser goes on. A body without length or chunks lasts until the
// connection ends; its first bytes are `done` with Next::opaque. So is what nobody should send:
// lengths over 2^56. `malformed` is a head that does not end within kByteLimit, a length that is no
// number, and a chunk that http_body.h refuses.
//
// Sources: RFC 9112 sections 4, 6.3 and 7.1. Called as every parser (proto/parser.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "proto/http.h"
#include "proto/parser.h"

namespace chatgate::proto::http {

enum class ResponsePart : std::uint8_t { head, body };

// Of the message that was `done` last.
ResponsePart part_read(const ParserState& state);
// Of a body's message: whether the bytes of it are all there is of the body.
bool is_whole_body(const ParserState& state);

// After a head: no body follows.
void expect_no_body(ParserState& state);

struct ResponseChecks {
  unsigned status = 0;
  std::string_view content_type;
  std::optional<std::uint64_t> content_length;
  bool encoded = false;  // by a content or transfer coding beside chunked
};

// `head`: from the status line to the blank line at its end.
ResponseChecks check_response(std::string_view head);

Probe probe_response(Bytes stream);
ParseStatus feed_response(ParserState& state, Bytes stream, Facts& facts);

inline constexpr StreamParser kResponseParser = {AppProto::http, Direction::to_client, kByteLimit,
                                                 probe_response, feed_response};

}  // namespace chatgate::proto::http
