#include "policy/import/output.h"

#include <algorithm>

#include "policy/import/text.h"
#include "proto/http_methods.h"

namespace chatgate::policy::import {
namespace {

constexpr std::string_view kHttpOrder[] = {
    "port_misuse", "protocol_violation", "request_methods",           "max_uri_length",
    "uri",         "arguments",          "max_header_length",         "max_header_count",
    "headers",     "content_length",     "content_type_verification", "transfer_encoding"};

Action action_of(const Json& word) {
  return parse_action(word.get<std::string>()).value_or(Action::reset);
}

// One word stands by itself.
void put(Json& object, std::string_view key, const Texts& values) {
  if (values.empty()) return;
  object[std::string(key)] = values.size() == 1 ? Json(values.front()) : Json(values);
}

Json to_json(const RuleOut& rule) {
  Json object = Json::object();
  object["name"] = rule.name;
  put(object, "application", rule.application);
  put(object, "service", rule.service);
  put(object, "server", rule.server);
  put(object, "from", rule.from);
  put(object, "to", rule.to);
  put(object, "login", rule.login);
  put(object, "peer_login", rule.peer_login);
  put(object, "filename", rule.filename);
  put(object, "version", rule.version);
  if (!rule.when.empty()) object["when"] = rule.when;
  object["action"] = to_string(rule.action);
  if (rule.log) object["log"] = true;
  return object;
}

Json to_json(const AccessOut& entry) {
  Json object = Json::object();
  object["name"] = entry.name;
  object["action"] = entry.permit ? "permit" : "deny";
  put(object, "from", entry.from);
  put(object, "to", entry.to);
  if (const auto number = to_number(entry.protocol, 255)) {
    object["protocol"] = *number;
  } else if (!entry.protocol.empty() && entry.protocol != "ip") {
    object["protocol"] = entry.protocol;
  }
  put(object, "port", entry.port);
  if (entry.opener == Opener::inside) object["direction"] = "outbound";
  if (entry.opener == Opener::outside) object["direction"] = "inbound";
  if (!entry.when.empty()) object["when"] = entry.when;
  if (entry.log) object["log"] = true;
  return object;
}

// Whether the new action takes the place of the one that stands; `lost` is the other one.
bool replaces(const Json& standing, Action action, std::optional<Action>& lost) {
  const Action before = action_of(standing);
  if (before == action) return false;
  const bool stricter = strictness(action) > strictness(before);
  lost = stricter ? before : action;
  return stricter;
}

}  // namespace

int strictness(Action action) {
  switch (action) {
    case Action::allow: return 0;
    case Action::alert: return 1;
    case Action::drop: return 2;
    case Action::reset: return 3;
  }
  return 3;
}

std::string Output::network(const std::string& wanted, const Texts& prefixes) {
  // "any" and "inside" mean something else in a policy, and a name may not look like an address.
  std::string stem = wanted;
  std::replace_if(
      stem.begin(), stem.end(), [](char c) { return c == '.' || c == ':' || c == '/'; }, '-');
  if (stem != wanted || is_one_of(stem, {"any", "inside", ""})) stem = "group " + stem;
  std::string name = stem;
  for (int i = 2;; ++i) {
    const auto [at, is_new] = networks_.emplace(name, prefixes);
    if (is_new) network_order_.push_back(name);
    if (is_new || at->second == prefixes) return name;
    name = stem + " " + std::to_string(i);
  }
}

std::string Output::unique(const std::string& name) {
  std::string one = name;
  for (int i = 2; !names_.insert(one).second; ++i) one = name + " (" + std::to_string(i) + ")";
  return one;
}

void Output::access(AccessOut entry) {
  entry.name = unique(entry.name);
  access_.push_back(std::move(entry));
}

void Output::rule(RuleOut rule) {
  rule.name = unique(rule.name);
  rules_.push_back(std::move(rule));
}

std::optional<Action> Output::check(std::string_view key, Action action) {
  Json& at = http_[std::string(key)];
  std::optional<Action> lost;
  if (at.is_null() || replaces(at, action, lost)) at = to_string(action);
  return lost;
}

std::optional<Action> Output::refuse_coding(std::string_view coding, Action action) {
  Json& at = http_["transfer_encoding"];
  std::optional<Action> lost;
  if (at.is_null()) {
    at["allow"] = {"chunked", "compress", "deflate", "gzip", "identity"};
    at["action"] = to_string(action);
  } else if (replaces(at["action"], action, lost)) {
    at["action"] = to_string(action);
  }
  Json& allowed = at["allow"];
  allowed.erase(std::remove(allowed.begin(), allowed.end(), Json(coding)), allowed.end());
  return lost;
}

std::optional<Action> Output::misuse(std::string_view kind, Action action) {
  Json& at = http_["port_misuse"][std::string(kind)];
  std::optional<Action> lost;
  if (at.is_null() || replaces(at, action, lost)) at = to_string(action);
  return lost;
}

std::optional<Action> Output::limit(std::string_view key, std::uint32_t bytes, Action action,
                                    std::string_view unit) {
  Json& at = http_[std::string(key)];
  const Json wanted = {{unit, bytes}, {"action", to_string(action)}};
  std::optional<Action> lost;
  if (at.is_null()) {
    at = wanted;
  } else if (action_of(at["action"]) == action) {
    // The shorter of two that do the same does the work of both.
    at[std::string(unit)] = std::min(at[std::string(unit)].get<std::uint32_t>(), bytes);
  } else if (replaces(at["action"], action, lost)) {
    at = wanted;
  }
  return lost;
}

std::optional<Action> Output::content_length(std::optional<std::uint32_t> min,
                                             std::optional<std::uint32_t> max, Action action) {
  Json wanted = Json::object();
  if (min) wanted["min"] = *min;
  if (max) wanted["max"] = *max;
  wanted["action"] = to_string(action);
  Json& at = http_["content_length"];
  std::optional<Action> lost;
  if (at.is_null()) {
    at = std::move(wanted);
  } else if (action_of(at["action"]) == action) {
    Json both = Json::object();
    if (min || at.contains("min")) {
      both["min"] = std::max(min.value_or(0), at.value("min", std::uint32_t{0}));
    }
    if (max || at.contains("max")) {
      constexpr std::uint32_t kNone = ~std::uint32_t{0};
      both["max"] = std::min(max.value_or(kNone), at.value("max", kNone));
    }
    both["action"] = to_string(action);
    at = std::move(both);
  } else if (replaces(at["action"], action, lost)) {
    at = std::move(wanted);
  }
  return lost;
}

std::optional<Action> Output::methods(const Texts& named, bool others, Action action) {
  Texts allowed;
  for (const std::string_view each : proto::http::known_methods()) {
    const bool is_named = std::find(named.begin(), named.end(), each) != named.end();
    if (is_named == others) allowed.emplace_back(each);
  }
  if (others) {
    for (const std::string& each : named) {
      if (std::find(allowed.begin(), allowed.end(), each) == allowed.end()) allowed.push_back(each);
    }
  }
  Json& at = http_["request_methods"];
  std::optional<Action> lost;
  if (!at.is_null() && action_of(at["action"]) == action) {
    // Both must allow a method.
    const auto before = at["allow"].get<Texts>();
    std::erase_if(allowed, [&](const std::string& each) {
      return std::find(before.begin(), before.end(), each) == before.end();
    });
  } else if (!at.is_null() && !replaces(at["action"], action, lost)) {
    return lost;
  }
  at = {{"allow", allowed}, {"action", to_string(action)}};
  return lost;
}

void Output::http_entry(std::string_view key, Json entry) {
  http_[std::string(key)].push_back(std::move(entry));
}

Json Output::finish() const {
  Json policy = Json::object();
  for (const std::string& name : network_order_) policy["networks"][name] = networks_.at(name);
  for (const auto& [name, windows] : times_) policy["times"][name] = windows;
  for (const AccessOut& entry : access_) policy["access"].push_back(to_json(entry));
  policy["rules"] = Json::array();
  for (const RuleOut& rule : rules_) policy["rules"].push_back(to_json(rule));
  policy["default"] = "allow";
  if (!timeouts_.empty()) policy["inspection"]["timeouts"] = timeouts_;
  for (const std::string_view key : kHttpOrder) {
    const auto at = http_.find(std::string(key));
    if (at != http_.end()) policy["http"][std::string(key)] = *at;
  }
  if (!dns_.empty()) policy["dns"] = dns_;
  if (!signatures_.empty()) policy["signatures"] = signatures_;
  return policy;
}

}  // namespace chatgate::policy::import
