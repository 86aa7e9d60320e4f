#include "explain/needs_print.h"

#include "telemetry/json_text.h"

namespace chatgate::explain {

void append_need(std::string& out, const Requirement& need, std::string_view application) {
  telemetry::JsonObject object(out);
  if (!application.empty()) object.text("application", application);
  object.text("kind", to_string(need.kind));
  object.text("what", need.what);
  object.text("reason", need.reason);
  if (!need.shared_with.empty()) object.text("shared_with", need.shared_with);
  object.raw("required", need.required ? "true" : "false");
  object.raw("passes", need.passes ? "true" : "false");
  if (!need.passes) {
    object.text("stopped", need.stopped);
    object.text("rule", need.rule);
    object.text("remedy", need.remedy);
  }
  object.close();
}

void append_needs(std::string& out, std::span<const Requirement> needs) {
  out += '[';
  for (const Requirement& need : needs) {
    if (&need != &needs.front()) out += ',';
    append_need(out, need, {});
  }
  out += ']';
}

std::string line_of(const Requirement& need) {
  std::string line = need.passes ? "passes   " : need.required ? "BLOCKED  " : "blocked  ";
  if (need.kind == RequirementKind::dns) line += "DNS for ";
  if (need.kind == RequirementKind::application) line += "application ";
  line += need.text();
  if (!need.shared_with.empty()) line += ", which others use too: " + need.shared_with;
  if (!need.required) line += "; it works without";
  if (!need.passes) {
    line += "; " + need.stopped + " is stopped by " + need.rule + ": " + need.remedy;
  }
  return line;
}

}  // namespace chatgate::explain
