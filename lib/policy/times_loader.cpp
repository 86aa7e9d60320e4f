#include "policy/times_loader.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace chatgate::policy {
namespace {

using config::in_quotes;
using config::JsonMember;
using config::JsonType;
using config::JsonValue;
using config::ObjectReader;

constexpr std::string_view kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::string_view kDayWords[] = {"mon", "tue", "wed",      "thu",     "fri",
                                          "sat", "sun", "weekdays", "weekend", "daily"};
constexpr std::uint8_t kWeekdays = 0x1f, kWeekend = 0x60, kDaily = 0x7f;

std::optional<unsigned> day_of(std::string_view word) {
  const auto at = std::find(std::begin(kDays), std::end(kDays), word);
  if (at == std::end(kDays)) return std::nullopt;
  return static_cast<unsigned>(at - std::begin(kDays));
}

// The whole of `text` as digits.
std::optional<unsigned> digits(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

// "08:00" to "24:00", in minutes.
std::optional<std::uint16_t> minutes_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hours = digits(text.substr(0, 2)), minutes = digits(text.substr(3));
  if (!hours || !minutes || *minutes > 59) return std::nullopt;
  const unsigned all = *hours * 60 + *minutes;
  if (all > Window::kDay) return std::nullopt;
  return static_cast<std::uint16_t>(all);
}

// "2026-12-24" or "2026-12-24 18:00", in minutes since 1970.
std::optional<std::int64_t> moment_of(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits(text.substr(0, 4)), month = digits(text.substr(5, 2)),
             day = digits(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const auto days = days_since_1970(static_cast<int>(*year), *month, *day);
  if (!days) return std::nullopt;
  std::uint16_t minutes = 0;
  if (text.size() != 10) {
    if (text[10] != ' ' && text[10] != 'T') return std::nullopt;
    const auto clock = minutes_of(text.substr(11));
    if (!clock) return std::nullopt;
    minutes = *clock;
  }
  return *days * Window::kDay + minutes;
}

}  // namespace

void TimesLoader::load(const ObjectReader& policy) {
  const JsonValue* value = policy.get("times");
  if (value == nullptr) return;
  if (value->type != JsonType::object) {
    reporter_.wrong_type(*value, "\"times\"", "an object of names and their windows");
    return;
  }
  if (value->members.size() > kMaxTimes) {
    reporter_.error(value->at, "there are too many times", "at most " + std::to_string(kMaxTimes));
    return;
  }
  for (const JsonMember& member : value->members) load_time(member);
}

void TimesLoader::load_time(const JsonMember& member) {
  if (member.key.empty()) {
    reporter_.error(member.at, "a time needs a name", "such as \"office-hours\"");
    return;
  }
  NamedTime time;
  time.name = member.key;
  const auto add = [&](const JsonValue& value) {
    if (auto window = load_window(value, member.key)) time.windows.push_back(*window);
  };
  if (member.value.type == JsonType::list) {
    if (member.value.items.empty()) {
      reporter_.error(member.value.at, in_quotes(member.key) + " is an empty list",
                      "name at least one window");
    }
    for (const JsonValue& item : member.value.items) add(item);
  } else {
    add(member.value);
  }
  times_.push_back(std::move(time));
}

std::optional<Window> TimesLoader::load_window(const JsonValue& value, std::string_view name) {
  const std::string what = "a window of " + in_quotes(name);
  ObjectReader object(reporter_, value, what, kWindowKeys);
  if (!object.ok()) return std::nullopt;
  Window window;
  if (const JsonValue* days = object.get("days")) load_days(*days, window);
  const JsonValue* const from_value = object.get("from");
  const JsonValue* const to_value = object.get("to");
  if ((from_value == nullptr) != (to_value == nullptr)) {
    reporter_.error(value.at, what + " has only one of \"from\" and \"to\"",
                    "give both, or neither for whole days");
  }
  const auto from = clock(object, "from"), to = clock(object, "to");
  if (from && to) {
    if (*from == *to || *from == Window::kDay) {
      reporter_.error(from_value->at, what + " is empty",
                      "leave out \"from\" and \"to\" for whole days");
    }
    window.from = *from;
    window.to = *to;
  }
  if (const std::string* zone = object.string("zone")) {
    if (const auto found = Zone::find(*zone)) {
      window.zone = *found;
    } else {
      reporter_.error(object.get("zone")->at, "unknown time zone " + in_quotes(*zone),
                      "expected a name of the system's time zone database, such as "
                      "\"Europe/Helsinki\"");
    }
  }
  window.start = moment(object, "start");
  window.end = moment(object, "end");
  if (window.start && window.end && *window.end <= *window.start) {
    reporter_.error(object.get("end")->at, what + " ends before it starts");
  }
  return window;
}

void TimesLoader::load_days(const JsonValue& value, Window& window) {
  window.days = 0;
  for (const JsonValue* entry : reporter_.strings(value, "\"days\"")) {
    std::string_view rest = entry->text;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      std::string_view word = rest.substr(0, comma);
      rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
      while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
      while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
      if (!add_days(*entry, word, window.days)) break;
    }
  }
}

// "mon", "mon-fri", "sat-mon" (over the week's end), or a word for several.
bool TimesLoader::add_days(const JsonValue& at, std::string_view word, std::uint8_t& days) {
  if (word == "daily") days |= kDaily;
  if (word == "weekdays") days |= kWeekdays;
  if (word == "weekend") days |= kWeekend;
  if (word == "daily" || word == "weekdays" || word == "weekend") return true;
  const std::size_t dash = word.find('-');
  const std::string_view last_word = dash == word.npos ? word : word.substr(dash + 1);
  const auto first = day_of(word.substr(0, dash));
  const auto last = day_of(last_word);
  if (!first || !last) {
    const std::string_view wrong = first ? last_word : word.substr(0, dash);
    std::string remedy = suggestion(wrong, kDayWords);
    if (remedy.empty()) remedy = "expected such as \"mon-fri\", \"sat,sun\" or \"daily\"";
    reporter_.error(at.at, "unknown day " + in_quotes(wrong), std::move(remedy));
    return false;
  }
  for (unsigned day = *first;; day = (day + 1) % 7) {
    days = static_cast<std::uint8_t>(days | 1u << day);
    if (day == *last) return true;
  }
}

std::optional<std::uint16_t> TimesLoader::clock(const ObjectReader& object, std::string_view key) {
  const JsonValue* value = object.get(key);
  if (value == nullptr || reporter_.string(*value, in_quotes(key)) == nullptr) return std::nullopt;
  const auto minutes = minutes_of(value->text);
  if (!minutes) {
    reporter_.error(value->at, in_quotes(value->text) + " is no time of the day",
                    "expected one from \"00:00\" to \"24:00\"");
  }
  return minutes;
}

std::optional<std::int64_t> TimesLoader::moment(ObjectReader& object, std::string_view key) {
  const std::string* text = object.string(key);
  if (text == nullptr) return std::nullopt;
  const auto minutes = moment_of(*text);
  if (!minutes) {
    reporter_.error(object.get(key)->at, in_quotes(*text) + " is no date",
                    "expected one such as \"2026-12-24 18:00\"");
  }
  return minutes;
}

TimeSet TimesLoader::when(const ObjectReader& object) {
  const JsonValue* value = object.get("when");
  if (value == nullptr) return 0;
  TimeSet set = 0;
  for (const JsonValue* word : reporter_.strings(*value, "\"when\"")) {
    const auto at = std::find_if(times_.begin(), times_.end(),
                                 [&](const NamedTime& time) { return time.name == word->text; });
    if (at != times_.end()) {
      set |= TimeSet{1} << (at - times_.begin());
      continue;
    }
    std::vector<std::string_view> names;
    for (const NamedTime& time : times_) names.push_back(time.name);
    std::string remedy = suggestion(word->text, names);
    if (remedy.empty()) remedy = "expected a name from \"times\"";
    reporter_.error(word->at, "unknown time " + in_quotes(word->text), std::move(remedy));
  }
  return set;
}

}  // namespace chatgate::policy
