// Whether the checksums of a packet are right.
//
// For the engine's long way, on a worker's thread, where no device vouches for them: an endpoint
// drops a packet whose checksum is wrong, so what stands in it was never read. Pure functions, work
// linear in the frame. What a device says of a checksum is not asked here; it speaks of the
// outermost transport header, not of what is inside of GRE or IP in IP.
#pragma once

#include "net/decode.h"
#include "net/packet_view.h"

namespace chatgate::net {

// The header checksums of the packet and of all IPv4 headers that carry it; IPv6 has none. `layers`
// must come from `packet`, and the outcome be `transport`, `fragment` or `not_transport`.
bool ip_checksum_right(const PacketView& packet, const Layers& layers);

// The TCP or UDP checksum of the packet, and those of GRE and UDP headers that carry it. UDP's zero
// stands for none and is right over IPv4, and over IPv6 in a tunnel (RFC 6935). What a capture cut
// cannot be checked and is taken for right, as is what goes through a routing header whose final
// address is not known. The outcome must be `transport`.
bool transport_checksum_right(const PacketView& packet, const Layers& layers);

}  // namespace chatgate::net
