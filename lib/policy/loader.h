// From a policy's JSON to a compiled policy, in two steps.
//
// `load` reads the text, puts the applications that the policy adds into the catalogue's builder,
// and reports everything that is wrong. Where nothing was, the caller makes the catalogue, and
// `compile` turns the words of the rules into its numbers. The format is policy/policy.schema.json.
//
// Not for the packet path; one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "catalog/builder.h"
#include "catalog/catalogue.h"
#include "policy/lists_loader.h"
#include "policy/networks_loader.h"
#include "policy/policy.h"

namespace chatgate::policy {

// A rule whose applications are still words.
struct RuleDraft {
  std::string name;
  Place place;
  std::vector<std::string> applications;
  std::vector<catalog::Category> categories;
  AddressSet from, to;
  std::vector<catalog::Service> services;
  std::vector<TextCondition> texts;
  lists::Mask lists = 0;
  ServerSet server;
  TimeSet when = 0;
  PathCondition path;
  Action action = Action::allow;
  bool log = false;
  bool monitor = false;
  std::optional<catalog::Confidence> confidence;

  bool unconditional() const {
    return from.any() && to.any() && services.empty() && texts.empty() && lists == 0 &&
           server.any() && when == 0 && path.any();
  }
};

struct Draft {
  Mode mode = Mode::enforce;
  std::vector<RuleDraft> rules;  // those without a mistake, in order
  std::size_t refused = 0;       // rules with a mistake
  Action fallback = Action::allow;
  std::optional<Action> unclassified;
  catalog::Confidence confidence = catalog::Confidence::low;
  std::vector<AccessEntry> access;
  std::vector<NamedTime> times;
  std::vector<Prefix> inside;
  Networks networks;
  std::vector<NamedFile> signatures;  // of Snort rules
  std::vector<ListDraft> lists;       // in the order of the file
  Controls controls;
};

// `file` is for messages. Usable only where `diagnostics` has no errors afterwards. Where it had
// some before (an incomplete catalogue), unknown applications are not reported.
Draft load(std::string_view text, const std::string& file, catalog::CatalogueBuilder& builder,
           Diagnostics& diagnostics);

std::shared_ptr<const Policy> compile(Draft draft, const catalog::Catalogue& catalogue);

// The keys of each kind of object that are accepted, as policy/policy.schema.json must have them.
std::span<const std::string_view> policy_keys();
std::span<const std::string_view> application_keys();
std::span<const std::string_view> server_keys();
std::span<const std::string_view> rule_keys();

}  // namespace chatgate::policy
