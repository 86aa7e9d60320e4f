#include "policy/times.h"

#include <chrono>
#include <date/date.h>
#include <date/tz.h>
#include <stdexcept>

namespace chatgate::policy {
namespace {

constexpr std::int64_t kMinute = 60;

const date::time_zone& zone_of(const void* zone) {
  return *static_cast<const date::time_zone*>(zone);
}

// Null where the library tells by an exception that it has no such zone, or no database at all.
template <typename Find>
const void* found(Find find) {
  try {
    return find();
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

}  // namespace

std::optional<Zone> Zone::find(const std::string& name) {
  const void* zone = found([&] { return date::locate_zone(name); });
  if (zone == nullptr) return std::nullopt;
  return Zone(zone);
}

Zone Zone::local() {
  return Zone(found([] { return date::current_zone(); }));
}

std::string_view Zone::name() const {
  return zone_ == nullptr ? std::string_view("UTC") : std::string_view(zone_of(zone_).name());
}

std::int64_t Zone::offset(std::int64_t utc) const {
  if (zone_ == nullptr) return 0;
  const date::sys_seconds when{std::chrono::seconds(utc)};
  return zone_of(zone_).get_info(when).offset.count();
}

bool Window::holds(Time now) const {
  const auto utc = static_cast<std::int64_t>(now.nanoseconds / 1'000'000'000);
  const std::int64_t minutes = (utc + zone.offset(utc)) / kMinute;
  if ((start && minutes < *start) || (end && minutes >= *end)) return false;
  const std::int64_t day = minutes / kDay;
  const auto minute = static_cast<std::uint16_t>(minutes % kDay);
  // 1970-01-01 was a Thursday.
  const auto is_on = [this](std::int64_t which) { return (days >> ((which + 3) % 7) & 1) != 0; };
  if (from < to) return is_on(day) && from <= minute && minute < to;
  return (is_on(day) && from <= minute) || (is_on(day + 6) && minute < to);
}

TimeSet Times::in_force(Time now) const {
  TimeSet set = 0;
  for (std::size_t i = 0; i < times_.size() && i < kMaxTimes; ++i) {
    for (const Window& window : times_[i].windows) {
      if (window.holds(now)) set |= TimeSet{1} << i;
    }
  }
  return set;
}

std::optional<std::int64_t> days_since_1970(int year, unsigned month, unsigned day) {
  const date::year_month_day date{date::year(year), date::month(month), date::day(day)};
  if (!date.ok()) return std::nullopt;
  return date::sys_days(date).time_since_epoch().count();
}

}  // namespace chatgate::policy
