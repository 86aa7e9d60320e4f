#include "control/needs_warnings.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "explain/needs.h"

namespace chatgate::control {
namespace {

using catalog::Application;
using explain::Client;
using explain::Requirement;

constexpr std::size_t kMostNamed = 4;  // needs of a warning
// Applications of rules that are looked at: a load waits for it, a fraction of a millisecond each.
constexpr std::size_t kMostJudged = 300;

// Of one rule that blocks what one that allows needs.
struct Blocked {
  std::set<std::string> applications;
  std::vector<Requirement> missing;
  std::vector<std::string> needs;  // in words
};

class NeedsWarnings {
 public:
  NeedsWarnings(const std::shared_ptr<const engine::Snapshot>& snapshot,
                std::span<const Place> places, Diagnostics& diagnostics)
      : snapshot_(snapshot), places_(places), diagnostics_(diagnostics) {}

  void run() {
    for (const policy::Rule& rule : snapshot_->policy->rules()) {
      if (policy::forwards(rule.action) && allows_whole_applications(rule)) look_at(rule);
    }
  }

 private:
  static bool allows_whole_applications(const policy::Rule& rule) {
    const bool names_any = !rule.applications.empty() || !rule.categories.empty();
    return names_any && rule.to.any() && rule.server.any() && rule.lists == 0 &&
           rule.texts.empty() && rule.path.any();
  }

  static bool covers(const policy::Rule& rule, const Application& application) {
    return std::find(rule.applications.begin(), rule.applications.end(), application.id) !=
               rule.applications.end() ||
           std::any_of(rule.categories.begin(), rule.categories.end(), [&](auto category) {
             return catalog::covers(category, application.category);
           });
  }

  // The first that it is for, or that is inside.
  Client client_of(const policy::Rule& rule) const {
    Client client;
    const std::span<const Prefix> inside = snapshot_->policy->inside();
    for (std::size_t i = inside.size(); i-- > 0;) client.use(inside[i].first());
    const auto ranges = rule.from.ranges();
    for (std::size_t i = ranges.size(); i-- > 0;) client.use(ranges[i].first);
    return client;
  }

  // With the rule's times in force, and as if everything were enforced.
  explain::NeedsJudge& judge_at(policy::TimeSet when) {
    auto& judge = judges_[when];
    if (judge == nullptr) {
      auto at = std::make_shared<engine::Snapshot>(*snapshot_);
      at->times |= when;
      at->mode_override = policy::Mode::enforce;
      judge = std::make_unique<explain::NeedsJudge>(std::move(at), WorkerId(0),
                                                    explain::StageOptions::kManyFlows);
    }
    return *judge;
  }

  void look_at(const policy::Rule& rule) {
    const Client client = client_of(rule);
    std::map<std::string, Blocked> by_blocker;
    for (const Application& application : snapshot_->catalogue->applications()) {
      if (!covers(rule, application)) continue;
      explain::NeedsJudge& judge = judge_at(rule.when);
      if (judge.verdict_of(application, client).rule != rule.id) continue;
      if (judged_ == kMostJudged) break;
      ++judged_;
      for (const Requirement& need : judge.needs_of(application, client)) {
        if (need.missing()) note(application, need, by_blocker[blocker_of(need)]);
      }
    }
    for (const auto& [blocker, blocked] : by_blocker) warn(rule, blocker, blocked);
  }

  std::string blocker_of(const Requirement& need) const {
    if (!need.blocker.valid()) return "\"" + need.rule + "\"";
    const Place& place = places_[need.blocker.value()];
    return "rule \"" + need.rule + "\" on line " + std::to_string(place.line);
  }

  static void note(const Application& application, const Requirement& need, Blocked& blocked) {
    blocked.missing.push_back(need);
    blocked.applications.insert(application.word);
    std::string text = need.text();
    if (blocked.applications.size() > 1) text += " for " + application.word;
    blocked.needs.push_back(std::move(text));
  }

  void warn(const policy::Rule& rule, const std::string& blocker, const Blocked& blocked) {
    std::string needs;
    for (std::size_t i = 0; i < blocked.needs.size(); ++i) {
      if (i == kMostNamed) {
        needs += " and " + std::to_string(blocked.needs.size() - i) + " more";
        break;
      }
      needs += (i == 0 ? "" : ", ") + blocked.needs[i];
    }
    const std::size_t count = blocked.applications.size();
    const std::string who =
        count == 1 ? *blocked.applications.begin() : std::to_string(count) + " applications";
    diagnostics_.warning(places_[rule.id.value()],
                         "\"" + rule.name + "\" allows " + who + ", but " + blocker +
                             " blocks what " + (count == 1 ? "it needs: " : "they need: ") + needs,
                         explain::remedy_of(blocked.missing));
  }

  const std::shared_ptr<const engine::Snapshot>& snapshot_;
  const std::span<const Place> places_;
  Diagnostics& diagnostics_;
  std::map<policy::TimeSet, std::unique_ptr<explain::NeedsJudge>> judges_;
  std::size_t judged_ = 0;
};

}  // namespace

void warn_of_needs(const std::shared_ptr<const engine::Snapshot>& snapshot,
                   std::span<const Place> places, Diagnostics& diagnostics) {
  NeedsWarnings(snapshot, places, diagnostics).run();
}

}  // namespace chatgate::control
