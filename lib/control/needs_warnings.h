// Rules that allow an application which cannot work, since other rules block what it needs.
//
// Called by control/loader.h for every policy that is valid, so that `check`, `policy check` and a
// reload all say it. What is asked of the engine is told in explain/needs.h. Rules that allow only
// some servers, lists, ways or texts are left out: what is allowed there is not the application as
// a whole.
#pragma once

#include <memory>
#include <span>

#include "base/diagnostic.h"
#include "engine/snapshot.h"

namespace chatgate::control {

// `places` of the policy's rules, in their order. The snapshot is in nobody else's hands yet.
void warn_of_needs(const std::shared_ptr<const engine::Snapshot>& snapshot,
                   std::span<const Place> places, Diagnostics& diagnostics);

}  // namespace chatgate::control
