// What to do about it: the compiled policy.
//
// Built by policy/loader.h from JSON, immutable afterwards and part of a Snapshot. `decide` is for
// workers: no lock, no allocation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/strong_id.h"
#include "catalog/catalogue.h"
#include "catalog/ids.h"
#include "policy/access.h"
#include "policy/address_set.h"
#include "policy/circumstances.h"
#include "policy/controls.h"
#include "policy/pattern.h"
#include "policy/server_set.h"
#include "policy/times.h"
#include "policy/verdict.h"
#include "proto/messenger.h"

#include "lists/mask.h"

namespace chatgate::policy {

// What a rule may ask of a message's texts (proto/messenger.h).
enum class TextField : std::uint8_t { login, peer_login, filename, version };

// The policy's key for it.
std::string_view to_string(TextField field);

struct TextCondition {
  TextField field = TextField::login;
  std::vector<Pattern> any_of;
};

struct Rule {
  RuleId id;
  std::string name;  // as written, or "rule N" counted from 1
  // Empty lists match everything; applications and categories together are "any of".
  std::vector<ApplicationId> applications;
  std::vector<catalog::Category> categories;
  AddressSet from, to;
  std::vector<catalog::Service> services;  // any of; empty: whatever is done
  std::vector<TextCondition> texts;        // all of
  lists::Mask lists = 0;                   // any of; none: whether it is in a list or not
  ServerSet server;
  TimeSet when = 0;  // one of these is in force; 0: always
  PathCondition path;
  Action action = Action::allow;
  bool log = false;
  bool monitor = false;  // decides and logs; what would be blocked is forwarded
  std::optional<catalog::Confidence>
      confidence;  // the least that may block, where not the policy's

  // Whether it matches whatever a connection between other ends, or its messages, would say.
  bool unconditional() const {
    return from.any() && to.any() && services.empty() && texts.empty() && lists == 0 &&
           server.any() && when == 0 && path.any();
  }
};

// The first of a rule's conditions that does not hold.
enum class Mismatch : std::uint8_t {
  none,
  application,
  from,
  to,
  time,
  circumstances,
  server,
  list,
  service,
  text
};

struct NamedNetwork {
  std::string name;
  std::vector<Prefix> prefixes;
};

// What is asked of the policy.
struct Connection {
  catalog::Classification im;
  IpAddress client;
  IpAddress server;
  std::uint16_t server_port = 0;
  // What the message in hand says, with what earlier ones said of the log-in; null: nothing known.
  const proto::Messenger* said = nullptr;
  WorkerId worker{0};
  // Recognised within HTTP, or by its own protocol on a port of the web.
  bool disguised = false;
  // That the name in hand or the server's address is in.
  lists::Mask lists = 0;
  // Not recognised, and its payload is encrypted without a name or nobody's, on no known port.
  bool unclassified = false;
  // What the connection says of its server, and the name that a DNS answer gave the server's
  // address for its own; empty where not known.
  std::string_view name = {}, learned_name = {};
  // Whether the server is whom the client talks to, and not just a resolver that is asked.
  bool by_address = true;
  Circumstances circumstances = {};
  TimeSet times = 0;  // in force
};

class Policy {
 public:
  struct Content {
    Mode mode = Mode::enforce;
    std::vector<Rule> rules;             // in order; ids are positions
    Action fallback = Action::allow;     // the key "default"
    std::optional<Action> unclassified;  // where not given, as `fallback`
    std::vector<AccessEntry> access;
    Times times;
    std::vector<Prefix> inside;          // networks.inside; empty where not given
    std::vector<NamedNetwork> networks;  // for people: rules hold their addresses
    Controls controls;
    std::vector<std::string> lists;  // their names; ListIds are positions
    // An application that was recognised with less is not blocked, but told of.
    catalog::Confidence confidence = catalog::Confidence::low;
  };

  // Compiles, for every application of the catalogue, the rules that may match it, each list by
  // addresses: policy/candidates.h.
  Policy(Content content, const catalog::Catalogue& catalogue);
  ~Policy();
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  // The first matching rule's verdict, or the default's; for encrypted DNS `evasion` comes before
  // the default, for what is disguised `http.port_misuse`, and `unclassified` for what is that.
  //
  // A rule for some services matches those. One that allows them also lets pass what leads to them,
  // log-in and signalling (services any, login, presence), so that the first message of another
  // service is what meets another rule. Likewise a rule that allows by a text lets signalling pass
  // as long as the text has not been said; any other rule does not match a text that was not said.
  Verdict decide(const Connection& connection) const;

  // The verdict of the rule that refuses a connection whatever it will turn out to be, because it
  // names the server (by address, learned name or list) and nothing of the payload. Nothing where
  // an earlier rule that forwards could still match, or where no such rule matches.
  std::optional<Verdict> refuses_surely(const Connection& connection) const;

  // Why a rule does not match the connection, whose application is given; null: not recognised.
  // `decide` asks the same, of the rules that concern the application.
  Mismatch mismatch(const Rule& rule, const Connection& connection,
                    const catalog::Application* application) const;
  // What a rule that matches says of the connection.
  Verdict by_rule(const Rule& rule, const Connection& connection) const;
  // What decides where no rule does: the default, `evasion`, `http.port_misuse` or `unclassified`.
  Verdict without_rule(const Connection& connection) const;

  // Whether a rule about the application asks what is done or said in it, so that its messages have
  // to be read for as long as the connection lasts.
  bool looks_into(ApplicationId application) const;

  // Whether a rule asks for the server, so that names that mean no application matter too.
  bool asks_for_server() const { return asks_for_server_; }

  const AccessList& access() const { return access_; }
  const Times& times() const { return content_.times; }
  const MacClasses& macs() const { return macs_; }

  Mode mode() const { return content_.mode; }
  std::span<const Rule> rules() const { return content_.rules; }
  Action fallback() const { return content_.fallback; }
  std::optional<Action> unclassified() const { return content_.unclassified; }
  catalog::Confidence confidence() const { return content_.confidence; }
  std::span<const Prefix> inside() const { return content_.inside; }
  std::span<const NamedNetwork> networks() const { return content_.networks; }
  // The catalogue's application for encrypted DNS; none where it has none.
  ApplicationId encrypted_dns() const { return encrypted_dns_; }
  std::span<const std::string> lists() const { return content_.lists; }
  // Those that rules name.
  lists::Mask lists_in_rules() const { return lists_in_rules_; }
  // Empty for none.
  std::string_view list_name(ListId list) const;
  const Controls& controls() const { return content_.controls; }
  // What `http.uri` says of a request's target, decoded; null where no pattern matches.
  const HttpControls::UriPattern* match_uri(std::string_view target, WorkerId worker) const;
  const HttpControls::UriPattern* match_arguments(std::string_view text, WorkerId worker) const;
  const HttpControls::HeaderPattern* match_header(std::string_view name, std::string_view value,
                                                  WorkerId worker) const;
  // "default" for none.
  std::string_view rule_name(RuleId rule) const;
  // Empty where there is no such line.
  std::string_view access_name(AccessId line) const;
  // Bytes of the indexes.
  std::size_t memory() const;

 private:
  struct Index;
  bool names_server(const Rule& rule, const Connection& connection) const;
  // By what does not change while a connection lasts: its ends, its circumstances, the times.
  static Mismatch lasting_mismatch(const Rule& rule, const Connection& connection);
  Mismatch mismatch(const Rule& rule, const Connection& connection) const;
  bool says(const Rule& rule, const TextCondition& condition, const Connection& connection) const;

  Content content_;
  ApplicationId encrypted_dns_;  // the catalogue's
  lists::Mask lists_in_rules_ = 0;
  AccessList access_;
  MacClasses macs_;
  bool asks_for_server_ = false;
  PatternScratch scratch_;
  std::unique_ptr<Index> index_;
};

}  // namespace chatgate::policy
