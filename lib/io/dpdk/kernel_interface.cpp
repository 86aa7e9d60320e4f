#include "io/dpdk/kernel_interface.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace chatgate::io {
namespace {

// A socket to ask through; closed at the end of scope.
class AskSocket {
 public:
  AskSocket() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  ~AskSocket() {
    if (fd_ >= 0) close(fd_);
  }
  AskSocket(const AskSocket&) = delete;
  AskSocket& operator=(const AskSocket&) = delete;

  bool ask(unsigned long request, ifreq& argument) const {
    return fd_ >= 0 && ioctl(fd_, request, &argument) == 0;
  }

 private:
  int fd_;
};

ifreq named(const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

std::optional<short> flags_of(const std::string& name) {
  ifreq request = named(name);
  if (!AskSocket().ask(SIOCGIFFLAGS, request)) return std::nullopt;
  return request.ifr_flags;
}

template <typename Command>
bool ethtool(const std::string& name, Command& command) {
  ifreq request = named(name);
  request.ifr_data = reinterpret_cast<char*>(&command);
  return AskSocket().ask(SIOCETHTOOL, request);
}

std::uint32_t get_value(const std::string& name, std::uint32_t command) {
  ethtool_value value{command, 0};
  return ethtool(name, value) ? value.data : 0;
}

void set_value(const std::string& name, std::uint32_t command, std::uint32_t data) {
  ethtool_value value{command, data};
  ethtool(name, value);
}

constexpr std::string_view kLinkScope = "20";

std::string ipv6_switch(const std::string& name) {
  return "/proc/sys/net/ipv6/conf/" + name + "/disable_ipv6";
}

}  // namespace

std::vector<std::string> interface_names() {
  std::vector<std::string> names;
  struct if_nameindex* all = if_nameindex();
  if (all == nullptr) return names;
  for (struct if_nameindex* entry = all; entry->if_index != 0; ++entry) {
    if (std::strcmp(entry->if_name, "lo") != 0) names.emplace_back(entry->if_name);
  }
  if_freenameindex(all);
  std::sort(names.begin(), names.end());
  return names;
}

bool interface_exists(const std::string& name) {
  return flags_of(name).has_value();
}

bool interface_is_ethernet(const std::string& name) {
  ifreq request = named(name);
  return AskSocket().ask(SIOCGIFHWADDR, request) && request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
}

bool interface_running(const std::string& name) {
  const auto flags = flags_of(name);
  return flags && (*flags & IFF_UP) != 0 && (*flags & IFF_RUNNING) != 0;
}

bool interface_up(const std::string& name) {
  const auto flags = flags_of(name);
  return flags && (*flags & IFF_UP) != 0;
}

bool set_interface_up(const std::string& name, bool up) {
  const auto flags = flags_of(name);
  if (!flags) return false;
  ifreq request = named(name);
  request.ifr_flags = static_cast<short>(up ? *flags | IFF_UP : *flags & ~IFF_UP);
  return AskSocket().ask(SIOCSIFFLAGS, request);
}

std::optional<std::uint16_t> interface_mtu(const std::string& name) {
  ifreq request = named(name);
  if (!AskSocket().ask(SIOCGIFMTU, request)) return std::nullopt;
  return static_cast<std::uint16_t>(std::clamp(request.ifr_mtu, 0, 65535));
}

bool set_interface_mtu(const std::string& name, std::uint16_t mtu) {
  ifreq request = named(name);
  request.ifr_mtu = mtu;
  return AskSocket().ask(SIOCSIFMTU, request);
}

unsigned interface_queues(const std::string& name) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (!ethtool(name, channels)) return 1;
  return std::max(1u, std::max(channels.combined_count, channels.rx_count));
}

ReceiveOffloads receive_offloads(const std::string& name) {
  const std::uint32_t flags = get_value(name, ETHTOOL_GFLAGS);
  return {get_value(name, ETHTOOL_GGRO) != 0, (flags & ETH_FLAG_LRO) != 0,
          (flags & ETH_FLAG_RXVLAN) != 0};
}

ReceiveOffloads set_receive_offloads(const std::string& name, const ReceiveOffloads& wanted) {
  set_value(name, ETHTOOL_SGRO, wanted.gro);
  std::uint32_t flags = get_value(name, ETHTOOL_GFLAGS);
  flags &= ~static_cast<std::uint32_t>(ETH_FLAG_LRO | ETH_FLAG_RXVLAN);
  if (wanted.lro) flags |= ETH_FLAG_LRO;
  if (wanted.vlan_strip) flags |= ETH_FLAG_RXVLAN;
  set_value(name, ETHTOOL_SFLAGS, flags);
  return receive_offloads(name);
}

bool interface_has_address(const std::string& name) {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return false;
  bool found = false;
  for (const ifaddrs* entry = all; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || name != entry->ifa_name) continue;
    const int family = entry->ifa_addr->sa_family;
    found = found || family == AF_INET || family == AF_INET6;
  }
  freeifaddrs(all);
  return found;
}

bool interface_was_given_address(const std::string& name) {
  ifreq request = named(name);
  if (AskSocket().ask(SIOCGIFADDR, request)) return true;
  // proc(5): address, index, length of the prefix, scope, flags, name; numbers are hexadecimal.
  std::ifstream in("/proc/net/if_inet6");
  std::string address, index, prefix, scope, flags, interface;
  while (in >> address >> index >> prefix >> scope >> flags >> interface) {
    const bool permanent = (std::strtoul(flags.c_str(), nullptr, 16) & IFA_F_PERMANENT) != 0;
    if (interface == name && permanent && scope != kLinkScope) return true;
  }
  return false;
}

bool interface_speaks_ipv6(const std::string& name) {
  std::ifstream in(ipv6_switch(name));
  char off = '1';
  return in >> off && off == '0';
}

bool set_interface_ipv6(const std::string& name, bool on) {
  std::ofstream out(ipv6_switch(name));
  out << (on ? "0\n" : "1\n") << std::flush;
  return out.good();
}

}  // namespace chatgate::io
