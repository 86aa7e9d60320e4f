// The Internet checksum (RFC 1071).
#pragma once

#include <cstdint>

#include "base/address.h"
#include "base/bytes.h"

namespace chatgate::net {

// One's complement sum of 16-bit words; add parts with `sum`, close with `fold`. Every part but the
// last must have an even size.
std::uint64_t checksum_add(Bytes bytes, std::uint64_t sum = 0);
std::uint16_t checksum_fold(std::uint64_t sum);

// The sum over the pseudo header of TCP and UDP (RFC 9293 section 3.1, RFC 8200 section 8.1). The
// mapped form of an IPv4 address adds the constant prefix, so the family must be said.
std::uint64_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination, bool v4,
                                std::uint8_t protocol, std::uint32_t length);

}  // namespace chatgate::net
