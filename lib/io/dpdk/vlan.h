// VLAN tags that a driver took into its descriptor although it was not asked to.
//
// The engine and the other side see the frame as it was on the wire, so they are put back: the
// outer one of two as 802.1ad, any other as 802.1Q. Worker.
#pragma once

#include <cstdint>
#include <rte_mbuf.h>

namespace chatgate::io {

// For frames whose descriptor has a tag.
rte_mbuf* insert_tags(rte_mbuf* frame);

// The frame with its tags; null, and the frame freed, where it has no room in front.
inline rte_mbuf* put_tags_back(rte_mbuf* frame) {
  constexpr std::uint64_t kStripped = RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED;
  return (frame->ol_flags & kStripped) == 0 ? frame : insert_tags(frame);
}

}  // namespace chatgate::io
