// DPDK 22.11 marks what is used here as experimental, and only here.
#define ALLOW_EXPERIMENTAL_API

#include "io/dpdk/idle.h"

#include <rte_cpuflags.h>
#include <rte_cycles.h>
#include <rte_power_intrinsics.h>

namespace chatgate::io {

bool has_light_sleep() {
  rte_cpu_intrinsics support{};
  rte_cpu_get_intrinsics_support(&support);
  return support.power_pause != 0;
}

void light_sleep(std::uint32_t microseconds) {
  rte_power_pause(rte_rdtsc() + rte_get_tsc_hz() / 1'000'000 * microseconds);
}

}  // namespace chatgate::io
