// A run of plain bytes that must occur wherever an expression matches, for the prefilter.
//
// Reads only what is beyond doubt: characters outside of groups, classes and alternatives that no
// quantifier lets be absent. Where the expression holds anything that could make such a character
// dispensable (an alternative at its top level, a verb such as (*ACCEPT), \Q, the option x), there
// is no literal. Load time; no state; linear in the expression. Syntax: pcre2pattern(3).
#pragma once

#include <optional>
#include <string>

#include "detect/rule.h"

namespace chatgate::detect {

// Some bytes and whether the case of ASCII letters is of no meaning.
struct Literal {
  std::string bytes;
  bool nocase = false;

  auto operator<=>(const Literal&) const = default;
};

// The longest such run; nothing where there is none, and for a negated expression.
std::optional<Literal> required_literal(const Pcre& pcre);

}  // namespace chatgate::detect
