#include "telemetry/json_text.h"

#include <charconv>

#include "base/bytes.h"
#include "base/printable.h"

namespace chatgate::telemetry {
namespace {

constexpr char kHex[] = "0123456789abcdef";

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
    const std::size_t length = utf8_sequence(text.substr(at));
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
