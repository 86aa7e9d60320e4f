// Which side of the gateway a captured packet came from: a capture does not say.
//
// Where networks are given, the address that lies in one of them is inside. Otherwise, and where
// that does not tell the two ends apart, the side that opened the first flow seen between two
// addresses is inside, and stays so for this pair: a SYN says who opened, without one the higher
// port is taken for the opener's, and without ports the first sender. Of a first datagram from a
// private to a public address the sender is taken for the opener, whatever its port but that of
// DNS.
#pragma once

#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "net/packet_view.h"

namespace chatgate::replay {

class SideFinder {
 public:
  // `inside` may be empty.
  explicit SideFinder(std::vector<Prefix> inside) : inside_(std::move(inside)) {}

  // Frames without IP addresses count as from inside.
  net::Side side_of(const net::PacketView& packet);

 private:
  struct Pair {
    IpAddress low, high;
    bool operator==(const Pair&) const = default;
  };
  struct PairHash {
    std::size_t operator()(const Pair& pair) const;
  };

  bool is_inside(const IpAddress& address) const;

  const std::vector<Prefix> inside_;
  std::unordered_map<Pair, bool, PairHash> low_is_inside_;
};

}  // namespace chatgate::replay
