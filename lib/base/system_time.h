// The system's clock, for whoever is not on the packet path: control, events, and what corrects the
// workers' own time (io/dpdk/clock.h). It may be set while the program runs, and jump. Any thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace chatgate {

inline Time system_time() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return Time{static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count())};
}

}  // namespace chatgate
