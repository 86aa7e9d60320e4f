// The device words of the command line: which port is meant, and how the EAL is told of it.
//
//   pci:0000:01:00.0      a device bound to a user-space driver
//   af_packet:eth0        a kernel interface through packet sockets
//   af_xdp:eth0           a kernel interface through AF_XDP
//   tap:NAME              a tap interface made for the occasion
//   memif:SOCKET,ID       shared memory to another process; the gateway is the server
//   pcap:FILE[,OUT]       frames read from FILE; what would leave is written to OUT, or nowhere
//   vdev:STRING           any virtual device of DPDK, in DPDK's own words
//
// Pure functions from words to words; needs no EAL. Control thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

namespace chatgate::io {

enum class DeviceKind : std::uint8_t { pci, af_packet, af_xdp, tap, memif, pcap, vdev };

struct Device {
  DeviceKind kind = DeviceKind::vdev;
  std::string word;      // as given
  std::string target;    // PCI address, interface, tap name, socket, file, or device string
  std::string output;    // pcap: the file that is written; empty for none
  std::uint32_t id = 0;  // memif

  // The port is an interface of the kernel, with its own link state, size limit and flags.
  bool is_kernel_interface() const {
    return kind == DeviceKind::af_packet || kind == DeviceKind::af_xdp;
  }
  // The kernel's interface that frames come from: this one, or what a device string says after
  // "iface="; empty where none is known.
  std::string_view kernel_interface() const;
};

// `option` is named in the error, such as "--inside".
std::optional<Device> parse_device(std::string_view word, std::string_view option,
                                   Diagnostics& diagnostics);

// The most bytes of payload above Ethernet that a frame may carry through the gateway.
constexpr std::uint16_t kJumboMtu = 9600;

// Frame slots of the rings shared with the kernel by af_packet. A slot holds a jumbo frame with two
// VLAN tags behind the kernel's own header, and blocks are whole pages and whole slots. A ring
// lasts for as long as a virtual machine may stand still: 40 ms at 50,000 frames a second.
constexpr std::uint32_t kAfPacketFrame = 10240;
constexpr std::uint32_t kAfPacketBlock = 4 * kAfPacketFrame;
constexpr std::uint32_t kAfPacketFrames = 2048;

// What DPDK is told. For pci only `name` is set: the device is allowed at EAL start and found by
// its address. All others are attached after EAL start under `name` with `arguments`.
struct EalDevice {
  std::string name;
  std::string arguments;
  bool is_pci = false;
};

// `index` makes names unique within the process; `queues` is the number of queue pairs wanted where
// a driver has to be told (af_packet: one per worker; af_xdp: all the interface has).
EalDevice eal_device(const Device& device, unsigned index, unsigned queues);

}  // namespace chatgate::io
