// Does a policy do what it is meant to do? Every application on every path, through the engine.
//
// For each path that an application of the catalogue has (its ports, its own protocol, its names in
// a hello, a question or a request, its addresses, tunnels), a session is made of real frames and
// played through a worker (explain/stage.h). What became of the frames is held against what is
// expected: what the policy says of the application, whatever the path; or, where the operator has
// stated an intent, that. Benign sessions are expected to pass.
//
// Called by `chatgate audit` on one thread; takes memory, and a few seconds for a whole catalogue.
// docs/guide/audit.md explains every path and finding.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "catalog/ids.h"
#include "engine/snapshot.h"

#include "explain/needs.h"

namespace chatgate::explain {

// What the operator means, beside what the policy says. An application's word is stronger than a
// category's, a deeper category stronger than one above it.
struct Intent {
  std::vector<ApplicationId> allow, block;
  std::vector<catalog::Category> allow_categories, block_categories;
};

struct AuditOptions {
  Intent intent;
  IpAddress client = *IpAddress::parse("10.1.1.5");
  IpAddress client_v6 = *IpAddress::parse("fd00::5");
};

struct Cell {
  std::string application;  // "benign" for sessions that are nobody's, "unknown" for hidden names
  std::string path;
  bool expected_block = false;
  bool blocked = false;
  std::string rule;    // what decided, as in an explanation; empty: nothing did
  std::string sample;  // the session that is shown: a name, address or kind of connection
  std::size_t sessions = 0;
  std::size_t wrong = 0;  // sessions that went otherwise than expected

  bool leaks() const { return wrong != 0 && expected_block; }
  bool overblocks() const { return wrong != 0 && !expected_block; }
};

// One fault of the policy, and what comes of it.
struct Finding {
  std::string text;
  std::size_t leaks = 0, overblocked = 0;  // cells
  std::vector<std::string> examples;       // a few
};

// What an application that is to pass needs, see explain/needs.h; its cell has the path "needs".
struct AuditedNeeds {
  std::string application;
  bool named = false;  // a rule allows it, or the intent; else it only meets no rule
  std::vector<Requirement> needs;
};

// A path of an application that has it, without a session.
struct Uncovered {
  std::string application, path, why;
};

struct Audit {
  std::vector<Cell> cells;
  std::vector<AuditedNeeds> needs;
  std::vector<Uncovered> uncovered;
  std::vector<Finding> findings;   // those with most cells first
  std::vector<std::string> notes;  // what cannot be seen under this policy, and is no fault of it
  std::size_t leaks = 0, overblocked = 0, sessions = 0;
};

Audit audit(const std::shared_ptr<const engine::Snapshot>& snapshot, const AuditOptions& options);

// {"cells":[{"application","path","expected","actual","rule"}],"leaks":N,"overblocked":N,
// "needs":[{"application","kind","what","reason",…}],"not_covered":[{"application","path","why"}]}
std::string to_json(const Audit& audit);
// For a person: findings, then the matrix.
std::string to_text(const Audit& audit);

}  // namespace chatgate::explain
