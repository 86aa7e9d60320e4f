// The sessions of a self-test. Private to lib/explain.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/strong_id.h"
#include "engine/snapshot.h"

#include "explain/stage.h"

namespace chatgate::explain {

struct Probe {
  std::string of;  // as in ProbeFailure
  Talk talk;
  ApplicationId application;     // that its name means, and no other; none: whatever
  bool must_be_stopped = false;  // by a control of the policy, whoever stops it
};

// At most `most`: a part each for the access list, the rules and the controls, the rest for
// applications; of more than there is room for, some that are spread evenly.
std::vector<Probe> probes_of(const engine::Snapshot& snapshot, std::size_t most);

}  // namespace chatgate::explain
