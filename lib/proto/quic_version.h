// The versions of QUIC whose Initial packets can be read, and those that are known by sight only.
//
// Versions differ in the salt of the Initial keys, in the labels of their derivation, and in the
// numbers of the packet types. Drafts before 22 had another header and are not read.
//
// Sources: RFC 9001 section 5.2, RFC 9369 section 3, the drafts 22 to 34 of RFC 9001, RFC 9000
// section 15 (reserved versions), the registry of IANA. Threads: no state, callable from any.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace chatgate::proto::quic {

constexpr std::uint32_t kVersion1 = 0x00000001;
constexpr std::uint32_t kVersion2 = 0x6b3343cf;
constexpr std::uint32_t kVersion2Draft = 0x709a50c4;
constexpr std::uint32_t kDraft29 = 0xff00001d;

enum class PacketType : std::uint8_t {
  initial,
  zero_rtt,
  handshake,
  retry,
  version_negotiation,
  unknown,  // of a version that is not read
};

// Versions with equal keys share one object: they may be told apart by its address.
struct Version {
  std::array<std::uint8_t, 20> salt;
  std::string_view key_label;
  std::string_view iv_label;
  std::string_view header_label;
  std::array<PacketType, 4> types;  // by bits 4 and 5 of the first byte
};

// Null where Initials of that version cannot be read.
const Version* find_version(std::uint32_t number);

// 0x?a?a?a?a: sent to see whether servers answer with a version negotiation, never spoken.
constexpr bool is_grease(std::uint32_t number) {
  return (number & 0x0f0f0f0f) == 0x0a0a0a0a;
}

// A version of QUIC or of its predecessor, by the pattern of its number, that is not read.
bool is_unreadable(std::uint32_t number);

}  // namespace chatgate::proto::quic
