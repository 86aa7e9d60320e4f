// What all parts of an import share: the ledger, the policy that grows, and shorthands for both.
//
// Lives as long as one import; commands that it is told of belong to the importer. One thread.
#pragma once

#include <string>
#include <string_view>

#include "policy/import/import.h"
#include "policy/import/lines.h"
#include "policy/import/output.h"
#include "policy/import/report.h"

namespace chatgate::policy::import {

class Context {
 public:
  Context(Dialect of, Ledger& to) : dialect(of), ledger(to) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  void converted(const Command& command) {
    for (const std::size_t line : command.lines) ledger.converted(line);
  }
  void harmless(const Command& command) {
    for (const std::size_t line : command.lines) ledger.harmless(line);
  }
  void not_converted(const Command& command, std::string_view why) {
    for (const std::size_t line : command.lines) ledger.not_converted(line, why);
  }
  void not_converted(const Block& block, std::string_view why) {
    not_converted(block.head, why);
    for (const Command& each : block.body) not_converted(each, why);
  }
  void warn(const Command& command, std::string message) {
    ledger.warn(command.line(), std::move(message));
  }
  // A command became a check for which the policy has one place only, and another one has it.
  void converted_unless_lost(const Command& command, const std::optional<Action>& lost) {
    converted(command);
    if (lost) {
      warn(command,
           "the policy has room for one such check: the stricter action stands, and not \"" +
               std::string(to_string(*lost)) + "\"");
    }
  }

  // What the import came to, when all parts have said theirs.
  Imported finish(const ImportOptions& options) {
    if (!options.signatures.empty()) {
      out.signatures(options.signatures);
    } else if (out.asks_for_signatures()) {
      ledger.warn(0,
                  "port-misuse is recognised by Snort rules: add im-http.rules, p2p.rules and "
                  "tunnel.rules with --signatures");
    }
    return {out.finish(), ledger.report()};
  }

  const Dialect dialect;
  Ledger& ledger;
  Output out;
};

}  // namespace chatgate::policy::import
