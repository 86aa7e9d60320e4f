#include "policy/verdict.h"

#include <algorithm>
#include <array>

namespace chatgate::policy {
namespace {

constexpr std::array<std::string_view, 4> kActions = {"allow", "alert", "drop", "reset"};
constexpr std::array<std::string_view, 2> kModes = {"enforce", "monitor"};

}  // namespace

std::string_view to_string(Action action) {
  return kActions[static_cast<std::size_t>(action)];
}

std::optional<Action> parse_action(std::string_view word) {
  const auto at = std::find(kActions.begin(), kActions.end(), word);
  if (at == kActions.end()) return std::nullopt;
  return static_cast<Action>(at - kActions.begin());
}

std::string_view to_string(Mode mode) {
  return kModes[static_cast<std::size_t>(mode)];
}

}  // namespace chatgate::policy
