// What an octet is: ASCII letters, blanks and digits, without a locale. For evaluation on the
// packet path; the words of rule files are read with text.h.
#pragma once

#include <cstdint>

namespace chatgate::detect {

constexpr std::uint8_t lower_octet(std::uint8_t octet) {
  return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet | 0x20) : octet;
}

constexpr std::uint8_t upper_octet(std::uint8_t octet) {
  return octet >= 'a' && octet <= 'z' ? static_cast<std::uint8_t>(octet & ~0x20) : octet;
}

// isspace of the C locale.
constexpr bool is_space_octet(std::uint8_t octet) {
  return octet == ' ' || (octet >= '\t' && octet <= '\r');
}

// The value of a digit in a base up to 16; `base` or more where it is none.
constexpr unsigned digit_value(std::uint8_t octet) {
  if (octet >= '0' && octet <= '9') return octet - unsigned{'0'};
  const std::uint8_t lower = lower_octet(octet);
  return lower >= 'a' && lower <= 'f' ? lower - unsigned{'a'} + 10 : 16;
}

}  // namespace chatgate::detect
