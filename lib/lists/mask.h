// Which lists of a policy something is in, as one word.
//
// Threads: no state, callable from any. A policy has at most kMostLists lists.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/strong_id.h"

namespace chatgate::lists {

// One bit for each list of a policy, by ListId.
using Mask = std::uint64_t;

constexpr std::size_t kMostLists = 64;

constexpr Mask bit(std::size_t position) {
  return position < kMostLists ? Mask{1} << position : 0;
}

// The first list of the mask; none where it is empty.
constexpr ListId first(Mask mask) {
  return mask == 0 ? ListId::none() : ListId(static_cast<ListId::rep>(std::countr_zero(mask)));
}

}  // namespace chatgate::lists
