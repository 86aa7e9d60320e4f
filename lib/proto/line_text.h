// Words of protocols whose commands are lines of ASCII in either case: SMTP, IMAP, IRC.
//
// Threads: no state. Nothing is allocated; views borrow from the text they were given. Work is
// linear in it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "base/ascii.h"

namespace chatgate::proto {

constexpr std::size_t kMaxFirstLine = 512;  // RFC 5321 section 4.5.3.1, RFC 2812 section 2.3

// `word` is in capitals.
inline bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return upper(a) == b; });
}

template <std::size_t Count>
bool is_one_of(std::string_view text, const std::array<std::string_view, Count>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return is_word(text, word); });
}

// Whether `text` may become one of the words when there is more of it.
template <std::size_t Count>
bool may_be_one_of(std::string_view text, const std::array<std::string_view, Count>& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return is_word(text, word.substr(0, text.size()));
  });
}

// Takes the first word off, and the spaces behind it.
inline std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return word;
}

// The first CR or LF, npos where there is none.
inline std::size_t find_line_end(std::string_view text, std::size_t from = 0) {
  // A call of a library for each character is what find_first_of would be.
  const auto* const end = std::find_if(text.begin() + std::min(from, text.size()), text.end(),
                                       [](char c) { return c == '\n' || c == '\r'; });
  return end == text.end() ? std::string_view::npos : static_cast<std::size_t>(end - text.begin());
}

inline std::string_view without_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line;
}

inline bool is_printable(std::string_view line) {
  return std::all_of(line.begin(), line.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= ' ' || c == '\r'; });
}

// The first line of a text, without its end. `whole` where its end has been seen.
struct FirstLine {
  std::string_view text;
  std::string_view behind;
  bool whole = false;
  bool possible = false;  // not too long, and no bytes of no text
};

inline FirstLine first_line(std::string_view text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  const bool whole = end != std::string_view::npos;
  return {without_end(line), whole ? text.substr(end + 1) : std::string_view(), whole,
          line.size() <= kMaxFirstLine && is_printable(line)};
}

}  // namespace chatgate::proto
