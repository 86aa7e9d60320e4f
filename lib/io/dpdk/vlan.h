// VLAN tags that a driver took into its descriptor although it was not asked to.
//
// The engine and the other side see the frame as it was on the wire, so they are put back: the
// outer one of two as 802.1ad, any other as 802.1Q. Worker.
#pragma once

struct rte_mbuf;

namespace chatgate::io {

// The frame with its tags; null, and the frame freed, where it has no room in front.
rte_mbuf* put_tags_back(rte_mbuf* frame);

}  // namespace chatgate::io
