// Events as text: one JSON object a line, in Suricata's EVE names.
//
// Called by the event thread (telemetry/event_writer.h), or by replay on its only thread; never by
// a worker. What each key means is in docs/guide/events.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "telemetry/event.h"

namespace chatgate::telemetry {

// What an alert says of the Snort rule that gave it.
struct SignatureText {
  std::uint32_t gid = 1, sid = 0, rev = 1, priority = 3;
  std::string_view message, classtype;
};

// What the numbers in an event are called under one generation of the configuration. Immutable;
// answers stay valid as long as the object.
class EventNames {
 public:
  virtual ~EventNames() = default;

  // The identifier, such as "whatsapp"; empty where the catalogue has no such application.
  virtual std::string_view application(ApplicationId application) const = 0;
  // The word of its category, such as "mobile-messenger"; empty where unknown.
  virtual std::string_view category(ApplicationId application) const = 0;
  // The rule's name, "default" for none.
  virtual std::string_view rule(RuleId rule) const = 0;
  // The name of a list; empty for none.
  virtual std::string_view list(ListId list) const = 0;
  // The name of a line of the access list; empty where there is no such line.
  virtual std::string_view access(RuleId) const { return {}; }
  // Nothing where there is no such rule.
  virtual std::optional<SignatureText> signature(SignatureId signature) const = 0;
};

// What two generations agree on: used where an event outlived the names it was written under.
// `names` may be null.
struct NamesInUse {
  const EventNames* names = nullptr;
  bool rules_known = true;  // false: `names` is of another generation, rule numbers mean nothing
};

struct EveOptions {
  std::string host;  // EVE's `host`; empty: left out
  // EVE's `in_iface` of each pair in its order; empty: left out.
  struct PairInterfaces {
    std::string inside, outside;
  };
  std::vector<PairInterfaces> interfaces;
  // Leaves out who talks to whom, and what files are called. Only alerts have them at all.
  bool redact_people = false;
};

// The values that Suricata has for a rule's group and that stand here for "the policy".
constexpr std::uint64_t kPolicyGid = 1000;

class EveFormatter {
 public:
  explicit EveFormatter(EveOptions options);
  ~EveFormatter();
  EveFormatter(const EveFormatter&) = delete;
  EveFormatter& operator=(const EveFormatter&) = delete;

  // Appends the event as one line with its line feed.
  void append(std::string& out, const Event& event, NamesInUse names);

  const EveOptions& options() const { return options_; }

 private:
  struct Digest;
  class Line;

  EveOptions options_;
  std::unique_ptr<Digest> digest_;
};

// Of an alert: whether what it tells of was kept from passing ("blocked" in its `action`).
bool is_blocked(const Event& event);

// "2026-11-23T20:00:00.123456+0000", always in UTC, cut to microseconds.
void append_timestamp(std::string& out, Time time);

// Community ID v1 with seed 0 of a TCP or UDP flow, such as "1:LQU9qZlK+B5F3KDmev6m5PMibrg=": equal
// for both directions (github.com/corelight/community-id-spec).
std::string community_id(const IpAddress& source, std::uint16_t source_port,
                         const IpAddress& destination, std::uint16_t destination_port,
                         std::uint8_t protocol);

}  // namespace chatgate::telemetry
