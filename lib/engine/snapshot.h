// Everything that configuration decides, immutable, as one object.
//
// Built by control (or replay) from files, read by workers without locks. A worker gets the
// snapshot as an argument of each burst and keeps no pointer to it between bursts; that is what
// lets control free an old one after every worker has passed a quiescent point.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalogue.h"
#include "detect/signatures.h"
#include "policy/policy.h"

#include "lists/list.h"

namespace chatgate::engine {

struct Snapshot {
  std::uint32_t generation = 1;  // grows by one with every snapshot that is published
  // How many generations before this one had the same rules, so that the numbers of rules that
  // their verdicts gave mean the same.
  std::uint32_t same_rules = 0;
  std::string policy_file;
  std::string sha256;  // of the policy file, hexadecimal
  std::shared_ptr<const catalog::Catalogue> catalogue;
  std::shared_ptr<const policy::Policy> policy;
  std::shared_ptr<const detect::Signatures> signatures;  // null where there are no rules
  // By ListId of the policy; null where it has none.
  std::shared_ptr<const lists::Lists> lists;
  // What each rule means by its metadata, by SignatureId; not known where it names no application.
  std::vector<catalog::Classification> signature_meanings;
  // Which of the policy's times are in force; another one is published when that changes.
  policy::TimeSet times = 0;
  // Set by `mode enforce|monitor`; the next policy that is loaded brings its own mode again.
  std::optional<policy::Mode> mode_override;

  policy::Mode mode() const { return mode_override.value_or(policy->mode()); }
};

}  // namespace chatgate::engine
