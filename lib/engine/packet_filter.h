// Which packets a trace or a capture is about: everything that is set must hold.
//
// Filled by the control thread or a tool, asked by a worker for each packet while something is
// watched. What is said of ends holds for either of them.
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "net/decode.h"

namespace chatgate::engine {

struct PacketFilter {
  std::uint8_t protocol = 0;            // IANA number; 0: any
  std::optional<IpAddress> one, other;  // each is either end's
  std::uint16_t port = 0;               // either end's; 0: any. A fragment has none

  bool any() const { return protocol == 0 && !one && !other && port == 0; }
  bool matches(const net::Layers& layers) const;
};

}  // namespace chatgate::engine
