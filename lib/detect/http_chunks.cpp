#include "detect/http_chunks.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "base/ascii.h"
#include "proto/http_text.h"

namespace chatgate::detect {
namespace {

using proto::http::is_blank;

constexpr std::size_t kEndless = std::numeric_limits<std::size_t>::max();

enum class Step { size, no_size, more };

// The hexadecimal number that `digits` begin with; `count` is how many digits it has.
std::size_t read_size(std::string_view digits, std::size_t& count) {
  std::size_t size = 0;
  for (count = 0; count < digits.size(); ++count) {
    const char c = lower(digits[count]);
    const bool is_letter = c >= 'a' && c <= 'f';
    if (!is_letter && !is_digit(c)) break;
    const auto digit = static_cast<std::size_t>(is_letter ? c - 'a' + 10 : c - '0');
    size = size > kEndless >> 4 ? kEndless : size << 4 | digit;
  }
  return size;
}

// Takes the next line that holds a size off `text`. `no_size` leaves it where it was.
Step take_size(std::string_view& text, std::size_t& size) {
  const auto begin = std::find_if_not(text.begin(), text.end(), is_blank);
  const std::string_view digits = text.substr(static_cast<std::size_t>(begin - text.begin()));
  if (digits.empty()) return Step::more;
  std::size_t count = 0;
  size = read_size(digits, count);
  if (count == 0) return Step::no_size;
  const std::size_t end = digits.find('\n');
  if (end == std::string_view::npos) return Step::more;
  text = digits.substr(end + 1);
  return Step::size;
}

// Takes the line end behind a chunk.
Step take_line_end(std::string_view& text) {
  if (text.empty() || text == "\r") return Step::more;
  const std::size_t size = text.starts_with("\r\n") ? 2 : 1;
  if (text[size - 1] != '\n') return Step::no_size;
  text.remove_prefix(size);
  return Step::size;
}

bool skip_trailer(std::string_view& text) {
  while (true) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return false;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.find_first_not_of('\r') == std::string_view::npos) return true;
  }
}

}  // namespace

Chunked remove_chunks(Bytes body, Scratch& out) {
  std::string_view text = as_text(body);
  while (true) {
    std::size_t size = 0;
    Step step = take_size(text, size);
    if (step == Step::size && size == 0) {
      const bool ended = skip_trailer(text);
      return {ended, ended ? body.size() - text.size() : 0};
    }
    if (step == Step::size) {
      const std::string_view chunk = text.substr(0, size);
      out.add(chunk);
      text.remove_prefix(chunk.size());
      step = chunk.size() == size ? take_line_end(text) : Step::more;
    }
    if (step == Step::no_size) out.add(text);
    if (step != Step::size) return {};
  }
}

}  // namespace chatgate::detect
