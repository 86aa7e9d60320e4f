#include "policy/loader.h"

#include <algorithm>
#include <map>
#include <optional>

#include "catalog/entries.h"
#include "policy/access_loader.h"
#include "policy/applications_loader.h"
#include "policy/conditions_loader.h"
#include "policy/controls_loader.h"
#include "policy/networks_loader.h"
#include "policy/rule_warnings.h"
#include "policy/times_loader.h"

#include "config/json_document.h"

namespace chatgate::policy {
namespace {

using catalog::CatalogueBuilder;
using catalog::Category;
using config::in_quotes;
using config::JsonValue;
using config::ObjectReader;
using config::Reporter;

constexpr std::string_view kPolicyKeys[] = {
    "$schema", "mode",  "networks", "times",        "applications", "lists",
    "access",  "rules", "default",  "unclassified", "confidence",   "inspection",
    "dns",     "tls",   "evasion",  "http",         "signatures"};
constexpr std::string_view kRuleKeys[] = {
    "name",   "application", "category",   "service",  "from",    "to",      "list",
    "server", "login",       "peer_login", "filename", "version", "when",    "vlan",
    "mac",    "interface",   "direction",  "action",   "log",     "monitor", "confidence"};
constexpr std::string_view kActions[] = {"allow", "alert", "drop", "reset"};
constexpr std::string_view kModes[] = {"enforce", "monitor"};

// What administrators of other systems write.
constexpr std::string_view kOtherWordsForAllow[] = {"permit", "pass", "accept", "inspect"};
constexpr std::string_view kOtherWordsForReset[] = {"deny", "block", "reject", "refuse"};

class PolicyLoader {
 public:
  PolicyLoader(const std::string& file, CatalogueBuilder& builder, Diagnostics& diagnostics)
      : builder_(builder),
        reporter_(file, diagnostics),
        catalogue_complete_(!diagnostics.has_errors()),
        networks_(reporter_, file),
        times_(reporter_),
        applications_(reporter_, builder, catalogue_complete_) {}

  Draft load(const JsonValue& root) {
    ObjectReader object(reporter_, root, "the policy", kPolicyKeys);
    if (!object.ok()) return {};
    object.string("$schema");
    load_mode(object);
    networks_.load(object);
    times_.load(object);
    applications_.load(object);
    draft_.lists = load_lists(reporter_, object);
    draft_.access = load_access(reporter_, object, networks_, times_);
    load_rules(object);
    warn_of_unused_lists();
    check_hardware_addresses(root);
    if (draft_.rules.empty() && draft_.refused == 0) {
      reporter_.warning(root.at, "the policy has no rules", "everything meets its default");
    }
    if (const JsonValue* value = object.get("default")) {
      draft_.fallback = action(*value, "\"default\"").value_or(Action::allow);
    }
    if (const JsonValue* value = object.get("unclassified")) {
      draft_.unclassified = action(*value, "\"unclassified\"");
    }
    draft_.confidence = confidence(object).value_or(catalog::Confidence::low);
    load_signatures(object);
    load_controls(reporter_, object, draft_.controls);
    draft_.networks = networks_.networks();
    draft_.times = times_.times();
    if (const auto inside = draft_.networks.find("inside"); inside != draft_.networks.end()) {
      draft_.inside = inside->second;
    }
    return std::move(draft_);
  }

 private:
  void load_mode(ObjectReader& object) {
    const std::string* word = object.string("mode");
    if (word == nullptr) return;
    if (*word == to_string(Mode::monitor)) {
      draft_.mode = Mode::monitor;
    } else if (*word != to_string(Mode::enforce)) {
      reporter_.error(object.get("mode")->at, "unknown mode " + in_quotes(*word),
                      suggestion(*word, kModes));
    }
  }

  // A flow's record has room for so many classes of them and no more.
  void check_hardware_addresses(const JsonValue& root) {
    std::vector<PathCondition> copies;
    for (const RuleDraft& rule : draft_.rules) copies.push_back(rule.path);
    for (const AccessEntry& entry : draft_.access) copies.push_back(entry.path);
    std::vector<PathCondition*> paths;
    for (PathCondition& path : copies) paths.push_back(&path);
    if (!MacClasses().build(std::move(paths))) {
      reporter_.error(root.at, "hardware addresses are named in too many combinations of rules",
                      "at most " + std::to_string(MacClasses::kMost));
    }
  }

  void load_signatures(ObjectReader& object) {
    const JsonValue* value = object.get("signatures");
    if (value == nullptr) return;
    for (const JsonValue* path : reporter_.strings(*value, "\"signatures\"")) {
      draft_.signatures.push_back({path->text, reporter_.place(path->at)});
    }
  }

  void load_rules(ObjectReader& object) {
    const auto* rules = object.list("rules");
    if (rules == nullptr) return;
    // The last number is the engine's own, of flows that no rule has decided.
    constexpr std::size_t kMostRules = RuleId::capacity() - 1;
    if (rules->size() > kMostRules) {
      reporter_.error(object.get("rules")->at, "there are too many rules",
                      "at most " + std::to_string(kMostRules));
      return;
    }
    for (std::size_t i = 0; i < rules->size(); ++i) {
      const std::size_t errors = reporter_.diagnostics().error_count();
      RuleDraft rule = load_rule((*rules)[i], i + 1);
      if (reporter_.diagnostics().error_count() == errors) {
        draft_.rules.push_back(std::move(rule));
      } else {
        ++draft_.refused;
      }
    }
    if (draft_.refused == 0 && catalogue_complete_) {
      warn_of_rules(draft_.rules, builder_, reporter_);
    }
  }

  RuleDraft load_rule(const JsonValue& value, std::size_t number) {
    RuleDraft rule;
    rule.name = "rule " + std::to_string(number);
    const std::string what = rule.name;  // messages call a rule by its number
    ObjectReader object(reporter_, value, what, kRuleKeys);
    rule.place = reporter_.place(value.at);
    if (!object.ok()) return rule;
    if (const std::string* name = object.string("name")) {
      check_rule_name(*name, *object.get("name"));
      rule.name = *name;
    }
    if (const JsonValue* words = object.get("application")) load_words(*words, rule);
    if (const JsonValue* words = object.get("category")) load_categories(*words, rule);
    rule.from = networks_.addresses(object, "from");
    rule.to = networks_.addresses(object, "to");
    rule.server = load_server(reporter_, object);
    rule.when = times_.when(object);
    rule.path = load_path(reporter_, object);
    if (const JsonValue* words = object.get("service")) load_services(*words, rule);
    for (const TextField field :
         {TextField::login, TextField::peer_login, TextField::filename, TextField::version}) {
      load_texts(object, field, rule);
    }
    if (const JsonValue* words = object.get("list")) {
      rule.lists = load_list_names(reporter_, *words, draft_.lists);
    }
    if (const JsonValue* word = object.get("action")) {
      rule.action = action(*word, "\"action\"").value_or(Action::allow);
    } else {
      object.require("action", suggestion("", kActions));
    }
    rule.log = object.boolean("log").value_or(false);
    rule.confidence = confidence(object);
    rule.monitor = object.boolean("monitor").value_or(false);
    if (rule.monitor && forwards(rule.action) && object.get("action") != nullptr) {
      reporter_.warning(object.get("monitor")->at,
                        what + " only watches, and blocks nothing anyway", "leave \"monitor\" out");
    }
    return rule;
  }

  std::optional<catalog::Confidence> confidence(ObjectReader& object) {
    const std::string* word = object.string("confidence");
    if (word == nullptr) return std::nullopt;
    const auto known = catalog::parse_confidence(*word);
    if (!known) {
      reporter_.error(object.get("confidence")->at, "unknown confidence " + in_quotes(*word),
                      suggestion(*word, catalog::confidence_words()));
    }
    return known;
  }

  void warn_of_unused_lists() {
    lists::Mask used = 0;
    for (const RuleDraft& rule : draft_.rules) used |= rule.lists;
    for (std::size_t i = 0; i < draft_.lists.size() && draft_.refused == 0; ++i) {
      const ListDraft& list = draft_.lists[i];
      if ((used & lists::bit(i)) != 0) continue;
      reporter_.warning({list.place.line, list.place.column},
                        "no rule names the list " + in_quotes(list.name),
                        "a rule with \"list\" would");
    }
  }

  void check_rule_name(const std::string& name, const JsonValue& value) {
    if (name == "default") {
      reporter_.error(value.at, "\"default\" cannot name a rule",
                      "it stands for the policy's own default");
      return;
    }
    const auto [at, is_new] = names_.emplace(name, value.at.line);
    if (!is_new) {
      reporter_.warning(value.at, "the name " + in_quotes(name) + " is used twice",
                        "the first is on line " + std::to_string(at->second) +
                            ", and events could not tell them apart");
    }
  }

  void load_words(const JsonValue& value, RuleDraft& rule) {
    for (const JsonValue* word : reporter_.strings(value, "\"application\"")) {
      if (builder_.find(word->text) != nullptr) {
        rule.applications.push_back(word->text);
        continue;
      }
      if (!catalogue_complete_ || applications_.unknown().contains(word->text)) continue;
      std::string remedy;
      if (catalog::parse_category(word->text)) {
        remedy = "it is a category: write \"category\": " + in_quotes(word->text);
      } else {
        remedy = suggestion(word->text, builder_.words());
        if (remedy.empty()) remedy = "name one of the catalogue, or add it under \"applications\"";
      }
      reporter_.error(word->at, "unknown application " + in_quotes(word->text), std::move(remedy));
    }
  }

  void load_categories(const JsonValue& value, RuleDraft& rule) {
    for (const JsonValue* word : reporter_.strings(value, "\"category\"")) {
      if (builder_.find(word->text) != nullptr && !catalog::parse_category(word->text)) {
        reporter_.error(word->at, "unknown category " + in_quotes(word->text),
                        "it is an application: write \"application\": " + in_quotes(word->text));
      } else if (const auto category = catalog::read_category(reporter_, *word)) {
        rule.categories.push_back(*category);
        if (catalogue_complete_ && !builder_.covers_any(*category)) {
          reporter_.warning(
              word->at, "no application of the catalogue is in category " + in_quotes(word->text));
        }
      }
    }
  }

  void load_services(const JsonValue& value, RuleDraft& rule) {
    for (const JsonValue* word : reporter_.strings(value, "\"service\"")) {
      const auto service = catalog::parse_service(word->text);
      if (service && *service != catalog::Service::any) {
        rule.services.push_back(*service);
      } else if (service) {
        reporter_.error(word->at, "\"any\" is no service", "leave \"service\" out");
      } else {
        reporter_.error(word->at, "unknown service " + in_quotes(word->text),
                        suggestion(word->text, catalog::service_words().subspan(1)));
      }
    }
  }

  void load_texts(ObjectReader& object, TextField field, RuleDraft& rule) {
    const std::string_view key = to_string(field);
    const JsonValue* value = object.get(key);
    if (value == nullptr) return;
    TextCondition condition{field, {}};
    for (const JsonValue* text : reporter_.strings(*value, in_quotes(key))) {
      std::string error;
      if (auto pattern = Pattern::compile(text->text, error)) {
        condition.any_of.push_back(std::move(*pattern));
      } else {
        reporter_.error(text->at, in_quotes(text->text) + " is no regular expression: " + error,
                        "expected one such as \"\\\\.exe$\"");
      }
    }
    rule.texts.push_back(std::move(condition));
  }

  std::optional<Action> action(const JsonValue& value, std::string_view what) {
    const std::string* word = reporter_.string(value, what);
    if (word == nullptr) return std::nullopt;
    const auto known = parse_action(*word);
    if (known) return known;
    const auto is_one_of = [&](std::span<const std::string_view> words) {
      return std::find(words.begin(), words.end(), *word) != words.end();
    };
    std::string remedy = suggestion(*word, kActions);
    if (is_one_of(kOtherWordsForAllow)) remedy = "did you mean \"allow\"?";
    if (is_one_of(kOtherWordsForReset)) remedy = "did you mean \"reset\" or \"drop\"?";
    reporter_.error(value.at, "unknown action " + in_quotes(*word), std::move(remedy));
    return std::nullopt;
  }

  CatalogueBuilder& builder_;
  Reporter reporter_;
  const bool catalogue_complete_;
  NetworksLoader networks_;
  TimesLoader times_;
  ApplicationsLoader applications_;
  std::map<std::string, std::size_t> names_;  // of rules, with their lines
  Draft draft_;
};

// Puts the findings from `first` on into the order of the file, which is how a person works through
// them.
void sort_from(std::size_t first, Diagnostics& diagnostics) {
  std::vector<Diagnostic> all = diagnostics.all();
  std::stable_sort(all.begin() + static_cast<std::ptrdiff_t>(first), all.end(),
                   [](const Diagnostic& a, const Diagnostic& b) {
                     return std::pair(a.place.line, a.place.column) <
                            std::pair(b.place.line, b.place.column);
                   });
  diagnostics = {};
  for (Diagnostic& each : all) {
    if (each.severity == Severity::error) {
      diagnostics.error(std::move(each.place), std::move(each.message), std::move(each.remedy));
    } else {
      diagnostics.warning(std::move(each.place), std::move(each.message), std::move(each.remedy));
    }
  }
}

}  // namespace

std::span<const std::string_view> policy_keys() {
  return kPolicyKeys;
}

std::span<const std::string_view> application_keys() {
  return kApplicationKeys;
}

std::span<const std::string_view> server_keys() {
  return kServerKeys;
}

std::span<const std::string_view> rule_keys() {
  return kRuleKeys;
}

Draft load(std::string_view text, const std::string& file, CatalogueBuilder& builder,
           Diagnostics& diagnostics) {
  const std::size_t first = diagnostics.all().size();
  PolicyLoader loader(file, builder, diagnostics);
  const auto root = config::parse_json(text, file, diagnostics);
  if (!root) return {};
  Draft draft = loader.load(*root);
  sort_from(first, diagnostics);
  return draft;
}

std::shared_ptr<const Policy> compile(Draft draft, const catalog::Catalogue& catalogue) {
  Policy::Content content;
  content.mode = draft.mode;
  content.fallback = draft.fallback;
  content.unclassified = draft.unclassified;
  content.confidence = draft.confidence;
  content.access = std::move(draft.access);
  content.times = Times(std::move(draft.times));
  content.inside = std::move(draft.inside);
  for (auto& [name, prefixes] : draft.networks) {
    content.networks.push_back({name, std::move(prefixes)});
  }
  content.controls = draft.controls;
  for (ListDraft& list : draft.lists) content.lists.push_back(std::move(list.name));
  for (RuleDraft& from : draft.rules) {
    Rule rule;
    rule.id = RuleId(static_cast<RuleId::rep>(content.rules.size()));
    rule.name = std::move(from.name);
    for (const std::string& word : from.applications) {
      rule.applications.push_back(catalogue.find(word)->id);
    }
    rule.categories = std::move(from.categories);
    rule.from = std::move(from.from);
    rule.to = std::move(from.to);
    rule.services = std::move(from.services);
    rule.texts = std::move(from.texts);
    rule.server = std::move(from.server);
    rule.when = from.when;
    rule.path = std::move(from.path);
    rule.monitor = from.monitor;
    rule.confidence = from.confidence;
    rule.action = from.action;
    rule.log = from.log;
    rule.lists = from.lists;
    content.rules.push_back(std::move(rule));
  }
  return std::make_shared<const Policy>(std::move(content), catalogue);
}

}  // namespace chatgate::policy
