// What another policy would change of the running one, in words.

#include <algorithm>
#include <map>

#include "control/context.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

// One thing that is in a policy, by its name: what it says, key by key.
struct Part {
  std::string name;
  Json says = Json::object();
};

Part part_of(const policy::Rule& rule, const engine::Snapshot& snapshot) {
  const policy::Policy& policy = *snapshot.policy;
  Part part{"rule \"" + rule.name + "\"", match_json(rule, policy, *snapshot.catalogue)};
  part.says["action"] = to_string(rule.action);
  if (rule.log) part.says["log"] = "true";
  if (rule.monitor) part.says["monitor"] = "true";
  if (rule.confidence) part.says["confidence"] = to_string(*rule.confidence);
  return part;
}

Part part_of(const policy::AccessEntry& entry, const engine::Snapshot& snapshot) {
  Part part{entry.name, path_json(entry.path)};
  part.says["entry"] = entry.text;
  if (entry.action == policy::Action::reset) part.says["reset"] = "true";
  if (entry.when != 0) part.says["when"] = time_names(snapshot.policy->times(), entry.when);
  return part;
}

std::string words(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  std::string text;
  for (const Json& each : value) text += (text.empty() ? "" : ", ") + each.get<std::string>();
  return text;
}

std::string in_words(const Json& says) {
  std::string text;
  for (const auto& [key, value] : says.items()) {
    text += (text.empty() ? "" : "; ") + key + " " + words(value);
  }
  return text;
}

// Key by key what is said in the place of what was.
std::string changes(const Json& before, const Json& after) {
  std::string text;
  const auto add = [&text](const std::string& change) {
    text += (text.empty() ? "" : "; ") + change;
  };
  for (const auto& [key, value] : after.items()) {
    if (!before.contains(key)) {
      add("now with " + key + " " + words(value));
    } else if (before[key] != value) {
      add(key + " " + words(value) + " instead of " + words(before[key]));
    }
  }
  for (const auto& [key, value] : before.items()) {
    if (!after.contains(key)) add("no longer with " + key + " " + words(value));
  }
  return text;
}

class Difference {
 public:
  void compare(const std::vector<Part>& before, const std::vector<Part>& after) {
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < before.size(); ++i) places.emplace(before[i].name, i);
    std::vector<bool> met(before.size(), false);
    std::size_t furthest = 0;  // in `before`, of what was met
    for (std::size_t i = 0; i < after.size(); ++i) {
      const Part& part = after[i];
      const auto at = places.find(part.name);
      if (at == places.end() || met[at->second]) {
        tell("new", part.name, "at place " + std::to_string(i + 1) + ": " + in_words(part.says));
        continue;
      }
      met[at->second] = true;
      if (at->second < furthest) tell("moved", part.name, "down, behind others");
      furthest = std::max(furthest, at->second);
      const std::string change = changes(before[at->second].says, part.says);
      if (!change.empty()) tell("changed", part.name, change);
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (!met[i]) tell("gone", before[i].name, in_words(before[i].says));
    }
  }
  void compare(std::string_view what, std::string_view before, std::string_view after) {
    if (before == after) return;
    tell("changed", std::string(what), std::string(after) + " instead of " + std::string(before));
  }

  Json list = Json::array();
  std::string text;

 private:
  void tell(std::string_view kind, const std::string& what, const std::string& how) {
    list.push_back({{"kind", kind}, {"what", what}, {"how", how}});
    text += std::string(kind) + ": " + printable(what) + ", " + printable(how, 2000) + "\n";
  }
};

template <typename Things>
std::vector<Part> parts(const Things& things, const engine::Snapshot& snapshot) {
  std::vector<Part> list;
  for (const auto& each : things) list.push_back(part_of(each, snapshot));
  return list;
}

std::string word_of(const std::optional<policy::Action>& action) {
  return action ? std::string(to_string(*action)) : "as default";
}

std::string count_of_signatures(const engine::Snapshot& snapshot) {
  return std::to_string(snapshot.signatures == nullptr ? 0 : snapshot.signatures->rules().size());
}

}  // namespace

Reply policy_diff(Context& context, const Invocation& invocation, const Caller& caller) {
  const std::string file = absolute(invocation.get(""), caller);
  if (!file.empty() && !context.may(caller.uid, Right::change)) {
    return not_allowed("\"policy diff FILE\"", context);
  }
  const ReloadOutcome outcome = context.policy.check(file);
  if (outcome.snapshot == nullptr) {
    Reply reply =
        Reply::failure(kInvalid, printable(outcome.file, 4096) + " is not valid, " +
                                     count_of(outcome.diagnostics.error_count(), "error"));
    reply.text = to_text(outcome.diagnostics);
    reply.result = {{"errors", to_json(outcome.diagnostics, Severity::error)}};
    return reply;
  }
  const auto running = context.gateway.snapshot();
  const policy::Policy& before = *running->policy;
  const policy::Policy& after = *outcome.snapshot->policy;
  Difference difference;
  difference.compare(parts(before.access().entries(), *running),
                     parts(after.access().entries(), *outcome.snapshot));
  difference.compare(parts(before.rules(), *running), parts(after.rules(), *outcome.snapshot));
  difference.compare("default", to_string(before.fallback()), to_string(after.fallback()));
  difference.compare("unclassified", word_of(before.unclassified()), word_of(after.unclassified()));
  difference.compare("confidence", to_string(before.confidence()), to_string(after.confidence()));
  difference.compare("mode", to_string(before.mode()), to_string(after.mode()));
  difference.compare("number of Snort rules", count_of_signatures(*running),
                     count_of_signatures(*outcome.snapshot));
  difference.compare("number of applications",
                     std::to_string(running->catalogue->applications().size()),
                     std::to_string(outcome.snapshot->catalogue->applications().size()));
  Reply reply;
  const bool same_text = running->sha256 == outcome.sha256;
  reply.result = {{"policy", outcome.file}, {"same_file", same_text}, {"changes", difference.list}};
  reply.text = difference.text;
  if (reply.text.empty()) {
    reply.text = same_text ? "Nothing: it is the running policy.\n"
                           : "No rule, line of the access list or default differs; what else the "
                             "file says may.\n";
  }
  return reply;
}

}  // namespace chatgate::control
