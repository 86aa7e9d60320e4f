// VLAN 100 for kernels without 802.1Q interfaces: two programs for tc.
//
// "vlan100" is one end of a veth pair; what comes out of the other end (TAGGED) leaves by eth0
// (WIRE) with a tag, and what eth0 receives with that tag goes in there without it.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VLAN 100

SEC("add")
int add_tag(struct __sk_buff *frame) {
  if (bpf_skb_vlan_push(frame, bpf_htons(0x8100), VLAN) != 0) return TC_ACT_SHOT;
  return bpf_redirect(WIRE, 0);
}

SEC("remove")
int remove_tag(struct __sk_buff *frame) {
  if (!frame->vlan_present || (frame->vlan_tci & 0xfff) != VLAN) return TC_ACT_OK;
  if (bpf_skb_vlan_pop(frame) != 0) return TC_ACT_SHOT;
  return bpf_redirect(TAGGED, 0);
}
