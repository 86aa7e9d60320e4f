// A text that a regular expression matches, for a session that a rule's signature is to match.
//
// Reads what rules of messengers are written in: literals, classes, groups, alternatives (the first
// is taken), quantifiers (the least that is not nothing), anchors. Nothing for an expression that
// looks around, refers back or uses what else pcre2pattern(3) knows. Whoever asks tries the sample
// on the rule itself: nothing here is relied upon. No state; linear in the expression, but for what
// its quantifiers repeat (1,024 octets at most).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chatgate::explain {

struct PatternSample {
  std::string bytes;
  bool at_start = false;  // it begins where the buffer does
};

std::optional<PatternSample> sample_of(std::string_view expression);

}  // namespace chatgate::explain
