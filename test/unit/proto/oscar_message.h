// Builds FLAP frames, SNACs and TLVs for tests.
#pragma once

#include <cstdint>
#include <string>

namespace chatgate::proto::test {

inline std::string be16(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}
inline std::string be32(std::uint32_t value) {
  return be16(value >> 16) + be16(value & 0xffff);
}
inline std::string le16(std::size_t value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8)};
}
inline std::string le32(std::uint32_t value) {
  return le16(value & 0xffff) + le16(value >> 16);
}
inline std::string sized8(const std::string& text) {
  return static_cast<char>(text.size()) + text;
}
inline std::string sized16(const std::string& text) {
  return be16(text.size()) + text;
}
inline std::string sized32(const std::string& text) {
  return be32(static_cast<std::uint32_t>(text.size())) + text;
}

inline std::string tlv(std::uint16_t type, const std::string& value) {
  return be16(type) + sized16(value);
}
inline std::string flap(char channel, const std::string& body) {
  return std::string("\x2a") + channel + "\x12\x34" + sized16(body);
}
inline std::string snac(std::uint16_t family, std::uint16_t subtype, const std::string& body,
                        std::uint16_t flags = 0) {
  return flap(2, be16(family) + be16(subtype) + be16(flags) + be32(7) + body);
}

// 0946xxxx-4C7F-11D1-8222-444553540000
inline std::string capability(std::uint16_t number) {
  using namespace std::string_literals;
  return "\x09\x46"s + be16(number) + "\x4c\x7f\x11\xd1\x82\x22\x44\x45\x53\x54\0\0"s;
}

}  // namespace chatgate::proto::test
