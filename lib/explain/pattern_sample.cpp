#include "explain/pattern_sample.h"

#include <bitset>
#include <cctype>
#include <cstddef>

namespace chatgate::explain {
namespace {

constexpr std::size_t kMostOctets = 1024;
constexpr std::size_t kMostDepth = 16;
using Octets = std::bitset<256>;

unsigned char octet(char c) {
  return static_cast<unsigned char>(c);
}

Octets range(unsigned first, unsigned last) {
  Octets set;
  for (unsigned i = first; i <= last; ++i) set.set(i);
  return set;
}

// Letters before figures before signs, so that a text stays one.
char representative(const Octets& set) {
  for (const char c : std::string_view("xXaA01 -_./:")) {
    if (set.test(octet(c))) return c;
  }
  for (unsigned i = 0x21; i < 256; ++i) {
    if (set.test(i)) return static_cast<char>(i);
  }
  for (unsigned i = 0; i < 0x21; ++i) {
    if (set.test(i)) return static_cast<char>(i);
  }
  return '\0';
}

class Sampler {
 public:
  explicit Sampler(std::string_view text) : text_(text) {}

  std::optional<PatternSample> sample() {
    PatternSample made;
    made.at_start = text_.starts_with('^') || text_.starts_with("(?:^");
    made.bytes = alternatives(0);
    if (bad_ || at_ != text_.size() || made.bytes.size() > kMostOctets) return std::nullopt;
    return made;
  }

 private:
  bool more() const { return at_ < text_.size(); }
  char take() { return more() ? text_[at_++] : (bad_ = true, '\0'); }
  bool accept(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  // The first of them that says anything; the others are only read over.
  std::string alternatives(std::size_t depth) {
    if (depth > kMostDepth) bad_ = true;
    std::string chosen = sequence(depth);
    while (!bad_ && accept("|")) {
      std::string other = sequence(depth);
      if (chosen.empty()) chosen = std::move(other);
    }
    return chosen;
  }

  std::string sequence(std::size_t depth) {
    std::string all;
    while (!bad_ && more() && text_[at_] != '|' && text_[at_] != ')') {
      const std::string one = atom(depth);
      const std::size_t times = quantifier();
      for (std::size_t i = 0; i < times && all.size() <= kMostOctets; ++i) all += one;
    }
    return all;
  }

  std::string atom(std::size_t depth) {
    const char c = take();
    switch (c) {
      case '^':
      case '$': return {};
      case '.': return "x";
      case '[': return {representative(set())};
      case '\\': return escape();
      case '(': {
        if (accept("?")) bad_ = bad_ || !accept(":");
        std::string inside = alternatives(depth + 1);
        bad_ = bad_ || !accept(")");
        return inside;
      }
      case '*':
      case '+':
      case '?': bad_ = true; return {};
      default: return {c};
    }
  }

  std::string escape() {
    if (accept("b") || accept("A") || accept("z") || accept("Z")) return {};
    const std::optional<Octets> set = escaped();
    return set ? std::string{representative(*set)} : std::string();
  }

  // Behind a backslash, in a class or outside.
  std::optional<Octets> escaped() {
    const char c = take();
    switch (c) {
      case 'd': return range('0', '9');
      case 'w': return range('0', '9') | range('A', 'Z') | range('a', 'z') | range('_', '_');
      case 's': return range(' ', ' ') | range('\t', '\r');
      case 'D': return ~range('0', '9');
      case 'S': return ~(range(' ', ' ') | range('\t', '\r'));
      case 'n': return range('\n', '\n');
      case 'r': return range('\r', '\r');
      case 't': return range('\t', '\t');
      case 'x': {
        unsigned value = 0;
        for (int i = 0; i < 2; ++i) {
          const char digit = take();
          if (std::isxdigit(octet(digit)) == 0) bad_ = true;
          value = value * 16 + (std::isdigit(octet(digit)) != 0
                                    ? static_cast<unsigned>(digit - '0')
                                    : (static_cast<unsigned>(digit) | 0x20) - 'a' + 10);
        }
        if (!bad_) return range(value, value);
        return std::nullopt;
      }
      default: break;
    }
    if (std::isalnum(octet(c)) != 0) bad_ = true;
    return range(octet(c), octet(c));
  }

  Octets set() {
    Octets all;
    const bool negated = accept("^");
    for (bool first = true; !bad_ && (first || !text_.substr(at_).starts_with(']'));
         first = false) {
      const unsigned from = one_of_set(all);
      if (from > 255 || !text_.substr(at_).starts_with('-') ||
          text_.substr(at_).starts_with("-]")) {
        continue;
      }
      ++at_;
      const unsigned last = one_of_set(all);
      if (last > 255 || last < from) {
        bad_ = true;
      } else {
        all |= range(from, last);
      }
    }
    take();
    return negated ? ~all : all;
  }

  // Adds one entry of a class; its octet where it is a single one, so that it may begin a range.
  unsigned one_of_set(Octets& all) {
    if (accept("[:")) bad_ = true;
    Octets entry;
    if (accept("\\")) {
      entry = escaped().value_or(Octets());
    } else {
      entry.set(octet(take()));
    }
    all |= entry;
    if (entry.count() != 1) return 256;
    unsigned value = 0;
    while (!entry.test(value)) ++value;
    return value;
  }

  // How often to say the atom before it.
  std::size_t quantifier() {
    std::size_t times = 1;
    if (accept("*")) {
      times = 0;
    } else if (accept("{")) {
      times = number();
      if (accept(",") && more() && std::isdigit(octet(text_[at_])) != 0) number();
      bad_ = bad_ || !accept("}");
    } else if (!accept("+")) {
      accept("?");
      return 1;
    }
    if (!accept("?")) accept("+");
    return times;
  }

  std::size_t number() {
    std::size_t value = 0;
    if (!more() || std::isdigit(octet(text_[at_])) == 0) bad_ = true;
    while (more() && std::isdigit(octet(text_[at_])) != 0 && value <= kMostOctets) {
      value = value * 10 + static_cast<std::size_t>(text_[at_++] - '0');
    }
    return value;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  bool bad_ = false;
};

}  // namespace

std::optional<PatternSample> sample_of(std::string_view expression) {
  return Sampler(expression).sample();
}

}  // namespace chatgate::explain
