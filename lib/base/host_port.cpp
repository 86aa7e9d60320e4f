#include "base/host_port.h"

#include <algorithm>
#include <charconv>

#include "base/address.h"

namespace chatgate {
namespace {

constexpr std::size_t kLongestHost = 253;  // RFC 1035 section 2.3.4, as text

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

std::string HostPort::to_string() const {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port) {
  HostPort result;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    result.host = text.substr(1, end - 1);
    const auto address = IpAddress::parse(result.host);
    if (!address || result.host.find(':') == std::string::npos) return std::nullopt;
    text.remove_prefix(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    result.host = text.substr(0, colon);
    if (result.host.size() > kLongestHost ||
        !std::all_of(result.host.begin(), result.host.end(), is_host_character)) {
      return std::nullopt;
    }
    text.remove_prefix(colon);
  }
  if (text.empty()) {
    if (default_port == 0 || result.host.empty()) return std::nullopt;
    result.port = default_port;
    return result;
  }
  const auto port = text.starts_with(':') ? parse_port(text.substr(1)) : std::nullopt;
  if (!port) return std::nullopt;
  result.port = *port;
  return result;
}

}  // namespace chatgate
