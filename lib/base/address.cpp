#include "base/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

#include "base/ascii.h"

namespace chatgate {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// `address` with every bit after `length` set to `bit`.
IpAddress with_host_bits(IpAddress address, std::uint8_t length, bool bit) {
  for (unsigned position = length; position < 128; ++position) {
    const auto mask = static_cast<std::uint8_t>(0x80 >> (position % 8));
    std::uint8_t& byte = address.bytes[position / 8];
    byte = static_cast<std::uint8_t>(bit ? byte | mask : byte & ~mask);
  }
  return address;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  // An IPv4 address ends in a digit, one of IPv6 has a colon: most names are told by their end.
  if (text.empty() || (!is_digit(text.back()) && text.find(':') == text.npos)) return std::nullopt;
  char terminated[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof terminated || text.find('\0') != text.npos) return std::nullopt;
  *std::copy(text.begin(), text.end(), terminated) = '\0';
  std::uint8_t buffer[16];
  if (inet_pton(AF_INET, terminated, buffer) == 1) return from_v4(buffer);
  if (inet_pton(AF_INET6, terminated, buffer) == 1) return from_v6(buffer);
  return std::nullopt;
}

bool IpAddress::is_v4() const {
  return std::memcmp(bytes.data(), kMappedPrefix.data(), kMappedPrefix.size()) == 0;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  const bool v4 = is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? 12 : 0), text, sizeof text);
  return text;
}

std::optional<Prefix> Prefix::parse(std::string_view text, bool* host_bits_set) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const bool v4 = address->is_v4() && text.find(':') == std::string_view::npos;
  unsigned length = v4 ? 32 : 128;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    unsigned given = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), given);
    if (error != std::errc{} || end != digits.data() + digits.size() || given > length) {
      return std::nullopt;
    }
    length = given;
  }
  Prefix prefix{*address, static_cast<std::uint8_t>(v4 ? length + 96 : length)};
  if (prefix.first() != prefix.address) {
    if (host_bits_set == nullptr) return std::nullopt;
    *host_bits_set = true;
    prefix.address = prefix.first();
  }
  return prefix;
}

bool Prefix::contains(const IpAddress& candidate) const {
  return with_host_bits(candidate, length, false) == first();
}

IpAddress Prefix::first() const {
  return with_host_bits(address, length, false);
}

IpAddress Prefix::last() const {
  return with_host_bits(address, length, true);
}

std::string Prefix::to_string() const {
  const bool v4 = address.is_v4() && length >= 96;
  return address.to_string() + "/" + std::to_string(v4 ? length - 96 : length);
}

}  // namespace chatgate
