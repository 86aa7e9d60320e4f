// TCP resets with the exact numbers that each end accepts.
//
// RFC 5961 section 3.2: an end tears a connection down only for a RST whose sequence number is the
// very next byte it expects; anything else in the window costs a challenge ACK and leaves the
// connection standing. So a reset is built from what the flow has shown, not from the packet alone.
//
// Pure functions from bytes to bytes, on a worker's thread. Each writes one frame into `out` and
// returns its size; 0 where no reset may be sent (the packet is itself a RST, RFC 9293 section
// 3.10.7.1) or where it does not fit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "net/decode.h"
#include "net/frame_builder.h"
#include "net/packet_view.h"

namespace chatgate::enforce {

// A reset to the end that sent `packet`. With the ACK flag set the packet itself says what its
// sender expects next; without (a SYN), the reset acknowledges the packet instead. `acknowledge` is
// the next byte its receiver would have acknowledged, that is, without payload the gateway did not
// pass on. `back` as net/frame_builder.h needs it for some encapsulations.
std::size_t reset_to_sender(const net::PacketView& packet, const net::Layers& layers,
                            std::uint32_t acknowledge, MutableBytes out,
                            const net::Opposite* back = nullptr);

// A reset to the end that `packet` was for. `expected` is the next byte that end waits for.
std::size_t reset_to_receiver(const net::PacketView& packet, const net::Layers& layers,
                              std::uint32_t expected, MutableBytes out);

}  // namespace chatgate::enforce
