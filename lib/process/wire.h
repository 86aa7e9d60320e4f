// Joining two interfaces by the kernel while no gateway stands between them, and parting them.
//
// An open wire is a bridge of Linux with two ports that does nothing but pass frames: no spanning
// tree, no learned addresses (each frame leaves by the other port), no multicast snooping, no
// address of its own, and the link-local protocols that a bridge usually keeps for itself (LLDP,
// 802.1X, LACP) pass; only pause frames end at it. Its name is "cgwire" and the number of the
// inside interface, by which it is known again: a bridge of any other name is never touched.
//
// Works in the network namespace of the process and needs CAP_NET_ADMIN. The supervisor opens
// wires, the control thread closes them; both block for a few milliseconds. Errors are one line
// each, empty for none.
#pragma once

#include <string>
#include <vector>

namespace chatgate::process {

struct Wire {
  std::string inside, outside;  // interfaces of the kernel
  bool operator==(const Wire&) const = default;
};

// Joins the two and raises both; repeatable. Takes an XDP program off them, which a gateway that
// was killed leaves behind. An interface in somebody else's bridge stays there, with an error.
std::string open_wire(const Wire& wire);

// Takes both out of the bridge that `open_wire` made, and the bridge away. `was_open` says whether
// there was one. An interface that belongs to somebody else's bridge or bond is an error: frames
// would pass by the gateway.
std::string close_wire(const Wire& wire, bool& was_open);

// Frames of an open wire would meet the host's packet filter (br_netfilter, as container engines
// load it).
bool wire_is_filtered();

}  // namespace chatgate::process
