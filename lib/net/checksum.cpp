#include "net/checksum.h"

namespace chatgate::net {

std::uint64_t checksum_add(Bytes bytes, std::uint64_t sum) {
  std::size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) sum += load_be16(&bytes[i]);
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
