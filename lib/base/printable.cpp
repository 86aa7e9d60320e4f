#include "base/printable.h"

#include <algorithm>
#include <cstdint>

namespace chatgate {
namespace {

bool is_control(std::string_view character) {
  const auto first = static_cast<std::uint8_t>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<std::uint8_t>(character[1]) < 0xa0;  // C1
}

}  // namespace

std::size_t utf8_sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const std::uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (text.size() < length || at(1) < low || at(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

std::string printable(std::string_view raw, std::size_t limit) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (std::size_t characters = 0; !raw.empty(); ++characters) {
    if (characters == limit) return text + "...";
    const std::size_t length = utf8_sequence(raw);
    const std::string_view character = raw.substr(0, std::max<std::size_t>(length, 1));
    if (length != 0 && !is_control(character)) {
      text += character;
    } else {
      for (const char byte : character) {
        const auto value = static_cast<std::uint8_t>(byte);
        text += {'\\', 'x', kHex[value >> 4], kHex[value & 0xf]};
      }
    }
    raw.remove_prefix(character.size());
  }
  return text;
}

}  // namespace chatgate
