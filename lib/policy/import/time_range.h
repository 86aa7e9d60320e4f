// `time-range` blocks, and the windows of the policy's `times` that they become.
//
// ASA and IOS write them alike. Import only.
#pragma once

#include <optional>

#include "policy/import/context.h"

namespace chatgate::policy::import {

// Adds the time range to the policy under its name. False, and reported, where it has no window.
bool read_time_range(const Block& block, Context& context);

}  // namespace chatgate::policy::import
