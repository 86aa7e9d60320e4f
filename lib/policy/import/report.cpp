#include "policy/import/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace chatgate::policy::import {

nlohmann::ordered_json ImportReport::to_json() const {
  auto missing = nlohmann::ordered_json::array();
  for (const NotConverted& each : not_converted) {
    missing.push_back({{"line", each.line}, {"text", each.text}, {"why", each.why}});
  }
  auto notes = nlohmann::ordered_json::array();
  for (const ImportWarning& each : warnings) {
    notes.push_back({{"line", each.line}, {"message", each.message}});
  }
  return {{"lines", lines},
          {"converted", converted},
          {"harmless", harmless},
          {"not_converted", std::move(missing)},
          {"warnings", std::move(notes)}};
}

Ledger::Ledger(std::vector<std::string> lines) {
  lines_.reserve(lines.size());
  for (std::string& line : lines) lines_.push_back({std::move(line), {}, Fate::unseen});
}

void Ledger::raise(std::size_t line, Fate fate) {
  if (line == 0 || line > lines_.size()) return;
  Fate& at = lines_[line - 1].fate;
  at = std::max(at, fate);
}

void Ledger::not_converted(std::size_t line, std::string_view why) {
  raise(line, Fate::not_converted);
  if (line == 0 || line > lines_.size()) return;
  std::string& at = lines_[line - 1].why;
  if (at.find(why) != std::string::npos) return;
  if (!at.empty()) at += "; ";
  at += why;
}

void Ledger::warn(std::size_t line, std::string message) {
  const auto same = [&](const ImportWarning& each) {
    return each.line == line && each.message == message;
  };
  if (std::any_of(warnings_.begin(), warnings_.end(), same)) return;
  warnings_.push_back({line, std::move(message)});
}

ImportReport Ledger::report() const {
  ImportReport report;
  report.lines = lines_.size();
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    switch (line.fate) {
      case Fate::harmless: ++report.harmless; break;
      case Fate::converted: ++report.converted; break;
      case Fate::not_converted: report.not_converted.push_back({i + 1, line.text, line.why}); break;
      case Fate::unseen:
        report.not_converted.push_back({i + 1, line.text, "this command is not known here"});
        break;
    }
  }
  report.warnings = warnings_;
  std::stable_sort(report.warnings.begin(), report.warnings.end(),
                   [](const auto& a, const auto& b) { return a.line < b.line; });
  return report;
}

}  // namespace chatgate::policy::import
