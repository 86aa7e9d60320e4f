// Commands that a policy has nothing to do with: those that refuse nothing, and those that do
// something else than a messenger gateway does.
//
// Two tables for each system. What is in neither is reported as unknown. Import only.
#pragma once

#include <string_view>

#include "policy/import/lines.h"

namespace chatgate::policy::import {

// Why a command is not converted; "" where it is harmless; nothing where it is in no table.
struct Elsewhere {
  bool known = false;
  std::string_view why;
};
Elsewhere elsewhere(const Command& command, Dialect dialect);

}  // namespace chatgate::policy::import
