#include "control/counter_view.h"

namespace chatgate::control {

using telemetry::Counter;
using telemetry::kCounterCount;
using telemetry::kHitSlots;
using telemetry::kMaxApplications;
using telemetry::kReasonCount;
using telemetry::Reason;
using telemetry::WorkerCounters;

namespace {

std::size_t application_slot(std::size_t application, catalog::Evidence evidence) {
  return application * telemetry::kEvidenceKinds + static_cast<std::size_t>(evidence);
}

}  // namespace

CounterView::CounterView(std::vector<const WorkerCounters*> workers, std::uint32_t generation)
    : workers_(std::move(workers)),
      generation_(generation),
      bank_start_(kHitSlots),
      next_bank_start_(kHitSlots),
      carried_(kHitSlots),
      cleared_(kHitSlots) {
  Baseline zero;
  zero.counters.resize(kCounterCount);
  zero.reasons.resize(kReasonCount);
  zero.applications.resize(kMaxApplications * telemetry::kEvidenceKinds);
  baselines_.assign(workers_.size(), zero);
}

bool CounterView::is_level(Counter counter) {
  return counter == Counter::flows_active || counter == Counter::inspections_active;
}

std::uint64_t CounterView::get(Counter counter, std::size_t worker) const {
  return workers_[worker]->get(counter) -
         baselines_[worker].counters[static_cast<std::size_t>(counter)];
}

std::uint64_t CounterView::get(Counter counter) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < workers_.size(); ++i) sum += get(counter, i);
  return sum;
}

std::uint64_t CounterView::get(Reason reason) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    sum += workers_[i]->get(reason) - baselines_[i].reasons[static_cast<std::size_t>(reason)];
  }
  return sum;
}

CounterView::Recognised CounterView::application(ApplicationId application,
                                                 catalog::Evidence evidence) const {
  Recognised sum;
  if (application.value() >= kMaxApplications) return sum;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const Recognised& before =
        baselines_[i].applications[application_slot(application.value(), evidence)];
    sum.allowed += workers_[i]->application_allowed(application.value(), evidence) - before.allowed;
    sum.blocked += workers_[i]->application_blocked(application.value(), evidence) - before.blocked;
  }
  return sum;
}

CounterView::Recognised CounterView::application(ApplicationId application) const {
  Recognised sum;
  for (std::size_t e = 0; e < telemetry::kEvidenceKinds; ++e) {
    const Recognised by = this->application(application, static_cast<catalog::Evidence>(e));
    sum.allowed += by.allowed;
    sum.blocked += by.blocked;
  }
  return sum;
}

std::uint64_t CounterView::rule_hits(RuleId rule) const {
  return hits(WorkerCounters::rule_slot(rule));
}

std::uint64_t CounterView::access_hits(RuleId line) const {
  return hits(WorkerCounters::access_slot(line));
}

std::uint64_t CounterView::list_hits(ListId list) const {
  return hits(WorkerCounters::list_slot(list));
}

std::uint64_t CounterView::hits(std::size_t slot) const {
  if (slot >= kHitSlots) return 0;
  std::uint64_t sum = carried_[slot] - bank_start_[slot] - cleared_[slot];
  for (const WorkerCounters* worker : workers_) sum += worker->hits(generation_, slot);
  return sum;
}

void CounterView::clear(Time now, std::uint32_t uid) {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Baseline& baseline = baselines_[i];
    const WorkerCounters& worker = *workers_[i];
    for (std::size_t c = 0; c < kCounterCount; ++c) {
      const auto counter = static_cast<Counter>(c);
      if (!is_level(counter)) baseline.counters[c] = worker.get(counter);
    }
    for (std::size_t r = 0; r < kReasonCount; ++r) {
      baseline.reasons[r] = worker.get(static_cast<Reason>(r));
    }
    for (std::size_t a = 0; a < kMaxApplications; ++a) {
      for (std::size_t e = 0; e < telemetry::kEvidenceKinds; ++e) {
        const auto evidence = static_cast<catalog::Evidence>(e);
        baseline.applications[application_slot(a, evidence)] = {
            worker.application_allowed(a, evidence), worker.application_blocked(a, evidence)};
      }
    }
  }
  cleared_ = hit_totals();
  clearing_ = Clearing{now, uid};
}

void CounterView::before_publish(std::uint32_t next_generation) {
  next_bank_start_ = read_hits(next_generation);
}

void CounterView::after_publish(std::uint32_t generation, bool same_rules) {
  const HitCounts zero(kHitSlots);
  carried_ = same_rules ? hit_totals() : zero;
  if (!same_rules) cleared_ = zero;
  bank_start_ = next_bank_start_;
  generation_ = generation;
}

CounterView::HitCounts CounterView::read_hits(std::uint32_t generation) const {
  HitCounts counts(kHitSlots);
  for (std::size_t slot = 0; slot < counts.size(); ++slot) {
    for (const WorkerCounters* worker : workers_) {
      counts[slot] += worker->hits(generation, slot);
    }
  }
  return counts;
}

CounterView::HitCounts CounterView::hit_totals() const {
  HitCounts totals = read_hits(generation_);
  for (std::size_t slot = 0; slot < totals.size(); ++slot) {
    totals[slot] += carried_[slot] - bank_start_[slot];
  }
  return totals;
}

}  // namespace chatgate::control
