// What a line `match … login-name regex …` of an IM inspection asks for, as a rule's conditions.
//
// Conditions of a `match-all` class are brought together, those of `match-any` become a rule each.
// Import only.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "policy/import/access_list.h"
#include "policy/import/patterns.h"

namespace chatgate::policy::import {

struct ImCondition {
  std::optional<std::set<std::string>> applications, services;
  std::optional<Addresses> from, to;
  Texts login, peer_login, filename, version;  // patterns, all of which must match

  // Both must hold.
  void narrow(const ImCondition& other);
  // Nothing can meet it.
  bool impossible() const;
};

// The order in which an ASA looks at it; smaller is earlier.
int im_rank(const Command& command);

// Of a `match` line; `trouble` says why it cannot be had.
ImCondition read_im_match(const Command& command, Patterns& patterns, std::string& trouble);

// The rule that asks for it; name and action are the caller's.
RuleOut rule_of(const ImCondition& condition);

}  // namespace chatgate::policy::import
