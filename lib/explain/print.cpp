// Explanations as JSON and as text.

#include <cctype>

#include "telemetry/json_text.h"

#include "explain/explain.h"
#include "explain/needs_print.h"

namespace chatgate::explain {

std::string to_json(const Explanation& explanation) {
  std::string out;
  telemetry::JsonObject object(out);
  object.text("application", explanation.application);
  object.text("service", explanation.service);
  object.text("evidence", explanation.evidence);
  object.text("action", to_string(explanation.action));
  object.text("rule", explanation.rule);
  object.append_key("steps");
  out += '[';
  for (std::size_t i = 0; i < explanation.steps.size(); ++i) {
    const Step& step = explanation.steps[i];
    if (i != 0) out += ',';
    telemetry::JsonObject one(out);
    one.text("stage", step.stage);
    one.text("looked_at", step.looked_at);
    one.text("result", step.result);
    one.close();
  }
  out += ']';
  object.append_key("needs");
  append_needs(out, explanation.needs);
  object.append_key("also_used_by");
  out += '[';
  for (const std::string& user : explanation.also_used_by) {
    if (&user != &explanation.also_used_by.front()) out += ',';
    telemetry::append_json_string(out, user);
  }
  out += ']';
  object.close();
  return out;
}

std::string to_text(const Explanation& explanation) {
  std::string out;
  std::size_t number = 0;
  for (const Step& step : explanation.steps) {
    std::string type = step.stage;
    for (char& c : type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    out += "Phase: " + std::to_string(++number) + "\nType: " + type +
           "\nResult: " + (step.blocks ? "DROP" : "ALLOW") + "\nAdditional Information:\n";
    if (!step.looked_at.empty()) out += "  " + step.looked_at + "\n";
    out += "  " + step.result + "\n\n";
  }
  out += "Result:\n";
  const auto line = [&](const char* key, std::string_view value) {
    if (!value.empty()) out += std::string(key) + ": " + std::string(value) + "\n";
  };
  line("application", explanation.application);
  line("service", explanation.service);
  line("evidence", explanation.evidence);
  line("rule", explanation.rule);
  line("action", to_string(explanation.action));
  const bool watched = !explanation.stopped && !policy::forwards(explanation.action);
  line("Action", explanation.stopped ? "drop" : watched ? "allow (not enforced)" : "allow");
  if (!explanation.needs.empty()) {
    out += "\nWhat " + explanation.application + " needs to work:\n";
    for (const Requirement& need : explanation.needs) out += "  " + line_of(need) + "\n";
  }
  if (!explanation.also_used_by.empty()) {
    out += "\nBlocked with it, for it is not alone there:\n";
    for (const std::string& user : explanation.also_used_by) out += "  " + user + "\n";
  }
  return out;
}

}  // namespace chatgate::explain
