// Time as the engine sees it: an argument, never a clock call.
//
// `Time` counts nanoseconds since the Unix epoch and never goes back within one worker. The gateway
// derives it once per burst from the processor's counter, anchored to the wall clock at start;
// replay takes it from the capture. `Tick` is the coarse form (2^20 ns, about a millisecond) that
// fits a flow record; it wraps after 52 days and is compared by difference.
#pragma once

#include <compare>
#include <cstdint>

namespace chatgate {

struct Time {
  std::uint64_t nanoseconds = 0;

  constexpr auto operator<=>(const Time&) const = default;
};

constexpr Time from_seconds(std::uint64_t seconds) {
  return Time{seconds * 1'000'000'000};
}

class Tick {
 public:
  constexpr Tick() = default;
  constexpr explicit Tick(Time time)
      : value_(static_cast<std::uint32_t>(time.nanoseconds >> kShift)) {}

  // Ticks in a number of seconds, rounded up; for timeouts up to 24 days.
  static constexpr std::uint32_t from_seconds(std::uint32_t seconds) {
    return static_cast<std::uint32_t>(((std::uint64_t{seconds} * 1'000'000'000) >> kShift) +
                                      (seconds != 0));
  }
  static constexpr Tick from_raw(std::uint32_t value) {
    Tick tick;
    tick.value_ = value;
    return tick;
  }

  constexpr std::uint32_t raw() const { return value_; }
  // Ticks passed since `earlier`; zero where `earlier` lies ahead.
  constexpr std::uint32_t since(Tick earlier) const {
    const auto difference = static_cast<std::int32_t>(value_ - earlier.value_);
    return difference > 0 ? static_cast<std::uint32_t>(difference) : 0;
  }
  constexpr bool operator==(const Tick&) const = default;

  static constexpr unsigned kShift = 20;

 private:
  std::uint32_t value_ = 0;
};

}  // namespace chatgate
