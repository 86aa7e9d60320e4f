#include "proto/icq_cipher.h"

namespace chatgate::proto::icq {
namespace {

constexpr std::uint32_t kCheckMask = 0x00ff00ff;
constexpr std::size_t kCheckAtV3 = 12;
constexpr std::size_t kCheckAtV4 = 16;
constexpr std::size_t kCheckAtV5 = 20;
constexpr std::size_t kCheckSize = 4;
constexpr std::uint32_t kKeyV4 = 0x66756b65;
constexpr std::uint32_t kKeyV5 = 0x68656c6c;
constexpr std::size_t kVersionSize = 2;
constexpr std::size_t kCipherFromV5 = 10;

// Version 5 hides the code itself by moving its bits about.
std::uint32_t unscrambled(std::uint32_t code) {
  return (code & 0x0001f000) >> 12 | (code & 0x07c007c0) >> 1 | (code & 0x003e0001) << 10 |
         (code & 0xf8000000) >> 16 | (code & 0x0000083e) << 15;
}

}  // namespace

Datagram::Datagram(Bytes bytes, std::uint8_t version) : bytes_(bytes), version_(version) {
  const auto length = static_cast<std::uint32_t>(bytes.size());
  switch (version) {
    case 3: check_ = load_le32(&bytes[kCheckAtV3]); break;
    case 4:
      check_ = load_le32(&bytes[kCheckAtV4]);
      key_ = length * kKeyV4 + check_;
      break;
    case 5:
      check_ = unscrambled(load_le32(&bytes[kCheckAtV5]));
      key_ = length * kKeyV5 + check_;
      break;
    default: break;
  }
}

std::uint8_t Datagram::u8(std::size_t at) const {
  std::size_t block = 0;  // of four bytes, where it begins
  bool hidden = false;
  if (version_ == 4) {
    // The first quarter, but for the version and the code.
    block = at / 4 * 4;
    hidden = at >= kVersionSize && block < (bytes_.size() + 3) / 4 && block != kCheckAtV4;
  } else if (version_ == 5 && at >= kCipherFromV5) {
    block = kCipherFromV5 + (at - kCipherFromV5) / 4 * 4;
    hidden = at < kCheckAtV5 || at >= kCheckAtV5 + kCheckSize;
  }
  if (!hidden) return bytes_[at];
  const std::uint32_t key = key_ + kTable[block & 0xff];
  return static_cast<std::uint8_t>(bytes_[at] ^ key >> 8 * (at - block));
}

bool Datagram::is_sound() const {
  if (version_ == 2) return true;
  const std::uint32_t header =
      std::uint32_t{u8(8)} << 24 | std::uint32_t{u8(4)} << 16 | std::uint32_t{u8(2)} << 8 | u8(6);
  const std::uint32_t random = check_ ^ header ^ kCheckMask;
  if (kTable[random >> 8 & 0xff] != (random & 0xff)) return false;
  if (version_ == 3) return random >> 16 == 0;
  // Where the byte stands is told in eight bits, also where the datagram is longer than that. In
  // version 5 it is behind the header; in version 4 it may be where the code now is, and what was
  // there before is not known.
  constexpr std::size_t kMaxTurns = 8;
  std::size_t at = random >> 24;
  for (std::size_t turn = 0; turn < kMaxTurns && at < bytes_.size(); ++turn, at += 256) {
    if (version_ == 5 && at < kLeastV5) continue;
    if (version_ == 4 && at >= kCheckAtV4 && at < kLeastV4) return true;
    if (u8(at) == (random >> 16 & 0xff)) return true;
  }
  return false;
}

}  // namespace chatgate::proto::icq
