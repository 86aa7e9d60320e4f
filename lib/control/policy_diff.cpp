// What another policy would change of the running one, in words.

#include <algorithm>
#include <map>

#include "base/printable.h"
#include "control/context.h"
#include "control/policy_parts.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

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
  // Where the order counts a place is told, and what changes it.
  void compare(const std::vector<Part>& before, const std::vector<Part>& after, bool ordered) {
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < before.size(); ++i) places.emplace(before[i].name, i);
    std::vector<bool> met(before.size(), false);
    std::size_t furthest = 0;  // in `before`, of what was met
    for (std::size_t i = 0; i < after.size(); ++i) {
      const Part& part = after[i];
      const auto at = places.find(part.name);
      if (at == places.end() || met[at->second]) {
        const std::string place = ordered ? "at place " + std::to_string(i + 1) + ": " : "";
        tell("new", part.name, place + in_words(part.says));
        continue;
      }
      met[at->second] = true;
      if (ordered && at->second < furthest) tell("moved", part.name, "down, behind others");
      furthest = std::max(furthest, at->second);
      const std::string change = changes(before[at->second].says, part.says);
      if (!change.empty()) tell("changed", part.name, change);
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (!met[i]) tell("gone", before[i].name, in_words(before[i].says));
    }
  }
  Json list = Json::array();
  std::string text;

 private:
  void tell(std::string_view kind, const std::string& what, const std::string& how) {
    list.push_back({{"kind", kind}, {"what", what}, {"how", how}});
    text += std::string(kind) + ": " + printable(what) + ", " + printable(how, 2000) + "\n";
  }
};

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
  const PolicyParts before = parts_of(*running), after = parts_of(*outcome.snapshot);
  Difference difference;
  for (std::size_t i = 0; i < before.size(); ++i) {
    difference.compare(before[i].parts, after[i].parts, before[i].ordered);
  }
  Reply reply;
  const bool same_text = running->sha256 == outcome.sha256;
  reply.result = {{"policy", outcome.file}, {"same_file", same_text}, {"changes", difference.list}};
  reply.text = difference.text;
  if (reply.text.empty()) {
    reply.text = same_text ? "Nothing: it is the running policy.\n"
                           : "Nothing: the file is written otherwise and says the same.\n";
  }
  return reply;
}

}  // namespace chatgate::control
