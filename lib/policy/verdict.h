// What the policy says about a connection or a single packet.
//
// Filled by policy, turned into a disposition by enforcement.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/strong_id.h"

namespace chatgate::policy {

enum class Action : std::uint8_t {
  allow,
  alert,  // allow and log
  drop,   // the flow falls silent
  reset,  // TCP RST to both ends, DNS its answer, other UDP as drop
};

std::string_view to_string(Action action);
std::optional<Action> parse_action(std::string_view word);

constexpr bool forwards(Action action) {
  return action == Action::allow || action == Action::alert;
}

enum class Mode : std::uint8_t { enforce, monitor };

std::string_view to_string(Mode mode);

struct Verdict {
  Action action = Action::allow;
  bool log = false;  // an event even where the action forwards
  // No rule decided, but `http.port_misuse`: the application hides in HTTP or on a web's port.
  bool port_misuse = false;
  // No rule decided, but the key `unclassified`.
  bool unclassified = false;
  // The rule only watches: `action` is alert in the place of this one.
  std::optional<Action> watched = {};
  RuleId rule;  // none: the policy's default decided
  ListId list;  // of the lists that the rule names, the one that matched
};

}  // namespace chatgate::policy
