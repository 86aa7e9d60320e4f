// Which of a gateway's pairs the kernel can join in its place. Control thread.
#pragma once

#include <string>
#include <vector>

#include "io/dpdk/gateway.h"

#include "process/wire.h"

namespace chatgate::app {

// Those whose two devices are interfaces of the kernel.
std::vector<process::Wire> kernel_wires(const std::vector<io::DevicePair>& pairs);

// Those that must not be joined while this gateway runs: also where DPDK's own words name the
// interfaces.
std::vector<process::Wire> parted_wires(const std::vector<io::DevicePair>& pairs);

// Takes them out of the bridges of a gateway that has ended; `was_open` where there was one. What
// went wrong, empty for nothing.
std::string close_wires(const std::vector<process::Wire>& wires, bool& was_open);

// One of the devices is used through AF_XDP.
bool has_xdp(const std::vector<io::DevicePair>& pairs);

}  // namespace chatgate::app
