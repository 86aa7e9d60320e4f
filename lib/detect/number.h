// Reads a number as byte_test, byte_jump, byte_extract and byte_math do.
//
// For the packet path of any worker; bounded by the 23 bytes a number has at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "detect/rule.h"

namespace chatgate::detect {

struct NumberRead {
  std::uint64_t number = 0;
  // How many of the bytes it took: all of a binary number, of a text up to its last digit.
  std::size_t taken = 0;
};

// The number that all of `bytes` are; bitmask and base as in `form`. Nothing where a text has no
// digit or is beyond 64 bits, or there are no bytes, or more than a number of this form has.
std::optional<NumberRead> read_number(const NumberForm& form, Bytes bytes);

}  // namespace chatgate::detect
