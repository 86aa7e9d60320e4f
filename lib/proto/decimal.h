// Numbers as decimal text, for versions that protocols write as numbers.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>

#include "proto/messenger.h"

namespace chatgate::proto {

inline void append_decimal(std::uint32_t number, ShortText& text) {
  std::array<char, 10> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  text.append({digits.data(), static_cast<std::size_t>(written.ptr - digits.data())});
}

}  // namespace chatgate::proto
