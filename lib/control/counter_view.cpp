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
  return slot < kHitSlots ? hit_total(slot) - cleared_[slot] : 0;
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
  for (std::size_t slot = 0; slot < kHitSlots; ++slot) cleared_[slot] = hit_total(slot);
  clearing_ = Clearing{now, uid};
}

void CounterView::before_publish(std::uint32_t next_generation) noexcept {
  for (std::size_t slot = 0; slot < kHitSlots; ++slot) {
    next_bank_start_[slot] = read_hits(next_generation, slot);
  }
}

void CounterView::after_publish(std::uint32_t generation, bool same_rules) noexcept {
  for (std::size_t slot = 0; slot < kHitSlots; ++slot) {
    carried_[slot] = same_rules ? hit_total(slot) : 0;
    if (!same_rules) cleared_[slot] = 0;
    bank_start_[slot] = next_bank_start_[slot];
  }
  generation_ = generation;
}

std::uint64_t CounterView::read_hits(std::uint32_t generation, std::size_t slot) const noexcept {
  std::uint64_t sum = 0;
  for (const WorkerCounters* worker : workers_) sum += worker->hits(generation, slot);
  return sum;
}

std::uint64_t CounterView::hit_total(std::size_t slot) const noexcept {
  return read_hits(generation_, slot) + carried_[slot] - bank_start_[slot];
}

}  // namespace chatgate::control
