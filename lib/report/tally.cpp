#include "report/tally.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <tuple>

namespace chatgate::report {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostAudits = 1000, kMostLosses = 200, kMostDamages = 50;
constexpr std::string_view kTypes[] = {"alert", "flow", "tls",   "quic",
                                       "http",  "dns",  "stats", "audit"};
constexpr std::size_t kLongestDetail = 500;

// The beginning of UTF-8 text, no character of it cut in two.
std::string_view beginning(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

// The object or value of a key; a null where there is none.
const Json& at(const Json& object, std::string_view key) {
  static const Json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

std::string text(const Json& object, std::string_view key) {
  const Json& value = at(object, key);
  if (!value.is_string()) return {};
  return std::string(beginning(value.get_ref<const std::string&>(), kLongestDetail));
}

std::uint64_t number(const Json& object, std::string_view key) {
  const Json& value = at(object, key);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

template <typename T>
bool take_digits(std::string_view& text, std::size_t count, T& value) {
  if (text.size() < count) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + count, value);
  if (error != std::errc() || end != text.data() + count || text.front() == '-') return false;
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// What stands behind the minutes: seconds, a fraction, the zone.
bool take_rest(std::string_view text, unsigned& seconds, std::uint64_t& nanoseconds) {
  if (take(text, ':')) {
    if (!take_digits(text, 2, seconds) || seconds > 60) return false;
    if (take(text, '.')) {
      std::uint64_t unit = 100'000'000;
      while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        nanoseconds += static_cast<std::uint64_t>(text.front() - '0') * unit;
        unit /= 10;
        text.remove_prefix(1);
      }
    }
  }
  return text.empty() || text == "Z" || text == "+0000" || text == "+00:00";
}

void count(Names& names, std::string_view name, bool blocked) {
  if (name.empty()) return;
  Count& count = names[name];
  ++(blocked ? count.blocked : count.allowed);
}

std::string endpoint(const Json& event) {
  const std::string address = text(event, "dest_ip");
  if (address.empty()) return {};
  const Json& port = at(event, "dest_port");
  return address + (port.is_number_unsigned() ? " port " + port.dump() : std::string()) + " " +
         text(event, "proto");
}

void add_alert(Tally& tally, const Json& event, Timeline::Step& step) {
  const Json& im = at(event, "im");
  const bool blocked = text(at(event, "alert"), "action") == "blocked";
  const std::string application = text(im, "application"), action = text(im, "action");
  ++(blocked ? tally.total.blocked : tally.total.allowed);
  ++(blocked ? step.blocked : step.allowed);
  if (!blocked && (action == "drop" || action == "reset")) ++tally.would_block;
  count(tally.applications, application, blocked);
  count(tally.categories, text(im, "category"), blocked);
  count(tally.services, text(im, "service"), blocked);
  const std::string rule = text(im, "rule");
  count(tally.rules, rule.empty() ? text(at(event, "alert"), "signature") : rule, blocked);
  count(tally.evidence, text(im, "evidence"), blocked);
  const std::string client = text(event, "src_ip"), name = text(im, "name");
  std::string attempt = application + " to " + (name.empty() ? endpoint(event) : name);
  if (!tally.options().redact_people) {
    count(tally.clients, client, blocked);
    attempt = client + ": " + attempt;
  }
  if (blocked) count(tally.attempts, attempt, true);
}

void add_flow(Tally& tally, const Json& event) {
  const Json& im = at(event, "im");
  const std::string application = text(im, "application");
  ++tally.total.flows;
  if (!application.empty()) ++tally.applications[application].flows;
  if (const std::string category = text(im, "category"); !category.empty()) {
    ++tally.categories[category].flows;
  }
  if (const std::string end = text(at(event, "flow"), "reason"); !end.empty()) {
    ++tally.conduct[end].flows;
  }
  if (!tally.options().redact_people) {
    if (const std::string client = text(event, "src_ip"); !client.empty()) {
      ++tally.clients[client].flows;
    }
  }
  if (application != "unknown") return;
  const std::string name = text(im, "name"), spoken = text(event, "app_proto");
  const std::string server = name.empty() ? endpoint(event) : name;
  if (!server.empty()) ++tally.unknown[server + (spoken.empty() ? "" : " (" + spoken + ")")].flows;
}

void add_audit(Tally& tally, const Json& event) {
  const Json& audit = at(event, "audit");
  AuditEntry entry;
  entry.time = text(event, "timestamp");
  entry.host = text(event, "host");
  entry.what = text(audit, "what");
  if (at(audit, "uid").is_number_unsigned()) entry.by = "uid " + at(audit, "uid").dump();
  entry.policy = text(audit, "policy");
  entry.sha256 = text(audit, "sha256");
  entry.mode = text(audit, "mode");
  for (const char* key : {"list", "error", "in_force", "errors"}) {
    const Json& value = at(audit, key);
    if (value.is_null()) continue;
    const std::string shown = value.is_string()
                                  ? value.get<std::string>()
                                  : value.dump(-1, ' ', false, Json::error_handler_t::replace);
    entry.detail += (entry.detail.empty() ? "" : "; ") + std::string(key) + ": " +
                    std::string(beginning(shown, kLongestDetail));
  }
  if (entry.what == "gateway started") ++tally.restarts;
  tally.audits.add(std::move(entry), kMostAudits);
}

void add_stats(Tally& tally, const Json& event) {
  const Json& events = at(at(event, "stats"), "events");
  LossEntry entry{text(event, "timestamp"), text(event, "host"), number(events, "lost")};
  if (entry.lost == 0) return;
  tally.events_lost += entry.lost;
  tally.losses.add(std::move(entry), kMostLosses);
}

}  // namespace

std::optional<Time> parse_time(std::string_view text) {
  int year = 0;
  unsigned month = 0, day = 0, hours = 0, minutes = 0, seconds = 0;
  std::uint64_t nanoseconds = 0;
  if (!take_digits(text, 4, year) || !take(text, '-') || !take_digits(text, 2, month) ||
      !take(text, '-') || !take_digits(text, 2, day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok() || year < 1970 || year > 2500) return std::nullopt;
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
    if (!take_digits(text, 2, hours) || hours > 23 || !take(text, ':') ||
        !take_digits(text, 2, minutes) || minutes > 59 || !take_rest(text, seconds, nanoseconds)) {
      return std::nullopt;
    }
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::uint64_t second =
      static_cast<std::uint64_t>(days) * 86'400 + hours * 3600u + minutes * 60u + seconds;
  return Time{second * 1'000'000'000 + nanoseconds};
}

Count& Names::operator[](std::string_view name) {
  name = beginning(name, kLongest);
  if (const auto found = counts_.find(name); found != counts_.end()) return found->second;
  if (counts_.size() >= kMost) return others_;
  return counts_[std::string(name)];
}

std::vector<Names::Entry> Names::top(std::size_t most) const {
  std::vector<Entry> entries;
  for (const auto& [name, count] : counts_) entries.push_back({name, count});
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.count.blocked, a.count.allowed, a.count.flows) >
           std::tie(b.count.blocked, b.count.allowed, b.count.flows);
  });
  if (entries.size() > most) entries.resize(most);
  return entries;
}

// Two steps become one.
void Timeline::coarsen() {
  std::vector<Step> wider;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const std::size_t into = static_cast<std::size_t>((first_ + i) / 2 - first_ / 2);
    wider.resize(std::max(wider.size(), into + 1));
    wider[into].blocked += steps_[i].blocked;
    wider[into].allowed += steps_[i].allowed;
    wider[into].events += steps_[i].events;
  }
  steps_ = std::move(wider);
  first_ /= 2;
  width_ *= 2;
}

void Timeline::add(std::uint64_t second, const Step& step) {
  if (steps_.empty()) first_ = second / width_;
  const auto span = [&] {
    const std::uint64_t here = second / width_;
    return std::max(here, first_ + (steps_.empty() ? 0 : steps_.size() - 1)) -
           std::min(here, first_) + 1;
  };
  while (span() > kMost) coarsen();
  const std::uint64_t here = second / width_;
  if (here < first_) {
    steps_.insert(steps_.begin(), static_cast<std::size_t>(first_ - here), Step{});
    first_ = here;
  }
  const auto index = static_cast<std::size_t>(here - first_);
  if (index >= steps_.size()) steps_.resize(index + 1);
  steps_[index].blocked += step.blocked;
  steps_[index].allowed += step.allowed;
  steps_[index].events += step.events;
}

void Tally::add_damage(const std::string& file, std::uint64_t number, std::string_view what) {
  damages.add({file, std::string(what), number}, kMostDamages);
}

void Tally::add(std::string_view line, const std::string& file, std::uint64_t line_number) {
  ++lines;
  const Json event = Json::parse(line, nullptr, false);
  if (!event.is_object()) return add_damage(file, line_number, "no JSON object");
  const std::string timestamp = text(event, "timestamp"), type = text(event, "event_type");
  const auto time = parse_time(timestamp);
  if (!time || type.empty()) {
    return add_damage(file, line_number, time ? "no event_type" : "no timestamp");
  }
  if ((options_.from && *time < *options_.from) || (options_.to && *time >= *options_.to)) {
    ++outside;
    return;
  }
  if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) {
    ++other_types;
  } else {
    ++types[type];
  }
  if (first.empty() || timestamp < first) first = timestamp;
  if (timestamp > last) last = timestamp;
  if (const std::string host = text(event, "host"); !host.empty()) ++hosts[host].flows;
  Timeline::Step step;
  step.events = 1;
  if (type == "alert") add_alert(*this, event, step);
  if (type == "flow") add_flow(*this, event);
  if (type == "audit") add_audit(*this, event);
  if (type == "stats") add_stats(*this, event);
  timeline.add(time->nanoseconds / 1'000'000'000, step);
}

std::vector<Gap> Tally::gaps(std::size_t most) const {
  std::vector<Gap> found;
  const auto& steps = timeline.steps();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].events != 0) continue;
    const std::size_t begin = i;
    while (i < steps.size() && steps[i].events == 0) ++i;
    const auto moment = [&](std::size_t step) {
      return timeline.first() + step * timeline.width();
    };
    found.push_back({moment(begin), moment(i)});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Gap& a, const Gap& b) { return a.to - a.from > b.to - b.from; });
  if (found.size() > most) found.resize(most);
  return found;
}

}  // namespace chatgate::report
