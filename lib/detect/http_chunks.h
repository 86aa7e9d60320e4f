// The chunked transfer coding (RFC 9112 section 7.1), undone as tolerantly as clients do it.
//
// Called by HttpView on a worker's thread, on a body that may still grow. Work is linear in it.
//
// Taken as they come: lines ended by LF, blank lines and blanks before a size, anything behind it,
// sizes beyond the body's end. Where a line begins with no size, or no line end follows a chunk,
// the body is what it is from there on, as sent, and has no end. Trailer fields are skipped.
#pragma once

#include "base/bytes.h"
#include "detect/scratch.h"

namespace chatgate::detect {

struct Chunked {
  bool ended = false;
  std::size_t size = 0;  // of all chunks and the trailer section, where it has ended
};

// Appends what the chunks carry, as far as they have come.
Chunked remove_chunks(Bytes body, Scratch& out);

}  // namespace chatgate::detect
