// Numbers of the protocols within IP (IANA, "Assigned Internet Protocol Numbers"), as far as
// something here tells them apart. Constants; for any thread.
#pragma once

#include <cstdint>

namespace chatgate::ip_protocol {

inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kIgmp = 2;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kGre = 47;
inline constexpr std::uint8_t kEsp = 50;
inline constexpr std::uint8_t kAh = 51;
inline constexpr std::uint8_t kIcmp6 = 58;
inline constexpr std::uint8_t kEigrp = 88;
inline constexpr std::uint8_t kOspf = 89;
inline constexpr std::uint8_t kSctp = 132;

// Of IPv4 or IPv6.
constexpr bool is_icmp(std::uint8_t protocol) {
  return protocol == kIcmp || protocol == kIcmp6;
}

}  // namespace chatgate::ip_protocol
