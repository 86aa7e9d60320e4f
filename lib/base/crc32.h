// CRC-32 of ITU V.42: reflected, polynomial 0x04c11db7, as in Ethernet and PKZIP.
//
// For the checksums that some protocols put into their messages. Linear in the bytes; the table is
// a constant. Threads: no state, callable from any.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace chatgate {

constexpr std::array<std::uint32_t, 256> make_crc32_table() {
  constexpr std::uint32_t kPolynomial = 0xedb88320;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t index = 0; index < table.size(); ++index) {
    std::uint32_t word = index;
    for (int bit = 0; bit < 8; ++bit) word = word >> 1 ^ ((word & 1) != 0 ? kPolynomial : 0);
    table[index] = word;
  }
  return table;
}
inline constexpr std::array<std::uint32_t, 256> kCrc32Table = make_crc32_table();

// Of `bytes` behind those whose CRC is `before`.
inline std::uint32_t crc32(Bytes bytes, std::uint32_t before = 0) {
  std::uint32_t crc = ~before;
  for (const std::uint8_t byte : bytes) crc = kCrc32Table[(crc ^ byte) & 0xff] ^ crc >> 8;
  return ~crc;
}

}  // namespace chatgate
