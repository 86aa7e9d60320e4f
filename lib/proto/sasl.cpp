#include "proto/sasl.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace chatgate::proto::sasl {
namespace {

constexpr std::size_t kMaxDecoded = kLooked / 4 * 3;

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// White space is left out; anything else that is no base64 ends it.
class Decoded {
 public:
  explicit Decoded(std::string_view base64) {
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : base64.substr(0, kLooked)) {
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
      const int value = value_of(c);
      if (value < 0) break;
      bits = bits << 6 | static_cast<std::uint32_t>(value);
      count += 6;
      if (count < 8) continue;
      count -= 8;
      bytes_[size_++] = static_cast<char>(bits >> count & 0xff);
    }
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, kMaxDecoded> bytes_;
  std::size_t size_ = 0;
};

// authzid NUL authcid NUL passwd; the passwd is cut where the message is.
std::string_view user_of_plain(std::string_view message) {
  const std::size_t first = message.find('\0');
  if (first == std::string_view::npos) return {};
  const std::size_t second = message.find('\0', first + 1);
  return second == std::string_view::npos ? std::string_view()
                                          : message.substr(first + 1, second - first - 1);
}

// "n,,n=user,r=nonce", "y,...", "p=type,...". '=' and ',' in a name are "=3D" and "=2C".
bool read_user_of_scram(std::string_view message, ShortText& user) {
  if (!message.starts_with("n,") && !message.starts_with("y,") && !message.starts_with("p=")) {
    return false;
  }
  std::size_t at = message.find(',');
  if (at != std::string_view::npos) at = message.find(',', at + 1);
  if (at == std::string_view::npos || !message.substr(at + 1).starts_with("n=")) return false;
  std::string_view name = message.substr(at + 3);
  name = name.substr(0, name.find(','));
  user.clear();
  while (!name.empty()) {
    const std::size_t escape = name.find('=');
    user.append(name.substr(0, escape));
    if (escape == std::string_view::npos) break;
    name.remove_prefix(escape);
    const bool comma = name.starts_with("=2C");
    user.append(comma ? "," : "=");
    name.remove_prefix(comma || name.starts_with("=3D") ? 3 : 1);
  }
  return true;
}

std::string_view user_of_digest(std::string_view message) {
  constexpr std::string_view kName = "username=\"";
  const std::size_t at = message.find(kName);
  if (at == std::string_view::npos || (at != 0 && message[at - 1] != ',')) return {};
  const std::string_view name = message.substr(at + kName.size());
  return name.substr(0, name.find('"'));
}

}  // namespace

void read_user(std::string_view base64, ShortText& user) {
  const Decoded decoded(base64);
  if (read_user_of_scram(decoded.view(), user)) return;
  const std::string_view plain = user_of_plain(decoded.view());
  const std::string_view name = plain.empty() ? user_of_digest(decoded.view()) : plain;
  if (!name.empty()) user.assign(name);
}

}  // namespace chatgate::proto::sasl
