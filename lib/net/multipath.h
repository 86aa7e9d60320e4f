// Multipath TCP: one connection over several paths (RFC 8684).
//
// Each path has numbers of its own, and which bytes of the connection go over which is for the ends
// to choose, so none of them can be read by itself. Called by a worker for a SYN; allocates
// nothing, looks at the 40 bytes that options can have.
#pragma once

#include "net/decode.h"
#include "net/packet_view.h"

namespace chatgate::net {

// Whether a SYN opens a further path of a connection that is under way (option 30, MP_JOIN). Where
// that is refused the connection goes on over the paths that it has (section 3.2). `layers` must
// come from `packet`, with the outcome `transport` and TCP.
bool joins_a_connection(const PacketView& packet, const Layers& layers);

}  // namespace chatgate::net
