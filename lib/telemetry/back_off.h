// When to try again what failed: at once, then after a time that doubles up to a limit.
//
// Used by one thread, a sink's. The clock is the caller's.
#pragma once

#include <algorithm>
#include <chrono>

namespace chatgate::telemetry {

class BackOff {
 public:
  using Clock = std::chrono::steady_clock;

  BackOff(std::chrono::milliseconds first, std::chrono::milliseconds most)
      : first_(first), most_(most), pause_(first) {}

  bool due(Clock::time_point now) const { return now >= next_; }
  void failed(Clock::time_point now) {
    next_ = now + pause_;
    pause_ = std::min(pause_ * 2, most_);
  }
  void succeeded() { pause_ = first_; }

 private:
  const std::chrono::milliseconds first_, most_;
  std::chrono::milliseconds pause_;
  Clock::time_point next_{};
};

}  // namespace chatgate::telemetry
