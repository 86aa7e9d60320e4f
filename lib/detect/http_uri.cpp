#include "detect/http_uri.h"

#include <cstdint>
#include <optional>

#include "base/ascii.h"
#include "proto/http_authority.h"
#include "proto/http_text.h"

namespace chatgate::detect {
namespace {

// The number that all of `digits` are in hexadecimal.
std::optional<unsigned> from_hex(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) {
    const char small = lower(c);
    if (is_digit(c)) {
      value = value << 4 | static_cast<unsigned>(c - '0');
    } else if (small >= 'a' && small <= 'f') {
      value = value << 4 | static_cast<unsigned>(small - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

char best_fit(unsigned character) {
  constexpr unsigned kFullWidth = 0xff00;
  if (character < 0x100) return static_cast<char>(character);
  if (character > kFullWidth && character <= kFullWidth + 0x5e) {
    return static_cast<char>(character - kFullWidth + 0x20);
  }
  return '?';
}

void decode_percent(std::string_view text, Scratch& out) {
  while (!text.empty()) {
    const bool escape = text[0] == '%';
    const bool wide = escape && text.size() >= 6 && lower(text[1]) == 'u';
    std::size_t taken = 1;
    char byte = text[0];
    if (const auto value = wide ? from_hex(text.substr(2, 4)) : std::nullopt) {
      byte = best_fit(*value);
      taken = 6;
    } else if (escape && text.size() >= 3) {
      if (const auto plain = from_hex(text.substr(1, 2))) {
        byte = static_cast<char>(*plain);
        taken = 3;
      }
    }
    out.add(byte);
    text.remove_prefix(taken);
  }
}

// The ASCII character that `at` begins with, in UTF-8 of two or three bytes; zero where it does not
// begin with one (RFC 3629 section 3 forbids these forms, servers took them).
struct Overlong {
  std::uint8_t character = 0;
  std::size_t size = 0;
};

Overlong overlong_ascii(Bytes at) {
  const auto is_trail = [](std::uint8_t byte) { return (byte & 0xc0) == 0x80; };
  if (at.size() >= 2 && (at[0] & 0xfe) == 0xc0 && is_trail(at[1])) {
    return {static_cast<std::uint8_t>((at[0] & 1) << 6 | (at[1] & 0x3f)), 2};
  }
  if (at.size() >= 3 && at[0] == 0xe0 && (at[1] & 0xfe) == 0x80 && is_trail(at[2])) {
    return {static_cast<std::uint8_t>((at[1] & 1) << 6 | (at[2] & 0x3f)), 3};
  }
  return {};
}

// Removes the last segment, which ends at `size`, where it is "." or "..". The size that remains.
std::size_t without_dots(Bytes path, std::size_t begin, std::size_t size) {
  const std::string_view segment = as_text(path.subspan(begin, size - begin));
  if (segment == ".") return begin;
  if (segment != "..") return size;
  if (begin == 0) return 0;
  std::size_t at = begin - 1;  // the slash before
  while (at > 0 && path[at - 1] != '/') --at;
  // The first slash stays: nothing is above the root.
  return at == 0 && path[0] == '/' ? 1 : at;
}

// In place; returns the new size.
std::size_t simplify_path(MutableBytes path) {
  std::size_t size = 0;
  std::size_t segment = 0;
  for (std::size_t at = 0; at < path.size();) {
    const Overlong overlong = overlong_ascii(path.subspan(at));
    std::uint8_t byte = overlong.size > 0 ? overlong.character : path[at];
    at += std::max<std::size_t>(overlong.size, 1);
    if (byte == '\\') byte = '/';
    if (byte != '/') {
      path[size++] = byte;
      continue;
    }
    size = without_dots(path, segment, size);
    if (size == 0 || path[size - 1] != '/') path[size++] = '/';
    segment = size;
  }
  return without_dots(path, segment, size);
}

}  // namespace

void normalise_uri(std::string_view target, Scratch& out) {
  const std::size_t begin = out.size();
  if (const auto authority = proto::http::authority_of_uri(target)) {
    const char* const rest = authority->data() + authority->size();
    target.remove_prefix(static_cast<std::size_t>(rest - target.data()));
    if (target.empty() || target[0] == '?' || target[0] == '#') out.add('/');
  }
  const std::size_t path_end = std::min(target.find_first_of("?#"), target.size());
  decode_percent(target.substr(0, path_end), out);
  out.cut(begin + simplify_path(out.open(begin)));
  decode_percent(target.substr(path_end), out);
}

}  // namespace chatgate::detect
