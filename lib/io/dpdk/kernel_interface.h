// The kernel's side of an interface that is used through af_packet or af_xdp.
//
// Names are looked up in the network namespace of the process, by ioctl: /sys may show another
// namespace. All functions are for the control thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chatgate::io {

// Interfaces of this namespace, without the loopback.
std::vector<std::string> interface_names();

// True for an interface that exists and carries Ethernet frames.
bool interface_exists(const std::string& name);
bool interface_is_ethernet(const std::string& name);

// Administratively up and with a carrier; false also where it is gone.
bool interface_running(const std::string& name);
// Administratively up.
bool interface_up(const std::string& name);
// False where the kernel refused.
bool set_interface_up(const std::string& name, bool up);

std::optional<std::uint16_t> interface_mtu(const std::string& name);
bool set_interface_mtu(const std::string& name, std::uint16_t mtu);

// Queues the interface has now; 1 where it does not say.
unsigned interface_queues(const std::string& name);

// Merging of received segments and taking VLAN tags out of frames: what makes a received frame
// differ from the one on the wire.
struct ReceiveOffloads {
  bool gro = false;
  bool lro = false;
  bool vlan_strip = false;
};
ReceiveOffloads receive_offloads(const std::string& name);
// Sets what can be set; answers what holds afterwards.
ReceiveOffloads set_receive_offloads(const std::string& name, const ReceiveOffloads& wanted);

// It has an address of its own, so that the kernel answers beside the gateway.
bool interface_has_address(const std::string& name);
// One of them was given by somebody, and not by IPv6 to itself.
bool interface_was_given_address(const std::string& name);

// The kernel speaks IPv6 on it: gives it addresses, announces them, asks for routers. Needs a
// /proc/sys/net that can be written; false where the kernel refused.
bool interface_speaks_ipv6(const std::string& name);
bool set_interface_ipv6(const std::string& name, bool on);

}  // namespace chatgate::io
