#include "wires.h"

#include <algorithm>

namespace chatgate::app {

std::vector<process::Wire> kernel_wires(const std::vector<io::DevicePair>& pairs) {
  std::vector<process::Wire> wires;
  for (const io::DevicePair& pair : pairs) {
    if (!pair.inside.is_kernel_interface() || !pair.outside.is_kernel_interface()) continue;
    wires.push_back({pair.inside.target, pair.outside.target});
  }
  return wires;
}

std::vector<process::Wire> parted_wires(const std::vector<io::DevicePair>& pairs) {
  std::vector<process::Wire> wires;
  for (const io::DevicePair& pair : pairs) {
    const std::string_view inside = pair.inside.kernel_interface();
    const std::string_view outside = pair.outside.kernel_interface();
    if (inside.empty() || outside.empty()) continue;
    wires.push_back({std::string(inside), std::string(outside)});
  }
  return wires;
}

std::string close_wires(const std::vector<process::Wire>& wires, bool& was_open) {
  was_open = false;
  for (const process::Wire& wire : wires) {
    bool open = false;
    if (std::string wrong = process::close_wire(wire, open); !wrong.empty()) return wrong;
    was_open = was_open || open;
  }
  return {};
}

bool has_xdp(const std::vector<io::DevicePair>& pairs) {
  return std::any_of(pairs.begin(), pairs.end(), [](const io::DevicePair& pair) {
    return pair.inside.kind == io::DeviceKind::af_xdp ||
           pair.outside.kind == io::DeviceKind::af_xdp;
  });
}

}  // namespace chatgate::app
