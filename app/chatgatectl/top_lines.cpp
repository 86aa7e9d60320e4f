#include <algorithm>
#include <array>
#include <cstdio>

#include "top.h"

namespace chatgate::ctl {
namespace {

constexpr std::size_t kMostWorkers = 8, kLeastRows = 3;

double number_at(const Json& object, const char* key) {
  if (!object.is_object()) return 0;
  const auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<double>() : 0;
}

std::string text_at(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

const Json& list_at(const Json& object, const char* key) {
  static const Json kEmpty = Json::array();
  if (!object.is_object()) return kEmpty;
  const auto at = object.find(key);
  return at != object.end() && at->is_array() ? *at : kEmpty;
}

template <typename... Values>
std::string line_of(const char* format, Values... values) {
  std::array<char, 512> text;
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

// At most `width` characters of UTF-8.
std::string cut(const std::string& text, std::size_t width) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
    if (characters++ == width) return text.substr(0, i);
  }
  return text;
}

std::string up_time(double seconds) {
  const auto whole = static_cast<unsigned long long>(seconds);
  return line_of("%llu:%02llu:%02llu", whole / 3600, whole / 60 % 60, whole % 60);
}

const char* sort_key(TopSort sort) {
  switch (sort) {
    case TopSort::packets: return "packets";
    case TopSort::flows: return "flows";
    case TopSort::blocked: return "blocked";
    case TopSort::bytes: break;
  }
  return "bytes";
}

using Rows = std::vector<std::string>;

Rows head_rows(const Json& facts) {
  const Json& rates = facts["rates"];
  return {
      line_of("chatgate top   up %s   mode %s   generation %.0f   over %.1f s",
              up_time(number_at(facts, "uptime_seconds")).c_str(), text_at(facts, "mode").c_str(),
              number_at(facts, "generation"), number_at(rates, "seconds")),
      line_of("%.0f packets/s   %.2f Mbit/s   %.0f new flows/s   %.0f flows   "
              "%.1f dropped/s   %.1f blocked/s   %.1f forged/s",
              number_at(rates, "packets"), number_at(rates, "bits") / 1e6,
              number_at(rates, "flows_created"), number_at(facts["totals"], "flows_active"),
              number_at(rates, "dropped"), number_at(rates, "blocked"),
              number_at(rates, "forged"))};
}

Rows worker_rows(const Json& facts) {
  Rows rows = {"Worker   Busy  Packets/s      Mbit/s     Flows"};
  for (const Json& worker : list_at(facts, "workers")) {
    if (rows.size() > kMostWorkers) break;
    const auto alive = worker.find("alive");
    rows.push_back(line_of("%6.0f  %4.0f%%  %9.0f  %10.2f  %8.0f%s", number_at(worker, "worker"),
                           number_at(worker, "busy_percent"), number_at(worker, "packets_rate"),
                           number_at(worker, "bits_rate") / 1e6, number_at(worker, "flows"),
                           alive != worker.end() && *alive == false ? "  STUCK" : ""));
  }
  return rows;
}

// Entries of a list by a figure, the highest first.
std::vector<Json> sorted(const Json& list, const char* key) {
  std::vector<Json> all(list.begin(), list.end());
  std::stable_sort(all.begin(), all.end(), [key](const Json& a, const Json& b) {
    return number_at(a, key) > number_at(b, key);
  });
  return all;
}

Rows application_rows(const Json& facts) {
  Rows rows = {"Application                Allowed     Blocked"};
  for (const Json& entry : sorted(list_at(facts, "applications"), "blocked")) {
    rows.push_back(line_of("%-22s  %10.0f  %10.0f", text_at(entry, "application").c_str(),
                           number_at(entry, "allowed"), number_at(entry, "blocked")));
  }
  return rows;
}

Rows talker_rows(const Json& facts, TopSort sort) {
  Rows rows = {
      line_of("Client, by %-28s   Flows   Blocked     Packets         Bytes", sort_key(sort))};
  for (const Json& talker : sorted(list_at(facts, "talkers"), sort_key(sort))) {
    rows.push_back(line_of("%-39s  %6.0f  %8.0f  %10.0f  %12.0f", text_at(talker, "client").c_str(),
                           number_at(talker, "flows"), number_at(talker, "blocked"),
                           number_at(talker, "packets"), number_at(talker, "bytes")));
  }
  return rows;
}

Rows block_rows(const Json& facts) {
  Rows rows = {"Last blocks"};
  for (const Json& block : list_at(facts, "blocks")) {
    if (!block.is_string()) continue;
    // A line of `show blocked` without what is the same in all of them: there is room for the rule.
    constexpr std::string_view kSame = " alert blocked";
    auto line = block.get<std::string>();
    const auto time = line.find(' ');
    if (const auto same = line.find(kSame); same != std::string::npos)
      line.erase(same, kSame.size());
    if (time != std::string::npos) line.erase(0, time + 1);
    rows.push_back(std::move(line));
  }
  return rows;
}

}  // namespace

Json top_facts(const Json& before, const Json& now) {
  Json facts = now;
  const double seconds =
      std::max((number_at(now, "nanoseconds") - number_at(before, "nanoseconds")) / 1e9, 0.001);
  // Counters that were cleared in between begin anew.
  const auto rate = [seconds](const Json& from, const Json& to, const char* key) {
    const double grown = number_at(to, key) - number_at(from, key);
    return (grown < 0 ? number_at(to, key) : grown) / seconds;
  };
  static const Json kNone = Json::object();
  const Json& from = before.is_object() && before.contains("totals") ? before["totals"] : kNone;
  const Json& to = now.is_object() && now.contains("totals") ? now["totals"] : kNone;
  Json rates = {{"seconds", seconds}, {"bits", rate(from, to, "bytes") * 8}};
  for (const char* key :
       {"packets", "flows_created", "forwarded", "dropped", "forged", "blocked"}) {
    rates[key] = rate(from, to, key);
  }
  facts["rates"] = std::move(rates);
  const Json& workers = list_at(before, "workers");
  for (std::size_t i = 0; i < list_at(facts, "workers").size(); ++i) {
    Json& worker = facts["workers"][i];
    const Json& earlier = i < workers.size() ? workers[i] : kNone;
    worker["packets_rate"] = rate(earlier, worker, "packets");
    worker["bits_rate"] = rate(earlier, worker, "bytes") * 8;
    const double polls = rate(earlier, worker, "polls");
    const double empty = rate(earlier, worker, "empty_polls");
    worker["busy_percent"] = polls <= 0 ? 0 : std::clamp((polls - empty) * 100 / polls, 0., 100.);
  }
  return facts;
}

std::vector<std::string> top_lines(const Json& facts, const TopLayout& layout) {
  Rows lines = head_rows(facts);
  const auto add = [&](const Rows& rows, std::size_t most) {
    if (lines.size() + 2 > layout.height) return;
    lines.emplace_back();
    for (std::size_t i = 0; i < std::min(rows.size(), std::max<std::size_t>(most, 1)); ++i) {
      lines.push_back(rows[i]);
    }
  };
  add(worker_rows(facts), kMostWorkers + 1);
  // What is left is shared: a third each, and what one does not need goes to those behind it.
  const auto left = [&] { return layout.height - std::min(layout.height, lines.size()); };
  add(application_rows(facts), std::max(left() / 3, kLeastRows) - 1);
  add(talker_rows(facts, layout.sort), std::max(left() / 2, kLeastRows) - 1);
  const std::size_t rest = left();
  add(block_rows(facts), rest > 1 ? rest - 1 : 1);
  if (lines.size() > layout.height) lines.resize(layout.height);
  for (std::string& line : lines) line = cut(line, layout.width);
  return lines;
}

}  // namespace chatgate::ctl
