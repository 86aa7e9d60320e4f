#include "net/checksum.h"

#include <array>
#include <cstring>

namespace chatgate::net {

// In words of the machine, as many at once as its registers hold, which RFC 1071 section 2 allows:
// the sum of swapped bytes is the swapped sum.
std::uint64_t checksum_add(Bytes bytes, std::uint64_t sum) {
  std::uint64_t native = 0;
  std::size_t i = 0;
  for (; i + sizeof(std::uint32_t) <= bytes.size(); i += sizeof(std::uint32_t)) {
    std::uint32_t word;
    std::memcpy(&word, &bytes[i], sizeof word);
    native += word;
  }
  while (native >> 16 != 0) native = (native & 0xffff) + (native >> 16);
  const auto folded = static_cast<std::uint16_t>(native);
  std::array<std::uint8_t, sizeof folded> in_order;
  std::memcpy(in_order.data(), &folded, sizeof folded);
  sum += load_be16(in_order.data());
  if (i + 1 < bytes.size()) {
    sum += load_be16(&bytes[i]);
    i += 2;
  }
  if (i < bytes.size()) sum += std::uint64_t{bytes[i]} << 8;
  return sum;
}

std::uint16_t checksum_fold(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint64_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination, bool v4,
                                std::uint8_t protocol, std::uint32_t length) {
  const std::size_t from = v4 ? 12 : 0;
  std::uint64_t sum = checksum_add(Bytes(source.bytes).subspan(from));
  sum = checksum_add(Bytes(destination.bytes).subspan(from), sum);
  return sum + protocol + length;
}

}  // namespace chatgate::net
