// Words of HTTP's text, as tolerant servers split them. Shared by the readers of HTTP/1 and HTTP/2.
//
// Threads: no state. Nothing is allocated; views borrow from the text they were given.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>

#include "base/ascii.h"

namespace chatgate::proto::http {

// RFC 9113 section 3.4: made to look like a request that no HTTP/1 server takes.
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Every control character counts as blank: a server that works with C strings stops at a NUL,
// another trims vertical tabs.
inline bool is_blank(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}
inline bool is_line_end(char c) {
  return c == '\r' || c == '\n';
}

// RFC 9110 section 5.6.2.
inline bool is_token_char(char c) {
  return is_letter(c) || is_digit(c) ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

// `word` is in lower case.
inline bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(),
                    [](char expected, char c) { return expected == lower(c); });
}
inline bool is_word(std::string_view text, std::string_view word) {
  return text.size() == word.size() && starts_with_word(text, word);
}

// The next word of `text`, which moves behind it; empty at the end.
inline std::string_view take_word(std::string_view& text) {
  const auto begin = std::find_if_not(text.begin(), text.end(), is_blank);
  const auto end = std::find_if(begin, text.end(), is_blank);
  const std::string_view word(text.data() + (begin - text.begin()),
                              static_cast<std::size_t>(end - begin));
  text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  return word;
}

inline std::string_view last_word(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  const auto blank = std::find_if(text.rbegin(), text.rend(), is_blank);
  return text.substr(static_cast<std::size_t>(text.rend() - blank));
}

// Without spaces and tabs at both ends (RFC 9110 section 5.5).
inline std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Without blanks of any kind at both ends.
inline std::string_view without_blanks(std::string_view text) {
  const auto begin = std::find_if_not(text.begin(), text.end(), is_blank);
  const auto end = std::find_if_not(text.rbegin(), std::make_reverse_iterator(begin), is_blank);
  return text.substr(static_cast<std::size_t>(begin - text.begin()),
                     static_cast<std::size_t>(end.base() - begin));
}

// "HTTP/2" or "HTTP/1.1".
inline bool is_http_version(std::string_view word) {
  if (!starts_with_word(word, "http/")) return false;
  word.remove_prefix(5);
  return (word.size() == 1 || (word.size() == 3 && word[1] == '.' && is_digit(word[2]))) &&
         is_digit(word[0]);
}

// Of those protocols whose request line looks like HTTP's.
inline bool is_other_version(std::string_view word) {
  return starts_with_word(word, "rtsp/") || starts_with_word(word, "sip/") ||
         starts_with_word(word, "icap/");
}

}  // namespace chatgate::proto::http
