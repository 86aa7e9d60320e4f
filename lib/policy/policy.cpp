#include "policy/policy.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "proto/http_text.h"

namespace chatgate::policy {
namespace {

using catalog::Category;

constexpr Prefix kAllV4{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}}, 96};

// The address next to `address` on either side; nothing at the end of the space.
std::optional<IpAddress> next(IpAddress address) {
  for (std::size_t i = address.bytes.size(); i-- > 0;) {
    if (++address.bytes[i] != 0) return address;
  }
  return std::nullopt;
}

IpAddress before(IpAddress address) {
  for (std::size_t i = address.bytes.size(); i-- > 0;) {
    if (address.bytes[i]-- != 0) return address;
  }
  return address;
}

// What leads to a service rather than being one.
bool is_signalling(catalog::Service service) {
  return service == catalog::Service::any || service == catalog::Service::login ||
         service == catalog::Service::presence;
}

bool names(const Rule& rule, const catalog::Application& application) {
  if (rule.applications.empty() && rule.categories.empty()) return true;
  const auto& ids = rule.applications;
  return std::find(ids.begin(), ids.end(), application.id) != ids.end() ||
         std::any_of(rule.categories.begin(), rule.categories.end(), [&](Category category) {
           return catalog::covers(category, application.category);
         });
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

AddressSet::AddressSet(std::vector<Prefix> prefixes) : any_(false) {
  std::vector<Range> sorted;
  for (const Prefix& prefix : prefixes) {
    if (prefix.length < kAllV4.length && prefix.contains(kAllV4.address)) {
      // A prefix of IPv6 never means IPv4, whose addresses lie within it in this representation.
      if (prefix.first() != kAllV4.first()) {
        sorted.push_back({prefix.first(), before(kAllV4.first())});
      }
      if (const auto after = next(kAllV4.last())) sorted.push_back({*after, prefix.last()});
    } else {
      sorted.push_back({prefix.first(), prefix.last()});
    }
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  for (const Range& range : sorted) {
    // Joined where they overlap or touch.
    const auto behind = ranges_.empty() ? std::optional<IpAddress>() : next(ranges_.back().last);
    if (!ranges_.empty() && (!behind || range.first <= *behind)) {
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    } else {
      ranges_.push_back(range);
    }
  }
}

bool AddressSet::contains(const IpAddress& address) const {
  if (any_) return true;
  const auto after = std::upper_bound(
      ranges_.begin(), ranges_.end(), address,
      [](const IpAddress& value, const Range& range) { return value < range.first; });
  return after != ranges_.begin() && address <= std::prev(after)->last;
}

// For each application the positions of the rules that may match it, in order and up to the first
// that surely does; all lists in one array. The last list is for what was not recognised.
struct Policy::Index {
  struct List {
    std::uint32_t start = 0, size = 0;
    bool looks_into = false;          // a rule asks for a service or a text
    std::optional<Action> disguised;  // what `http.port_misuse` says
  };
  std::vector<std::uint16_t> candidates;
  std::vector<List> by_application;
  List unrecognised;

  template <typename Matches>
  List make(std::span<const Rule> rules, Matches matches) {
    List list;
    list.start = static_cast<std::uint32_t>(candidates.size());
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (!matches(rules[i])) continue;
      candidates.push_back(static_cast<std::uint16_t>(i));
      ++list.size;
      list.looks_into = list.looks_into || !rules[i].services.empty() || !rules[i].texts.empty();
      if (rules[i].unconditional()) break;
    }
    return list;
  }
};

Policy::Policy(Content content, const catalog::Catalogue& catalogue)
    : content_(std::move(content)), index_(std::make_unique<Index>()) {
  const auto for_all = [](const Rule& rule) {
    return rule.applications.empty() && rule.categories.empty();
  };
  index_->unrecognised = index_->make(content_.rules, for_all);
  if (const catalog::Application* found = catalogue.find("encrypted-dns")) {
    encrypted_dns_ = found->id;
  }
  for (const catalog::Application& application : catalogue.applications()) {
    const std::size_t id = application.id.value();
    if (index_->by_application.size() <= id) {
      // A number without an application in this catalogue is as good as not recognised.
      index_->by_application.resize(id + 1, index_->unrecognised);
    }
    index_->by_application[id] =
        index_->make(content_.rules, [&](const Rule& rule) { return names(rule, application); });
    index_->by_application[id].disguised =
        misuse_of(application.category, content_.controls.http.port_misuse);
  }
}

Policy::~Policy() = default;

Verdict Policy::decide(const Connection& connection) const {
  const std::size_t id = connection.im.application.value();
  const Index::List list =
      id < index_->by_application.size() ? index_->by_application[id] : index_->unrecognised;
  Verdict verdict;
  if (connection.disguised && list.disguised) {
    verdict.action = *list.disguised;
    verdict.port_misuse = true;
  } else {
    verdict.action = without_rule(connection);
  }
  for (std::uint32_t i = list.start; i < list.start + list.size; ++i) {
    const Rule& rule = content_.rules[index_->candidates[i]];
    if (!matches(rule, connection)) continue;
    verdict.action = rule.action;
    verdict.log = rule.log;
    verdict.rule = rule.id;
    verdict.port_misuse = false;
    break;
  }
  verdict.log = verdict.log || verdict.action == Action::alert;
  return verdict;
}

bool Policy::looks_into(ApplicationId application) const {
  const std::size_t id = application.value();
  return id < index_->by_application.size() && index_->by_application[id].looks_into;
}

bool Policy::matches(const Rule& rule, const Connection& connection) const {
  if (!rule.from.contains(connection.client) || !rule.to.contains(connection.server)) return false;
  const auto& services = rule.services;
  const bool leads_there = forwards(rule.action) && is_signalling(connection.im.service);
  if (!services.empty() && !leads_there &&
      std::find(services.begin(), services.end(), connection.im.service) == services.end()) {
    return false;
  }
  return std::all_of(rule.texts.begin(), rule.texts.end(), [&](const TextCondition& condition) {
    return says(rule, condition, connection);
  });
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

Action Policy::without_rule(const Connection& connection) const {
  constexpr std::uint16_t kDnsOverTls = 853;  // RFC 7858, RFC 9250
  if (!encrypted_dns_.valid() || connection.im.application != encrypted_dns_) {
    return content_.fallback;
  }
  const EvasionControls& controls = content_.controls.evasion;
  return connection.server_port == kDnsOverTls ? controls.dot : controls.doh;
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

std::string_view Policy::rule_name(RuleId rule) const {
  if (rule.value() >= content_.rules.size()) return "default";
  return content_.rules[rule.value()].name;
}

}  // namespace chatgate::policy
