// What only a packet has, for Snort rules: from a frame and what decode said of it.
//
// For frames with the outcome `transport` or `not_transport`. Borrows from the frame. A worker's
// thread; no state.
#pragma once

#include "detect/subject.h"
#include "net/decode.h"
#include "net/packet_view.h"

namespace chatgate::engine {

detect::PacketFields packet_fields(const net::PacketView& packet, const net::Layers& layers);

// What rules call the payload: what is behind the header of TCP, UDP or ICMP (RFC 792: eight
// bytes), or behind that of IP.
Bytes payload_for_rules(const net::PacketView& packet, const net::Layers& layers);

}  // namespace chatgate::engine
