// Bytes for tests, written as hexadecimal digits.
#pragma once

#include <string>
#include <string_view>

namespace chatgate::proto::test {

// "00 01 …" as bytes; blanks are for the reader.
inline std::string hex(std::string_view text) {
  std::string bytes;
  std::string digits;
  for (const char c : text) {
    if (c != ' ') digits += c;
  }
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace chatgate::proto::test
