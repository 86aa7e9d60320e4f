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
#include "policy/controls.h"
#include "policy/pattern.h"
#include "policy/verdict.h"
#include "proto/messenger.h"

namespace chatgate::policy {

// A set of addresses: named networks and literal prefixes, merged into sorted ranges.
class AddressSet {
 public:
  struct Range {
    IpAddress first, last;
  };

  AddressSet() = default;  // matches every address
  explicit AddressSet(std::vector<Prefix> prefixes);

  bool any() const { return any_; }
  bool contains(const IpAddress& address) const;
  // Sorted, none touching another; empty where any() is true.
  std::span<const Range> ranges() const { return ranges_; }

 private:
  bool any_ = true;
  std::vector<Range> ranges_;
};

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
  Action action = Action::allow;
  bool log = false;

  // Whether it matches whatever a connection between other ends, or its messages, would say.
  bool unconditional() const { return from.any() && to.any() && services.empty() && texts.empty(); }
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
};

class Policy {
 public:
  struct Content {
    Mode mode = Mode::enforce;
    std::vector<Rule> rules;          // in order; ids are positions
    Action fallback = Action::allow;  // the key "default"
    std::vector<Prefix> inside;       // networks.inside; empty where not given
    Controls controls;
  };

  // Compiles, for every application of the catalogue, the list of rules that may match it.
  Policy(Content content, const catalog::Catalogue& catalogue);
  ~Policy();
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  // The first matching rule's verdict, or the default's; for encrypted DNS `evasion` comes before
  // the default, and for what is disguised `http.port_misuse`.
  //
  // A rule for some services matches those. One that allows them also lets pass what leads to them,
  // log-in and signalling (services any, login, presence), so that the first message of another
  // service is what meets another rule. Likewise a rule that allows by a text lets signalling pass
  // as long as the text has not been said; any other rule does not match a text that was not said.
  Verdict decide(const Connection& connection) const;

  // Whether a rule about the application asks what is done or said in it, so that its messages have
  // to be read for as long as the connection lasts.
  bool looks_into(ApplicationId application) const;

  // The same content under another mode, for `mode enforce|monitor`.
  Mode mode() const { return content_.mode; }
  std::span<const Rule> rules() const { return content_.rules; }
  Action fallback() const { return content_.fallback; }
  std::span<const Prefix> inside() const { return content_.inside; }
  // The catalogue's application for encrypted DNS; none where it has none.
  ApplicationId encrypted_dns() const { return encrypted_dns_; }
  const Controls& controls() const { return content_.controls; }
  // What `http.uri` says of a request's target, decoded; null where no pattern matches.
  const HttpControls::UriPattern* match_uri(std::string_view target, WorkerId worker) const;
  const HttpControls::UriPattern* match_arguments(std::string_view text, WorkerId worker) const;
  const HttpControls::HeaderPattern* match_header(std::string_view name, std::string_view value,
                                                  WorkerId worker) const;
  // "default" for none.
  std::string_view rule_name(RuleId rule) const;

 private:
  struct Index;
  Action without_rule(const Connection& connection) const;
  bool matches(const Rule& rule, const Connection& connection) const;
  bool says(const Rule& rule, const TextCondition& condition, const Connection& connection) const;

  Content content_;
  ApplicationId encrypted_dns_;  // the catalogue's
  PatternScratch scratch_;
  std::unique_ptr<Index> index_;
};

}  // namespace chatgate::policy
