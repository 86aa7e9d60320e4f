#include "base/printable.h"
#include "control/context.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

using policy::Rule;

// What a range covers, in the shortest form: an address, a prefix, or first-last.
std::string range_text(const IpAddress& first, const IpAddress& last) {
  if (first == last) return first.to_string();
  for (unsigned length = 0; length < 128; ++length) {
    const Prefix prefix{first, static_cast<std::uint8_t>(length)};
    if (prefix.first() == first && prefix.last() == last) return prefix.to_string();
  }
  return first.to_string() + "-" + last.to_string();
}

std::string joined(const Json& words) {
  std::string text;
  for (const Json& word : words) text += (text.empty() ? "" : ", ") + word.get<std::string>();
  return text.empty() ? "nothing" : text;
}

std::string match_text(const Json& match) {
  std::string text;
  for (const auto& [key, words] : match.items()) {
    text += "      match " + key + " " + printable(joined(words), 2000) + "\n";
  }
  return text.empty() ? "      match any\n" : text;
}

}  // namespace

Json range_list(const policy::AddressSet& set) {
  Json list = Json::array();
  for (const auto& range : set.ranges()) list.push_back(range_text(range.first, range.last));
  return list;
}

Json match_json(const Rule& rule, const policy::Policy& policy,
                const catalog::Catalogue& catalogue) {
  Json match = Json::object();
  for (const ApplicationId id : rule.applications) {
    const catalog::Application* application = catalogue.find(id);
    if (application != nullptr) match["application"].push_back(application->word);
  }
  for (const catalog::Category category : rule.categories) {
    match["category"].push_back(to_string(category));
  }
  for (const catalog::Service service : rule.services) {
    match["service"].push_back(to_string(service));
  }
  for (const policy::TextCondition& condition : rule.texts) {
    Json& texts = match[std::string(policy::to_string(condition.field))];
    for (const policy::Pattern& pattern : condition.any_of) texts.push_back(pattern.text());
  }
  for (std::size_t i = 0; i < policy.lists().size(); ++i) {
    if ((rule.lists & lists::bit(i)) != 0) match["list"].push_back(policy.lists()[i]);
  }
  for (const std::string& name : rule.server.names()) match["server"].push_back(name);
  for (const std::string& name : rule.server.exact_names()) match["server"].push_back("=" + name);
  if (!rule.server.any()) {
    for (const Json& range : range_list(rule.server.addresses())) match["server"].push_back(range);
  }
  if (rule.when != 0) match["when"] = time_names(policy.times(), rule.when);
  match.update(path_json(rule.path));
  if (!rule.from.any()) match["from"] = range_list(rule.from);
  if (!rule.to.any()) match["to"] = range_list(rule.to);
  return match;
}

Reply show_policy(Context& context, const Invocation&, const Caller&) {
  const auto snapshot = context.gateway.snapshot();
  const policy::Policy& policy = *snapshot->policy;
  Json inside = Json::array();
  for (const Prefix& prefix : policy.inside()) inside.push_back(prefix.to_string());
  const std::string loaded = moment(context.policy.loaded_at());
  Reply reply;
  reply.result = {{"policy", snapshot->policy_file},
                  {"sha256", snapshot->sha256},
                  {"generation", snapshot->generation},
                  {"loaded", loaded},
                  {"mode", to_string(snapshot->mode())},
                  {"mode_of_file", to_string(policy.mode())},
                  {"rules", policy.rules().size()},
                  {"default", to_string(policy.fallback())},
                  {"access_lines", policy.access().entries().size()},
                  {"times_in_force", time_names(policy.times(), snapshot->times)},
                  {"inside", inside},
                  {"catalogue", context.policy.catalogue_folder()},
                  {"applications", snapshot->catalogue->applications().size()}};
  if (snapshot->signatures != nullptr) {
    reply.result["signatures"] = {{"loaded", snapshot->signatures->rules().size()},
                                  {"refused", snapshot->signatures->refused()}};
  }
  if (policy.unclassified()) {
    reply.result["unclassified"] = to_string(*policy.unclassified());
  }
  reply.result["confidence"] = to_string(policy.confidence());
  if (const auto& test = context.policy.last_self_test()) {
    reply.result["self_test"] = to_json(*test);
  }
  Json& kept = reply.result["kept"] = Json::array();
  for (const PolicyControl::Accepted& each : context.policy.accepted()) {
    kept.push_back({{"generation", each.generation},
                    {"sha256", each.sha256},
                    {"loaded", moment(each.loaded)}});
  }
  TextTable table({{""}, {""}});
  table.add({"Policy", printable(snapshot->policy_file, 4096)});
  table.add({"SHA-256", printable(snapshot->sha256)});
  table.add({"Loaded", loaded + ", generation " + std::to_string(snapshot->generation)});
  table.add({"Mode", std::string(to_string(snapshot->mode())) + mode_note(*snapshot)});
  table.add({"Rules", std::to_string(policy.rules().size()) + ", default " +
                          std::string(to_string(policy.fallback()))});
  if (snapshot->signatures != nullptr) {
    table.add({"Snort rules", std::to_string(snapshot->signatures->rules().size()) + ", " +
                                  std::to_string(snapshot->signatures->refused()) + " refused"});
  }
  if (!policy.access().empty()) {
    table.add({"Access list", count_of(policy.access().entries().size(), "line")});
  }
  if (!policy.times().empty()) {
    table.add({"Times in force", joined(reply.result["times_in_force"])});
  }
  if (policy.unclassified()) {
    table.add({"Unclassified", std::string(to_string(*policy.unclassified()))});
  }
  if (policy.confidence() != catalog::Confidence::low) {
    table.add({"Blocks from", std::string(to_string(policy.confidence())) + " confidence on"});
  }
  if (const auto& test = context.policy.last_self_test()) {
    table.add({"Self-test", self_test_text(*test)});
  }
  for (const PolicyControl::Accepted& each : context.policy.accepted()) {
    table.add({"Kept", "generation " + std::to_string(each.generation) + " of " +
                           moment(each.loaded) + ", " + each.sha256.substr(0, 16)});
  }
  if (!inside.empty()) table.add({"Inside", joined(inside)});
  table.add({"Catalogue", printable(context.policy.catalogue_folder(), 4096) + ", " +
                              count_of(snapshot->catalogue->applications().size(), "application")});
  reply.text = table.render();
  return reply;
}

Reply show_running_config(Context& context, const Invocation&, const Caller&) {
  const auto snapshot = context.gateway.snapshot();
  const auto& accepted = context.policy.accepted();
  if (accepted.empty() || accepted.back().text.empty()) {
    return Reply::failure(kFailed, "the text of the running policy is not known",
                          "reload it: policy reload");
  }
  Reply reply;
  reply.result = {{"file", snapshot->policy_file},
                  {"sha256", accepted.back().sha256},
                  {"generation", snapshot->generation},
                  {"mode", to_string(snapshot->mode())},
                  {"policy", accepted.back().text}};
  reply.text = accepted.back().text;
  if (!reply.text.ends_with('\n')) reply.text += '\n';
  return reply;
}

Reply show_service_policy(Context& context, const Invocation&, const Caller&) {
  const auto snapshot = context.gateway.snapshot();
  const policy::Policy& policy = *snapshot->policy;
  Reply reply;
  reply.result = {{"policy", snapshot->policy_file},
                  {"generation", snapshot->generation},
                  {"mode", to_string(snapshot->mode())},
                  {"rules", Json::array()}};
  reply.text = "Global policy:\n  Service-policy: " + printable(snapshot->policy_file, 4096) +
               ", generation " + std::to_string(snapshot->generation) + ", mode " +
               std::string(to_string(snapshot->mode())) + mode_note(*snapshot) + "\n";
  std::size_t position = 0;
  for (const Rule& rule : policy.rules()) {
    const Json match = match_json(rule, policy, *snapshot->catalogue);
    const bool active = policy::holds(rule.when, snapshot->times);
    const bool counted = rule.id.valid() && rule.id.value() < telemetry::kMaxRules;
    const Json hits = counted ? Json(context.counters.rule_hits(rule.id)) : Json(nullptr);
    const std::string action(to_string(rule.action));
    reply.result["rules"].push_back({{"rule", rule.name},
                                     {"match", match},
                                     {"action", action},
                                     {"log", rule.log},
                                     {"monitor", rule.monitor},
                                     {"active", active},
                                     {"hits", hits}});
    reply.text += "    Rule " + std::to_string(++position) + ": " + printable(rule.name) + "\n" +
                  match_text(match) + "      " + action + (rule.log ? " log" : "") +
                  (rule.monitor ? " (monitor)" : "") + (active ? "" : " (inactive)") + ", hits " +
                  (counted ? hits.dump() : "not counted") + "\n";
  }
  const std::uint64_t hits = context.counters.rule_hits(RuleId::none());
  const std::string action(to_string(policy.fallback()));
  reply.result["default"] = {{"action", action}, {"hits", hits}};
  reply.result["cleared"] = clearing_json(context);
  reply.text += "    Default\n      " + action + ", hits " + std::to_string(hits) + "\n" +
                clearing_line(context);
  return reply;
}

std::string self_test_text(const explain::SelfTest& test) {
  const std::string probes =
      count_of(test.probes, "probe") + " in " + std::to_string(test.milliseconds) + " ms, ";
  return probes +
         (test.passed() ? "all as the policy says" : std::to_string(test.failed) + " failed");
}

std::string mode_note(const engine::Snapshot& snapshot) {
  if (snapshot.mode() == snapshot.policy->mode()) return {};
  return " (by command; the policy says " + std::string(to_string(snapshot.policy->mode())) + ")";
}

}  // namespace chatgate::control
