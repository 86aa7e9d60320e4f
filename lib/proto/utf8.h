// A character as UTF-8 (RFC 3629 section 3).
//
// Called by parsers on a worker's thread; a value, nothing is allocated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chatgate::proto {

class Utf8 {
 public:
  // `number`: of the character, at most 0x10ffff.
  explicit Utf8(std::uint32_t number) {
    if (number < 0x80) {
      add(number);
    } else if (number < 0x800) {
      add(0xc0 | number >> 6);
    } else if (number < 0x10000) {
      add(0xe0 | number >> 12);
    } else {
      add(0xf0 | number >> 18);
    }
    for (int shift = 6 * (static_cast<int>(size_for(number)) - 2); shift >= 0; shift -= 6) {
      add(0x80 | (number >> shift & 0x3f));
    }
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  static std::size_t size_for(std::uint32_t number) {
    return number < 0x80 ? 1 : number < 0x800 ? 2 : number < 0x10000 ? 3 : 4;
  }
  void add(std::uint32_t byte) { bytes_[size_++] = static_cast<char>(byte); }

  std::array<char, 4> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace chatgate::proto
