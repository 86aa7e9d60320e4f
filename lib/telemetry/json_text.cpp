#include "telemetry/json_text.h"

#include <charconv>

#include "base/bytes.h"

namespace chatgate::telemetry {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool is_continuation(std::uint8_t byte) {
  return (byte & 0xc0) == 0x80;
}

// Length of the well-formed UTF-8 sequence at the start of `bytes`, 0 where there is none. The
// narrowed ranges of the second byte shut out overlong forms, surrogates and what lies above
// U+10FFFF (RFC 3629 section 4).
std::size_t utf8_sequence(Bytes bytes) {
  const std::uint8_t lead = bytes[0];
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  }
  if (length == 0 || bytes.size() < length || bytes[1] < low || bytes[1] > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_continuation(bytes[i])) return 0;
  }
  return length;
}

void append_escaped(std::string& out, std::uint8_t byte) {
  switch (byte) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  out += byte < 0x80 ? "\\u00" : "\\\\x";
  out += kHex[byte >> 4];
  out += kHex[byte & 0xf];
}

bool is_plain(std::uint8_t byte) {
  return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  const Bytes bytes = as_bytes(text);
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t plain_from = at;
    while (at < bytes.size() && is_plain(bytes[at])) ++at;
    out += text.substr(plain_from, at - plain_from);
    if (at == bytes.size()) break;
    const std::size_t length = utf8_sequence(bytes.subspan(at));
    if (length > 1) {
      out += text.substr(at, length);
      at += length;
    } else {
      append_escaped(out, bytes[at]);
      ++at;
    }
  }
  out += '"';
}

void append_json_number(std::string& out, std::uint64_t value) {
  char digits[20];
  const auto result = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, result.ptr);
}

}  // namespace chatgate::telemetry
