// What the rest of a TCP header says: its options and the urgent pointer.
//
// For the engine's long way, on a worker's thread: a decided flow's packets are never asked.
// Allocates nothing; work is bounded by the 40 bytes that options can have.
#pragma once

#include <cstdint>

#include "net/decode.h"
#include "net/packet_view.h"

namespace chatgate::net {

// RFC 9293 section 3.2. Of an option that occurs twice the last counts, and one whose length is not
// its kind's is skipped, as endpoints do.
struct TcpOptions {
  // The list parses: each option other than end (0) and padding (1) has a length of at least two
  // and lies within the header. What stood before the break is reported all the same. An option
  // that only the capture cut is no break.
  bool ok = true;
  bool md5 = false;             // kind 19 (RFC 2385), of whatever length
  bool authentication = false;  // kind 29 (RFC 5925), of whatever length
  bool timestamps = false;      // kind 8 (RFC 7323)
  bool fast_open = false;       // kind 34 (RFC 7413)
  bool has_window_scale = false;
  std::uint8_t window_scale = 0;     // kind 3, as it stands; more than 14 counts as 14
  std::uint16_t urgent_pointer = 0;  // means something with the flag URG alone
  std::uint32_t timestamp = 0;       // TSval
  std::uint32_t timestamp_echo = 0;  // TSecr
};

// `layers` must come from `packet`, with the outcome `transport` and TCP.
TcpOptions read_tcp_options(const PacketView& packet, const Layers& layers);

}  // namespace chatgate::net
