// The order in which rules of one look are evaluated, and the order in which hits are given.
//
// A rule that changes a flowbit, flowint or xbit comes before those that test it, and one that does
// both in between, so that a chain of rules can match within one look. Where rules wait for each
// other in a circle, and otherwise, the action decides (pass, drop, reject, alert, log), then sid,
// then gid. Load time; linear in the rules and the names they use but for sorting.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "detect/rule.h"

namespace chatgate::detect {

// The rules' indices, the first to be evaluated first.
std::vector<std::uint32_t> evaluation_order(std::span<const Rule> rules);

// The rules' indices by action (pass, drop, reject, alert, log), priority, sid, gid.
std::vector<std::uint32_t> hit_order(std::span<const Rule> rules);

}  // namespace chatgate::detect
