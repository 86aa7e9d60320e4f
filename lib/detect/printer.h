// A rule as text in one canonical form, which reads back into the same rule.
//
// Variables of addresses and ports are printed as what they stood for, ranges by their ends, every
// buffer as a sticky one. For tests, `--json` listings and people who ask what a rule came to.
#pragma once

#include <string>

#include "detect/rule.h"

namespace chatgate::detect {

std::string to_text(const Rule& rule);

}  // namespace chatgate::detect
