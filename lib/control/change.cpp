#include <filesystem>

#include "base/printable.h"
#include "control/context.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

// The words of `chatgate check --json`.
Reply reply_for(const ReloadOutcome& outcome) {
  Reply reply;
  reply.result = {
      {"ok", outcome.accepted},
      {"errors", to_json(outcome.diagnostics, Severity::error)},
      {"warnings", to_json(outcome.diagnostics, Severity::warning)},
      {"rules", {{"loaded", outcome.signature_count}, {"refused", outcome.signatures_refused}}},
      {"policy_rules", {{"loaded", outcome.rule_count}, {"refused", outcome.rules_refused}}},
      {"sha256", outcome.sha256}};
  if (outcome.self_test) reply.result["self_test"] = to_json(*outcome.self_test);
  if (outcome.snapshot != nullptr && outcome.snapshot->lists != nullptr) {
    reply.result["lists"] = lists_json(*outcome.snapshot->lists);
  }
  reply.text = to_text(outcome.diagnostics);
  if (!outcome.accepted) reply.status = kInvalid;
  return reply;
}

Reply reply_for_change(Context& context, const ReloadOutcome& outcome, policy::Mode before) {
  Reply reply = reply_for(outcome);
  reply.result["generation"] = outcome.generation;
  if (outcome.forced) reply.result["forced"] = true;
  if (outcome.self_test && !outcome.self_test->passed() && !outcome.forced) {
    reply.status = kFailed;
    reply.error =
        "the policy before is in force again because the workers did not enforce this one";
    reply.remedy =
        "nothing is wrong with the file; report what failed. \"policy reload force\" uses it all "
        "the same";
    return reply;
  }
  if (!outcome.accepted) {
    reply.error =
        "nothing was changed because of " + count_of(outcome.diagnostics.error_count(), "error");
    reply.remedy = "correct what is named and reload again";
    return reply;
  }
  const auto snapshot = context.gateway.snapshot();
  reply.result["mode"] = to_string(snapshot->mode());
  reply.text +=
      "Policy " + printable(outcome.file, 4096) + " is in force: generation " +
      std::to_string(outcome.generation) + ", " + count_of(outcome.rule_count, "rule") + ", mode " +
      std::string(to_string(snapshot->mode())) +
      (before == snapshot->mode() ? "" : " (was " + std::string(to_string(before)) + ")") +
      (outcome.self_test ? "\nSelf-test: " + self_test_text(*outcome.self_test) : std::string()) +
      (outcome.forced ? "; it stays in force all the same" : "") + "\n";
  return reply;
}

Reply set_mode(Context& context, policy::Mode mode, const Caller& caller) {
  const bool changed = context.policy.set_mode(mode, caller);
  const auto snapshot = context.gateway.snapshot();
  Reply reply;
  reply.result = {
      {"mode", to_string(mode)}, {"changed", changed}, {"generation", snapshot->generation}};
  reply.text = "Mode is " + std::string(changed ? "now " : "already ") +
               std::string(to_string(mode)) + mode_note(*snapshot) + "\n";
  return reply;
}

}  // namespace

std::string absolute(std::string_view file, const Caller& caller) {
  if (file.empty() || file.front() == '/' || caller.directory.empty()) return std::string(file);
  return (std::filesystem::path(caller.directory) / file).lexically_normal().string();
}

Reply policy_reload(Context& context, const Invocation& invocation, const Caller& caller) {
  const policy::Mode before = context.gateway.snapshot()->mode();
  const OnAlarm on_alarm = invocation.has("force") ? OnAlarm::keep : OnAlarm::take_back;
  return reply_for_change(context, context.policy.reload(caller, on_alarm), before);
}

Reply policy_rollback(Context& context, const Invocation& invocation, const Caller& caller) {
  const policy::Mode before = context.gateway.snapshot()->mode();
  const std::uint32_t generation = invocation.number("generation", 0);
  return reply_for_change(context, context.policy.roll_back(generation, caller), before);
}

Reply policy_check(Context& context, const Invocation& invocation, const Caller& caller) {
  const std::string file = absolute(invocation.get(""), caller);
  // The gateway may read files that the caller may not, and errors quote what they say.
  if (!file.empty() && !context.may(caller.uid, Right::change)) {
    return not_allowed("\"policy check FILE\"", context);
  }
  const ReloadOutcome outcome = context.policy.check(file);
  Reply reply = reply_for(outcome);
  if (outcome.accepted) {
    reply.text += "Policy " + printable(outcome.file, 4096) +
                  " is valid: " + count_of(outcome.rule_count, "rule") + "\n";
  } else {
    reply.error = printable(outcome.file, 4096) + " is not valid, " +
                  count_of(outcome.diagnostics.error_count(), "error");
  }
  return reply;
}

Reply mode_enforce(Context& context, const Invocation&, const Caller& caller) {
  return set_mode(context, policy::Mode::enforce, caller);
}

Reply mode_monitor(Context& context, const Invocation&, const Caller& caller) {
  return set_mode(context, policy::Mode::monitor, caller);
}

Reply clear_counters(Context& context, const Invocation&, const Caller& caller) {
  context.counters.clear(context.now(), caller.uid);
  context.policy.audit("counters cleared", caller);
  Reply reply;
  reply.result = {{"cleared", clearing_json(context)}};
  reply.text = "Counters start from zero.\n";
  return reply;
}

}  // namespace chatgate::control
