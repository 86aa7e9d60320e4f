#include "proto/wire_text.h"

#include <array>
#include <charconv>

namespace chatgate::proto {
namespace {

// -1 for what is no such digit.
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

// RFC 3629 section 3.
void append_utf8(ShortText& to, char32_t character) {
  std::array<char, 4> bytes;
  std::size_t size = 0;
  const auto add = [&](char32_t byte) { bytes[size++] = static_cast<char>(byte); };
  const auto add_tail = [&](int shift) { add(0x80 | (character >> shift & 0x3f)); };
  if (character < 0x80) {
    add(character);
  } else if (character < 0x800) {
    add(0xc0 | character >> 6);
    add_tail(0);
  } else if (character < 0x10000) {
    add(0xe0 | character >> 12);
    add_tail(6);
    add_tail(0);
  } else {
    add(0xf0 | character >> 18);
    add_tail(12);
    add_tail(6);
    add_tail(0);
  }
  if (to.view().size() + size <= ShortText::kCapacity) to.append({bytes.data(), size});
}

}  // namespace

void append_percent_decoded(ShortText& to, std::string_view text) {
  constexpr std::size_t kLongest = 3 * ShortText::kCapacity;
  text = text.substr(0, kLongest);
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        c = static_cast<char>(high << 4 | low);
        i += 2;
      }
    }
    to.append({&c, 1});
  }
}

void append_utf16le(ShortText& to, Bytes text) {
  constexpr char32_t kReplacement = 0xfffd;
  const auto unit_at = [&](std::size_t at) {
    return static_cast<char32_t>(text[at] | text[at + 1] << 8);
  };
  for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
    char32_t character = unit_at(at);
    if (character == 0 || to.view().size() >= ShortText::kCapacity) return;
    if (character >= 0xd800 && character < 0xe000) {
      const bool high = character < 0xdc00 && at + 3 < text.size();
      const char32_t low = high ? unit_at(at + 2) : 0;
      if (low >= 0xdc00 && low < 0xe000) {
        character = 0x10000 + ((character - 0xd800) << 10 | (low - 0xdc00));
        at += 2;
      } else {
        character = kReplacement;
      }
    }
    append_utf8(to, character);
  }
}

std::size_t decode_base64(std::string_view text, MutableBytes to) {
  std::uint32_t bits = 0;
  int count = 0;
  std::size_t written = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) break;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    if (written == to.size()) break;
    count -= 8;
    to[written++] = static_cast<std::uint8_t>(bits >> count);
  }
  return written;
}

std::optional<std::uint32_t> decimal(std::string_view text) {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<AddressAndPort> address_and_port(std::string_view text) {
  AddressAndPort result;
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    const auto port = decimal(text.substr(colon + 1));
    if (!port || *port > 0xffff) return std::nullopt;
    result.port = static_cast<std::uint16_t>(*port);
  }
  const auto address = IpAddress::parse(text.substr(0, colon));
  if (!address) return std::nullopt;
  result.address = *address;
  return result;
}

}  // namespace chatgate::proto
