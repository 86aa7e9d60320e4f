// Fixed bytes at fixed places of a stream that comes little by little.
//
// For probes and parsers of protocols that show only how they begin. Threads: no state.
#pragma once

#include <algorithm>

#include "base/bytes.h"

namespace chatgate::proto {

// Whether the bytes from `at` on are `expected`, as far as they are there already.
inline bool agrees(Bytes bytes, std::size_t at, Bytes expected) {
  if (bytes.size() <= at) return true;
  const Bytes there = bytes.subspan(at, std::min(bytes.size() - at, expected.size()));
  return std::equal(there.begin(), there.end(), expected.begin());
}

inline bool agrees(Bytes bytes, Bytes expected) {
  return agrees(bytes, 0, expected);
}

}  // namespace chatgate::proto
