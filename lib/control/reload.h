// How the running policy changes: reload, mode, and a look at a file without using it.
//
// Every change builds a new snapshot, publishes it to all workers at once and is reported as an
// audit event; a policy with any error changes nothing. Control thread only; a reload takes as long
// as reading the files, while packets go on.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/time.h"
#include "catalog/registry.h"
#include "control/counter_view.h"
#include "control/gateway.h"
#include "control/loader.h"
#include "control/reply.h"

#include "explain/self_test.h"

namespace chatgate::control {

// control::load, or a test's own.
using LoadFunction = std::function<LoadResult(const LoadRequest&, catalog::ApplicationRegistry&)>;
// Takes one line of JSON, an EVE event of type `audit`, without a newline. Must not block.
using AuditFunction = std::function<void(std::string line)>;
using ClockFunction = std::function<Time()>;

struct ReloadOutcome {
  bool accepted = false;
  Diagnostics diagnostics;  // warnings too
  std::string file;
  std::string sha256;  // where the file could be read
  std::size_t rule_count = 0;
  std::size_t rules_refused = 0;
  std::size_t signature_count = 0;  // Snort rules
  std::size_t signatures_refused = 0;
  std::uint32_t generation = 0;  // the running one after this
  // Of the policy that came into force, or did not because of it.
  std::optional<explain::SelfTest> self_test{};
  bool forced = false;  // it is in force although its self-test failed
  // What was looked at, where it is valid.
  std::shared_ptr<const engine::Snapshot> snapshot{};
};

// What became of one list.
struct ListOutcome {
  std::string name;
  bool accepted = false;  // otherwise what it held before stands
  bool changed = false;   // its files are not as they were
  std::string failure;
  std::shared_ptr<const lists::List> list;  // in force now
};

struct ListsOutcome {
  std::vector<ListOutcome> lists;
  Diagnostics diagnostics;
  std::uint32_t generation = 0;  // the running one after this
  // Where something has changed; where it failed, nothing has.
  std::optional<explain::SelfTest> self_test{};
};

// What a self-test that fails is to change.
enum class OnAlarm : std::uint8_t { take_back, keep };

class PolicyControl {
 public:
  // All referred to must outlive it. `source` is what every load reads; its `policy_text` is that
  // of the running policy, where known, and not of later ones. `host` is EVE's, empty where it is
  // left out.
  PolicyControl(Gateway& gateway, catalog::ApplicationRegistry& registry, CounterView& counters,
                LoadRequest source, LoadFunction load, std::string host, AuditFunction audit,
                ClockFunction clock);

  // Loads the policy's file again and publishes it if it has no error. Then it is tested whether
  // the workers enforce it (explain/self_test.h); where they do not, the snapshot before is
  // published again and the reload was not accepted, unless the caller has it kept. Where memory
  // runs out (std::bad_alloc) before the policy is in force, nothing has changed; afterwards only
  // what is told of it is missing.
  ReloadOutcome reload(const Caller& caller, OnAlarm on_alarm = OnAlarm::take_back);
  // Tests what is in force since the start. A failure is told by an audit event and changes
  // nothing, for there is nothing to go back to.
  explain::SelfTest test_start(const Caller& caller);
  // Loads `file`, the running policy's where it is empty, and publishes nothing.
  ReloadOutcome check(const std::string& file) const;
  // Reads one list's files again, or those of all lists where `name` is empty, and publishes what
  // has changed with the rest of the running snapshot. A list that fails keeps what it held.
  // What has changed is tested as after a reload, and taken back where workers do not enforce it.
  ListsOutcome reload_lists(std::string_view name, const Caller& caller);
  // Lists that keep what they held, and why.
  const StaleLists& stale_lists() const { return stale_lists_; }
  // Puts into force the policy that generation brought, of the last kKept that were accepted since
  // the start; 0: the one before the running one.
  ReloadOutcome roll_back(std::uint32_t generation, const Caller& caller);
  // Makes the policy's times those of the clock. False where nothing had to change; to be called
  // about once a second.
  bool keep_time(const Caller& caller);
  // False where the mode was that already, and nothing was done.
  bool set_mode(policy::Mode mode, const Caller& caller);

  // An audit event about something else, such as "counters cleared".
  void audit(std::string_view what, const Caller& caller, Json more = Json::object()) const;

  static constexpr std::size_t kKept = 16;
  struct Accepted {
    std::uint32_t generation = 0;
    std::string sha256, text;
    Time loaded;
  };
  // Oldest first; the last is in force.
  const std::deque<Accepted>& accepted() const { return accepted_; }

  // Of the last reload or roll-back; nothing before the first.
  const std::optional<explain::SelfTest>& last_self_test() const { return last_self_test_; }

  const std::string& policy_file() const { return source_.policy_file; }
  const std::string& catalogue_folder() const { return source_.catalogue_folder; }
  // When the running snapshot was published; that of the start counts from construction.
  Time loaded_at() const { return loaded_at_; }

 private:
  ReloadOutcome put_in_force(LoadRequest request, std::string_view what, const Caller& caller,
                             OnAlarm on_alarm);
  LoadRequest request(const std::string& file, std::uint32_t generation) const;
  void audit_list(const ListOutcome& list, const Caller& caller) const;
  void publish(std::shared_ptr<const engine::Snapshot> next, bool same_rules);
  explain::SelfTest test(const engine::Snapshot& meant);
  void audit_failed_test(const Caller& caller, const std::string& sha256,
                         const explain::SelfTest& test) const;
  // Puts `running` back in the place of what is in force, and its lists into the outcome.
  void take_lists_back(const engine::Snapshot& running, const Caller& caller,
                       ListsOutcome& outcome);
  // `back` is the snapshot before, under a generation of its own.
  void take_back(const std::shared_ptr<const engine::Snapshot>& back, const Caller& caller,
                 ReloadOutcome& outcome);

  Gateway& gateway_;
  catalog::ApplicationRegistry& registry_;
  CounterView& counters_;
  const LoadRequest source_;
  const LoadFunction load_;
  const std::string host_;
  const AuditFunction audit_;
  const ClockFunction clock_;
  Time loaded_at_;
  StaleLists stale_lists_;
  std::deque<Accepted> accepted_;
  std::optional<explain::SelfTest> last_self_test_;
};

// {"probes","failed","milliseconds"}, and "failures" where there are any.
Json to_json(const explain::SelfTest& test);
// What is in each list, as `chatgate check --json` and replies print it.
Json lists_json(const lists::Lists& lists);
// Findings as `chatgate check --json` and replies print them.
Json to_json(const Diagnostics& diagnostics, Severity severity);
// One line each, as on standard error.
std::string to_text(const Diagnostics& diagnostics);

}  // namespace chatgate::control
