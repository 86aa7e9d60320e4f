// Numbers as decimal text, strictly: digits alone, nothing before or behind them.
//
// Called by parsers on a worker's thread. No state; work is linear in the text, which is borrowed.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace chatgate::proto {

// The whole text is one decimal number within the type; nothing otherwise.
template <typename Number = std::uint32_t>
std::optional<Number> decimal(std::string_view text) {
  Number value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

// Nothing where it is none, or more than 16 bits hold.
inline std::optional<std::uint16_t> port_of(std::string_view text) {
  return decimal<std::uint16_t>(text);
}

}  // namespace chatgate::proto
