#include "io/dpdk/device.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace chatgate::io {
namespace {

struct Scheme {
  std::string_view word;
  DeviceKind kind;
  std::string_view form;  // what follows the colon, for people
};

constexpr std::array kSchemes = {
    Scheme{"pci", DeviceKind::pci, "pci:0000:01:00.0"},
    Scheme{"af_packet", DeviceKind::af_packet, "af_packet:INTERFACE"},
    Scheme{"af_xdp", DeviceKind::af_xdp, "af_xdp:INTERFACE"},
    Scheme{"tap", DeviceKind::tap, "tap:NAME"},
    Scheme{"memif", DeviceKind::memif, "memif:SOCKET,ID"},
    Scheme{"pcap", DeviceKind::pcap, "pcap:FILE[,OUT]"},
    Scheme{"vdev", DeviceKind::vdev, "vdev:DPDK-DEVICE-STRING"},
};

constexpr std::size_t kMaxInterfaceName = 15;  // IFNAMSIZ without the final zero

bool all_hex(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// DOMAIN:BUS:DEVICE.FUNCTION, the domain optional; answers the full form.
std::optional<std::string> pci_address(std::string_view text) {
  const std::size_t colons = static_cast<std::size_t>(std::count(text.begin(), text.end(), ':'));
  if (colons == 1) return pci_address("0000:" + std::string(text));
  if (colons != 2) return std::nullopt;
  const std::size_t first = text.find(':');
  const std::size_t second = text.find(':', first + 1);
  const std::size_t dot = text.find('.', second);
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view domain = text.substr(0, first);
  const std::string_view bus = text.substr(first + 1, second - first - 1);
  const std::string_view slot = text.substr(second + 1, dot - second - 1);
  const std::string_view function = text.substr(dot + 1);
  if (!all_hex(domain) || domain.size() > 8 || !all_hex(bus) || bus.size() != 2 || !all_hex(slot) ||
      slot.size() != 2 || function.size() != 1 || function[0] < '0' || function[0] > '7') {
    return std::nullopt;
  }
  std::string address(text);
  std::transform(address.begin(), address.end(), address.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return address;
}

bool is_interface_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxInterfaceName && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) {
           return c == '/' || c == ':' || c == ',' || std::isspace(c) != 0;
         });
}

const Scheme* find_scheme(std::string_view word) {
  const auto* at = std::find_if(kSchemes.begin(), kSchemes.end(),
                                [&](const Scheme& scheme) { return scheme.word == word; });
  return at == kSchemes.end() ? nullptr : at;
}

// Splits at the last comma; the second part is empty where there is none.
std::pair<std::string_view, std::string_view> split_last_comma(std::string_view text) {
  const std::size_t comma = text.rfind(',');
  if (comma == std::string_view::npos) return {text, {}};
  return {text.substr(0, comma), text.substr(comma + 1)};
}

// What is wrong with the part behind the colon; empty where it was taken over into `device`.
std::string fill(Device& device, std::string_view rest) {
  if (rest.empty()) return "nothing follows the colon";
  device.target = rest;
  switch (device.kind) {
    case DeviceKind::pci: {
      const auto address = pci_address(rest);
      if (!address) return "\"" + std::string(rest) + "\" is not a PCI address";
      device.target = *address;
      return {};
    }
    case DeviceKind::af_packet:
    case DeviceKind::af_xdp:
    case DeviceKind::tap:
      if (!is_interface_name(rest)) {
        return "\"" + std::string(rest) + "\" cannot be the name of an interface";
      }
      return {};
    case DeviceKind::memif: {
      const auto [socket, id] = split_last_comma(rest);
      const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), device.id);
      if (socket.empty() || id.empty() || error != std::errc() || end != id.data() + id.size()) {
        return "a memif needs a socket and a number";
      }
      device.target = socket;
      break;
    }
    case DeviceKind::pcap: {
      const auto [file, output] = split_last_comma(rest);
      device.target = file;
      device.output = output;
      if (file.empty() || (output.empty() && file.size() != rest.size())) {
        return "a file name is missing";
      }
      if (device.output == device.target) return "it would be written over while it is read";
      break;
    }
    case DeviceKind::vdev: return {};
  }
  if (device.target.find(',') != std::string::npos) return "DPDK takes no comma in a file name";
  return {};
}

}  // namespace

std::optional<Device> parse_device(std::string_view word, std::string_view option,
                                   Diagnostics& diagnostics) {
  const Place place{std::string(option) + " " + std::string(word), 0, 0};
  const std::size_t colon = word.find(':');
  std::array<std::string_view, kSchemes.size()> words{};
  std::transform(kSchemes.begin(), kSchemes.end(), words.begin(),
                 [](const Scheme& scheme) { return scheme.word; });
  if (colon == std::string_view::npos) {
    diagnostics.error(place, "a device begins with its kind",
                      "such as \"af_packet:" + std::string(word) + "\"");
    return std::nullopt;
  }
  const Scheme* scheme = find_scheme(word.substr(0, colon));
  if (scheme == nullptr) {
    diagnostics.error(place,
                      "unknown kind of device \"" + std::string(word.substr(0, colon)) + "\"",
                      suggestion(word.substr(0, colon), words));
    return std::nullopt;
  }
  Device device;
  device.kind = scheme->kind;
  device.word = word;
  if (std::string wrong = fill(device, word.substr(colon + 1)); !wrong.empty()) {
    diagnostics.error(place, std::move(wrong), "the form is " + std::string(scheme->form));
    return std::nullopt;
  }
  return device;
}

std::string_view Device::kernel_interface() const {
  if (is_kernel_interface()) return target;
  if (kind != DeviceKind::vdev) return {};
  constexpr std::string_view kWord = ",iface=";
  const std::string_view words = target;
  const auto at = words.find(kWord);
  if (at == std::string_view::npos) return {};
  const std::string_view name = words.substr(at + kWord.size());
  return name.substr(0, name.find(','));
}

EalDevice eal_device(const Device& device, unsigned index, unsigned queues) {
  const std::string number = std::to_string(index);
  EalDevice eal;
  switch (device.kind) {
    case DeviceKind::pci:
      eal.name = device.target;
      eal.is_pci = true;
      break;
    case DeviceKind::af_packet:
      eal.name = "net_af_packet" + number;
      eal.arguments = "iface=" + device.target + ",qpairs=" + std::to_string(queues) +
                      ",framesz=" + std::to_string(kAfPacketFrame) +
                      ",blocksz=" + std::to_string(kAfPacketBlock) +
                      ",framecnt=" + std::to_string(kAfPacketFrames);
      break;
    case DeviceKind::af_xdp:
      eal.name = "net_af_xdp" + number;
      eal.arguments = "iface=" + device.target + ",queue_count=" + std::to_string(queues);
      break;
    case DeviceKind::tap:
      eal.name = "net_tap" + number;
      eal.arguments = "iface=" + device.target;
      break;
    case DeviceKind::memif:
      eal.name = "net_memif" + number;
      eal.arguments = "role=server,id=" + std::to_string(device.id) + ",socket=" + device.target +
                      ",socket-abstract=no";
      break;
    case DeviceKind::pcap:
      eal.name = "net_pcap" + number;
      eal.arguments = "rx_pcap=" + device.target;
      if (!device.output.empty()) eal.arguments += ",tx_pcap=" + device.output;
      break;
    case DeviceKind::vdev: {
      const std::size_t comma = device.target.find(',');
      eal.name = device.target.substr(0, comma);
      if (comma != std::string::npos) eal.arguments = device.target.substr(comma + 1);
      // Both sides may be given the same words; the name has to differ all the same.
      if (!eal.name.empty() && std::isdigit(static_cast<unsigned char>(eal.name.back())) == 0) {
        eal.name += number;
      }
      break;
    }
  }
  return eal;
}

}  // namespace chatgate::io
