// Packets of YMSG, for the tests.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace chatgate::proto::test {

using Pairs = std::vector<std::pair<int, std::string>>;

inline std::string be16_text(std::size_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number)};
}

inline std::string ymsg_raw(int service, const std::string& body, int version = 16) {
  return "YMSG" + be16_text(static_cast<std::size_t>(version)) + be16_text(0) +
         be16_text(body.size()) + be16_text(static_cast<std::size_t>(service)) +
         std::string("\0\0\0\0\0@7\xb7", 8) + body;
}

inline std::string ymsg_packet(int service, const Pairs& pairs) {
  std::string body;
  for (const auto& [key, value] : pairs) {
    body += std::to_string(key) + "\xc0\x80" + value + "\xc0\x80";
  }
  return ymsg_raw(service, body);
}

inline std::string old_packet(const std::string& name, int service, const std::string& login,
                              const std::string& content) {
  const auto le32 = [](std::size_t number) {
    std::string text;
    for (int i = 0; i < 4; ++i) text += static_cast<char>(number >> (8 * i) & 0xff);
    return text;
  };
  std::string logins = login;
  logins.resize(72);
  return name + '\0' + le32(104 + content.size()) + le32(static_cast<std::size_t>(service)) +
         std::string(16, '\0') + logins + content;
}

}  // namespace chatgate::proto::test
