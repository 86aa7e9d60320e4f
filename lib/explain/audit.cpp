#include "explain/audit.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "engine/judge.h"
#include "proto/dns_canary.h"

#include "explain/narrator.h"
#include "explain/signature_sessions.h"
#include "explain/trials.h"
#include "explain/words.h"

namespace chatgate::explain {
namespace {

using catalog::Category;
using engine::TraceEntry;
using engine::TraceStage;

constexpr std::size_t kExamples = 4;
constexpr std::size_t kFirstClientPort = 20000;

// What the intent says of an application; nothing where it says nothing.
std::optional<bool> intended_block(const Intent& intent, const catalog::Application& application) {
  const auto has = [&](const std::vector<ApplicationId>& ids) {
    return std::find(ids.begin(), ids.end(), application.id) != ids.end();
  };
  if (has(intent.allow)) return false;
  if (has(intent.block)) return true;
  // The deepest category that covers it: one that others of the lists cover too.
  std::optional<Category> deepest;
  std::optional<bool> block;
  const auto look = [&](const std::vector<Category>& categories, bool blocks) {
    for (const Category category : categories) {
      if (!catalog::covers(category, application.category)) continue;
      if (deepest && !catalog::covers(*deepest, category)) continue;
      deepest = category;
      block = blocks;
    }
  };
  look(intent.block_categories, true);
  look(intent.allow_categories, false);
  return block;
}

class Auditor {
 public:
  Auditor(const std::shared_ptr<const engine::Snapshot>& snapshot, const AuditOptions& options)
      : snapshot_(*snapshot),
        options_(options),
        stage_(snapshot, stage_options()),
        needs_(snapshot, WorkerId(0), StageOptions::kManyFlows) {}

  Audit run();

 private:
  static StageOptions stage_options() {
    StageOptions options;
    options.flows = StageOptions::kManyFlows;
    return options;
  }

  void play(const Trial& trial);
  bool expects_block(const Trial& trial) const;
  bool denied_by_access(const Trial& trial, const policy::Connection& asked) const;
  bool refuses_encrypted_dns() const;
  std::optional<bool> meant_by_control(const Trial& trial) const;
  void find_fault(const Trial& trial, const Played& played, bool expected_block);
  std::string leak_of(const Trial& trial, const TraceEntry* step) const;
  std::string overblock_of(const Trial& trial, const Played& played, const TraceEntry* step) const;
  std::string without_rule(const Trial& trial, const policy::Connection& asked) const;
  std::string by_allowing_rule(const Trial& trial, const TraceEntry& step) const;
  std::string why_recognised(const TraceEntry& step) const;
  policy::Connection asked_of(const Trial& trial) const;
  void play_signatures();
  void check_needs(const catalog::Application& application);
  void add_notes();

  const engine::Snapshot& snapshot_;
  const AuditOptions& options_;
  Stage stage_;
  NeedsJudge needs_;
  Audit audit_;
  std::map<std::pair<std::string, std::string>, std::size_t> cells_;  // to audit_.cells
  std::map<std::string, Finding> findings_;
};

Audit Auditor::run() {
  for (const catalog::Application& application : snapshot_.catalogue->applications()) {
    for (const Trial& trial : trials_of(application, *snapshot_.catalogue, options_)) play(trial);
    check_needs(application);
  }
  play_signatures();
  for (const std::string& name : snapshot_.policy->controls().tls.ech_public_names) {
    play(hidden_name_trial(name, options_));
  }
  for (const Trial& trial : benign_trials(*snapshot_.catalogue, options_)) play(trial);
  for (const Cell& cell : audit_.cells) {
    audit_.leaks += cell.leaks();
    audit_.overblocked += cell.overblocks();
  }
  for (auto& [text, finding] : findings_) audit_.findings.push_back(std::move(finding));
  std::stable_sort(audit_.findings.begin(), audit_.findings.end(),
                   [](const Finding& a, const Finding& b) {
                     return a.leaks + a.overblocked > b.leaks + b.overblocked;
                   });
  add_notes();
  return std::move(audit_);
}

// What rules recognise, and what of it no session could be made for.
void Auditor::play_signatures() {
  const SignatureSessions made = signature_sessions(snapshot_);
  for (const SignatureSession& session : made.sessions) {
    play(signature_trial(session, *snapshot_.catalogue, options_));
  }
  for (const UncoveredRule& rule : made.uncovered) {
    audit_.uncovered.push_back({snapshot_.catalogue->find(rule.application)->word, "signature",
                                "rule " + std::to_string(rule.sid) + ": " + rule.why});
  }
  std::set<std::uint32_t> loaded;
  if (snapshot_.signatures != nullptr) {
    for (const detect::Rule& rule : snapshot_.signatures->rules()) loaded.insert(rule.sid);
  }
  for (const catalog::Application& application : snapshot_.catalogue->applications()) {
    const auto& sids = application.description.signatures;
    const auto absent = static_cast<std::size_t>(std::count_if(
        sids.begin(), sids.end(), [&](std::uint32_t sid) { return loaded.count(sid) == 0; }));
    if (absent == 0) continue;
    audit_.uncovered.push_back({application.word, "signature",
                                "the policy does not load " + std::to_string(absent) + " of its " +
                                    std::to_string(sids.size()) + " rules"});
  }
}

// An application that passes, and cannot work, is over-blocked.
void Auditor::check_needs(const catalog::Application& application) {
  const Client client{options_.client, options_.client_v6};
  const policy::Verdict verdict = needs_.verdict_of(application, client);
  const auto intended = intended_block(options_.intent, application);
  if (!policy::forwards(verdict.action) || intended.value_or(false)) return;
  AuditedNeeds audited;
  audited.application = application.word;
  audited.named = verdict.rule.valid() || intended.has_value();
  audited.needs = needs_.needs_of(application, client);
  if (audited.needs.empty()) return;
  Cell& cell = audit_.cells.emplace_back();
  cell.application = application.word;
  cell.path = "needs";
  cell.sample = audited.needs.front().what;
  cell.sessions = audited.needs.size();
  for (const Requirement& need : audited.needs) {
    if (!need.missing()) continue;
    const std::string text = "what " + application.word + " needs is blocked by " +
                             (need.blocker.valid() ? "rule " : "") + quoted(need.rule) + ": " +
                             need.remedy;
    Finding& finding = findings_[text];
    finding.text = text;
    if (finding.examples.size() < kExamples) finding.examples.push_back(need.text());
    if (cell.wrong++ != 0) continue;
    ++finding.overblocked;
    cell.blocked = true;
    cell.rule = need.rule;
    cell.sample = need.what;
  }
  audit_.needs.push_back(std::move(audited));
}

bool Auditor::refuses_encrypted_dns() const {
  const ApplicationId id = snapshot_.policy->encrypted_dns();
  engine::Ends ends;
  ends.client = options_.client;
  ends.server = *IpAddress::parse("192.0.2.53");
  ends.server_port = engine::kHttpsPort;
  const policy::Verdict verdict =
      engine::ask(snapshot_, ends, {id, catalog::Service::any, catalog::Evidence::dns});
  return id.valid() && !policy::forwards(verdict.action);
}

// What the policy says of everything that goes a way, whoever it is.
std::optional<bool> Auditor::meant_by_control(const Trial& trial) const {
  const policy::Controls& controls = snapshot_.policy->controls();
  if (trial.quic && controls.tls.quic == policy::Quic::block) return true;
  if (trial.proxy && controls.evasion.proxies == policy::Proxies::reset) return true;
  if (trial.path == "ech") return controls.tls.ech == policy::EncryptedClientHello::reset;
  // Names by which a network keeps its clients to its resolver are answered where it wants that.
  if (trial.path == "dns" && proto::dns::canary_signal(trial.sample) && refuses_encrypted_dns()) {
    return true;
  }
  if (trial.no_web && !policy::forwards(controls.http.protocol_violation)) return true;
  return std::nullopt;
}

policy::Connection Auditor::asked_of(const Trial& trial) const {
  const TalkEnds& talk = trial.talk.ends;
  engine::Ends ends;
  ends.client = talk.client;
  ends.server = talk.server;
  ends.server_port = talk.server_port;
  ends.tcp = talk.tcp;
  catalog::Classification im;
  if (trial.application != nullptr) im = {trial.application->id, trial.service, trial.evidence};
  engine::Told told;
  told.name = trial.sample;  // which names nothing where it is not a name
  told.of_server = trial.evidence != catalog::Evidence::dns;
  told.lists = engine::lists_of_name(snapshot_, trial.sample);
  policy::Connection asked = engine::connection_of(snapshot_, ends, im, told);
  asked.disguised = trial.disguised;
  return asked;
}

bool Auditor::expects_block(const Trial& trial) const {
  if (const auto meant = meant_by_control(trial)) return *meant;
  if (trial.application != nullptr) {
    if (const auto block = intended_block(options_.intent, *trial.application)) return *block;
  }
  const policy::Connection asked = asked_of(trial);
  if (denied_by_access(trial, asked)) return true;
  const policy::Verdict verdict = snapshot_.policy->decide(asked);
  if (trial.application != nullptr) return !policy::forwards(verdict.action);
  // What is nobody's is to pass, but for what the policy names itself.
  if (!verdict.rule.valid() || policy::forwards(verdict.action)) return false;
  const policy::Rule& rule = snapshot_.policy->rules()[verdict.rule.value()];
  return verdict.list.valid() || !rule.server.any();
}

bool Auditor::denied_by_access(const Trial& trial, const policy::Connection& asked) const {
  const policy::AccessList& list = snapshot_.policy->access();
  policy::AccessList::Question question;
  question.protocol = trial.talk.ends.tcp ? net::kTcp : net::kUdp;
  question.client = asked.client;
  question.server = asked.server;
  question.server_port = asked.server_port;
  question.circumstances = asked.circumstances;
  question.times = asked.times;
  const policy::AccessId line = list.first_match(question);
  return line.valid() && !policy::forwards(list[line].action);
}

void Auditor::play(const Trial& trial) {
  const bool hidden = trial.path == "ech";
  const bool expected = expects_block(trial);
  // No two sessions are one flow, as long as any of them may be in the table.
  Talk talk = trial.talk;
  talk.ends.client_port = static_cast<std::uint16_t>(kFirstClientPort + audit_.sessions % 40000);
  const Played played = stage_.play(talk);
  ++audit_.sessions;
  const std::string application = trial.application != nullptr ? trial.application->word
                                  : hidden                     ? "unknown"
                                                               : "benign";
  std::string path(trial.path);
  if (trial.application == nullptr && !hidden) path += " " + trial.sample;
  const auto [at, fresh] = cells_.emplace(std::pair(application, path), audit_.cells.size());
  if (fresh) {
    Cell& made = audit_.cells.emplace_back();
    made.application = application;
    made.path = path;
  }
  Cell& cell = audit_.cells[at->second];
  ++cell.sessions;
  const bool wrong = played.passed == expected;
  // What is shown is the first that went wrong, else the first.
  if (fresh || (wrong && cell.wrong == 0)) {
    const TraceEntry* step = deciding_step(played.entries);
    cell.expected_block = expected;
    cell.blocked = !played.passed;
    cell.rule = step == nullptr ? std::string() : decided_by(snapshot_, *step);
    cell.sample = trial.sample;
  }
  if (!wrong) return;
  if (cell.wrong++ == 0) find_fault(trial, played, expected);
}

// Names what is wrong with the policy where a session went otherwise than expected.
void Auditor::find_fault(const Trial& trial, const Played& played, bool expected_block) {
  const TraceEntry* step = deciding_step(played.entries);
  const std::string text =
      expected_block ? leak_of(trial, step) : overblock_of(trial, played, step);
  Finding& finding = findings_[text];
  finding.text = text;
  ++(expected_block ? finding.leaks : finding.overblocked);
  if (finding.examples.size() == kExamples) return;
  const std::string who = trial.application == nullptr ? "" : trial.application->word + " ";
  finding.examples.push_back(who + std::string(trial.path) + " (" + trial.sample + ")");
}

std::string Auditor::leak_of(const Trial& trial, const TraceEntry* step) const {
  const policy::Policy& policy = *snapshot_.policy;
  const bool would = step != nullptr && step->stage == TraceStage::verdict &&
                     !policy::forwards(step->verdict.action);
  if (snapshot_.mode() == policy::Mode::monitor &&
      (would || !policy::forwards(policy.decide(asked_of(trial)).action))) {
    return "\"mode\" is \"monitor\": what is to be blocked is only logged";
  }
  const policy::Controls& controls = policy.controls();
  const bool recognised = step != nullptr && step->im.known();
  if (trial.quic && !recognised && controls.tls.quic == policy::Quic::allow) {
    return "\"tls\".\"quic\" is \"allow\": names in QUIC are not read, and what is blocked over "
           "TCP "
           "passes over UDP";
  }
  if (trial.path == "in-tunnel" && controls.evasion.proxies == policy::Proxies::allow) {
    return "\"evasion\".\"proxies\" is \"allow\": what goes through a proxy's tunnel is not read";
  }
  if (step == nullptr || !recognised) {
    const policy::Connection asked = asked_of(trial);
    if (policy::forwards(policy.decide(asked).action)) return without_rule(trial, asked);
    return "not recognised on the path " + std::string(trial.path);
  }
  if (step->verdict.port_misuse) {
    return "\"http\".\"port_misuse\" lets pass what no rule names";
  }
  if (step->verdict.rule.valid()) return by_allowing_rule(trial, *step);
  policy::Connection asked = asked_of(trial);
  asked.im = step->im;
  return without_rule(trial, asked);
}

// A rule that lets pass: before one that blocks, or instead of one.
std::string Auditor::by_allowing_rule(const Trial& trial, const TraceEntry& step) const {
  const policy::Policy& policy = *snapshot_.policy;
  const policy::Rule& rule = policy.rules()[step.verdict.rule.value()];
  policy::Connection asked = asked_of(trial);
  asked.im = step.im;
  const catalog::Application* known = snapshot_.catalogue->find(step.im.application);
  const std::string conditions = conditions_of(rule, snapshot_);
  for (const policy::Rule& later : policy.rules()) {
    if (later.id <= rule.id || policy::forwards(later.action)) continue;
    if (policy.mismatch(later, asked, known) != policy::Mismatch::none) continue;
    return "rule " + quoted(rule.name) + " lets " + conditions + " pass before rule " +
           quoted(later.name) + ", which would block it: the first match wins";
  }
  if (rule.action == policy::Action::alert) {
    return "rule " + quoted(rule.name) + " only alerts: what matches it (" + conditions +
           ") passes";
  }
  return "rule " + quoted(rule.name) + " lets " + conditions +
         " pass, and nothing blocks it: is it meant for another application?";
}

// No rule decides: which would, if it asked for less.
std::string Auditor::without_rule(const Trial& trial, const policy::Connection& asked) const {
  const policy::Policy& policy = *snapshot_.policy;
  const catalog::Application* known =
      asked.im.known() ? snapshot_.catalogue->find(asked.im.application) : trial.application;
  if (known != nullptr && known->id == policy.encrypted_dns()) {
    return "\"evasion\" lets encrypted DNS pass: no rule is about it, and \"doh\" and \"dot\" "
           "allow it";
  }
  for (const policy::Rule& rule : policy.rules()) {
    if (policy::forwards(rule.action)) continue;
    const std::string begin = "rule " + quoted(rule.name) + " would block it, but ";
    switch (policy.mismatch(rule, asked, known)) {
      case policy::Mismatch::from:
        return begin + "its \"from\" does not hold " + asked.client.to_string();
      case policy::Mismatch::to: return begin + "its \"to\" does not hold its server";
      case policy::Mismatch::time: return begin + "none of the times of its \"when\" is in force";
      case policy::Mismatch::circumstances:
        return begin + "only what comes its way (" + conditions_of(rule, snapshot_) + ")";
      case policy::Mismatch::server: return begin + "its \"server\" is another";
      case policy::Mismatch::list: return begin + "its \"list\" does not hold the server";
      case policy::Mismatch::service:
        return begin + "only its \"service\" (" + conditions_of(rule, snapshot_) +
               "): all else passes by the default";
      case policy::Mismatch::text: return begin + "asks for a text that was not said";
      default: break;
    }
  }
  const std::string category = known == nullptr ? "" : std::string(to_string(known->category));
  return "no rule is about category " + category + ", and the default lets it pass";
}

std::string Auditor::why_recognised(const TraceEntry& step) const {
  const catalog::Application* known = snapshot_.catalogue->find(step.im.application);
  if (known == nullptr) return "it is not recognised";
  const std::string word = known->word;
  switch (step.im.evidence) {
    case catalog::Evidence::port:
      return "port " + std::to_string(step.ends.server_port) + " counts as " + word +
             "'s default, and others use it too";
    case catalog::Evidence::address: return "its server's address counts as " + word + "'s alone";
    case catalog::Evidence::payload:
    case catalog::Evidence::signature: return "it is taken for " + word + " by its payload";
    default: break;
  }
  const std::vector<NameEntry> covering = entries_of(*snapshot_.catalogue, step.name_view());
  const std::string name =
      covering.empty() ? std::string(step.name_view()) : covering.front().name->name;
  return "the name " + quoted(name) + " counts as " + word + "'s alone";
}

std::string Auditor::overblock_of(const Trial& trial, const Played& played,
                                  const TraceEntry* step) const {
  const auto stopped = played.entries.empty() ? nullptr : &played.entries.back();
  if (step == nullptr) {
    const std::string_view reason =
        stopped == nullptr ? "nothing" : telemetry::to_string(stopped->reason);
    return "the gateway refuses its packets: " + std::string(reason);
  }
  const std::string key = decided_by(snapshot_, *step);
  if (step->stage == TraceStage::access) {
    return "line " + quoted(key) + " of the access list stops what is to pass";
  }
  if (step->stage == TraceStage::measure) {
    return quoted(key) + " stops what is to pass";
  }
  if (!step->verdict.rule.valid()) {
    if (key == "default") {
      return "\"default\" is " + quoted(to_string(step->verdict.action)) +
             ": all that no rule names is blocked";
    }
    return quoted(key) + " stops what is to pass";
  }
  const policy::Policy& policy = *snapshot_.policy;
  const policy::Rule& rule = policy.rules()[step->verdict.rule.value()];
  if (trial.application == nullptr) {
    const bool everything = rule.applications.empty() && rule.categories.empty();
    if (everything) return "rule " + quoted(rule.name) + " blocks what is no application's";
    return "rule " + quoted(rule.name) + " blocks others too: " + why_recognised(*step);
  }
  // An application that is to pass.
  const catalog::Application& wanted = *trial.application;
  if (step->im.application != wanted.id) {
    return "rule " + quoted(rule.name) + " blocks " + wanted.word + ": " + why_recognised(*step);
  }
  for (const policy::Rule& later : policy.rules()) {
    if (!policy::forwards(later.action)) continue;
    policy::Connection asked = asked_of(trial);
    asked.im = step->im;
    const policy::Mismatch mismatch = policy.mismatch(later, asked, &wanted);
    if (mismatch == policy::Mismatch::application) continue;
    if (later.id > rule.id) {
      return "rule " + quoted(rule.name) + " blocks " + wanted.word + " before rule " +
             quoted(later.name) + ", which would allow it";
    }
    return "rule " + quoted(later.name) + " allows " + wanted.word + ", but only " +
           conditions_of(later, snapshot_) + "; the rest meets rule " + quoted(rule.name);
  }
  return "no rule allows " + wanted.word + ", and rule " + quoted(rule.name) + " blocks it";
}

void Auditor::add_notes() {
  const policy::Controls& controls = snapshot_.policy->controls();
  if (controls.tls.ech == policy::EncryptedClientHello::allow) {
    audit_.notes.push_back(
        "\"tls\".\"encrypted_client_hello\" is \"allow\": a name behind an encrypted hello is not "
        "seen; its server's address still is");
  }
  if (!refuses_encrypted_dns()) {
    audit_.notes.push_back(
        "encrypted DNS passes: questions that go that way are not seen, names in hellos still are");
  }
}

}  // namespace

Audit audit(const std::shared_ptr<const engine::Snapshot>& snapshot, const AuditOptions& options) {
  return Auditor(snapshot, options).run();
}

}  // namespace chatgate::explain
