#include "control/reload.h"

#include <algorithm>
#include <filesystem>

#include "control/last_good.h"
#include "telemetry/eve.h"

namespace chatgate::control {
namespace {

// How long workers may take to go round with a snapshot that was published.
constexpr std::chrono::milliseconds kTakenWithin{1000};

ReloadOutcome refused(const std::string& file, std::string message, std::string remedy) {
  ReloadOutcome outcome;
  outcome.file = file;
  outcome.diagnostics.error({file, 0, 0}, std::move(message), std::move(remedy));
  return outcome;
}

std::string first_error(const Diagnostics& findings) {
  const auto& all = findings.all();
  const auto at = std::find_if(all.begin(), all.end(), [](const Diagnostic& each) {
    return each.severity == Severity::error;
  });
  return at == all.end() ? std::string() : at->to_string();
}

}  // namespace

PolicyControl::PolicyControl(Gateway& gateway, catalog::ApplicationRegistry& registry,
                             CounterView& counters, LoadRequest source, LoadFunction load,
                             std::string host, AuditFunction audit, ClockFunction clock)
    : gateway_(gateway),
      registry_(registry),
      counters_(counters),
      source_(std::move(source)),
      load_(std::move(load)),
      host_(std::move(host)),
      audit_(std::move(audit)),
      clock_(std::move(clock)),
      loaded_at_(clock_()) {
  if (source_.policy_text) {
    const auto running = gateway_.snapshot();
    accepted_.push_back({running->generation, running->sha256, *source_.policy_text, loaded_at_});
  }
}

ReloadOutcome PolicyControl::reload(const Caller& caller, OnAlarm on_alarm) {
  return put_in_force(request(policy_file(), gateway_.snapshot()->generation + 1), "policy loaded",
                      caller, on_alarm);
}

explain::SelfTest PolicyControl::test_start(const Caller& caller) {
  const auto running = gateway_.snapshot();
  last_self_test_ = test(*running);
  if (!last_self_test_->passed()) audit_failed_test(caller, running->sha256, *last_self_test_);
  return *last_self_test_;
}

ReloadOutcome PolicyControl::roll_back(std::uint32_t generation, const Caller& caller) {
  const auto running = accepted_.rbegin();
  auto wanted = running;
  if (generation != 0) {
    wanted = std::find_if(accepted_.rbegin(), accepted_.rend(),
                          [&](const Accepted& each) { return each.generation == generation; });
  } else if (wanted != accepted_.rend()) {
    ++wanted;
  }
  if (wanted == accepted_.rend()) {
    return refused(policy_file(), "there is no such policy to go back to",
                   "\"show policy\" lists those that are kept");
  }
  LoadRequest request = this->request(policy_file(), gateway_.snapshot()->generation + 1);
  request.policy_text = wanted->text;
  return put_in_force(std::move(request), "policy rolled back", caller, OnAlarm::take_back);
}

ReloadOutcome PolicyControl::put_in_force(LoadRequest request, std::string_view what,
                                          const Caller& caller, OnAlarm on_alarm) {
  const auto before = gateway_.snapshot();
  const std::uint32_t running = before->generation;
  // Numbers given to the words of a policy that is refused are not kept.
  catalog::ApplicationRegistry registry = registry_;
  request.running_lists = before->lists;
  LoadResult loaded = load_(request, registry);

  ReloadOutcome outcome;
  outcome.file = policy_file();
  outcome.sha256 = loaded.sha256;
  outcome.rule_count = loaded.rule_count;
  outcome.rules_refused = loaded.rules_refused;
  outcome.signature_count = loaded.signature_count;
  outcome.signatures_refused = loaded.signatures_refused;
  outcome.generation = running;
  outcome.accepted = loaded.snapshot != nullptr && !loaded.diagnostics.has_errors();
  if (outcome.accepted) {
    // All that takes memory comes before the policy is in force, or after everything fits it.
    auto back = std::make_shared<engine::Snapshot>(*before);
    back->generation = loaded.snapshot->generation + 1;
    back->same_rules = 0;
    accepted_.push_back(
        {loaded.snapshot->generation, outcome.sha256, std::move(loaded.text), clock_()});
    try {
      publish(loaded.snapshot, false);
    } catch (const std::exception&) {
      accepted_.pop_back();
      throw;
    }
    registry_ = std::move(registry);  // workers have used the numbers, even if it is taken back
    outcome.self_test = test(*loaded.snapshot);
    outcome.forced = !outcome.self_test->passed() && on_alarm == OnAlarm::keep;
    if (!outcome.self_test->passed() && !outcome.forced) {
      accepted_.pop_back();
      take_back(back, caller, outcome);
    }
    last_self_test_ = outcome.self_test;
  }
  if (outcome.accepted) {
    outcome.generation = loaded.snapshot->generation;
    if (accepted_.size() > kKept) accepted_.pop_front();
    stale_lists_ = std::move(loaded.stale_lists);
    if (!keep_on_disk(source_.state_folder, accepted_.back().text)) {
      outcome.diagnostics.warning({source_.state_folder, 0, 0}, "cannot keep the policy here",
                                  "a start with a bad policy would use an older one");
    }
    Json told = {{"policy", policy_file()},
                 {"sha256", outcome.sha256},
                 {"generation", outcome.generation},
                 {"rules", outcome.rule_count},
                 {"signatures", outcome.signature_count},
                 {"mode", to_string(loaded.snapshot->mode())},
                 {"self_test", to_json(*outcome.self_test)}};
    if (outcome.forced) told["forced"] = true;
    audit(what, caller, std::move(told));
    outcome.snapshot = loaded.snapshot;
    for (const auto& [name, why] : stale_lists_) {
      audit_list({name, false, false, why, nullptr}, caller);
    }
  } else if (!outcome.self_test) {
    audit("policy refused", caller,
          {{"policy", policy_file()},
           {"sha256", outcome.sha256},
           {"generation", running},
           {"errors", to_json(loaded.diagnostics, Severity::error)}});
  }
  outcome.diagnostics.append(std::move(loaded.diagnostics));
  return outcome;
}

explain::SelfTest PolicyControl::test(const engine::Snapshot& meant) {
  explain::SelfTestOptions options;
  // None of those that run: the snapshot has room for one more.
  options.worker = WorkerId(static_cast<WorkerId::rep>(counters_.workers()));
  options.time = clock_();
  try {
    return explain::self_test(meant, gateway_.taken(kTakenWithin), options);
  } catch (const std::exception&) {  // no memory for it: nobody knows whether it holds
    explain::SelfTest failed;
    failed.failed = 1;
    return failed;
  }
}

// The snapshot before is put into force again, under a generation of its own.
void PolicyControl::take_back(const std::shared_ptr<const engine::Snapshot>& back,
                              const Caller& caller, ReloadOutcome& outcome) {
  outcome.generation = back->generation;
  outcome.accepted = false;
  publish(back, false);
  audit_failed_test(caller, outcome.sha256, *outcome.self_test);
  if (outcome.self_test->failures.empty()) {
    outcome.diagnostics.error({policy_file(), 0, 0},
                              "there is no memory to test whether the policy is enforced",
                              "the policy before is in force again; reload when there is memory");
  }
  for (const explain::ProbeFailure& failure : outcome.self_test->failures) {
    outcome.diagnostics.error({policy_file(), 0, 0},
                              "not enforced: " + failure.probe + ": " + failure.why,
                              "the policy before is in force again; this is the gateway's fault");
  }
}

// `sha256` is that of the policy that was tested; what is in force now may be another.
void PolicyControl::audit_failed_test(const Caller& caller, const std::string& sha256,
                                      const explain::SelfTest& test) const {
  const auto running = gateway_.snapshot();
  audit("self-test failed", caller,
        {{"policy", policy_file()},
         {"sha256", sha256},
         {"self_test", to_json(test)},
         {"in_force", running->sha256},
         {"generation", running->generation}});
}

bool PolicyControl::keep_time(const Caller& caller) {
  const auto running = gateway_.snapshot();
  const policy::Times& times = running->policy->times();
  if (times.empty()) return false;
  const policy::TimeSet in_force = times.in_force(clock_());
  if (in_force == running->times) return false;
  auto next = std::make_shared<engine::Snapshot>(*running);
  // A new generation, so that flows already decided are judged anew.
  ++next->generation;
  ++next->same_rules;
  next->times = in_force;
  const std::uint32_t generation = next->generation;
  publish(std::move(next), true);
  Json words = Json::array();
  for (std::size_t i = 0; i < times.all().size(); ++i) {
    if ((in_force >> i & 1) != 0) words.push_back(times.all()[i].name);
  }
  audit("times changed", caller, {{"in_force", words}, {"generation", generation}});
  return true;
}

ReloadOutcome PolicyControl::check(const std::string& file) const {
  const std::string& path = file.empty() ? policy_file() : file;
  std::error_code unknown;
  const auto status = std::filesystem::status(path, unknown);
  if (!std::filesystem::exists(status)) {
    return refused(path, "there is no such file", "write the path of a policy");
  }
  if (!std::filesystem::is_regular_file(status)) {
    return refused(path, "this is not a file", "write the path of a policy");
  }
  catalog::ApplicationRegistry registry = registry_;
  const std::uint32_t running = gateway_.snapshot()->generation;
  LoadResult loaded = load_(request(path, running + 1), registry);
  ReloadOutcome outcome;
  outcome.accepted = loaded.snapshot != nullptr && !loaded.diagnostics.has_errors();
  outcome.file = path;
  outcome.sha256 = std::move(loaded.sha256);
  outcome.rule_count = loaded.rule_count;
  outcome.rules_refused = loaded.rules_refused;
  outcome.signature_count = loaded.signature_count;
  outcome.signatures_refused = loaded.signatures_refused;
  outcome.generation = running;
  if (outcome.accepted) outcome.snapshot = loaded.snapshot;
  outcome.diagnostics = std::move(loaded.diagnostics);
  return outcome;
}

ListsOutcome PolicyControl::reload_lists(std::string_view name, const Caller& caller) {
  const auto running = gateway_.snapshot();
  ListsOutcome outcome;
  outcome.generation = running->generation;
  if (running->lists == nullptr) return outcome;
  lists::Lists next = *running->lists;
  StaleLists stale = stale_lists_;
  for (std::size_t i = 0; i < running->lists->all().size(); ++i) {
    const lists::Lists::Entry& entry = running->lists->all()[i];
    if (!name.empty() && entry.word != name) continue;
    Diagnostics findings;
    ReloadedList read = reload_list(entry.list, next.key(), findings);
    ListOutcome list{entry.word, read.list != nullptr, read.changed, {}, read.list};
    if (list.accepted) {
      stale.erase(entry.word);
      if (list.changed) next = next.with(ListId(static_cast<ListId::rep>(i)), read.list);
    } else {
      list.changed = false;
      list.list = entry.list;
      list.failure = first_error(findings);
      stale[entry.word] = list.failure;
    }
    outcome.diagnostics.append(std::move(findings));
    outcome.lists.push_back(std::move(list));
  }
  if (std::any_of(outcome.lists.begin(), outcome.lists.end(),
                  [](const ListOutcome& list) { return list.changed; })) {
    auto snapshot = std::make_shared<engine::Snapshot>(*running);
    // A new generation, so that flows already decided are judged anew.
    outcome.generation = ++snapshot->generation;
    ++snapshot->same_rules;
    snapshot->lists = std::make_shared<const lists::Lists>(std::move(next));
    publish(snapshot, true);
    outcome.self_test = last_self_test_ = test(*snapshot);
    if (!outcome.self_test->passed()) {
      take_lists_back(*running, caller, outcome);
      return outcome;
    }
  }
  stale_lists_ = std::move(stale);
  for (const ListOutcome& list : outcome.lists) audit_list(list, caller);
  return outcome;
}

void PolicyControl::take_lists_back(const engine::Snapshot& running, const Caller& caller,
                                    ListsOutcome& outcome) {
  auto back = std::make_shared<engine::Snapshot>(running);
  outcome.generation = back->generation = outcome.generation + 1;
  back->same_rules += 2;  // those before, and the one that is taken back
  publish(back, true);
  audit_failed_test(caller, running.sha256, *outcome.self_test);
  for (ListOutcome& list : outcome.lists) {
    if (!list.changed) continue;
    list.accepted = list.changed = false;
    list.failure = "the workers did not enforce it; this is the gateway's fault";
    for (const lists::Lists::Entry& entry : running.lists->all()) {
      if (entry.word == list.name) list.list = entry.list;
    }
    audit_list(list, caller);
  }
}

void PolicyControl::audit_list(const ListOutcome& list, const Caller& caller) const {
  Json more = {{"list", list.name}, {"generation", gateway_.snapshot()->generation}};
  if (!list.accepted) {
    more["error"] = list.failure;
    audit("list refused", caller, std::move(more));
    return;
  }
  more["changed"] = list.changed;
  more["entries"] = list.list->entries();
  for (const lists::ListFile& file : list.list->files) {
    more["files"].push_back({{"file", file.path}, {"sha256", file.sha256}});
  }
  audit("list loaded", caller, std::move(more));
}

LoadRequest PolicyControl::request(const std::string& file, std::uint32_t generation) const {
  LoadRequest request = source_;
  request.policy_file = file;
  request.policy_text.reset();
  request.generation = generation;
  request.now = clock_();
  return request;
}

bool PolicyControl::set_mode(policy::Mode mode, const Caller& caller) {
  const auto running = gateway_.snapshot();
  if (running->mode() == mode) return false;
  auto next = std::make_shared<engine::Snapshot>(*running);
  // A new generation, so that flows already decided are judged anew under the mode.
  ++next->generation;
  ++next->same_rules;
  next->mode_override.reset();
  if (next->policy->mode() != mode) next->mode_override = mode;
  const std::uint32_t generation = next->generation;
  publish(std::move(next), true);
  audit("mode changed", caller,
        {{"mode", to_string(mode)},
         {"policy", running->policy_file},
         {"sha256", running->sha256},
         {"generation", generation}});
  return true;
}

void PolicyControl::audit(std::string_view what, const Caller& caller, Json more) const {
  if (!audit_) return;
  std::string timestamp;
  telemetry::append_timestamp(timestamp, clock_());
  Json event = {{"timestamp", timestamp}, {"event_type", "audit"}};
  if (!host_.empty()) event["host"] = host_;
  Json& audit = event["audit"];
  audit = {{"what", what}, {"uid", caller.uid}, {"pid", caller.pid}};
  audit.update(more);
  audit_(event.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void PolicyControl::publish(std::shared_ptr<const engine::Snapshot> next, bool same_rules) {
  const std::uint32_t generation = next->generation;
  counters_.before_publish(generation);
  gateway_.publish(std::move(next));
  counters_.after_publish(generation, same_rules);
  if (!same_rules) loaded_at_ = clock_();
}

Json to_json(const explain::SelfTest& test) {
  Json result = {
      {"probes", test.probes}, {"failed", test.failed}, {"milliseconds", test.milliseconds}};
  for (const explain::ProbeFailure& failure : test.failures) {
    result["failures"].push_back({{"probe", failure.probe}, {"why", failure.why}});
  }
  return result;
}

Json to_json(const Diagnostics& diagnostics, Severity severity) {
  Json list = Json::array();
  for (const Diagnostic& finding : diagnostics.all()) {
    if (finding.severity != severity) continue;
    list.push_back({{"file", finding.place.file},
                    {"line", finding.place.line},
                    {"column", finding.place.column},
                    {"message", finding.message},
                    {"remedy", finding.remedy}});
  }
  return list;
}

std::string to_text(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& finding : diagnostics.all()) text += finding.to_string() + "\n";
  return text;
}

}  // namespace chatgate::control
