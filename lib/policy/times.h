// When rules hold: the policy's key `times`, compiled.
//
// A time is a list of windows in the local time of a zone. Windows follow the clock on the wall, so
// that daylight saving moves them with it: an hour that is skipped is in no window, one that comes
// twice is in its window twice. ASA calls this `time-range`.
//
// `in_force` looks at a calendar and is for the control thread (or replay); the packet path sees
// its answer, a set of at most kMaxTimes bits that is part of the snapshot. Answers change at the
// full minute only. Immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace chatgate::policy {

// One bit for each of the policy's times, by its place among them.
using TimeSet = std::uint64_t;
inline constexpr std::size_t kMaxTimes = 64;

// Whether something with `when` holds; without one it always does.
constexpr bool holds(TimeSet when, TimeSet in_force) {
  return when == 0 || (when & in_force) != 0;
}

// A zone of the system's time zone database (tzdata).
class Zone {
 public:
  // "Europe/Helsinki"; nothing where there is no such zone.
  static std::optional<Zone> find(const std::string& name);
  // The machine's own, or UTC where that is not known.
  static Zone local();

  std::string_view name() const;
  // Seconds to add to UTC at that moment (seconds since 1970).
  std::int64_t offset(std::int64_t utc) const;

 private:
  explicit Zone(const void* zone) : zone_(zone) {}
  const void* zone_;  // lives as long as the process
};

struct Window {
  static constexpr std::uint16_t kDay = 24 * 60;

  std::uint8_t days = 0x7f;  // bit 0 is Monday: the day on which it begins
  std::uint16_t from = 0;    // minutes since midnight
  std::uint16_t to = kDay;   // not later than `from`: of the next day
  Zone zone = Zone::local();
  // Minutes of local time since 1970, from which and up to which the window exists at all.
  std::optional<std::int64_t> start, end;

  bool holds(Time now) const;
};

struct NamedTime {
  std::string name;
  std::vector<Window> windows;  // any of
};

class Times {
 public:
  Times() = default;
  explicit Times(std::vector<NamedTime> times) : times_(std::move(times)) {}

  std::span<const NamedTime> all() const { return times_; }
  bool empty() const { return times_.empty(); }
  TimeSet in_force(Time now) const;

 private:
  std::vector<NamedTime> times_;
};

// Days since 1970-01-01 of a date of the Gregorian calendar; nothing where there is no such day.
std::optional<std::int64_t> days_since_1970(int year, unsigned month, unsigned day);

}  // namespace chatgate::policy
