#include "policy/policy.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "policy/candidates.h"
#include "proto/http_text.h"

namespace chatgate::policy {
namespace {

using catalog::Category;

// What leads to a service rather than being one.
bool is_signalling(catalog::Service service) {
  return service == catalog::Service::any || service == catalog::Service::login ||
         service == catalog::Service::presence;
}

// Whether it matches what was not recognised too.
bool for_all(const Rule& rule) {
  return rule.applications.empty() && rule.categories.empty();
}

bool names(const Rule& rule, const catalog::Application& application) {
  if (for_all(rule)) return true;
  const auto& ids = rule.applications;
  return std::find(ids.begin(), ids.end(), application.id) != ids.end() ||
         std::any_of(rule.categories.begin(), rule.categories.end(), [&](Category category) {
           return catalog::covers(category, application.category);
         });
}

// Whether a rule that may decide the application asks for a service or a text.
bool looks_into_it(std::span<const Rule> rules, const catalog::Application& application) {
  for (const Rule& rule : rules) {
    if (!names(rule, application)) continue;
    if (!rule.services.empty() || !rule.texts.empty()) return true;
    if (rule.unconditional()) return false;
  }
  return false;
}

// Whether what the rule asks can be told at the first packet of a connection.
bool only_by_ends(const Rule& rule) {
  return rule.applications.empty() && rule.categories.empty() && rule.services.empty() &&
         rule.texts.empty();
}

std::optional<Action> misuse_of(Category category, const PortMisuse& words) {
  if (catalog::covers(Category::im, category)) return words.of_im();
  if (category == Category::p2p_file) return words.of_p2p();
  return category == Category::tunnel ? words.of_tunneling() : std::nullopt;
}

}  // namespace

std::string_view to_string(TextField field) {
  switch (field) {
    case TextField::login: return "login";
    case TextField::peer_login: return "peer_login";
    case TextField::filename: return "filename";
    case TextField::version: return "version";
  }
  return {};
}

// The rules that name an application, by application, and those that mean it by its category or
// mean everything, by category; each up to the first that surely matches.
struct Policy::Index {
  struct List {
    CandidateIndex rules;
    bool empty = true;
  };
  struct OfApplication {
    List own;
    std::size_t common = 0;           // in `by_category`
    bool looks_into = false;          // a rule asks for a service or a text
    std::optional<Action> disguised;  // what `http.port_misuse` says
  };
  std::vector<OfApplication> by_application;
  std::vector<List> by_category;  // the last is for what was not recognised
  List all;                       // whatever they name

  const List& unrecognised() const { return by_category.back(); }

  // `of_any`: `names` takes rules of one application and of others.
  template <typename Names>
  static List make(std::span<const Rule> rules, Names names, bool of_any = false) {
    List list;
    std::vector<CandidateIndex::Entry> entries;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const Rule& rule = rules[i];
      if (!names(rule)) continue;
      entries.push_back({static_cast<Position>(i), &rule.from, &rule.to});
      list.empty = false;
      if (rule.unconditional() && (!of_any || for_all(rule))) break;
    }
    list.rules = CandidateIndex(entries);
    return list;
  }
};

Policy::Policy(Content content, const catalog::Catalogue& catalogue)
    : content_(std::move(content)), index_(std::make_unique<Index>()) {
  std::vector<PathCondition*> paths;
  for (Rule& rule : content_.rules) {
    paths.push_back(&rule.path);
    lists_in_rules_ |= rule.lists;
    asks_for_server_ = asks_for_server_ || !rule.server.any();
  }
  for (AccessEntry& entry : content_.access) paths.push_back(&entry.path);
  macs_.build(std::move(paths));  // the loader has seen that they are not too many
  access_ = AccessList(std::move(content_.access));
  if (const catalog::Application* found = catalogue.find("encrypted-dns")) {
    encrypted_dns_ = found->id;
  }
  const std::size_t categories = catalog::category_words().size();
  for (std::size_t i = 0; i <= categories; ++i) {
    index_->by_category.push_back(Index::make(content_.rules, [&](const Rule& rule) {
      if (rule.applications.empty() && rule.categories.empty()) return true;
      return i < categories &&
             std::any_of(rule.categories.begin(), rule.categories.end(), [&](Category category) {
               return catalog::covers(category, static_cast<Category>(i));
             });
    }));
  }
  for (const catalog::Application& application : catalogue.applications()) {
    const std::size_t id = application.id.value();
    if (index_->by_application.size() <= id) {
      // A number without an application in this catalogue is as good as not recognised.
      Index::OfApplication none;
      none.common = categories;
      index_->by_application.resize(id + 1, none);
    }
    Index::OfApplication& of = index_->by_application[id];
    of.own = Index::make(content_.rules, [&](const Rule& rule) {
      return std::find(rule.applications.begin(), rule.applications.end(), application.id) !=
             rule.applications.end();
    });
    of.common = static_cast<std::size_t>(application.category);
    of.looks_into = looks_into_it(content_.rules, application);
    of.disguised = misuse_of(application.category, content_.controls.http.port_misuse);
  }
  index_->all = Index::make(
      content_.rules, [](const Rule&) { return true; }, true);
}

Policy::~Policy() = default;

Verdict Policy::decide(const Connection& connection) const {
  const std::size_t id = connection.im.application.value();
  const Index::OfApplication* of =
      id < index_->by_application.size() ? &index_->by_application[id] : nullptr;
  CandidateWalk walk;
  if (of != nullptr && !of->own.empty) {
    walk.add(of->own.rules, connection.client, connection.server);
  }
  const Index::List& common =
      of != nullptr ? index_->by_category[of->common] : index_->unrecognised();
  if (!common.empty) walk.add(common.rules, connection.client, connection.server);
  while (const auto position = walk.next()) {
    const Rule& rule = content_.rules[*position];
    if (mismatch(rule, connection) == Mismatch::none) return by_rule(rule, connection);
  }
  return without_rule(connection);
}

Verdict Policy::by_rule(const Rule& rule, const Connection& connection) const {
  Verdict verdict;
  verdict.action = rule.action;
  verdict.rule = rule.id;
  verdict.list = lists::first(rule.lists & connection.lists);
  const bool too_weak = connection.im.known() && catalog::confidence(connection.im.evidence) <
                                                     rule.confidence.value_or(content_.confidence);
  if ((rule.monitor || too_weak) && !forwards(rule.action)) {
    verdict.watched = rule.action;
    verdict.action = Action::alert;
  }
  verdict.log = rule.log || rule.monitor || verdict.action == Action::alert;
  return verdict;
}

std::optional<Verdict> Policy::refuses_surely(const Connection& connection) const {
  if (!asks_for_server_ && connection.lists == 0) return std::nullopt;
  CandidateWalk walk;
  if (!index_->all.empty) walk.add(index_->all.rules, connection.client, connection.server);
  while (const auto position = walk.next()) {
    const Rule& rule = content_.rules[*position];
    if (lasting_mismatch(rule, connection) != Mismatch::none) continue;
    const bool lets_pass = forwards(rule.action) || rule.monitor;
    if (only_by_ends(rule) && mismatch(rule, connection) == Mismatch::none) {
      const bool names_server = rule.lists != 0 || !rule.server.any();
      if (lets_pass || !names_server) return std::nullopt;
      return by_rule(rule, connection);
    }
    if (lets_pass) return std::nullopt;  // it may yet match
  }
  return std::nullopt;
}

bool Policy::looks_into(ApplicationId application) const {
  const std::size_t id = application.value();
  return id < index_->by_application.size() && index_->by_application[id].looks_into;
}

bool Policy::names_server(const Rule& rule, const Connection& connection) const {
  if (rule.server.any() || rule.server.has_name(connection.name)) return true;
  return connection.by_address && (rule.server.has_name(connection.learned_name) ||
                                   rule.server.has_address(connection.server));
}

Mismatch Policy::lasting_mismatch(const Rule& rule, const Connection& connection) {
  if (!rule.from.contains(connection.client)) return Mismatch::from;
  if (!rule.to.contains(connection.server)) return Mismatch::to;
  if (!holds(rule.when, connection.times)) return Mismatch::time;
  return rule.path.holds(connection.circumstances) ? Mismatch::none : Mismatch::circumstances;
}

Mismatch Policy::mismatch(const Rule& rule, const Connection& connection) const {
  const Mismatch lasting = lasting_mismatch(rule, connection);
  if (lasting != Mismatch::none) return lasting;
  if (!names_server(rule, connection)) return Mismatch::server;
  if (rule.lists != 0 && (rule.lists & connection.lists) == 0) return Mismatch::list;
  const auto& services = rule.services;
  const bool leads_there = forwards(rule.action) && is_signalling(connection.im.service);
  if (!services.empty() && !leads_there &&
      std::find(services.begin(), services.end(), connection.im.service) == services.end()) {
    return Mismatch::service;
  }
  const bool said = std::all_of(
      rule.texts.begin(), rule.texts.end(),
      [&](const TextCondition& condition) { return says(rule, condition, connection); });
  return said ? Mismatch::none : Mismatch::text;
}

Mismatch Policy::mismatch(const Rule& rule, const Connection& connection,
                          const catalog::Application* application) const {
  if (!for_all(rule) && (application == nullptr || !names(rule, *application))) {
    return Mismatch::application;
  }
  return mismatch(rule, connection);
}

bool Policy::says(const Rule& rule, const TextCondition& condition,
                  const Connection& connection) const {
  std::string_view text;
  if (connection.said != nullptr) {
    switch (condition.field) {
      case TextField::login: text = connection.said->login.view(); break;
      case TextField::peer_login: text = connection.said->peer_login.view(); break;
      case TextField::filename: text = connection.said->filename.view(); break;
      case TextField::version: text = connection.said->version.view(); break;
    }
  }
  if (text.empty()) return forwards(rule.action) && is_signalling(connection.im.service);
  return std::any_of(condition.any_of.begin(), condition.any_of.end(), [&](const Pattern& pattern) {
    return pattern.matches(text, scratch_, connection.worker);
  });
}

Verdict Policy::without_rule(const Connection& connection) const {
  constexpr std::uint16_t kDnsOverTls = 853;  // RFC 7858, RFC 9250
  Verdict verdict;
  verdict.action = content_.fallback;
  if (encrypted_dns_.valid() && connection.im.application == encrypted_dns_) {
    const EvasionControls& controls = content_.controls.evasion;
    verdict.action = connection.server_port == kDnsOverTls ? controls.dot : controls.doh;
  } else if (connection.unclassified && content_.unclassified) {
    verdict.action = *content_.unclassified;
    verdict.unclassified = true;
  }
  const std::size_t id = connection.im.application.value();
  if (connection.disguised && id < index_->by_application.size() &&
      index_->by_application[id].disguised) {
    verdict.action = *index_->by_application[id].disguised;
    verdict.port_misuse = true;
  }
  verdict.log = verdict.action == Action::alert;
  return verdict;
}

std::size_t Policy::memory() const {
  std::size_t bytes = index_->all.rules.memory();
  for (const Index::OfApplication& of : index_->by_application) bytes += of.own.rules.memory();
  for (const Index::List& list : index_->by_category) bytes += list.rules.memory();
  return bytes;
}

namespace {

const HttpControls::UriPattern* first_match(const std::vector<HttpControls::UriPattern>& patterns,
                                            std::string_view text, const PatternScratch& scratch,
                                            WorkerId worker) {
  const auto found = std::find_if(patterns.begin(), patterns.end(), [&](const auto& each) {
    return each.pattern.matches(text, scratch, worker);
  });
  return found == patterns.end() ? nullptr : &*found;
}

}  // namespace

const HttpControls::UriPattern* Policy::match_uri(std::string_view target, WorkerId worker) const {
  return first_match(content_.controls.http.uri, target, scratch_, worker);
}

const HttpControls::UriPattern* Policy::match_arguments(std::string_view text,
                                                        WorkerId worker) const {
  return first_match(content_.controls.http.arguments, text, scratch_, worker);
}

const HttpControls::HeaderPattern* Policy::match_header(std::string_view name,
                                                        std::string_view value,
                                                        WorkerId worker) const {
  const auto& headers = content_.controls.http.headers;
  const auto fits = [&](const std::optional<Pattern>& pattern, std::string_view text) {
    return !pattern || pattern->matches(text, scratch_, worker);
  };
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& each) {
    return (each.name.empty() || proto::http::is_word(name, each.name)) &&
           fits(each.name_pattern, name) && fits(each.pattern, value);
  });
  return found == headers.end() ? nullptr : &*found;
}

std::string_view Policy::list_name(ListId list) const {
  return list.value() < content_.lists.size() ? content_.lists[list.value()] : std::string_view{};
}

std::string_view Policy::access_name(AccessId line) const {
  if (line.value() >= access_.entries().size()) return {};
  return access_[line].name;
}

std::string_view Policy::rule_name(RuleId rule) const {
  if (rule.value() >= content_.rules.size()) return "default";
  return content_.rules[rule.value()].name;
}

}  // namespace chatgate::policy
