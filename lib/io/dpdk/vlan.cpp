#include "io/dpdk/vlan.h"

#include <cstdint>
#include <rte_ether.h>
#include <rte_mbuf.h>

namespace chatgate::io {
namespace {

// Puts one tag in front of the type field. Null, and the frame freed, where it has no room.
rte_mbuf* insert_tag(rte_mbuf* frame, std::uint16_t tpid, std::uint16_t tci) {
  frame->vlan_tci = tci;
  if (rte_vlan_insert(&frame) != 0) {
    rte_pktmbuf_free(frame);
    return nullptr;
  }
  auto* header = rte_pktmbuf_mtod(frame, rte_ether_hdr*);
  header->ether_type = rte_cpu_to_be_16(tpid);
  return frame;
}

}  // namespace

rte_mbuf* insert_tags(rte_mbuf* frame) {
  const std::uint64_t flags = frame->ol_flags;
  const std::uint16_t outer = frame->vlan_tci_outer;
  if ((flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0) {
    frame = insert_tag(frame, RTE_ETHER_TYPE_VLAN, frame->vlan_tci);
  }
  if (frame != nullptr && (flags & RTE_MBUF_F_RX_QINQ_STRIPPED) != 0) {
    frame = insert_tag(frame, RTE_ETHER_TYPE_QINQ, outer);
  }
  return frame;
}

}  // namespace chatgate::io
