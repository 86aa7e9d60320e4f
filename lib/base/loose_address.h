// IPv4 addresses in the forms that only inet_aton() takes.
//
// Proxies resolve what they are asked for by getaddrinfo(), so that 1530411018, 0x5b.0x6c.0x38.0xa
// and 91.108.14346 all lead to 91.108.56.10 (POSIX, inet_addr). For names that a client sends;
// called on a worker's thread, allocates nothing, linear in the text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/bytes.h"

namespace chatgate {

// One to four numbers, decimal, octal (0...) or hexadecimal (0x...), of which the last fills all
// bytes that are left. In lower case, as proto::HostName has it. Nothing for any other text.
inline std::optional<IpAddress> parse_loose_v4(std::string_view text) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  constexpr unsigned kParts = 4;
  std::uint32_t address = 0;
  for (unsigned part = 1; part <= kParts; ++part) {
    const std::size_t dot = text.find('.');
    std::string_view digits = text.substr(0, dot);
    int base = 10;
    if (digits.starts_with("0x")) {
      base = 16;
      digits.remove_prefix(2);
    } else if (digits.size() > 1 && digits[0] == '0') {
      base = 8;
    }
    std::uint32_t number = 0;
    const char* const end = digits.data() + digits.size();
    const auto [read, error] = std::from_chars(digits.data(), end, number, base);
    if (error != std::errc{} || read != end) return std::nullopt;
    if (dot == std::string_view::npos) {
      const unsigned room = 8 * (kParts - part + 1);
      if (room < 32 && number >> room != 0) return std::nullopt;
      std::array<std::uint8_t, 4> bytes;
      store_be32(bytes.data(), address | number);
      return IpAddress::from_v4(bytes.data());
    }
    if (number > 0xff) return std::nullopt;
    address |= number << 8 * (kParts - part);
    text.remove_prefix(dot + 1);
  }
  return std::nullopt;
}

}  // namespace chatgate
