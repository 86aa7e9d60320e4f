#include "proto/punycode.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace chatgate::proto {
namespace {

constexpr std::size_t kMaxLabel = 63;  // RFC 1035 section 2.3.4
constexpr std::string_view kPrefix = "xn--";
constexpr char32_t kNothing = 0xffffffff;  // what a character that is left out is mapped to

bool between(char32_t c, char32_t first, char32_t last) {
  return c >= first && c <= last;
}

// Takes one character off (RFC 3629 section 4). Nothing where the bytes are none.
std::optional<char32_t> take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xc2 ? 0
                           : first < 0xe0 ? 2
                           : first < 0xf0 ? 3
                           : first < 0xf5 ? 4
                                          : 0;
  if (size == 0 || text.size() < size) return std::nullopt;
  char32_t character = size == 1 ? first : first & (0x7f >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return std::nullopt;
    character = character << 6 | (byte & 0x3f);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (character < kSmallest[size] || character > 0x10ffff || between(character, 0xd800, 0xdfff)) {
    return std::nullopt;
  }
  text.remove_prefix(size);
  return character;
}

char32_t small_letter(char32_t c) {
  if (between(c, 'A', 'Z')) return c + 0x20;
  if (between(c, 0xc0, 0xde) && c != 0xd7) return c + 0x20;
  // Latin Extended-A: pairs that begin with an even number, and two runs that begin with an odd
  // one.
  if (between(c, 0x100, 0x12f) || between(c, 0x132, 0x137) || between(c, 0x14a, 0x177)) {
    return c | 1;
  }
  if (between(c, 0x139, 0x148) || between(c, 0x179, 0x17e)) return c + (c & 1);
  if (c == 0x178) return 0xff;
  if (c == 0x386) return 0x3ac;  // Greek with accents
  if (between(c, 0x388, 0x38a)) return c + 0x25;
  if (c == 0x38c) return 0x3cc;
  if (between(c, 0x38e, 0x38f)) return c + 0x3f;
  if (between(c, 0x391, 0x3a9) && c != 0x3a2) return c + 0x20;
  if (between(c, 0x400, 0x40f)) return c + 0x50;
  if (between(c, 0x410, 0x42f)) return c + 0x20;
  return c;
}

char32_t mapped(char32_t c) {
  constexpr char32_t kFullWidth = 0xff01 - '!';
  switch (c) {
    case 0x3002:
    case 0xff61: return '.';
    case 0xad:
    case 0x200b:
    case 0x2060:
    case 0xfeff: return kNothing;
    default: return small_letter(between(c, 0xff01, 0xff5e) ? c - kFullWidth : c);
  }
}

// The name as it is written. Fails once and stays failed.
class Output {
 public:
  explicit Output(std::span<char, kMaxAsciiHost> buffer) : buffer_(buffer) {}

  void add(char c) {
    if (size_ == buffer_.size()) {
      ok_ = false;
      return;
    }
    buffer_[size_++] = c;
  }
  void add(std::string_view text) {
    for (const char c : text) add(c);
  }

  bool ok() const { return ok_; }
  void fail() { ok_ = false; }
  std::size_t size() const { return size_; }
  std::string_view view() const { return {buffer_.data(), size_}; }

 private:
  std::span<char, kMaxAsciiHost> buffer_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

// RFC 3492 section 5.
constexpr std::uint32_t kBase = 36;
constexpr std::uint32_t kTMin = 1;
constexpr std::uint32_t kTMax = 26;
constexpr std::uint32_t kSkew = 38;
constexpr std::uint32_t kDamp = 700;
constexpr std::uint32_t kInitialBias = 72;
constexpr char32_t kInitialCharacter = 0x80;

char digit(std::uint32_t value) {
  return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26));
}

// Section 6.1.
std::uint32_t adapted(std::uint32_t delta, std::uint32_t count, bool first) {
  delta = first ? delta / kDamp : delta / 2;
  delta += delta / count;
  std::uint32_t k = 0;
  while (delta > (kBase - kTMin) * kTMax / 2) {
    delta /= kBase - kTMin;
    k += kBase;
  }
  return k + (kBase - kTMin + 1) * delta / (delta + kSkew);
}

void add_number(std::uint32_t number, std::uint32_t bias, Output& out) {
  for (std::uint32_t k = kBase;; k += kBase) {
    const std::uint32_t t = k <= bias ? kTMin : std::min(k - bias, kTMax);
    if (number < t) break;
    out.add(digit(t + (number - t) % (kBase - t)));
    number = (number - t) / (kBase - t);
  }
  out.add(digit(number));
}

// Section 6.3. With at most 63 characters below 0x110000 no number leaves its 32 bits.
void add_punycode(std::span<const char32_t> label, Output& out) {
  std::uint32_t done = 0;
  for (const char32_t c : label) {
    if (c >= kInitialCharacter) continue;
    out.add(static_cast<char>(c));
    ++done;
  }
  const std::uint32_t basic = done;
  if (basic > 0) out.add('-');

  char32_t next = kInitialCharacter;
  std::uint32_t delta = 0;
  std::uint32_t bias = kInitialBias;
  while (done < label.size()) {
    char32_t least = kNothing;
    for (const char32_t c : label) {
      if (c >= next) least = std::min(least, c);
    }
    delta += (least - next) * (done + 1);
    next = least;
    for (const char32_t c : label) {
      if (c < next) ++delta;
      if (c != next) continue;
      add_number(delta, bias, out);
      ++done;
      bias = adapted(delta, done, done == basic + 1);
      delta = 0;
    }
    ++delta;
    ++next;
  }
}

// Gathers characters up to a dot.
class Label {
 public:
  bool add(char32_t c) {
    if (size_ == characters_.size()) return false;
    characters_[size_++] = c;
    ascii_ = ascii_ && c < kInitialCharacter;
    return true;
  }

  void write_to(Output& out) {
    const std::span<const char32_t> label(characters_.data(), size_);
    const std::size_t begin = out.size();
    if (ascii_) {
      for (const char32_t c : label) out.add(static_cast<char>(c));
    } else {
      out.add(kPrefix);
      add_punycode(label, out);
    }
    if (out.size() - begin > kMaxLabel) out.fail();
    size_ = 0;
    ascii_ = true;
  }

 private:
  std::array<char32_t, kMaxLabel> characters_;
  std::size_t size_ = 0;
  bool ascii_ = true;
};

}  // namespace

std::optional<std::string_view> to_ascii_host(std::string_view raw,
                                              std::span<char, kMaxAsciiHost> buffer) {
  Output out(buffer);
  Label label;
  while (!raw.empty() && out.ok()) {
    const std::optional<char32_t> character = take_character(raw);
    if (!character) return std::nullopt;
    const char32_t c = mapped(*character);
    if (c == '.') {
      label.write_to(out);
      out.add('.');
    } else if (c != kNothing && !label.add(c)) {
      return std::nullopt;
    }
  }
  label.write_to(out);
  if (!out.ok()) return std::nullopt;
  return out.view();
}

}  // namespace chatgate::proto
