// Interfaces to join, in a network namespace that ends with the process. For children of a test.
#pragma once

#include <linux/if_link.h>
#include <linux/veth.h>
#include <sched.h>
#include <string>

#include "process/rtnetlink.h"
#include "process/wire.h"

namespace chatgate::process {

// A cable: `name` is its near end. False where it cannot be made.
inline bool make_cable(const std::string& name) {
  return LinkRequest(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL)
             .add_text(IFLA_IFNAME, name)
             .open(IFLA_LINKINFO)
             .add_text(IFLA_INFO_KIND, "veth")
             .close()
             .send() == 0;
}

inline bool make_bridge_of_somebody(const std::string& name, const std::string& port) {
  const bool made = LinkRequest(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL)
                        .add_text(IFLA_IFNAME, name)
                        .open(IFLA_LINKINFO)
                        .add_text(IFLA_INFO_KIND, "bridge")
                        .close()
                        .send() == 0;
  const auto master = static_cast<std::uint32_t>(link_index(name));
  return made &&
         LinkRequest(RTM_NEWLINK, 0, link_index(port)).add_number(IFLA_MASTER, master).send() == 0;
}

inline const Wire& cable_wire() {
  static const Wire wire{"in0", "out0"};
  return wire;
}

// Two cables in a namespace of their own.
inline bool enter_lab() {
  return ::unshare(CLONE_NEWNET) == 0 && make_cable("in0") && make_cable("out0");
}

// The name of the bridge that holds the interface, empty for none.
inline std::string master_of(const std::string& name) {
  LinkState link, master;
  if (!ask_link(link_index(name), link) || !ask_link(link.master, master)) return {};
  return master.name;
}

}  // namespace chatgate::process
