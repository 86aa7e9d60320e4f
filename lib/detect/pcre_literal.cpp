#include "detect/pcre_literal.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/ascii.h"

namespace chatgate::detect {
namespace {

bool is_alphanumeric(char c) {
  return is_digit(c) || is_letter(c);
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : text_(text) {}

  // False where nothing may be concluded.
  bool read() {
    while (at_ < text_.size()) {
      if (!read_item()) return false;
    }
    end_run();
    return true;
  }

  std::string& longest() { return longest_; }
  bool caseless() const { return caseless_; }

 private:
  bool read_item() {
    const char c = text_[at_++];
    switch (c) {
      case '|': return false;
      case '\\': return read_escape();
      case '[': end_run(); return skip_class();
      case '(': end_run(); return skip_group();
      case ')': return false;
      case '*':
      case '?': drop_last(); return true;
      case '{': return read_braces();
      case '+':
      case '.':
      case '^':
      case '$': end_run(); return true;
      default: run_ += c; return true;
    }
  }

  // What a quantifier that may be zero stands behind; a quantifier's own "?" or "+" finds nothing.
  void drop_last() {
    if (!run_.empty()) run_.pop_back();
    end_run();
  }

  void end_run() {
    if (run_.size() > longest_.size()) longest_ = run_;
    run_.clear();
  }

  // {n}, {n,}, {n,m} and, since PCRE2 10.43, {,m}. Anything else is a brace for itself; nothing is
  // made of it.
  bool read_braces() {
    const std::size_t close = text_.find('}', at_);
    const std::string_view inside =
        close == std::string_view::npos ? std::string_view() : text_.substr(at_, close - at_);
    const bool numeric = !inside.empty() && std::all_of(inside.begin(), inside.end(), [](char c) {
      return is_digit(c) || c == ',' || c == ' ';
    });
    const std::size_t first = inside.find_first_not_of('0');
    if (numeric && first != std::string_view::npos && is_digit(inside[first])) {
      end_run();
    } else {
      drop_last();
    }
    if (numeric) at_ = close + 1;
    return true;
  }

  bool read_escape() {
    if (at_ == text_.size()) return false;
    const char c = text_[at_++];
    if (!is_alphanumeric(c)) {
      run_ += c;
      return true;
    }
    constexpr std::string_view kNames = "nrtfea";
    constexpr std::string_view kValues = "\n\r\t\f\x1b\a";
    const std::size_t known = kNames.find(c);
    if (known != std::string_view::npos) {
      run_ += kValues[known];
      return true;
    }
    if (c == 'x') return read_hex();
    // Classes and assertions of one letter.
    constexpr std::string_view kSimple = "dDwWsShHvVRbBAZz";
    if (kSimple.find(c) == std::string_view::npos) return false;
    end_run();
    return true;
  }

  bool read_hex() {
    int value = 0;
    std::size_t digits = 0;
    while (digits < 2 && at_ < text_.size() && hex_digit(text_[at_]) >= 0) {
      value = value * 16 + hex_digit(text_[at_]);
      ++at_;
      ++digits;
    }
    if (digits == 0) return false;  // \x{…}, or \x alone
    run_ += static_cast<char>(static_cast<std::uint8_t>(value));
    return true;
  }

  bool skip_class() {
    if (at_ < text_.size() && text_[at_] == '^') ++at_;
    for (std::size_t start = at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == ']' && at_ != start) {
        ++at_;
        return true;
      }
      if (c == '[' && at_ + 1 < text_.size() && text_[at_ + 1] == ':') {
        const std::size_t close = text_.find(":]", at_ + 2);
        if (close != std::string_view::npos) at_ = close + 1;
      } else if (c == '\\') {
        if (at_ + 1 < text_.size() && text_[at_ + 1] == 'Q') return false;
        ++at_;
      }
    }
    return false;
  }

  // A group may be absent, be an alternative or an assertion: nothing is read from within.
  bool skip_group() {
    if (is_verb_or_comment()) return false;
    if (at_ < text_.size() && text_[at_] == '?') {
      std::size_t end = at_ + 1;
      while (end < text_.size() && (is_alphanumeric(text_[end]) || text_[end] == '-')) ++end;
      if (end < text_.size() && text_[end] == ')' && end > at_ + 1) return read_options(end);
    }
    std::size_t depth = 1;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\\') {
        if (at_ < text_.size() && (text_[at_] == 'Q' || text_[at_] == 'E')) return false;
        ++at_;
      } else if (c == '[') {
        if (!skip_class()) return false;
      } else if (c == '(') {
        if (is_verb_or_comment()) return false;
        ++depth;
      } else if (c == ')' && --depth == 0) {
        return true;
      }
    }
    return false;
  }

  // A verb can end the match early, and a quantifier behind a comment belongs to what is before it.
  bool is_verb_or_comment() const {
    return text_.substr(at_, 1) == "*" || text_.substr(at_, 2) == "?#";
  }

  // (?i) and the like, from here to the end. Only what leaves characters characters.
  bool read_options(std::size_t end) {
    for (const char c : text_.substr(at_ + 1, end - at_ - 1)) {
      if (c != 'i' && c != 's' && c != 'm') return false;
      if (c == 'i') caseless_ = true;
    }
    at_ = end + 1;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string run_;
  std::string longest_;
  bool caseless_ = false;
};

}  // namespace

std::optional<Literal> required_literal(const Pcre& pcre) {
  if (pcre.negated || pcre.extended) return std::nullopt;
  LiteralReader reader(pcre.expression);
  if (!reader.read() || reader.longest().empty()) return std::nullopt;
  return Literal{std::move(reader.longest()), pcre.caseless || reader.caseless()};
}

}  // namespace chatgate::detect
