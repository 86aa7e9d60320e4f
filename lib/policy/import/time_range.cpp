#include "policy/import/time_range.h"

#include <array>
#include <cstdio>

#include "policy/import/text.h"

namespace chatgate::policy::import {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"monday", "tuesday",  "wednesday", "thursday",
                                                   "friday", "saturday", "sunday"};
constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};

std::optional<std::size_t> position(std::string_view word, std::span<const std::string_view> all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (word.size() >= 3 && all[i].starts_with(word)) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> day(std::string_view word) {
  return position(word, kDays);
}

std::string short_day(std::size_t number) {
  return std::string(kDays[number].substr(0, 3));
}

std::string two_digits(std::uint32_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

// "8:00" as "08:00"; up to 24:00.
std::optional<std::string> clock_time(std::string_view word) {
  const std::size_t colon = word.find(':');
  if (colon == word.npos) return std::nullopt;
  const auto hour = to_number(word.substr(0, colon), 24);
  const auto minute = to_number(word.substr(colon + 1), 59);
  if (!hour || !minute || (*hour == 24 && *minute != 0)) return std::nullopt;
  return two_digits(*hour) + ":" + two_digits(*minute);
}

// `08:00 1 January 2026` from words[at] on.
std::optional<std::string> date(const Command& command, std::size_t& at) {
  const auto time = clock_time(command.word(at));
  // IOS and ASA say the day first, and some copies the month.
  std::size_t day_at = at + 1, month_at = at + 2;
  if (!to_number(command.word(day_at), 31)) std::swap(day_at, month_at);
  const auto day_of_month = to_number(command.word(day_at), 31);
  const auto month = position(command.word(month_at), kMonths);
  const auto year = to_number(command.word(at + 3), 2099);
  if (!time || !day_of_month || *day_of_month == 0 || !month || !year || *year < 1970) {
    return std::nullopt;
  }
  at += 4;
  return std::to_string(*year) + "-" + two_digits(static_cast<std::uint32_t>(*month) + 1) + "-" +
         two_digits(*day_of_month) + " " + *time;
}

void add_window(Json& windows, const std::string& days, const std::string& from,
                const std::string& to) {
  windows.push_back({{"days", days}, {"from", from}, {"to", to}});
}

// `periodic Monday 8:00 to Friday 18:00`: one stretch over several days.
void add_stretch(Json& windows, std::size_t first, const std::string& from, std::size_t last,
                 const std::string& to) {
  add_window(windows, short_day(first), from, "24:00");
  std::string between;
  for (std::size_t i = (first + 1) % 7; i != last; i = (i + 1) % 7) {
    if (!between.empty()) between += ",";
    between += short_day(i);
  }
  if (!between.empty()) add_window(windows, between, "00:00", "24:00");
  if (to != "00:00") add_window(windows, short_day(last), "00:00", to);
}

bool read_periodic(const Command& command, Json& windows) {
  std::string days;
  std::size_t at = 1, first = 0, count = 0;
  if (command.word(1) == "weekdays") {
    days = "mon-fri";
  } else if (command.word(1) == "weekend") {
    days = "sat,sun";
  } else if (command.word(1) == "daily") {
    days = "daily";
  } else {
    while (const auto number = day(command.word(at))) {
      if (!days.empty()) days += ",";
      days += short_day(*number);
      first = *number;
      ++count;
      ++at;
    }
    if (count == 0) return false;
    --at;
  }
  const auto from = clock_time(command.word(at + 1));
  if (!from || command.word(at + 2) != "to") return false;
  if (const auto last = day(command.word(at + 3))) {
    const auto to = clock_time(command.word(at + 4));
    if (!to || count != 1) return false;
    if (*last == first && *from < *to) {
      add_window(windows, days, *from, *to);
    } else {
      add_stretch(windows, first, *from, *last, *to);
    }
    return true;
  }
  const auto to = clock_time(command.word(at + 3));
  if (!to) return false;
  // A range that ends at 23:59 holds through that minute.
  add_window(windows, days, *from, *to == "23:59" ? "24:00" : *to);
  return true;
}

bool read_absolute(const Command& command, Json& bounds) {
  std::size_t at = 1;
  while (at < command.words.size()) {
    const std::string key(command.word(at++));
    if (key != "start" && key != "end") return false;
    const auto moment = date(command, at);
    if (!moment) return false;
    bounds[key] = *moment;
  }
  return !bounds.empty();
}

}  // namespace

bool read_time_range(const Block& block, Context& context) {
  const std::string& name = block.head.raw(1);
  if (name.empty()) {
    context.not_converted(block, "a time range without a name");
    return false;
  }
  Json windows = Json::array();
  Json bounds = Json::object();
  bool complete = true;
  for (const Command& each : block.body) {
    const bool periodic = each.word(0) == "periodic";
    const bool read = periodic                     ? read_periodic(each, windows)
                      : each.word(0) == "absolute" ? read_absolute(each, bounds)
                                                   : false;
    if (read) {
      context.converted(each);
    } else {
      context.not_converted(each, "this is no time");
      complete = false;
    }
  }
  if (windows.empty() && !bounds.empty()) windows.push_back(Json::object());
  for (Json& window : windows) window.update(bounds);
  if (windows.empty() || !complete) {
    context.not_converted(block.head, "the time range was not understood");
    return false;
  }
  context.converted(block.head);
  context.warn(block.head,
               "times of day are those of the gateway's own time zone; name another "
               "with \"zone\"");
  context.out.time(name, windows.size() == 1 ? windows.front() : windows);
  return true;
}

}  // namespace chatgate::policy::import
