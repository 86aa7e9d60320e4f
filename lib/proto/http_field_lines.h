// The fields of an HTTP/1 head one by one, for the policy's checks and for what bodies carry.
//
// Called on a worker's thread, on a head that its parser has read to its end; views borrow from it,
// nothing is allocated, work is linear in the head (RFC 9112 section 5). Lines end with LF; a line
// that begins with a blank belongs to the field before it, value and all. A line without ":" is a
// field without a value.
#pragma once

#include <string_view>

#include "proto/http_text.h"

namespace chatgate::proto::http {

class FieldLines {
 public:
  // `head`: from its first line, or blank lines before it.
  explicit FieldLines(std::string_view head) : rest_(head) {
    while (!rest_.empty() && is_line_end(rest_.front())) rest_.remove_prefix(1);
    take_line();
  }

  // False at the blank line behind the last.
  bool next() {
    line_ = take_line();
    if (without_blanks(line_).empty()) return false;
    const char* const begin = line_.data();
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
      const std::string_view more = take_line();
      line_ = {begin, static_cast<std::size_t>(more.data() + more.size() - begin)};
    }
    return true;
  }

  std::string_view line() const { return line_; }  // without its end
  std::string_view name() const { return trimmed(line_.substr(0, line_.find(':'))); }
  std::string_view value() const {
    const std::size_t colon = line_.find(':');
    return colon == std::string_view::npos ? std::string_view()
                                           : without_blanks(line_.substr(colon + 1));
  }

 private:
  std::string_view take_line() {
    const std::size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  std::string_view rest_;
  std::string_view line_;
};

}  // namespace chatgate::proto::http
