// The bodies that HTTP/1 requests carry: chunks, and bodies that may not be what they seem.
//
// Part of the parser of proto/http.h, which says how it is called. Every function here is fed a
// view that starts where `mode` says, and answers as a parser does; it changes the mode when its
// part is complete.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "proto/http_head.h"
#include "proto/parser.h"

namespace chatgate::proto::http {

// A chunk's size with its extensions, and a line of the trailer section.
constexpr std::size_t kMaxChunkLine = 4096;
constexpr std::size_t kMaxTrailerLine = 16 * 1024;

// What a view starts with.
enum class Mode : std::uint8_t {
  first_request,
  request,       // behind another
  upgraded,      // a websocket's frame, or a request where the server declined
  unusual_body,  // of a request that should have none; ParserState::mark is its length
  first_chunk,
  chunk,    // the line end of the chunk before, and a chunk's head
  trailer,  // a line of it
};

// What ParserState::extra holds.
struct Progress {
  Mode mode = Mode::first_request;
  Upgrade upgrade = Upgrade::none;  // asked for by the request whose body this is

  static Progress of(const ParserState& state) {
    return {static_cast<Mode>(state.extra & 0xff), static_cast<Upgrade>(state.extra >> 8)};
  }
  void store(ParserState& state) const {
    state.extra = static_cast<std::uint32_t>(mode) | static_cast<std::uint32_t>(upgrade) << 8;
  }
};

// How to read on behind a message without a body, or with one of `Body::sized`.
Next begin_next_message(Upgrade upgrade, ParserState& state);

ParseStatus feed_unusual_body(ParserState& state, Bytes stream, Facts& facts);
ParseStatus feed_chunk_head(ParserState& state, Bytes stream, Facts& facts);
ParseStatus feed_trailer(ParserState& state, Bytes stream, Facts& facts);

}  // namespace chatgate::proto::http
