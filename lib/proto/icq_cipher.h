// How ICQ's old protocol hides and marks its datagrams: what is checked before a datagram counts.
//
// Called by proto/icq.cpp on a worker's thread. Bytes are borrowed; nothing is copied or changed:
// a byte is deciphered when it is asked for.
//
// Versions 3 to 5 carry a check code over four bytes of the header, a random byte of the datagram
// and a random byte of a fixed table. Versions 4 and 5 are XORed with a key that comes of the
// length and that code. Sources: the published descriptions of versions 3, 4 and 5, and Wireshark's
// dissector for version 5.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace chatgate::proto::icq {

constexpr std::size_t kLeastV3 = 16;
constexpr std::size_t kLeastV4 = 20;
constexpr std::size_t kLeastV5 = 24;

// A client's datagram, read through its cipher.
class Datagram {
 public:
  // `bytes`: at least as long as its version's header; versions 2 and 3 are as they are.
  Datagram(Bytes bytes, std::uint8_t version);

  std::size_t size() const { return bytes_.size(); }
  // `at` must be within.
  std::uint8_t u8(std::size_t at) const;
  std::uint16_t le16(std::size_t at) const {
    return static_cast<std::uint16_t>(u8(at + 1) << 8 | u8(at));
  }
  std::uint32_t le32(std::size_t at) const { return std::uint32_t{le16(at + 2)} << 16 | le16(at); }

  // Whether the check code is right. Version 2 has none.
  bool is_sound() const;

 private:
  Bytes bytes_;
  std::uint8_t version_;
  std::uint32_t check_ = 0;
  std::uint32_t key_ = 0;
};

}  // namespace chatgate::proto::icq
