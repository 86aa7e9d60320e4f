// Time for workers, from the processor's counter.
//
// Anchored to the wall clock at start. The control thread compares it with the wall clock now and
// then and lets it drift towards it, at most kMaxSlew for each correction, so that it follows NTP
// but never jumps; a worker's view of it never goes back. No system call on the packet path.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <rte_cycles.h>

#include "base/system_time.h"

namespace chatgate::io {

class Clock {
 public:
  // Nanoseconds for each correction. DPDK rounds the counter's frequency to 10 MHz, which is half a
  // percent of the slowest: less could not keep up.
  static constexpr std::int64_t kMaxSlew = 5'000'000;

  // After EAL start.
  Clock()
      : start_wall_(system_time()),
        start_cycles_(rte_rdtsc()),
        // Nanoseconds for each cycle as a fixed-point number.
        scale_((std::uint64_t{1'000'000'000} << kShift) / rte_get_tsc_hz()) {}

  // Any thread.
  Time now() const {
    __extension__ using Wide = unsigned __int128;
    const Wide scaled = static_cast<Wide>(rte_rdtsc() - start_cycles_) * scale_;
    const auto elapsed = static_cast<std::int64_t>(static_cast<std::uint64_t>(scaled >> kShift));
    return Time{start_wall_.nanoseconds +
                static_cast<std::uint64_t>(elapsed + slew_.load(std::memory_order_relaxed))};
  }

  // Control thread, about once a second.
  void correct() {
    const auto error = static_cast<std::int64_t>(system_time().nanoseconds - now().nanoseconds);
    slew_.fetch_add(std::clamp(error, -kMaxSlew, kMaxSlew), std::memory_order_relaxed);
  }

 private:
  static constexpr unsigned kShift = 32;
  const Time start_wall_;
  const std::uint64_t start_cycles_;
  const std::uint64_t scale_;
  std::atomic<std::int64_t> slew_{0};
};

// One thread's view of the clock: never goes back.
class MonotonicClock {
 public:
  explicit MonotonicClock(const Clock& clock) : clock_(clock) {}
  Time now() { return last_ = std::max(last_, clock_.now()); }

 private:
  const Clock& clock_;
  Time last_;
};

}  // namespace chatgate::io
