#include "proto/messenger_text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "proto/utf8.h"

namespace chatgate::proto {
namespace {

constexpr char32_t kReplacement = 0xfffd;

bool is_high_surrogate(char32_t unit) {
  return (unit & 0xfc00) == 0xd800;
}
bool is_low_surrogate(char32_t unit) {
  return (unit & 0xfc00) == 0xdc00;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool is_white_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_anywhere(const IpAddress& address) {
  const auto zero = [](std::uint8_t byte) { return byte == 0; };
  const std::size_t from = address.is_v4() ? 12 : 0;
  return std::all_of(address.bytes.begin() + static_cast<std::ptrdiff_t>(from), address.bytes.end(),
                     zero);
}

}  // namespace

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

void append_number(ShortText& text, std::uint32_t number) {
  std::array<char, 10> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void append_hex(ShortText& text, std::uint16_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 12; shift >= 0; shift -= 4)
    text.append(kDigits.substr(number >> shift & 0xf, 1));
}

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

void append_utf16(ShortText& text, Bytes utf16, std::endian order) {
  const auto unit_at = [&](std::size_t at) -> char32_t {
    return order == std::endian::big ? load_be16(&utf16[at]) : load_le16(&utf16[at]);
  };
  for (std::size_t at = 0; at + 2 <= utf16.size(); at += 2) {
    char32_t c = unit_at(at);
    if (c == 0) return;
    if (is_high_surrogate(c) && at + 4 <= utf16.size() && is_low_surrogate(unit_at(at + 2))) {
      at += 2;
      c = 0x10000 + ((c & 0x3ff) << 10) + (unit_at(at) & 0x3ff);
    } else if (is_high_surrogate(c) || is_low_surrogate(c)) {
      c = kReplacement;
    }
    const Utf8 character(c);
    if (text.view().size() + character.view().size() > ShortText::kCapacity) return;
    text.append(character.view());
  }
}

std::size_t decode_base64(std::string_view text, MutableBytes to) {
  std::uint32_t bits = 0;
  int count = 0;
  std::size_t written = 0;
  for (const char c : text) {
    if (is_white_space(c)) continue;
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

std::string_view up_to_zero(Bytes bytes) {
  const std::string_view text = as_text(bytes);
  return text.substr(0, text.find('\0'));
}

std::string_view take_field(std::string_view& text, char separator) {
  const std::string_view field = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(field.size() + 1, text.size()));
  return field;
}

std::optional<AddressAndPort> address_and_port(std::string_view text) {
  AddressAndPort result;
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    const auto port = port_of(text.substr(colon + 1));
    if (!port) return std::nullopt;
    result.port = *port;
  }
  const auto address = IpAddress::parse(text.substr(0, colon));
  if (!address) return std::nullopt;
  result.address = *address;
  return result;
}

ExpectedFlow* expect_flow(Messenger& messenger, const ExpectedFlow& flow) {
  if (flow.port == 0 || is_anywhere(flow.address)) return nullptr;
  const auto end = messenger.expected.begin() + messenger.expected_count;
  const auto known = std::find_if(messenger.expected.begin(), end, [&](const ExpectedFlow& each) {
    return each.address == flow.address && each.port == flow.port && each.tcp == flow.tcp;
  });
  if (known != end) return &*known;
  const std::uint8_t count = messenger.expected_count;
  messenger.expect(flow);
  return messenger.expected_count == count ? nullptr : &messenger.expected[count];
}

void expect_tcp(Messenger& messenger, const IpAddress& address, std::uint16_t port,
                Service service) {
  expect_flow(messenger, {.address = address, .port = port, .tcp = true, .service = service});
}

void expect_endpoint(Messenger& messenger, std::string_view text, std::uint16_t default_port,
                     Service service) {
  const auto place = address_and_port(text);
  if (!place) return;
  const bool has_port = text.find(':') != std::string_view::npos;
  expect_tcp(messenger, place->address, has_port ? place->port : default_port, service);
}

}  // namespace chatgate::proto
