// Makes datagrams of ICQ's old protocol as clients made them, with check code and cipher.
#pragma once

#include <cstdint>
#include <string>

#include "proto/icq_cipher.h"

#include "oscar_message.h"

namespace chatgate::proto::test {

inline std::uint8_t byte_at(const std::string& text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

// Over four bytes of the header, the byte at `at` and the table's entry `entry`.
inline std::uint32_t check_code(const std::string& text, std::size_t at, std::uint8_t entry) {
  const std::uint32_t header = std::uint32_t{byte_at(text, 8)} << 24 |
                               std::uint32_t{byte_at(text, 4)} << 16 |
                               std::uint32_t{byte_at(text, 2)} << 8 | byte_at(text, 6);
  const std::uint32_t random = static_cast<std::uint32_t>(at & 0xff) << 24 |
                               std::uint32_t{byte_at(text, at)} << 16 | std::uint32_t{entry} << 8 |
                               icq::kTable[entry];
  return header ^ random ^ 0x00ff00ff;
}

inline void xor_block(std::string& text, std::size_t at, std::uint32_t key) {
  for (std::size_t i = 0; i < 4 && at + i < text.size(); ++i) {
    text[at + i] = static_cast<char>(byte_at(text, at + i) ^ key >> 8 * i);
  }
}

inline std::string icq_v2(std::uint16_t command, std::uint32_t uin, const std::string& more) {
  return le16(2) + le16(command) + le16(1) + le32(uin) + more;
}

inline std::string icq_v3(std::uint16_t command, std::uint32_t uin, const std::string& more) {
  const std::string front = le16(3) + le16(command) + le16(1) + le16(1) + le32(uin);
  const std::uint8_t entry = 77;
  const std::uint32_t header = std::uint32_t{byte_at(front, 8)} << 24 |
                               std::uint32_t{byte_at(front, 4)} << 16 |
                               std::uint32_t{byte_at(front, 2)} << 8 | byte_at(front, 6);
  const std::uint32_t table = std::uint32_t{entry} << 8 | icq::kTable[entry];
  return front + le32(header ^ table ^ 0x00ff00ff) + more;
}

inline std::string icq_v4(std::uint16_t command, std::uint32_t uin, const std::string& more,
                          std::size_t random_at = 7, std::uint8_t entry = 200) {
  std::string text = le16(4) + le16(0x5a17) + le16(0) + le16(command) + le16(1) + le16(1) +
                     le32(uin) + le32(0) + more;
  const std::uint32_t check = check_code(text, random_at, entry);
  const std::uint32_t key = static_cast<std::uint32_t>(text.size()) * 0x66756b65 + check;
  for (std::size_t at = 0; at < (text.size() + 3) / 4; at += 4) {
    xor_block(text, at, key + icq::kTable[at & 0xff]);
  }
  text.replace(0, 2, le16(4));
  text.replace(16, 4, le32(check));
  return text;
}

inline std::string icq_v5(std::uint16_t command, std::uint32_t uin, const std::string& more,
                          std::size_t random_at = 25, std::uint8_t entry = 9) {
  std::string text = le16(5) + le32(0) + le32(uin) + le32(0x12345678) + le16(command) + le16(1) +
                     le16(2) + le32(0) + more;
  const std::uint32_t check = check_code(text, random_at, entry);
  const std::uint32_t key = static_cast<std::uint32_t>(text.size()) * 0x68656c6c + check;
  for (std::size_t at = 10; at < text.size(); at += 4) {
    xor_block(text, at, key + icq::kTable[at & 0xff]);
  }
  text.replace(
      20, 4,
      le32((check & 0x0000001f) << 12 | (check & 0x03e003e0) << 1 | (check & 0xf8000400) >> 10 |
           (check & 0x0000f800) << 16 | (check & 0x041f0000) >> 15));
  return text;
}

}  // namespace chatgate::proto::test
