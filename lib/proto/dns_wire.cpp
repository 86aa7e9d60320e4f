#include "proto/dns_wire.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/cursor.h"

namespace chatgate::proto::dns {
namespace {

constexpr std::size_t kMaxLabel = 63;
constexpr unsigned kMaxPointers = 255;  // in one name; a circle meets this or kMaxName
constexpr std::uint8_t kPointer = 0xc0;
constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::uint64_t kEach = 0x0101010101010101;

template <typename Word>
Word load(std::string_view text, std::size_t at) {
  Word word;
  std::memcpy(&word, text.data() + at, sizeof word);
  return word;
}

// The characters that are more than whole words hold, with zeros behind them.
std::uint64_t load_rest(std::string_view text) {
  const std::size_t size = text.size() % kWord;
  if (size == 0) return 0;
  if (text.size() > kWord) {
    const auto last = load<std::uint64_t>(text, text.size() - kWord);
    return std::endian::native == std::endian::little ? last >> 8 * (kWord - size)
                                                      : last << 8 * (kWord - size);
  }
  std::array<char, kWord> rest{};
  for (std::size_t i = 0; i < size; ++i) rest[i] = text[i];
  return std::bit_cast<std::uint64_t>(rest);
}

// Capitals as small letters.
std::uint64_t lower_case(std::uint64_t word) {
  const std::uint64_t low = word & (kEach * 0x7f);
  const std::uint64_t from_a = low + kEach * (0x80 - 'A');
  const std::uint64_t behind_z = low + kEach * (0x7f - 'Z');
  const std::uint64_t capitals = (from_a ^ behind_z) & ~word & (kEach * 0x80);
  return word | capitals >> 2;  // the bit between 'A' and 'a'
}

// Whether one of the bytes is `c`.
bool holds(std::uint64_t word, char c) {
  const std::uint64_t zero_where = word ^ kEach * static_cast<unsigned char>(c);
  return ((zero_where - kEach) & ~zero_where & kEach * 0x80) != 0;
}

// Copies a label, in pieces of which the last overlaps the one before it; whether there is nothing
// in it to be escaped.
bool copy_plain(std::string_view label, char* out) {
  bool plain = true;
  const auto copy = [&](auto word, std::size_t at) {
    word = load<decltype(word)>(label, at);
    std::memcpy(out + at, &word, sizeof word);
    plain = plain && !holds(word, '.') && !holds(word, '\\');
  };
  const std::size_t size = label.size();
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) copy(std::uint64_t{}, at);
    copy(std::uint64_t{}, size - 8);
  } else if (size >= 4) {
    copy(std::uint32_t{}, 0);
    copy(std::uint32_t{}, size - 4);
  } else {
    for (std::size_t at = 0; at < size; ++at) copy(std::uint8_t{}, at);
  }
  return plain;
}

}  // namespace

void NameText::add_label(std::string_view label) {
  if (size_ > 0) push('.');
  if (copy_plain(label, text_.data() + size_)) {
    size_ += label.size();
    return;
  }
  for (const char c : label) {
    if (c == '.' || c == '\\') push('\\');
    push(c);
  }
}

NameEnd read_name(Bytes message, std::size_t at, NameText& text) {
  NameEnd result{NameStatus::complete};
  std::size_t encoded = 0;
  unsigned pointers = 0;
  while (true) {
    if (at >= message.size()) return {NameStatus::cut};
    const std::uint8_t length = message[at];
    if ((length & kPointer) == kPointer) {
      if (at + 2 > message.size()) return {NameStatus::cut};
      if (++pointers > kMaxPointers) return {NameStatus::broken};
      result.reach = std::max(result.reach, at + 2);
      if (result.end == 0) result.end = at + 2;
      at = load_be16(message.data() + at) & 0x3fff;
      result.lowest_target = std::min(result.lowest_target, at);
      continue;
    }
    if (length > kMaxLabel) return {NameStatus::broken};
    encoded += 1u + length;
    if (encoded > kMaxName) return {NameStatus::broken};
    if (at + 1 + length > message.size()) return {NameStatus::cut};
    result.reach = std::max(result.reach, at + 1 + length);
    if (length == 0) {
      if (result.end == 0) result.end = at + 1;
      return result;
    }
    text.add_label(as_text(message.subspan(at + 1, length)));
    at += 1u + length;
  }
}

std::optional<std::size_t> skip_name(Bytes message, std::size_t at) {
  const std::size_t start = at;
  while (at < message.size()) {
    const std::uint8_t length = message[at];
    if ((length & kPointer) == kPointer) {
      if (at + 2 > message.size()) return std::nullopt;
      return at + 2;
    }
    if (length > kMaxLabel) return std::nullopt;
    at += 1u + length;
    if (at - start > kMaxName) return std::nullopt;
    if (length == 0) return at;
  }
  return std::nullopt;
}

bool same_pointer(Bytes message, std::size_t one, std::size_t other) {
  return (message[one] & kPointer) == kPointer &&
         load_be16(message.data() + one) == load_be16(message.data() + other);
}

std::optional<RecordHeader> read_record_header(Bytes message, std::size_t at) {
  if (at > message.size()) return std::nullopt;
  Cursor cursor(message.subspan(at));
  RecordHeader record;
  record.type = cursor.be16();
  record.record_class = cursor.be16();
  record.ttl = cursor.be32();
  record.data_size = cursor.be16();
  record.data_at = static_cast<std::uint32_t>(at + cursor.position());
  cursor.skip(record.data_size);
  if (!cursor.ok()) return std::nullopt;
  return record;
}

void NameHash::add_name(std::string_view text) {
  std::size_t at = 0;
  for (; at + kWord <= text.size(); at += kWord) add(lower_case(load<std::uint64_t>(text, at)));
  // No name is of 2^56 bytes, so the length tells names from each other that end in zeros.
  add(lower_case(load_rest(text)) ^ std::uint64_t{text.size()} << 56);
}

void NameHash::add_word(std::uint32_t value) {
  add(value);
}

std::uint64_t NameHash::value() const {
  const std::uint64_t folded = (value_ ^ value_ >> 32) * 0x9e3779b97f4a7c15;
  return folded ^ folded >> 29;
}

std::uint64_t hash_of_name(std::string_view text) {
  NameHash hash;
  hash.add_name(text);
  return hash.value();
}

}  // namespace chatgate::proto::dns
