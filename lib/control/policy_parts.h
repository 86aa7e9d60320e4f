// A configuration taken apart into what can be named, each part in words, for `policy diff`.
//
// Everything that a file decides is in one of the parts: a test (policy_diff_test.cpp) holds them
// against the keys of policy/policy.schema.json. Control thread; nothing is kept.
#pragma once

#include <string>
#include <vector>

#include "control/reply.h"
#include "engine/snapshot.h"

namespace chatgate::control {

// One thing, by its name: what it says, key by key, in words or lists of words.
struct Part {
  std::string name;
  Json says = Json::object();
};

struct PartList {
  bool ordered = false;  // their order decides
  std::vector<Part> parts;
};

// As many lists for every snapshot, of the same kinds in the same order.
using PolicyParts = std::vector<PartList>;

PolicyParts parts_of(const engine::Snapshot& snapshot);

}  // namespace chatgate::control
