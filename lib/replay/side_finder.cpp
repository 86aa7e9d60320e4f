#include "replay/side_finder.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "net/decode.h"

namespace chatgate::replay {
namespace {

// An address that only a network of its own has: RFC 1918, RFC 6598, RFC 4193.
bool is_private(const IpAddress& address) {
  static const std::array<Prefix, 5> kPrivate = {
      *Prefix::parse("10.0.0.0/8"), *Prefix::parse("172.16.0.0/12"),
      *Prefix::parse("192.168.0.0/16"), *Prefix::parse("100.64.0.0/10"),
      *Prefix::parse("fc00::/7")};
  return std::any_of(kPrivate.begin(), kPrivate.end(),
                     [&](const Prefix& prefix) { return prefix.contains(address); });
}

// Whether the sender opened the flow that this packet belongs to.
bool sender_opened(const net::Layers& layers) {
  if (layers.outcome != net::Decoded::transport) return true;
  if (layers.protocol == net::kTcp && layers.has(net::tcp_flag::syn)) {
    return !layers.has(net::tcp_flag::ack);
  }
  if (layers.source_port >= layers.destination_port) return true;
  constexpr std::uint16_t kDnsPort = 53;  // answers of name servers often come first
  return layers.protocol == net::kUdp && layers.source_port != kDnsPort &&
         is_private(layers.source) && !is_private(layers.destination);
}

}  // namespace

std::size_t SideFinder::PairHash::operator()(const Pair& pair) const {
  const auto text = [](const IpAddress& address) {
    return std::string_view(reinterpret_cast<const char*>(address.bytes.data()),
                            address.bytes.size());
  };
  const std::hash<std::string_view> hash;
  return hash(text(pair.low)) * 31 + hash(text(pair.high));
}

bool SideFinder::is_inside(const IpAddress& address) const {
  return std::any_of(inside_.begin(), inside_.end(),
                     [&](const Prefix& prefix) { return prefix.contains(address); });
}

net::Side SideFinder::side_of(const net::PacketView& packet) {
  net::Layers layers;
  net::decode(packet, layers);
  if (layers.outcome == net::Decoded::not_ip || layers.outcome == net::Decoded::malformed) {
    return net::Side::inside;
  }
  const bool source_inside = is_inside(layers.source);
  if (source_inside != is_inside(layers.destination)) {
    return source_inside ? net::Side::inside : net::Side::outside;
  }
  const bool source_is_low = layers.source <= layers.destination;
  const Pair pair = source_is_low ? Pair{layers.source, layers.destination}
                                  : Pair{layers.destination, layers.source};
  const auto [known, fresh] = low_is_inside_.try_emplace(pair, false);
  if (fresh) known->second = source_is_low == sender_opened(layers);
  return known->second == source_is_low ? net::Side::inside : net::Side::outside;
}

}  // namespace chatgate::replay
