#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "io/dpdk/gateway.h"
#include "io/dpdk/kernel_interface.h"

namespace chatgate::io {
namespace {

constexpr std::size_t kMostPairs = 8;

void check_interface(const Device& device, std::string_view option, Diagnostics& diagnostics) {
  const Place place{std::string(option) + " " + device.word, 0, 0};
  const std::vector<std::string> names = interface_names();
  if (!interface_exists(device.target)) {
    std::string here;
    for (const std::string& name : names) here += (here.empty() ? "" : ", ") + name;
    diagnostics.error(place, "no interface " + device.target,
                      here.empty() ? "there are none here" : "interfaces here are " + here);
  } else if (!interface_is_ethernet(device.target)) {
    diagnostics.error(place, device.target + " does not carry Ethernet frames");
  }
}

void check_device(const Device& device, std::string_view option, Diagnostics& diagnostics) {
  const Place place{std::string(option) + " " + device.word, 0, 0};
  switch (device.kind) {
    case DeviceKind::af_packet:
    case DeviceKind::af_xdp: check_interface(device, option, diagnostics); break;
    case DeviceKind::pcap:
      if (!std::ifstream(device.target)) {
        diagnostics.error(place, "cannot read " + device.target);
      }
      break;
    case DeviceKind::pci:
      if (!std::filesystem::exists("/sys/bus/pci/devices/" + device.target)) {
        diagnostics.error(place, "no PCI device " + device.target, "lspci -D lists those here");
      }
      break;
    case DeviceKind::tap:
      if (!std::filesystem::exists("/dev/net/tun")) {
        diagnostics.error(place, "this kernel has no /dev/net/tun");
      }
      break;
    case DeviceKind::memif:
    case DeviceKind::vdev: break;
  }
}

}  // namespace

std::vector<DevicePair> parse_device_pairs(const std::vector<std::string>& inside,
                                           const std::vector<std::string>& outside,
                                           Diagnostics& diagnostics) {
  std::vector<DevicePair> pairs;
  if (inside.empty() && outside.empty()) {
    diagnostics.error({}, "no interface is named",
                      "say inside and outside in /etc/chatgate/chatgate.conf, or give --inside and "
                      "--outside, such as af_packet:eth1");
  } else if (inside.size() != outside.size()) {
    diagnostics.error({},
                      std::to_string(inside.size()) + " --inside and " +
                          std::to_string(outside.size()) + " --outside",
                      "a bridged pair needs one of each, the first with the first");
  }
  if (inside.size() > kMostPairs) {
    diagnostics.error({}, "more than " + std::to_string(kMostPairs) + " pairs");
  }
  std::set<std::string> targets;
  const auto parse = [&](const std::string& word, std::string_view option) {
    auto device = parse_device(word, option, diagnostics);
    if (device && device->kind != DeviceKind::vdev && device->kind != DeviceKind::memif &&
        !targets.insert(device->target).second) {
      diagnostics.error({std::string(option) + " " + word, 0, 0}, "named twice",
                        "each side needs a device of its own");
    }
    return device;
  };
  for (std::size_t i = 0; i < std::max(inside.size(), outside.size()); ++i) {
    std::optional<Device> in, out;
    if (i < inside.size()) in = parse(inside[i], "--inside");
    if (i < outside.size()) out = parse(outside[i], "--outside");
    if (in && out) pairs.push_back({std::move(*in), std::move(*out)});
  }
  return pairs;
}

void check_devices(const std::vector<std::string>& inside, const std::vector<std::string>& outside,
                   Diagnostics& diagnostics) {
  const auto check = [&](const std::vector<std::string>& words, std::string_view option) {
    for (const std::string& word : words) {
      Diagnostics reported_already;
      const auto device = parse_device(word, option, reported_already);
      if (device) check_device(*device, option, diagnostics);
    }
  };
  check(inside, "--inside");
  check(outside, "--outside");
}

}  // namespace chatgate::io
