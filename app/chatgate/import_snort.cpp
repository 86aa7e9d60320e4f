#include "import_snort.h"

#include <map>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "control/signature_loader.h"
#include "detect/parser.h"
#include "detect/signatures.h"
#include "policy/import/lines.h"

namespace chatgate::app {
namespace {

using policy::import::Ledger;

// What is wrong, by line.
using Refused = std::map<std::size_t, std::string>;

std::string_view without_blanks(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first == line.npos ? std::string_view() : line.substr(first);
}

// Settings of Snort itself are skipped by the parser with a warning.
bool is_of_snort_itself(std::string_view line) {
  for (const std::string_view word :
       {"include", "config", "preprocessor", "output", "suppress", "event_filter", "rate_filter",
        "dynamicpreprocessor", "dynamicengine", "dynamicdetection"}) {
    if (line.starts_with(word)) return !line.starts_with("config classification");
  }
  return false;
}

void add(const Diagnostics& findings, bool all_refuse, Refused& refused, Ledger& ledger) {
  for (const Diagnostic& each : findings.all()) {
    const std::string text = each.message + (each.remedy.empty() ? "" : ", " + each.remedy);
    if (all_refuse || each.severity == Severity::error) {
      std::string& at = refused[each.place.line];
      at += (at.empty() ? "" : "; ") + text;
    } else {
      ledger.warn(each.place.line, text);
    }
  }
}

}  // namespace

policy::import::Imported from_snort(std::string_view text, const std::string& file) {
  const std::vector<std::string> lines = policy::import::split_lines(text);
  Ledger ledger(lines);
  Refused refused;
  detect::RuleSet rules = detect::parse_rules(text, file);
  add(rules.findings, false, refused, ledger);
  rules.findings = {};
  Diagnostics certificates, uncompiled;
  control::refuse_certificates(rules, certificates);
  add(certificates, true, refused, ledger);
  detect::Signatures::compile(std::move(rules), {}, uncompiled);
  add(uncompiled, false, refused, ledger);

  for (std::size_t first = 0; first < lines.size();) {
    // A backslash continues a line; all of them share what becomes of it.
    std::size_t end = first;
    while (end + 1 < lines.size() && lines[end].ends_with('\\')) ++end;
    const std::string_view line = without_blanks(lines[first]);
    const auto why = refused.lower_bound(first + 1);
    const bool is_refused = why != refused.end() && why->first <= end + 1;
    for (std::size_t i = first; i <= end; ++i) {
      if (is_refused) {
        ledger.not_converted(i + 1, why->second);
      } else if (line.empty() || line.front() == '#') {
        ledger.harmless(i + 1);
      } else if (is_of_snort_itself(line)) {
        ledger.not_converted(i + 1, "a setting of Snort itself");
      } else {
        ledger.converted(i + 1);
      }
    }
    first = end + 1;
  }
  nlohmann::ordered_json policy = {{"rules", nlohmann::ordered_json::array()},
                                   {"default", "allow"},
                                   {"signatures", nlohmann::ordered_json::array({file})}};
  return {std::move(policy), ledger.report()};
}

}  // namespace chatgate::app
