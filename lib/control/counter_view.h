// Counters as a person sees them: all workers together, since the last `clear counters`.
//
// Workers never reset a counter; this remembers what they showed at the clearing and subtracts it.
// Control thread only, reading workers' counters while they count.
//
// Hits of rules, lists and the access list mean something only under one policy. They start from
// zero with every policy that is loaded and go on over `mode`: tell it by `before_publish` and
// `after_publish` around Gateway::publish. The two banks of telemetry::WorkerCounters make both
// exact: before a publish nobody writes to the next generation's bank, after it nobody writes to
// the last one's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/strong_id.h"
#include "base/time.h"
#include "telemetry/counters.h"

namespace chatgate::control {

class CounterView {
 public:
  struct Clearing {
    Time time;
    std::uint32_t uid = 0;
  };

  // The counters must outlive the view.
  CounterView(std::vector<const telemetry::WorkerCounters*> workers, std::uint32_t generation);

  // True for a level that goes up and down, such as flows-active: never cleared.
  static bool is_level(telemetry::Counter counter);

  std::size_t workers() const { return workers_.size(); }
  std::uint64_t get(telemetry::Counter counter) const;
  std::uint64_t get(telemetry::Counter counter, std::size_t worker) const;
  std::uint64_t get(telemetry::Reason reason) const;
  // Verdicts on flows and questions that were recognised as the application; by one kind of
  // evidence, or by any.
  struct Recognised {
    std::uint64_t allowed = 0, blocked = 0;
  };
  Recognised application(ApplicationId application, catalog::Evidence evidence) const;
  Recognised application(ApplicationId application) const;
  // Verdicts by `rule` of the running policy; none: by its default.
  std::uint64_t rule_hits(RuleId rule) const;
  // ... and those in which a list made a rule match.
  std::uint64_t list_hits(ListId list) const;
  // Connections that a line of its access list decided.
  std::uint64_t access_hits(RuleId line) const;

  void clear(Time now, std::uint32_t uid);
  const std::optional<Clearing>& clearing() const { return clearing_; }

  // Neither takes memory, so that nothing fails between the two.
  void before_publish(std::uint32_t next_generation) noexcept;
  // `same_rules`: the policy's rules are those of before.
  void after_publish(std::uint32_t generation, bool same_rules) noexcept;

 private:
  using HitCounts = std::vector<std::uint64_t>;  // by slot, see telemetry/counters.h

  struct Baseline {
    std::vector<std::uint64_t> counters, reasons;
    std::vector<Recognised> applications;  // by application and evidence
  };

  std::uint64_t hits(std::size_t slot) const;
  std::uint64_t read_hits(std::uint32_t generation, std::size_t slot) const noexcept;
  // Hits of the running generation and those carried over from before a `mode`.
  std::uint64_t hit_total(std::size_t slot) const noexcept;

  std::vector<const telemetry::WorkerCounters*> workers_;
  std::vector<Baseline> baselines_;  // one a worker
  std::optional<Clearing> clearing_;

  std::uint32_t generation_;
  HitCounts bank_start_, next_bank_start_;
  HitCounts carried_;
  HitCounts cleared_;
};

}  // namespace chatgate::control
