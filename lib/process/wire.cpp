#include "process/wire.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/rtnetlink.h"

namespace chatgate::process {
namespace {

constexpr std::string_view kPrefix = "cgwire";
// 01:80:c2:00:00:0x: a bridge lets x = 0 to 2 pass only where the port says so, and 1, the pause
// frames, never (net/bridge/br_private.h, BR_GROUPFWD_RESTRICTED and BR_GROUPFWD_MACPAUSE).
constexpr std::uint16_t kLinkLocalOfBridge = 0xfff8;
constexpr std::uint16_t kLinkLocalOfPort = 0xfffd;

std::string failed(const std::string& name, std::string_view what, int error) {
  return name + ": " + std::string(what) + ": " + std::strerror(error);
}

int make_bridge(const std::string& name) {
  const int error = LinkRequest(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL)
                        .add_text(IFLA_IFNAME, name)
                        .open(IFLA_LINKINFO)
                        .add_text(IFLA_INFO_KIND, "bridge")
                        .open(IFLA_INFO_DATA)
                        .add_number(IFLA_BR_STP_STATE, std::uint32_t{0})
                        .add_number(IFLA_BR_AGEING_TIME, std::uint32_t{0})
                        .add_number(IFLA_BR_GROUP_FWD_MASK, kLinkLocalOfBridge)
                        .close()
                        .close()
                        .send();
  if (error != 0 && error != EEXIST) return error;
  const int index = link_index(name);
  // Both may be unknown to this kernel, and then there is nothing to switch off.
  LinkRequest(RTM_NEWLINK, 0, index)
      .open(IFLA_LINKINFO)
      .add_text(IFLA_INFO_KIND, "bridge")
      .open(IFLA_INFO_DATA)
      .add_number(IFLA_BR_MCAST_SNOOPING, std::uint8_t{0})
      .close()
      .close()
      .send();
  LinkRequest(RTM_NEWLINK, 0, index)
      .open(IFLA_AF_SPEC)
      .open(AF_INET6)
      .add_number(IFLA_INET6_ADDR_GEN_MODE, std::uint8_t{IN6_ADDR_GEN_MODE_NONE})
      .close()
      .close()
      .send();
  return 0;
}

void remove_xdp(int index) {
  LinkRequest(RTM_SETLINK, 0, index)
      .open(IFLA_XDP)
      .add_number(IFLA_XDP_FD, std::int32_t{-1})
      .close()
      .send();
}

// The bridge or bond of somebody else that `link` belongs to; empty for none, or one of ours.
std::string stranger_above(const LinkState& link, LinkState& master) {
  if (link.master == 0 || !ask_link(link.master, master)) return {};
  const bool ours = master.kind == "bridge" && master.name.starts_with(kPrefix);
  return ours ? std::string() : link.name + ": it belongs to " + master.name;
}

std::string join(const std::string& name, int bridge) {
  const int index = link_index(name);
  if (index == 0) return name + ": there is no such interface";
  LinkState link, master;
  if (!ask_link(index, link)) return name + ": it cannot be looked at";
  if (std::string wrong = stranger_above(link, master); !wrong.empty()) return wrong;
  if (link.has_xdp) remove_xdp(index);
  if (const int error =
          LinkRequest(RTM_NEWLINK, 0, index).add_number(IFLA_MASTER, std::uint32_t(bridge)).send();
      error != 0) {
    return failed(name, "cannot be joined", error);
  }
  LinkRequest(RTM_NEWLINK, 0, index)
      .open(IFLA_LINKINFO)
      .add_text(IFLA_INFO_SLAVE_KIND, "bridge")
      .open(IFLA_INFO_SLAVE_DATA)
      .add_number(IFLA_BRPORT_GROUP_FWD_MASK, kLinkLocalOfPort)
      .close()
      .close()
      .send();
  const int error = LinkRequest(RTM_NEWLINK, 0, index).up(true).send();
  return error == 0 ? std::string() : failed(name, "cannot be raised", error);
}

}  // namespace

std::string open_wire(const Wire& wire) {
  const int inside = link_index(wire.inside);
  if (inside == 0) return wire.inside + ": there is no such interface";
  const std::string name = std::string(kPrefix) + std::to_string(inside);
  if (const int error = make_bridge(name); error != 0) {
    return failed(name, "the bridge cannot be made", error);
  }
  const int bridge = link_index(name);
  if (const int error = LinkRequest(RTM_NEWLINK, 0, bridge).up(true).send(); error != 0) {
    return failed(name, "the bridge cannot be raised", error);
  }
  // Both are tried: where one fails, the log should not hide what the other does.
  const std::string first = join(wire.inside, bridge), second = join(wire.outside, bridge);
  return first.empty() ? second : first;
}

std::string close_wire(const Wire& wire, bool& was_open) {
  was_open = false;
  for (const std::string& name : {wire.inside, wire.outside}) {
    LinkState link, master;
    if (!ask_link(link_index(name), link) || link.master == 0) continue;
    if (const std::string wrong = stranger_above(link, master); !wrong.empty()) {
      return wrong + ", so frames would pass by the gateway; take it out (ip link set " + name +
             " nomaster)";
    }
    if (master.index == 0) continue;  // gone meanwhile
    if (const int error = LinkRequest(RTM_DELLINK, 0, master.index).send(); error != 0) {
      return failed(master.name, "the bridge cannot be removed", error);
    }
    was_open = true;
  }
  return {};
}

bool wire_is_filtered() {
  for (const char* file : {"/proc/sys/net/bridge/bridge-nf-call-iptables",
                           "/proc/sys/net/bridge/bridge-nf-call-ip6tables"}) {
    const int in = ::open(file, O_RDONLY | O_CLOEXEC);
    if (in < 0) continue;
    char value = '0';
    const bool read = ::read(in, &value, 1) == 1;
    ::close(in);
    if (read && value != '0') return true;
  }
  return false;
}

}  // namespace chatgate::process
