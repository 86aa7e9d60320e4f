#include "policy/rule_warnings.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace chatgate::policy {
namespace {

using catalog::CatalogueBuilder;
using catalog::Category;
using config::in_quotes;
using config::Reporter;

// Comparing each rule with each costs the square of their number.
constexpr std::size_t kMostCompared = 2000;

std::string place_of(const RuleDraft& rule) {
  return in_quotes(rule.name) + " on line " + std::to_string(rule.place.line);
}

bool is_within(const AddressSet& inner, const AddressSet& outer) {
  if (outer.any()) return true;
  return !inner.any() && inner.without(outer).ranges().empty();
}

template <typename Values>
bool is_subset(const Values& inner, const Values& outer) {
  return std::all_of(inner.begin(), inner.end(), [&](const auto& each) {
    return std::find(outer.begin(), outer.end(), each) != outer.end();
  });
}

bool is_within(const ServerSet& inner, const ServerSet& outer) {
  if (outer.any()) return true;
  if (inner.any()) return false;
  const auto known = [&](const std::string& name) { return outer.has_name(name); };
  const auto covered = [&](const std::string& name) {
    // A name with all below it lies within another such name only.
    return ServerSet({outer.names().begin(), outer.names().end()}, {}, {}).has_name(name);
  };
  return std::all_of(inner.exact_names().begin(), inner.exact_names().end(), known) &&
         std::all_of(inner.names().begin(), inner.names().end(), covered) &&
         is_within(inner.addresses(), outer.addresses());
}

bool is_within(const PathCondition& inner, const PathCondition& outer) {
  return outer.any() || inner == outer;
}

class RuleWarnings {
 public:
  RuleWarnings(std::span<const RuleDraft> rules, CatalogueBuilder& builder, Reporter& reporter)
      : rules_(rules), builder_(builder), reporter_(reporter), words_(builder.words()) {
    for (const RuleDraft& rule : rules_) {
      std::vector<bool>& covered = covered_.emplace_back(words_.size() + 1);
      for (std::size_t i = 0; i <= words_.size(); ++i) {
        covered[i] = covers(rule, i < words_.size() ? words_[i] : std::string_view());
      }
    }
  }

  void run() {
    warned_.assign(rules_.size(), false);
    idle_together();
    if (rules_.size() <= kMostCompared) one_by_one();
    for (const RuleDraft& rule : rules_) opens_more(rule);
  }

 private:
  // Rules whose every connection is decided by earlier rules that look at nothing else.
  void idle_together() {
    // By application, and last by "not recognised": the rule that surely decides it.
    std::vector<const RuleDraft*> decided_by(words_.size() + 1, nullptr);
    for (std::size_t r = 0; r < rules_.size(); ++r) {
      const RuleDraft& rule = rules_[r];
      const RuleDraft* first = nullptr;
      bool can_match = false, names_any = false, one_rule = true;
      for (std::size_t i = 0; i < decided_by.size(); ++i) {
        if (!covered_[r][i]) continue;
        names_any = true;
        can_match = can_match || decided_by[i] == nullptr;
        one_rule = one_rule && (first == nullptr || first == decided_by[i]);
        if (first == nullptr) first = decided_by[i];
        if (decided_by[i] == nullptr && rule.unconditional()) decided_by[i] = &rule;
      }
      if (can_match || !names_any) continue;
      warned_[r] = true;
      if (one_rule) {
        never(rule, *first, false);
      } else {
        reporter_.warning(
            {rule.place.line, rule.place.column},
            in_quotes(rule.name) + " can never match: earlier rules decide all that it names",
            "move it up or remove it");
      }
    }
  }

  // Rules of which a single earlier one decides everything.
  void one_by_one() {
    for (std::size_t later = 1; later < rules_.size(); ++later) {
      if (warned_[later]) continue;
      for (std::size_t earlier = 0; earlier < later; ++earlier) {
        if (!decides_all(earlier, later)) continue;
        never(rules_[later], rules_[earlier], decides_all(later, earlier));
        break;
      }
    }
  }

  void never(const RuleDraft& rule, const RuleDraft& earlier, bool same) {
    const JsonAt at{rule.place.line, rule.place.column};
    const bool opposite = forwards(rule.action) != forwards(earlier.action);
    if (same && opposite) {
      reporter_.warning(at,
                        in_quotes(rule.name) + " contradicts " + place_of(earlier) +
                            ", which matches the same and decides",
                        "remove one of them");
    } else if (opposite && !forwards(rule.action)) {
      reporter_.warning(at,
                        in_quotes(rule.name) + " can never match: " + place_of(earlier) +
                            " allows all that it would block",
                        "move it up or remove it");
    } else {
      reporter_.warning(at,
                        in_quotes(rule.name) + " can never match: " + place_of(earlier) +
                            " decides all that it names",
                        "move it up or remove it");
    }
  }

  // An exception that others profit from: what it names is not its application's alone.
  void opens_more(const RuleDraft& rule) {
    const bool names_application = !rule.applications.empty() || !rule.categories.empty();
    if (!forwards(rule.action) || names_application) return;
    if (rule.server.any() && rule.to.any()) return;
    for (const std::string_view word : words_) {
      const catalog::Application& application = *builder_.find(word);
      for (const catalog::ServerName& name : application.names) {
        if (name.exclusive || rule.server.any() || !rule.server.has_name(name.name)) continue;
        if (opens_a_need(rule, name.name)) continue;
        tell_opened(rule, "the name " + in_quotes(name.name), word);
      }
      for (const catalog::ServerAddress& address : application.addresses) {
        if (address.exclusive) continue;
        const AddressSet prefix(std::vector<Prefix>{address.prefix});
        const bool named = !rule.server.any() && is_within(prefix, rule.server.addresses());
        if (named || (!rule.to.any() && is_within(prefix, rule.to))) {
          tell_opened(rule, "the addresses " + address.prefix.to_string(), word);
        }
      }
    }
  }

  // The name itself is what an application needs that another rule allows: it is meant to be open.
  bool opens_a_need(const RuleDraft& rule, const std::string& name) {
    const auto is_among = [&](const auto& names) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (!is_among(rule.server.names()) && !is_among(rule.server.exact_names())) return false;
    return std::any_of(words_.begin(), words_.end(), [&](std::string_view word) {
      const catalog::Application& application = *builder_.find(word);
      const auto& needs = application.description.needs;
      const bool needed =
          std::any_of(needs.begin(), needs.end(),
                      [&](const catalog::Need& need) { return need.name == name; }) ||
          std::any_of(application.names.begin(), application.names.end(),
                      [&](const catalog::ServerName& each) {
                        return !each.exclusive && each.name == name;
                      });
      return needed && std::any_of(rules_.begin(), rules_.end(), [&](const RuleDraft& other) {
               const bool names_any = !other.applications.empty() || !other.categories.empty();
               return names_any && forwards(other.action) && covers(other, word);
             });
    });
  }

  void tell_opened(const RuleDraft& rule, const std::string& what, std::string_view word) {
    if (rule.place.line == opened_line_) return;  // once a rule
    opened_line_ = rule.place.line;
    reporter_.warning({rule.place.line, rule.place.column},
                      in_quotes(rule.name) + " opens more than it says: others too are behind " +
                          what + " of " + in_quotes(word),
                      "name the application as well, or narrower servers");
  }

  // Whether whatever matches `inner` matches `outer` as well.
  bool decides_all(std::size_t outer_index, std::size_t inner_index) const {
    const RuleDraft& inner = rules_[inner_index];
    const RuleDraft& outer = rules_[outer_index];
    const bool by_time = outer.when == 0 || (inner.when != 0 && (inner.when & ~outer.when) == 0);
    const bool by_service = outer.services.empty() ||
                            (!inner.services.empty() && is_subset(inner.services, outer.services));
    const bool by_list =
        outer.lists == 0 || (inner.lists != 0 && (inner.lists & ~outer.lists) == 0);
    if (!by_time || !by_service || !by_list || !outer.texts.empty()) return false;
    for (std::size_t i = 0; i <= words_.size(); ++i) {
      if (covered_[inner_index][i] && !covered_[outer_index][i]) return false;
    }
    return is_within(inner.from, outer.from) && is_within(inner.to, outer.to) &&
           is_within(inner.server, outer.server) && is_within(inner.path, outer.path);
  }

  // An empty word stands for what was not recognised.
  bool covers(const RuleDraft& rule, std::string_view word) {
    if (rule.applications.empty() && rule.categories.empty()) return true;
    if (word.empty()) return false;
    const auto& words = rule.applications;
    return std::find(words.begin(), words.end(), word) != words.end() ||
           std::any_of(rule.categories.begin(), rule.categories.end(), [&](Category category) {
             return catalog::covers(category, builder_.find(word)->category);
           });
  }

  using JsonAt = config::JsonPosition;

  const std::span<const RuleDraft> rules_;
  CatalogueBuilder& builder_;
  Reporter& reporter_;
  const std::vector<std::string_view> words_;
  std::vector<std::vector<bool>> covered_;  // by rule and application; last: not recognised
  std::vector<bool> warned_;
  std::size_t opened_line_ = 0;
};

}  // namespace

void warn_of_rules(std::span<const RuleDraft> rules, CatalogueBuilder& builder,
                   Reporter& reporter) {
  RuleWarnings(rules, builder, reporter).run();
}

}  // namespace chatgate::policy
