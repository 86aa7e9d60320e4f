// The fast pattern of a rule: the bytes that must be in one buffer for the rule to match at all,
// and that the prefilter looks for.
//
// What the author chose (`fast_pattern`) is taken, else the best of all positive contents, else of
// the literals in its positive expressions. Load time; no state.
#pragma once

#include <optional>

#include "detect/pcre_literal.h"
#include "detect/rule.h"

namespace chatgate::detect {

// Longer patterns hardly tell more and make the overlap of two looks longer.
inline constexpr std::size_t kMaxFastPattern = 32;

struct FastPattern {
  Buffer buffer = Buffer::payload;
  Literal literal;  // 1 to kMaxFastPattern bytes of the buffer as it is before any transform
};

// Nothing for a rule that has to be evaluated for whatever its header fits.
std::optional<FastPattern> choose_fast_pattern(const Rule& rule);

}  // namespace chatgate::detect
