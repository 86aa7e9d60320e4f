#include "detect/transforms.h"

#include <algorithm>
#include <cstring>

#include "detect/octets.h"

namespace chatgate::detect {
namespace {

std::size_t strip_whitespace(std::uint8_t* bytes, std::size_t size) {
  return static_cast<std::size_t>(std::remove_if(bytes, bytes + size, is_space_octet) - bytes);
}

std::size_t compress_whitespace(std::uint8_t* bytes, std::size_t size) {
  std::size_t out = 0;
  bool in_space = false;
  for (std::size_t i = 0; i < size; ++i) {
    const bool space = is_space_octet(bytes[i]);
    if (!space || !in_space) bytes[out++] = space ? std::uint8_t{' '} : bytes[i];
    in_space = space;
  }
  return out;
}

// An escape that is none stays as it is.
std::size_t url_decode(std::uint8_t* bytes, std::size_t size, bool complete) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint8_t octet = bytes[i];
    if (octet == '+') {
      bytes[out++] = ' ';
      continue;
    }
    if (octet == '%') {
      const bool first = i + 1 < size && digit_value(bytes[i + 1]) < 16;
      const bool second = first && i + 2 < size && digit_value(bytes[i + 2]) < 16;
      // It may yet become one.
      if (!complete && (i + 1 == size || (first && i + 2 == size))) return out;
      if (second) {
        bytes[out++] =
            static_cast<std::uint8_t>(digit_value(bytes[i + 1]) << 4 | digit_value(bytes[i + 2]));
        i += 2;
        continue;
      }
    }
    bytes[out++] = octet;
  }
  return out;
}

}  // namespace

Transformed transform(Bytes bytes, bool complete, std::span<const Transform> transforms,
                      MutableBytes room) {
  Transformed result{std::min(bytes.size(), room.size()), complete};
  if (bytes.size() > room.size()) result.complete = true;
  std::uint8_t* const out = room.data();
  if (result.size != 0) std::memcpy(out, bytes.data(), result.size);
  for (const Transform step : transforms) {
    switch (step) {
      case Transform::dotprefix:
        if (room.empty()) break;
        if (result.size == room.size()) {
          --result.size;
          result.complete = true;
        }
        std::memmove(out + 1, out, result.size++);
        out[0] = '.';
        break;
      case Transform::to_lowercase: std::transform(out, out + result.size, out, lower_octet); break;
      case Transform::to_uppercase: std::transform(out, out + result.size, out, upper_octet); break;
      case Transform::strip_whitespace: result.size = strip_whitespace(out, result.size); break;
      case Transform::compress_whitespace:
        result.size = compress_whitespace(out, result.size);
        break;
      case Transform::url_decode:
        result.size = url_decode(out, result.size, result.complete);
        break;
    }
  }
  return result;
}

}  // namespace chatgate::detect
