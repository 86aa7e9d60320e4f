#include "policy/loader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "catalog/entries.h"
#include "policy/controls_loader.h"

#include "config/json_document.h"

namespace chatgate::policy {
namespace {

using catalog::CatalogueBuilder;
using catalog::Category;
using config::in_quotes;
using config::JsonMember;
using config::JsonValue;
using config::ObjectReader;
using config::Reporter;

constexpr std::string_view kPolicyKeys[] = {
    "$schema", "mode", "networks", "applications", "rules",      "default", "inspection",
    "dns",     "tls",  "evasion",  "http",         "signatures", "lists"};
constexpr std::string_view kPolicyKeysForLater[] = {"times", "access", "unclassified"};
constexpr std::string_view kApplicationKeys[] = {"name", "category", "servers", "ports"};
constexpr std::string_view kServerKeys[] = {"names", "addresses"};
constexpr std::string_view kRuleKeys[] = {
    "name",       "application", "category", "service", "from", "to",  "login",
    "peer_login", "filename",    "version",  "action",  "log",  "list"};
constexpr std::string_view kRuleKeysForLater[] = {"server", "when"};
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
        catalogue_complete_(!diagnostics.has_errors()) {}

  Draft load(const JsonValue& root) {
    ObjectReader object(reporter_, root, "the policy", kPolicyKeys, kPolicyKeysForLater);
    if (!object.ok()) return {};
    object.string("$schema");
    load_mode(object);
    load_networks(object);
    load_applications(object);
    draft_.lists = load_lists(reporter_, object);
    load_rules(object);
    warn_of_unused_lists();
    if (draft_.rules.empty() && draft_.refused == 0) {
      reporter_.warning(root.at, "the policy has no rules", "everything meets its default");
    }
    if (const JsonValue* value = object.get("default")) {
      draft_.fallback = action(*value, "\"default\"").value_or(Action::allow);
    }
    load_signatures(object);
    load_controls(reporter_, object, draft_.controls);
    draft_.networks = std::move(networks_);
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

  void load_networks(ObjectReader& object) {
    const JsonValue* value = object.get("networks");
    if (value == nullptr) return;
    if (value->type != config::JsonType::object) {
      reporter_.wrong_type(*value, "\"networks\"", "an object of names and their addresses");
      return;
    }
    for (const JsonMember& member : value->members) {
      if (member.key == "any" || IpAddress::parse(member.key) || Prefix::parse(member.key) ||
          member.key.empty()) {
        reporter_.error(member.at, in_quotes(member.key) + " cannot name a network",
                        "choose a word that is not \"any\" and no address");
        continue;
      }
      std::vector<Prefix>& prefixes = networks_[member.key];
      for (const JsonValue* text : reporter_.strings(member.value, in_quotes(member.key))) {
        if (const auto prefix = catalog::read_prefix(reporter_, *text)) prefixes.push_back(*prefix);
      }
      if (member.key == "inside") draft_.inside = prefixes;
    }
  }

  void load_signatures(ObjectReader& object) {
    const JsonValue* value = object.get("signatures");
    if (value == nullptr) return;
    for (const JsonValue* path : reporter_.strings(*value, "\"signatures\"")) {
      if (path->text.empty()) {
        reporter_.error(path->at, "an empty file name", "name a file of Snort rules");
      } else {
        draft_.signatures.push_back({path->text, reporter_.place(path->at)});
      }
    }
  }

  void load_applications(ObjectReader& object) {
    const JsonValue* value = object.get("applications");
    if (value == nullptr) return;
    if (value->type != config::JsonType::object) {
      reporter_.wrong_type(*value, "\"applications\"",
                           "an object of identifiers and what they add");
      return;
    }
    for (const JsonMember& member : value->members) load_application(member);
  }

  void load_application(const JsonMember& member) {
    ObjectReader object(reporter_, member.value, in_quotes(member.key), kApplicationKeys);
    if (!object.ok()) return;
    std::optional<Category> category;
    if (object.string("category") != nullptr) {
      category = catalog::read_category(reporter_, *object.get("category"));
    }
    catalog::Application* application = builder_.find(member.key);
    if (application == nullptr) {
      application = add_application(member, object.get("category") != nullptr);
      if (application == nullptr) return;
      application->name = member.key;
    } else if (category && *category != application->category) {
      reporter_.error(object.get("category")->at,
                      in_quotes(member.key) + " is in category " +
                          in_quotes(catalog::to_string(application->category)) + " already",
                      "leave it out");
    }
    if (category) application->category = *category;
    if (const std::string* name = object.string("name")) application->name = *name;
    if (const JsonValue* ports = object.get("ports")) load_ports(*ports, *application);
    if (const JsonValue* servers = object.get("servers")) load_servers(*servers, *application);
  }

  // An application that the catalogue does not have; null, and reported, where the word is more
  // likely a mistake.
  catalog::Application* add_application(const JsonMember& member, bool has_category) {
    if (!catalog::is_identifier(member.key)) {
      reporter_.error(member.at, in_quotes(member.key) + " is no identifier",
                      "lower-case letters, digits and single hyphens, at most 40");
      return nullptr;
    }
    if (!has_category) {
      const auto words = builder_.words();
      const std::string_view meant = closest(member.key, words);
      if (!catalogue_complete_) return nullptr;
      reporter_.error(
          member.at, "unknown application " + in_quotes(member.key),
          meant.empty() ? "a new one needs a \"category\""
                        : "did you mean " + in_quotes(meant) + "? A new one needs a \"category\"");
      // The rules may name it; one error is enough.
      unknown_.insert(member.key);
      return nullptr;
    }
    return builder_.add(member.key, reporter_.place(member.at));
  }

  void load_ports(const JsonValue& value, catalog::Application& application) {
    for (const JsonValue* entry : reporter_.strings(value, "\"ports\"")) {
      const auto range = catalog::read_transport_ports(reporter_, *entry);
      if (!range) continue;
      builder_.add_port(application, *range, reporter_.place(entry->at),
                        CatalogueBuilder::Source::policy);
    }
  }

  void load_servers(const JsonValue& value, catalog::Application& application) {
    ObjectReader object(reporter_, value, "\"servers\"", kServerKeys);
    if (!object.ok()) return;
    if (const JsonValue* names = object.get("names")) {
      for (const JsonValue* entry : reporter_.strings(*names, "\"names\"")) {
        auto name = catalog::read_name(reporter_, *entry);
        if (name) builder_.add_name(application, {std::move(*name)}, reporter_.place(entry->at));
      }
    }
    if (const JsonValue* addresses = object.get("addresses")) {
      for (const JsonValue* entry : reporter_.strings(*addresses, "\"addresses\"")) {
        const auto prefix = catalog::read_server_prefix(reporter_, *entry);
        if (prefix) builder_.add_address(application, {*prefix}, reporter_.place(entry->at));
      }
    }
  }

  void load_rules(ObjectReader& object) {
    const auto* rules = object.list("rules");
    if (rules == nullptr) return;
    if (rules->size() > RuleId::capacity()) {
      reporter_.error(object.get("rules")->at, "there are too many rules",
                      "at most " + std::to_string(RuleId::capacity()));
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
    if (draft_.refused == 0 && catalogue_complete_) warn_of_idle_rules();
  }

  RuleDraft load_rule(const JsonValue& value, std::size_t number) {
    RuleDraft rule;
    rule.name = "rule " + std::to_string(number);
    const std::string what = rule.name;  // messages call a rule by its number
    ObjectReader object(reporter_, value, what, kRuleKeys, kRuleKeysForLater);
    rule.place = reporter_.place(value.at);
    if (!object.ok()) return rule;
    if (const std::string* name = object.string("name")) {
      check_rule_name(*name, *object.get("name"));
      rule.name = *name;
    }
    if (const JsonValue* words = object.get("application")) load_words(*words, rule);
    if (const JsonValue* words = object.get("category")) load_categories(*words, rule);
    rule.from = addresses(object, "from");
    rule.to = addresses(object, "to");
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
    return rule;
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
      if (!catalogue_complete_ || unknown_.contains(word->text)) continue;
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

  AddressSet addresses(ObjectReader& object, std::string_view key) {
    const JsonValue* value = object.get(key);
    if (value == nullptr) return {};
    std::vector<Prefix> prefixes;
    bool any = false;
    for (const JsonValue* word : reporter_.strings(*value, in_quotes(key))) {
      if (word->text == "any") {
        any = true;
      } else if (const auto network = networks_.find(word->text); network != networks_.end()) {
        prefixes.insert(prefixes.end(), network->second.begin(), network->second.end());
      } else if (word->text.find_first_of(".:/") != std::string::npos) {
        if (const auto prefix = catalog::read_prefix(reporter_, *word)) prefixes.push_back(*prefix);
      } else {
        unknown_network(*word);
      }
    }
    return any ? AddressSet() : AddressSet(std::move(prefixes));
  }

  void unknown_network(const JsonValue& word) {
    std::vector<std::string_view> names = {"any"};
    for (const auto& network : networks_) names.push_back(network.first);
    std::string remedy = suggestion(word.text, names);
    if (!remedy.starts_with("did you mean")) {
      remedy = "expected an address, \"any\", or a name from \"networks\"";
    }
    reporter_.error(word.at, "unknown network " + in_quotes(word.text), std::move(remedy));
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

  // Warns of rules whose every connection is decided by earlier rules that look at no address.
  void warn_of_idle_rules() {
    const std::vector<std::string_view> words = builder_.words();
    // By application, and last by "not recognised": the rule that surely decides it.
    std::vector<const RuleDraft*> decided_by(words.size() + 1, nullptr);
    for (const RuleDraft& rule : draft_.rules) {
      const RuleDraft* first = nullptr;
      bool can_match = false, names_any = false, one_rule = true;
      for (std::size_t i = 0; i < decided_by.size(); ++i) {
        if (!covers(rule, i < words.size() ? words[i] : std::string_view())) continue;
        names_any = true;
        can_match = can_match || decided_by[i] == nullptr;
        one_rule = one_rule && (first == nullptr || first == decided_by[i]);
        if (first == nullptr) first = decided_by[i];
        if (decided_by[i] == nullptr && rule.unconditional()) decided_by[i] = &rule;
      }
      if (can_match || !names_any) continue;
      const std::string by = one_rule ? in_quotes(first->name) + " on line " +
                                            std::to_string(first->place.line) + " decides"
                                      : std::string("earlier rules decide");
      reporter_.warning({rule.place.line, rule.place.column},
                        in_quotes(rule.name) + " can never match: " + by + " all that it names",
                        "move it up or remove it");
    }
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

  CatalogueBuilder& builder_;
  Reporter reporter_;
  const bool catalogue_complete_;
  Networks networks_;
  std::set<std::string, std::less<>> unknown_;  // applications reported already
  std::map<std::string, std::size_t> names_;    // of rules, with their lines
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
  content.inside = std::move(draft.inside);
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
    rule.action = from.action;
    rule.log = from.log;
    rule.lists = from.lists;
    content.rules.push_back(std::move(rule));
  }
  return std::make_shared<const Policy>(std::move(content), catalogue);
}

}  // namespace chatgate::policy
