// Borrowed bytes and access to the numbers in them, big-endian and little-endian.
//
// Everything that came from the network is looked at through `Bytes`: a view that owns nothing and
// lives no longer than the packet or buffer behind it. The load functions are for positions whose
// bounds were checked already; where they were not, use base/cursor.h.
//
// Threads: no state, callable from any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace chatgate {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

// The same bytes as characters; borrows from `bytes`.
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The same characters as bytes; borrows from `text`.
inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::uint16_t load_be16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}

inline std::uint32_t load_be24(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 16 | std::uint32_t{at[1]} << 8 | at[2];
}

inline std::uint32_t load_be32(const std::uint8_t* at) {
  return std::uint32_t{load_be16(at)} << 16 | load_be16(at + 2);
}

inline std::uint16_t load_le16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[1] << 8 | at[0]);
}

inline std::uint32_t load_le32(const std::uint8_t* at) {
  return std::uint32_t{load_le16(at + 2)} << 16 | load_le16(at);
}

inline void store_be16(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

inline void store_be32(std::uint8_t* at, std::uint32_t value) {
  store_be16(at, static_cast<std::uint16_t>(value >> 16));
  store_be16(at + 2, static_cast<std::uint16_t>(value));
}

}  // namespace chatgate
