#include "proto/messenger_text.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace chatgate::proto {
namespace {

constexpr char32_t kReplacement = 0xfffd;

bool is_high_surrogate(char32_t unit) {
  return (unit & 0xfc00) == 0xd800;
}
bool is_low_surrogate(char32_t unit) {
  return (unit & 0xfc00) == 0xdc00;
}

// RFC 3629 section 3; false, and nothing appended, where there is no room for all of it.
bool append_utf8(ShortText& text, char32_t c) {
  std::array<char, 4> bytes;
  std::size_t size = 0;
  const auto put = [&](char32_t byte) { bytes[size++] = static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
  if (text.view().size() + size > ShortText::kCapacity) return false;
  text.append({bytes.data(), size});
  return true;
}

bool is_anywhere(const IpAddress& address) {
  const auto zero = [](std::uint8_t byte) { return byte == 0; };
  const std::size_t from = address.is_v4() ? 12 : 0;
  return std::all_of(address.bytes.begin() + static_cast<std::ptrdiff_t>(from), address.bytes.end(),
                     zero);
}

}  // namespace

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void assign_number(ShortText& text, std::uint32_t number) {
  std::array<char, 10> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.assign({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void append_hex(ShortText& text, std::uint16_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 12; shift >= 0; shift -= 4)
    text.append(kDigits.substr(number >> shift & 0xf, 1));
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end) return std::nullopt;
  return port;
}

void assign_utf16be(ShortText& text, Bytes utf16) {
  text.clear();
  for (std::size_t at = 0; at + 2 <= utf16.size(); at += 2) {
    char32_t c = load_be16(&utf16[at]);
    if (c == 0) return;
    if (is_high_surrogate(c) && at + 4 <= utf16.size() &&
        is_low_surrogate(load_be16(&utf16[at + 2]))) {
      at += 2;
      c = 0x10000 + ((c & 0x3ff) << 10) + (load_be16(&utf16[at]) & 0x3ffu);
    } else if (is_high_surrogate(c) || is_low_surrogate(c)) {
      c = kReplacement;
    }
    if (!append_utf8(text, c)) return;
  }
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
  const std::size_t colon = text.rfind(':');
  const auto address = IpAddress::parse(text.substr(0, colon));
  if (!address) return;
  const auto port =
      colon == std::string_view::npos ? default_port : port_of(text.substr(colon + 1)).value_or(0);
  expect_tcp(messenger, *address, port, service);
}

}  // namespace chatgate::proto
