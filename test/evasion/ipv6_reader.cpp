#include "ipv6_reader.h"

#include <algorithm>

namespace chatgate::test {
namespace {

constexpr std::size_t kStart = 14;
constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;

// Unknown options whose type begins with other bits than 00 are a reason to discard (section 4.2).
bool options_taken(Bytes options) {
  for (std::size_t at = 0; at < options.size();) {
    if (options[at] == 0) {  // Pad1
      ++at;
      continue;
    }
    if (at + 2 > options.size() || at + 2 + options[at + 1] > options.size()) return false;
    if (options[at] != 1 && options[at] >> 6 != 0) return false;
    at += 2u + options[at + 1];
  }
  return true;
}

}  // namespace

Ipv6Reading read_ipv6(Bytes frame) {
  Ipv6Reading out;
  if (frame.size() < kStart + 40 || frame[kStart] >> 4 != 6) return out;
  const std::size_t end = kStart + 40 + load_be16(&frame[kStart + 4]);
  if (end > frame.size()) return out;
  out.hop_limit = frame[kStart + 7];
  std::uint8_t type = frame[kStart + 6];
  std::size_t at = kStart + 40;
  while (type == kHopByHop || type == kRouting || type == kFragment || type == kDestination) {
    if (at + 8 > end) return out;
    if (type == kHopByHop && at != kStart + 40) return out;
    const Bytes header = frame.subspan(at);
    if (type == kFragment) {
      at += 8;
      type = header[0];
      out.offset = load_be16(&header[2]) & 0xfff8;
      out.more = (header[3] & 1) != 0;
      out.id = load_be32(&header[4]);
      if (out.offset == 0 && !out.more) continue;
      out.kind = Ipv6Reading::Kind::fragment;
      break;
    }
    const std::size_t size = (header[1] + 1u) * 8;
    if (at + size > end) return out;
    if (type == kRouting && header[3] != 0) return out;
    if (type != kRouting && !options_taken(header.subspan(2, size - 2))) return out;
    type = header[0];
    at += size;
  }
  if (out.kind == Ipv6Reading::Kind::refused) out.kind = Ipv6Reading::Kind::packet;
  out.protocol = type;
  out.rest.assign(frame.begin() + static_cast<std::ptrdiff_t>(at),
                  frame.begin() + static_cast<std::ptrdiff_t>(end));
  return out;
}

Octets plain_ipv6(Bytes like, std::uint8_t protocol, const Octets& rest) {
  Octets out(kStart + 40 + rest.size());
  std::copy_n(like.begin(), kStart + 40, out.begin());
  store_be16(&out[kStart + 4], static_cast<std::uint16_t>(rest.size()));
  out[kStart + 6] = protocol;
  std::copy(rest.begin(), rest.end(), out.begin() + kStart + 40);
  return out;
}

}  // namespace chatgate::test
