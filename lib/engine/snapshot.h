// Everything that configuration decides, immutable, as one object.
//
// Built by control (or replay) from files, read by workers without locks. A worker gets the
// snapshot as an argument of each burst and keeps no pointer to it between bursts; that is what
// lets control free an old one after every worker has passed a quiescent point.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "catalog/catalogue.h"
#include "policy/policy.h"

namespace chatgate::engine {

struct Snapshot {
  std::uint32_t generation = 1;  // grows by one with every policy that was accepted
  std::string policy_file;
  std::string sha256;  // of the policy file, hexadecimal
  std::shared_ptr<const catalog::Catalogue> catalogue;
  std::shared_ptr<const policy::Policy> policy;
};

}  // namespace chatgate::engine
