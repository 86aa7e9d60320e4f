// The access list as an ASA prints it, with its hits.

#include <cstdio>

#include "base/printable.h"
#include "control/context.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

using policy::AccessEntry;

constexpr std::string_view kListName = "chatgate";

// FNV-1a, for a number that stands for a text and stays the same over reloads.
std::string hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619u;
  char out[16];
  std::snprintf(out, sizeof out, "0x%08x", hash);
  return out;
}

std::string times_text(const Json& names) {
  std::string text;
  for (const Json& name : names) text += " time-range " + printable(name.get<std::string>());
  return text;
}

}  // namespace

Json time_names(const policy::Times& times, policy::TimeSet set) {
  Json names = Json::array();
  for (std::size_t i = 0; i < times.all().size(); ++i) {
    if ((set >> i & 1) != 0) names.push_back(times.all()[i].name);
  }
  return names;
}

Json path_json(const policy::PathCondition& path) {
  Json json = Json::object();
  for (const auto& range : path.vlans) {
    json["vlan"].push_back(std::to_string(range.first) +
                           (range.first == range.last ? "" : "-" + std::to_string(range.last)));
  }
  for (const policy::MacAddress& mac : path.macs) {
    char text[18];
    std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
                  mac[3], mac[4], mac[5]);
    json["mac"].push_back(text);
  }
  for (const PairId pair : path.pairs) json["interface"].push_back(std::to_string(pair.value()));
  if (path.inside_opened) {
    json["direction"].push_back(*path.inside_opened ? "outbound" : "inbound");
  }
  return json;
}

Reply show_access_list(Context& context, const Invocation&, const Caller&) {
  const auto snapshot = context.gateway.snapshot();
  const policy::Policy& policy = *snapshot->policy;
  const auto& entries = policy.access().entries();
  Reply reply;
  reply.result = {{"access_list", kListName}, {"lines", Json::array()}};
  const std::string list = "access-list " + std::string(kListName);
  reply.text = list + "; " + count_of(entries.size(), "element") +
               "; name hash: " + hash_of(kListName) + "\n";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const AccessEntry& entry = entries[i];
    const policy::AccessId id(static_cast<policy::AccessId::rep>(i));
    const bool counted = i < telemetry::kMaxRules;
    const Json hits = counted ? Json(context.counters.access_hits(id)) : Json(nullptr);
    const bool active = policy::holds(entry.when, snapshot->times);
    const Json when = time_names(policy.times(), entry.when);
    Json line = {{"line", i + 1},
                 {"name", entry.name},
                 {"entry", entry.text},
                 {"action", entry.permits() ? "permit" : "deny"},
                 {"reset", entry.action == policy::Action::reset},
                 {"log", entry.log},
                 {"active", active},
                 {"hits", hits}};
    if (!when.empty()) line["when"] = when;
    const Json path = path_json(entry.path);
    line.update(path);
    reply.result["lines"].push_back(std::move(line));
    reply.text += list + " line " + std::to_string(i + 1) + " extended " + printable(entry.text);
    for (const auto& [key, words] : path.items()) {
      for (const Json& word : words) reply.text += " " + key + " " + word.get<std::string>();
    }
    reply.text += times_text(when) + " (hitcnt=" + (counted ? hits.dump() : "-") + ")" +
                  (active ? "" : " (inactive)") + " " + hash_of(entry.text) + "\n";
  }
  reply.result["cleared"] = clearing_json(context);
  reply.text += clearing_line(context);
  return reply;
}

}  // namespace chatgate::control
