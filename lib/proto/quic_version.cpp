#include "proto/quic_version.h"

namespace chatgate::proto::quic {
namespace {

constexpr std::array<PacketType, 4> kTypes = {PacketType::initial, PacketType::zero_rtt,
                                              PacketType::handshake, PacketType::retry};
constexpr std::array<PacketType, 4> kTypes2 = {PacketType::retry, PacketType::initial,
                                               PacketType::zero_rtt, PacketType::handshake};

constexpr Version first_edition(const std::array<std::uint8_t, 20>& salt) {
  return {salt, "tls13 quic key", "tls13 quic iv", "tls13 quic hp", kTypes};
}

constexpr Version kV1 = first_edition({0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                       0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a});
constexpr Version kV2 = {{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                          0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
                         "tls13 quicv2 key",
                         "tls13 quicv2 iv",
                         "tls13 quicv2 hp",
                         kTypes2};
// Version 2 before its number was final: drafts 2 to 5 of RFC 9369.
constexpr Version kV2Draft = {{0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d,
                               0x62, 0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3},
                              kV2.key_label,
                              kV2.iv_label,
                              kV2.header_label,
                              kTypes2};
constexpr Version kDrafts29To32 =
    first_edition({0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                   0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99});
constexpr Version kDrafts23To28 =
    first_edition({0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
                   0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02});
constexpr Version kDraft22 =
    first_edition({0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
                   0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a});
struct Range {
  std::uint32_t first;
  std::uint32_t last;
  const Version* version;
};

constexpr std::array kReadable = {
    Range{kVersion1, kVersion1, &kV1},
    Range{kVersion2, kVersion2, &kV2},
    Range{kVersion2Draft, kVersion2Draft, &kV2Draft},
    Range{0xff000021, 0xff000022, &kV1},  // drafts 33 and 34
    Range{kDraft29, 0xff000020, &kDrafts29To32},
    Range{0xff000017, 0xff00001c, &kDrafts23To28},
    Range{0xff000016, 0xff000016, &kDraft22},
    Range{0xfaceb002, 0xfaceb002, &kDrafts23To28},  // Facebook's mvfst, at draft 27
    Range{0xfaceb001, 0xfaceb001, &kDraft22},
};

constexpr std::array kSeen = {
    Range{0xff000001, 0xff0000ff, nullptr},  // other drafts
    Range{0xfaceb000, 0xfaceb00f, nullptr},
    Range{0x51303434, 0x51303939, nullptr},  // Google's Q044 to Q099
    Range{0x54303438, 0x54303939, nullptr},  // and T048 to T099
};

}  // namespace

const Version* find_version(std::uint32_t number) {
  for (const Range& range : kReadable) {
    if (number >= range.first && number <= range.last) return range.version;
  }
  return nullptr;
}

bool is_unreadable(std::uint32_t number) {
  if (find_version(number) != nullptr) return false;
  for (const Range& range : kSeen) {
    if (number >= range.first && number <= range.last) return true;
  }
  return false;
}

}  // namespace chatgate::proto::quic
