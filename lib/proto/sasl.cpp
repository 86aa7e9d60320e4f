#include "proto/sasl.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "proto/messenger_text.h"

namespace chatgate::proto::sasl {
namespace {

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
  std::array<std::uint8_t, kLooked / 4 * 3> bytes;
  const std::size_t size = decode_base64(base64.substr(0, kLooked), bytes);
  const std::string_view message = as_text(Bytes(bytes).first(size));
  if (read_user_of_scram(message, user)) return;
  const std::string_view plain = user_of_plain(message);
  const std::string_view name = plain.empty() ? user_of_digest(message) : plain;
  if (!name.empty()) user.assign(name);
}

}  // namespace chatgate::proto::sasl
