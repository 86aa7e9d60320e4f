#include "control/flow_collector.h"

#include <algorithm>
#include <map>
#include <new>

namespace chatgate::control {
namespace {

constexpr std::chrono::milliseconds kLookInterval{2};

using Talkers = std::map<IpAddress, engine::Talker>;

// One client's flows may be with several workers.
void add_talkers(const engine::TalkerTable& table, Talkers& to, FlowCollector::Answer& answer) {
  for (const engine::Talker& talker : table.places()) {
    if (talker.flows == 0) continue;
    const auto [at, fresh] = to.try_emplace(talker.client, talker);
    if (!fresh) at->second.add(talker);
  }
  answer.left_out += table.left_out();
}

}  // namespace

FlowCollector::FlowCollector(boost::asio::io_context& io, std::vector<engine::Mailbox*> mailboxes,
                             std::chrono::milliseconds patience)
    : timer_(io), patience_(patience), slots_(mailboxes.size()) {
  for (std::size_t i = 0; i < mailboxes.size(); ++i) slots_[i].mailbox = mailboxes[i];
}

void FlowCollector::ask(const Request& request, Callback callback) {
  jobs_.push_back({request, std::move(callback)});
  if (jobs_.size() > 1) return;
  try {
    start();
  } catch (const std::bad_alloc&) {
    jobs_.pop_back();  // nobody would ever finish it
    throw;
  }
}

void FlowCollector::start() {
  const Request& request = jobs_.front().request;
  for (Slot& slot : slots_) {
    engine::FlowQuery& query = *slot.query;
    slot.asked = false;
    if (slot.posted && !query.is_done()) continue;
    query.filter = request.filter;
    query.flows.resize(request.limit);
    slot.talkers.reset(request.talkers ? new engine::TalkerTable : nullptr);
    query.talkers = slot.talkers.get();
    query.forget = request.forget;
    query.found = query.matching = 0;
    query.cursor = 0;
    slot.posted = slot.asked = slot.mailbox->flows.post(query);
  }
  deadline_ = std::chrono::steady_clock::now() + patience_;
  look();
}

void FlowCollector::look() {
  timer_.expires_after(kLookInterval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const bool waiting = std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) {
      return slot.asked && !slot.query->is_done();
    });
    if (waiting && std::chrono::steady_clock::now() < deadline_) return look();
    finish();
  });
}

void FlowCollector::finish() {
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  Answer answer;
  try {
    answer = gather(job.request.limit);
  } catch (const std::bad_alloc&) {
    answer.no_memory = true;
  }
  start_next();
  job.callback(std::move(answer));
}

// Jobs for which there is no memory end at once.
void FlowCollector::start_next() {
  while (!jobs_.empty()) {
    try {
      return start();
    } catch (const std::bad_alloc&) {
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      Answer answer;
      answer.no_memory = true;
      job.callback(std::move(answer));
    }
  }
}

FlowCollector::Answer FlowCollector::gather(std::size_t limit) {
  Answer answer;
  Talkers talkers;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (!slot.asked || !slot.query->is_done()) {
      answer.silent.push_back(i);
      continue;
    }
    engine::FlowQuery& query = *slot.query;
    const auto found = static_cast<std::ptrdiff_t>(std::min(query.found, query.flows.size()));
    answer.flows.insert(answer.flows.end(), query.flows.begin(), query.flows.begin() + found);
    answer.matching += query.matching;
    if (slot.talkers) add_talkers(*slot.talkers, talkers, answer);
    slot.talkers.reset();
    query.flows = {};
    slot.posted = false;
  }
  std::stable_sort(answer.flows.begin(), answer.flows.end(),
                   [](const auto& a, const auto& b) { return a.last_seen > b.last_seen; });
  if (answer.flows.size() > limit) answer.flows.resize(limit);
  answer.talkers.reserve(talkers.size());
  for (const auto& entry : talkers) answer.talkers.push_back(entry.second);
  return answer;
}

}  // namespace chatgate::control
