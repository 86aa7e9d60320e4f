#include "explain/self_test.h"

#include <algorithm>
#include <stdexcept>

#include "explain/narrator.h"
#include "explain/probes.h"
#include "explain/words.h"

namespace chatgate::explain {
namespace {

using engine::TraceEntry;
using engine::TraceStage;

// The policy by itself: its rules one after another.
policy::Verdict ask_plainly(const engine::Snapshot& meant, const policy::Connection& connection) {
  const policy::Policy& policy = *meant.policy;
  const catalog::Application* application =
      connection.im.known() ? meant.catalogue->find(connection.im.application) : nullptr;
  for (const policy::Rule& rule : policy.rules()) {
    if (policy.mismatch(rule, connection, application) == policy::Mismatch::none) {
      return policy.by_rule(rule, connection);
    }
  }
  return policy.without_rule(connection);
}

std::string words_for(const engine::Snapshot& snapshot, const policy::Verdict& verdict) {
  return std::string(to_string(verdict.action)) + " by " +
         quoted(snapshot.policy->rule_name(verdict.rule));
}

class Tester {
 public:
  Tester(const engine::Snapshot& meant, const std::shared_ptr<const engine::Snapshot>& in_force,
         const SelfTestOptions& options)
      : meant_(meant), worker_(options.worker), stage_(in_force, stage_options(options)) {}

  // Why the probe fails; empty where it does not.
  std::string play(const Probe& probe);

 private:
  static StageOptions stage_options(const SelfTestOptions& given) {
    StageOptions options;
    options.worker = given.worker;
    options.time = given.time;
    return options;
  }
  std::string check_access(const TalkEnds& ends, const Played& played) const;
  std::string check_verdict(const TalkEnds& ends, const TraceEntry& entry) const;
  policy::Circumstances circumstances_of(const TalkEnds& ends) const;
  std::string check_recognised(const Probe& probe, const TraceEntry& entry) const;
  std::string check_fate(const TraceEntry& entry, const Played& played) const;
  bool enforces() const { return meant_.mode() == policy::Mode::enforce; }

  const engine::Snapshot& meant_;
  const WorkerId worker_;
  Stage stage_;
};

std::string Tester::play(const Probe& probe) {
  Played played;
  try {
    played = stage_.play(probe.talk);
  } catch (const std::invalid_argument&) {
    return {};  // no frame can have such ends, so none is judged by them
  }
  if (std::string wrong = check_access(probe.talk.ends, played); !wrong.empty()) return wrong;
  if (probe.must_be_stopped) {
    return played.passed && enforces() ? "it passed, and was to be stopped" : std::string();
  }
  const TraceEntry* step = deciding_step(played.entries);
  if (step == nullptr) {
    return probe.application.valid() && played.passed ? "nothing was decided" : std::string();
  }
  // A control that acts comes before rules, and has probes of its own.
  if (step->stage == TraceStage::verdict) {
    for (std::string wrong :
         {check_recognised(probe, *step), check_verdict(probe.talk.ends, *step)}) {
      if (!wrong.empty()) return wrong;
    }
  }
  return check_fate(*step, played);
}

// As the policy that was meant numbers it.
policy::Circumstances Tester::circumstances_of(const TalkEnds& ends) const {
  policy::Circumstances result;
  result.vlan[0] = ends.vlan.value_or(0);
  result.pair = ends.pair;
  result.inside_opened = !ends.client_outside;
  if (ends.client_mac) result.client_mac = meant_.policy->macs().class_of(*ends.client_mac);
  return result;
}

// The first line that matches, found by asking one after another.
std::string Tester::check_access(const TalkEnds& ends, const Played& played) const {
  const auto& lines = meant_.policy->access().entries();
  if (lines.empty()) return {};
  policy::AccessList::Question question;
  question.protocol = ends.tcp ? net::kTcp : net::kUdp;
  question.client = ends.client;
  question.server = ends.server;
  question.server_port = ends.server_port;
  question.times = meant_.times;
  question.circumstances = circumstances_of(ends);
  policy::AccessId expected;
  for (std::size_t i = 0; i < lines.size() && !expected.valid(); ++i) {
    if (!policy::AccessList::matches(lines[i], question)) continue;
    expected = policy::AccessId(static_cast<policy::AccessId::rep>(i));
  }
  const auto at_stage = [&](TraceStage stage) {
    return std::find_if(played.entries.begin(), played.entries.end(),
                        [&](const TraceEntry& entry) { return entry.stage == stage; });
  };
  if (at_stage(TraceStage::flow) == played.entries.end()) return {};  // of no flow
  const auto asked = at_stage(TraceStage::access);
  if (asked == played.entries.end()) return "the access list was not asked";
  if (asked->line == expected) return {};
  const auto word = [](const engine::Snapshot& snapshot, policy::AccessId line) {
    return line.valid() ? quoted(snapshot.policy->access_name(line)) : std::string("no line");
  };
  return "the access list was to decide by " + word(meant_, expected) + ", and did by " +
         word(stage_.snapshot(), asked->line);
}

std::string Tester::check_recognised(const Probe& probe, const TraceEntry& entry) const {
  if (!probe.application.valid() || entry.im.application == probe.application) return {};
  // A rule of Snort's, or what is said beside the name, may know it better.
  if (entry.im.known() && entry.im.evidence < catalog::Evidence::tls_sni) return {};
  // A policy may give its own application a port that all use, or a server: it knows by the SYN.
  const TalkEnds& ends = probe.talk.ends;
  const auto transport = ends.tcp ? catalog::Transport::tcp : catalog::Transport::udp;
  if (entry.im.known() &&
      ((entry.im.evidence == catalog::Evidence::port &&
        meant_.catalogue->match_port(transport, ends.server_port).owner == entry.im.application) ||
       (entry.im.evidence == catalog::Evidence::address &&
        meant_.catalogue->match_address(ends.server).application == entry.im.application))) {
    return {};
  }
  const catalog::Application* known = meant_.catalogue->find(entry.im.application);
  return "it was recognised as " +
         (known == nullptr || !entry.im.known() ? std::string("nothing") : quoted(known->word));
}

std::string Tester::check_verdict(const TalkEnds& ends, const TraceEntry& entry) const {
  policy::Connection asked = connection_at(meant_, entry, worker_);
  asked.circumstances = circumstances_of(ends);
  const policy::Verdict expected = ask_plainly(meant_, asked);
  const bool same = expected.action == entry.verdict.action &&
                    meant_.policy->rule_name(expected.rule) ==
                        stage_.snapshot().policy->rule_name(entry.verdict.rule);
  if (same) return {};
  return "expected " + words_for(meant_, expected) + ", came " +
         words_for(stage_.snapshot(), entry.verdict);
}

// Whether what was decided is what became of the packets.
std::string Tester::check_fate(const TraceEntry& entry, const Played& played) const {
  const bool verdict = entry.stage == TraceStage::verdict;
  const policy::Action action = verdict ? entry.verdict.action : entry.action;
  const bool stops = !policy::forwards(action) && enforces();
  if (stops == played.passed) {
    return std::string(to_string(action)) +
           (stops ? " was decided, and it passed" : " was decided, and it was stopped");
  }
  return {};
}

void tell(SelfTest& result, std::string probe, std::string why) {
  ++result.failed;
  if (result.failures.size() < SelfTest::kTold) {
    result.failures.push_back({std::move(probe), std::move(why)});
  }
}

}  // namespace

SelfTest self_test(const engine::Snapshot& meant,
                   const std::shared_ptr<const engine::Snapshot>& in_force,
                   const SelfTestOptions& options) {
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  SelfTest result;
  if (in_force == nullptr) {
    tell(result, "workers", "they do not report the policy's generation");
  } else if (in_force->generation != meant.generation) {
    tell(result, "workers",
         "they report generation " + std::to_string(in_force->generation) + " in the place of " +
             std::to_string(meant.generation));
  } else {
    Tester tester(meant, in_force, options);
    for (const Probe& probe : probes_of(meant, options.most_probes)) {
      if (Clock::now() - begun > options.longest) break;
      ++result.probes;
      std::string wrong = tester.play(probe);
      if (!wrong.empty()) tell(result, probe.of, std::move(wrong));
    }
  }
  result.milliseconds = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun).count());
  return result;
}

}  // namespace chatgate::explain
