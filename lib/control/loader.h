// From files to a snapshot: the one way a policy is loaded.
//
// Used by `chatgate run` (at start and at reload), `replay` and `check`. Reads the catalogue's
// folder, then the policy with the applications it adds, and compiles both. Not for the packet
// path; call it from one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/time.h"
#include "catalog/registry.h"
#include "control/list_loader.h"
#include "engine/snapshot.h"

namespace chatgate::control {

struct LoadRequest {
  std::string policy_file;
  std::string catalogue_folder;  // JSON files, one an application
  std::uint32_t generation = 1;
  std::vector<std::string> rule_files{};  // of Snort rules, beside those that the policy names
  unsigned workers = 1;                   // that will use the snapshot
  std::string state_folder{};             // where the last good policy is kept; empty: nowhere
  std::string signature_cache{};          // folder for compiled rules; empty: they are not kept
  // Those in force: a list whose files cannot be read now keeps what it holds there. Null: such a
  // list is an error.
  std::shared_ptr<const lists::Lists> running_lists{};
  Time now{};  // by which the policy's times are in force or not; not given: the system's
  // The policy itself, where it is not to be read from `policy_file`, which then only says where
  // files that it names are.
  std::optional<std::string> policy_text{};
};

struct LoadResult {
  std::shared_ptr<const engine::Snapshot> snapshot;  // null where diagnostics has an error
  Diagnostics diagnostics;                           // warnings too
  std::string sha256;                                // of the policy file where it could be read
  std::string text;                                  // the policy as it was read
  std::size_t rule_count = 0;                        // rules without a mistake
  std::size_t rules_refused = 0;
  std::size_t signature_count = 0;  // Snort rules in force
  std::size_t signatures_refused = 0;
  StaleLists stale_lists;
};

// Errors are those of the policy and the catalogue together. The registry learns the words of
// accepted policies only.
LoadResult load(const LoadRequest& request, catalog::ApplicationRegistry& registry);

// The catalogue's folder: the environment's CHATGATE_CATALOGUE, else beside the policy
// (DIR/catalog), else in the source tree the program was built from if it runs from its build
// folder, else the installed /usr/share/chatgate/catalog. The first that exists.
std::string default_catalogue_folder(const std::string& policy_file);

}  // namespace chatgate::control
