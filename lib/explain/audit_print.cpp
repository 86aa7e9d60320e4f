// Audits as JSON and as text.

#include <algorithm>
#include <map>

#include "telemetry/json_text.h"

#include "explain/audit.h"
#include "explain/needs_print.h"

namespace chatgate::explain {
namespace {

// The columns of the matrix, in this order; others follow as they come.
constexpr std::string_view kPaths[] = {
    "port",      "payload", "hopped-port", "web-port",  "sni",        "quic-sni",
    "http-host", "dns",     "address",     "signature", "http-proxy", "socks",
    "in-tunnel", "alpn",    "doh",         "dot",       "ech",        "needs"};

constexpr std::size_t kMostShown = 50;  // cells of a kind, beside the matrix

std::string_view word(bool block) {
  return block ? "block" : "allow";
}

// One letter and what went wrong: "b" blocked, "a" allowed, "LEAK", "OVER".
std::string_view mark(const Cell& cell) {
  if (cell.leaks()) return "LEAK";
  if (cell.overblocks()) return "OVER";
  return cell.blocked ? "b" : "a";
}

std::string padded(std::string_view text, std::size_t width) {
  std::string cell(text);
  cell.resize(std::max(width, text.size()), ' ');
  return cell + "  ";
}

void strip(std::string& line) {
  while (line.ends_with(' ')) line.pop_back();
  line += '\n';
}

// A row an application, a column a path.
std::string matrix(const Audit& audit) {
  std::map<std::string, std::map<std::string, const Cell*>> rows;
  std::size_t widest = 11;
  for (const Cell& cell : audit.cells) {
    if (cell.application == "benign") continue;
    rows[cell.application][cell.path] = &cell;
    widest = std::max(widest, cell.application.size());
  }
  std::string out = padded("application", widest);
  for (const std::string_view path : kPaths) out += padded(path, 4);
  strip(out);
  for (const auto& [application, cells] : rows) {
    std::string line = padded(application, widest);
    for (const std::string_view path : kPaths) {
      const auto at = cells.find(std::string(path));
      line += padded(at == cells.end() ? "." : mark(*at->second),
                     std::max<std::size_t>(path.size(), 4));
    }
    strip(line);
    out += line;
  }
  return out;
}

std::string wrong_cells(const Audit& audit, bool leaks) {
  std::string out;
  std::size_t shown = 0, more = 0;
  for (const Cell& cell : audit.cells) {
    if (leaks ? !cell.leaks() : !cell.overblocks()) continue;
    if (++shown > kMostShown) {
      ++more;
      continue;
    }
    out += "  " + cell.application + " by " + cell.path;
    if (cell.application != "benign") out += ": " + cell.sample;
    if (cell.sessions > 1) {
      out +=
          ", " + std::to_string(cell.wrong) + " of " + std::to_string(cell.sessions) + " sessions";
    }
    out += ", decided by " + (cell.rule.empty() ? "nothing" : cell.rule) + "\n";
  }
  if (more != 0) out += "  and " + std::to_string(more) + " more\n";
  return out;
}

// In full of those that are allowed by name; of those that pass by the default what is blocked.
std::string needs_text(const Audit& audit) {
  std::string out;
  std::size_t others = 0;
  for (const AuditedNeeds& audited : audit.needs) {
    std::string lines;
    for (const Requirement& need : audited.needs) {
      if (audited.named || need.missing()) lines += "  " + line_of(need) + "\n";
    }
    if (lines.empty()) {
      ++others;
    } else {
      out += "\nWhat " + audited.application + " needs to work:\n" + lines;
    }
  }
  if (!out.empty()) out += "\n";
  if (others == 0) return out;
  return out + "Note: " + std::to_string(others) +
         " applications pass that no rule allows, and so does all that they need\n";
}

// By reason, so that a policy without Snort rules says it once.
std::string uncovered_text(const Audit& audit) {
  std::map<std::string, std::string> by_why;
  for (const Uncovered& each : audit.uncovered) {
    const bool unloaded = each.why.starts_with("the policy does not load");
    std::string& words = by_why[unloaded ? "the policy does not load (all of) their rules"
                                         : each.application + ", " + each.why];
    if (unloaded) words += (words.empty() ? ": " : ", ") + each.application;
  }
  std::string out;
  for (const auto& [why, words] : by_why) {
    out += "Not covered on the path signature: " + why + words + "\n";
  }
  return out;
}

}  // namespace

std::string to_json(const Audit& audit) {
  std::string out;
  telemetry::JsonObject object(out);
  object.append_key("cells");
  out += '[';
  for (std::size_t i = 0; i < audit.cells.size(); ++i) {
    const Cell& cell = audit.cells[i];
    if (i != 0) out += ',';
    telemetry::JsonObject one(out);
    one.text("application", cell.application);
    one.text("path", cell.path);
    one.text("expected", word(cell.expected_block));
    one.text("actual", word(cell.blocked));
    one.text("rule", cell.rule);
    one.close();
  }
  out += ']';
  object.number("leaks", audit.leaks);
  object.number("overblocked", audit.overblocked);
  object.append_key("needs");
  out += '[';
  for (const AuditedNeeds& audited : audit.needs) {
    for (const Requirement& need : audited.needs) {
      if (out.back() != '[') out += ',';
      append_need(out, need, audited.application);
    }
  }
  out += ']';
  object.append_key("not_covered");
  out += '[';
  for (const Uncovered& each : audit.uncovered) {
    if (out.back() != '[') out += ',';
    telemetry::JsonObject one(out);
    one.text("application", each.application);
    one.text("path", each.path);
    one.text("why", each.why);
    one.close();
  }
  out += ']';
  object.close();
  return out;
}

std::string to_text(const Audit& audit) {
  std::string out;
  const std::size_t passed = static_cast<std::size_t>(std::count_if(
      audit.cells.begin(), audit.cells.end(), [](const Cell& cell) { return cell.wrong == 0; }));
  for (const Finding& finding : audit.findings) {
    out += "FAULT: " + finding.text + "\n  ";
    if (finding.leaks != 0) out += std::to_string(finding.leaks) + " leaks";
    if (finding.leaks != 0 && finding.overblocked != 0) out += ", ";
    if (finding.overblocked != 0) out += std::to_string(finding.overblocked) + " over-blocked";
    out += ", such as ";
    for (std::size_t i = 0; i < finding.examples.size(); ++i) {
      out += (i == 0 ? "" : "; ") + finding.examples[i];
    }
    out += "\n";
  }
  if (audit.leaks != 0)
    out += "\nLeaks: these are to be blocked, and pass\n" + wrong_cells(audit, true);
  if (audit.overblocked != 0) {
    out += "\nOver-blocking: these are to pass, and are blocked\n" + wrong_cells(audit, false);
  }
  if (!out.empty()) out += "\n";
  out += matrix(audit);
  out += "\na allowed, b blocked, . no such path; LEAK and OVER: otherwise than expected\n";
  out += needs_text(audit) + uncovered_text(audit);
  for (const std::string& note : audit.notes) out += "Note: " + note + "\n";
  out += std::to_string(audit.sessions) + " sessions, " + std::to_string(passed) + " of " +
         std::to_string(audit.cells.size()) + " cells as expected, " + std::to_string(audit.leaks) +
         " leaks, " + std::to_string(audit.overblocked) + " over-blocked\n";
  return out;
}

}  // namespace chatgate::explain
