#include "detect/text.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.h"

namespace chatgate::detect {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Without the backslash that continues it; nothing where it does not continue.
std::optional<std::string_view> continued(std::string_view line) {
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  if (line.empty() || line.back() != '\\') return {};
  line.remove_suffix(1);
  return line;
}

}  // namespace

LogicalLine::LogicalLine(std::string text, std::uint32_t line)
    : text_(std::move(text)), pieces_{{0, {line, 1}}} {}

void LogicalLine::append(std::string_view text, Spot spot) {
  if (text_.empty()) pieces_.clear();
  pieces_.push_back({text_.size(), spot});
  text_ += text;
}

Spot LogicalLine::spot_of(std::string_view part) const {
  std::size_t offset = 0;
  if (part.data() != nullptr && part.data() >= text_.data() &&
      part.data() <= text_.data() + text_.size()) {
    offset = static_cast<std::size_t>(part.data() - text_.data());
  }
  const auto after = std::upper_bound(
      pieces_.begin(), pieces_.end(), offset,
      [](std::size_t wanted, const Piece& piece) { return wanted < piece.offset; });
  const Piece& piece = after == pieces_.begin() ? *after : *std::prev(after);
  Spot spot = piece.spot;
  spot.column += static_cast<std::uint32_t>(offset - piece.offset);
  return spot;
}

LineReader::LineReader(std::string_view text) : rest_(text) {
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

bool LineReader::next(LogicalLine& line, bool& too_long) {
  too_long = false;
  if (rest_.empty()) return false;
  line = LogicalLine({}, line_ + 1);
  while (!rest_.empty()) {
    const std::size_t end = rest_.find('\n');
    std::string_view physical = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++line_;
    if (physical.ends_with('\r')) physical.remove_suffix(1);

    // A comment goes no further than its line.
    const bool comment = line.text().empty() && trimmed(physical).starts_with('#');
    const auto without = comment ? std::nullopt : continued(physical);
    std::string_view part = without.value_or(physical);
    if (line.text().size() + part.size() > kMaxLine) {
      too_long = true;
      part = part.substr(0, kMaxLine - line.text().size());
    }
    line.append(part, {line_, 1});
    if (!without) break;
  }
  return true;
}

void Reporter::error(std::string_view part, std::string message, std::string remedy) {
  error(line_.spot_of(part), std::move(message), std::move(remedy));
}

void Reporter::error(Spot spot, std::string message, std::string remedy) {
  if (++errors_ > kMaxErrors) return;
  findings_.error({file_, spot.line, spot.column}, std::move(message), std::move(remedy));
}

void Reporter::warning(std::string_view part, std::string message, std::string remedy) {
  if (++warnings_ > kMaxErrors) return;
  const Spot spot = line_.spot_of(part);
  findings_.warning({file_, spot.line, spot.column}, std::move(message), std::move(remedy));
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return result;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return x == y || ((x ^ y) == 0x20 && is_letter(x));
         });
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::pair<std::string_view, std::string_view> first_word(std::string_view text) {
  text = trimmed(text);
  const auto end = std::find_if(text.begin(), text.end(), is_blank);
  const auto size = static_cast<std::size_t>(end - text.begin());
  return {text.substr(0, size), trimmed(text.substr(size))};
}

std::optional<std::uint64_t> to_number(std::string_view text, std::uint64_t max) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (fault != std::errc{} || end != text.data() + text.size() || value > max) return {};
  return value;
}

std::optional<std::int64_t> to_signed(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto magnitude = to_number(text, INT32_MAX);
  if (!magnitude) return {};
  const auto value = static_cast<std::int64_t>(*magnitude);
  return negative ? -value : value;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kLongest = 48;
  std::string result = "\"";
  for (const char c : text.substr(0, kLongest)) {
    const auto octet = static_cast<unsigned char>(c);
    result += octet >= 0x20 && octet != 0x7f ? c : '?';
  }
  return result + (text.size() > kLongest ? "…\"" : "\"");
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongest = 32;
  if (word.size() > kLongest) return {};
  return suggestion(word, candidates);
}

}  // namespace chatgate::detect
