// A file of Snort rules as a policy that names it, with an account of every line.
//
// For `chatgate import --from snort`: what the engine refuses is what it would refuse when the
// policy is loaded, found by the same code. One thread; not for the packet path.
#pragma once

#include <string>
#include <string_view>

#include "policy/import/import.h"

namespace chatgate::app {

// `file` as the policy shall name it.
policy::import::Imported from_snort(std::string_view text, const std::string& file);

}  // namespace chatgate::app
