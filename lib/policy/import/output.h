// The policy that an import comes to, put together piece by piece.
//
// Importers add access entries, rules, servers and checks; `finish` gives the policy's JSON with
// its keys in the guide's order and the same bytes for the same configuration. Where a policy has
// room for one value and the configuration has several, the stricter one is kept, and the caller is
// told. Import only; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/verdict.h"

namespace chatgate::policy::import {

using Json = nlohmann::ordered_json;
using Texts = std::vector<std::string>;

// Empty lists are left out of the policy.
struct RuleOut {
  std::string name;
  Texts application, service, server, from, to;
  Texts login, peer_login, filename, version;
  std::string when;
  Action action = Action::reset;
  bool log = false;
};

// Which side opens the connection.
enum class Opener { either, inside, outside };

struct AccessOut {
  std::string name;
  bool permit = false;
  Opener opener = Opener::either;
  Texts from, to;        // empty: any
  std::string protocol;  // empty: all
  Texts port;            // empty: any
  std::string when;
  bool log = false;
};

// How strict an action is: reset, drop, alert, allow.
int strictness(Action action);

class Output {
 public:
  // A network's name that is free, or stands for the same addresses already.
  std::string network(const std::string& wanted, const Texts& prefixes);
  void time(const std::string& name, Json windows) { times_[name] = std::move(windows); }
  void access(AccessOut entry);
  void rule(RuleOut rule);

  // ---- Checks of HTTP and DNS. The optional action: what was given up for, or kept from, the new
  // one; nothing where both have room.
  std::optional<Action> check(std::string_view key, Action action);
  std::optional<Action> misuse(std::string_view kind, Action action);
  std::optional<Action> limit(std::string_view key, std::uint32_t bytes, Action action,
                              std::string_view unit = "bytes");
  std::optional<Action> content_length(std::optional<std::uint32_t> min,
                                       std::optional<std::uint32_t> max, Action action);
  // The methods that meet the action, or with `others`, all but those.
  std::optional<Action> methods(const Texts& named, bool others, Action action);
  // An entry of one of the lists (`uri`, `headers`, …); the first that matches counts.
  void http_entry(std::string_view key, Json entry);
  // Takes a transfer coding out of those that are allowed, which at first are all that are named.
  std::optional<Action> refuse_coding(std::string_view coding, Action action);
  void timeout(std::string_view key, std::uint32_t seconds) {
    timeouts_[std::string(key)] = seconds;
  }
  void dns(std::string_view key, Json value) { dns_[std::string(key)] = std::move(value); }
  void signatures(const Texts& files) { signatures_ = files; }

  bool asks_for_signatures() const { return http_.contains("port_misuse"); }

  Json finish() const;

 private:
  std::string unique(const std::string& name);

  std::map<std::string, Texts> networks_;
  std::vector<std::string> network_order_;
  std::map<std::string, Json> times_;
  std::vector<AccessOut> access_;
  std::vector<RuleOut> rules_;
  std::set<std::string> names_;
  Json http_ = Json::object();
  Json dns_ = Json::object();
  Json timeouts_ = Json::object();
  Texts signatures_;
};

}  // namespace chatgate::policy::import
