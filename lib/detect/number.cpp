#include "detect/number.h"

#include <bit>

#include "detect/octets.h"

namespace chatgate::detect {
namespace {

constexpr std::size_t kMostBinary = 8;
constexpr std::size_t kMostText = 23;

std::uint64_t read_binary(Endian endian, Bytes bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t at = endian == Endian::big ? i : bytes.size() - 1 - i;
    number = number << 8 | bytes[at];
  }
  return number;
}

// As strtoull takes it, which ends with the bytes.
std::optional<NumberRead> read_text(unsigned base, Bytes bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && is_space_octet(bytes[at])) ++at;
  const bool minus = at < bytes.size() && bytes[at] == '-';
  if (at < bytes.size() && (minus || bytes[at] == '+')) ++at;
  // The mark of base 16 counts only with a digit behind it; otherwise its 0 is the number.
  if (base == 16 && at + 2 < bytes.size() && bytes[at] == '0' && (bytes[at + 1] | 0x20) == 'x' &&
      digit_value(bytes[at + 2]) < base) {
    at += 2;
  }
  NumberRead read;
  for (; at < bytes.size() && digit_value(bytes[at]) < base; ++at) {
    std::uint64_t shifted = 0;
    if (__builtin_mul_overflow(read.number, std::uint64_t{base}, &shifted) ||
        __builtin_add_overflow(shifted, std::uint64_t{digit_value(bytes[at])}, &read.number)) {
      return {};
    }
    read.taken = at + 1;
  }
  if (read.taken == 0) return {};
  if (minus) read.number = 0 - read.number;
  return read;
}

}  // namespace

std::optional<NumberRead> read_number(const NumberForm& form, Bytes bytes) {
  if (bytes.empty() || bytes.size() > (form.base == 0 ? kMostBinary : kMostText)) return {};
  auto read = form.base == 0
                  ? std::optional(NumberRead{read_binary(form.endian, bytes), bytes.size()})
                  : read_text(form.base, bytes);
  if (read && form.bitmask != 0) {
    read->number = (read->number & form.bitmask) >> std::countr_zero(form.bitmask);
  }
  return read;
}

}  // namespace chatgate::detect
