#include "control/trace_control.h"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace chatgate::control {
namespace {

constexpr std::chrono::milliseconds kLookInterval{2};

}  // namespace

TraceControl::TraceControl(boost::asio::io_context& io, std::vector<engine::Mailbox*> mailboxes,
                           std::chrono::milliseconds patience)
    : timer_(io), mailboxes_(std::move(mailboxes)), patience_(patience) {}

void TraceControl::start(const engine::TraceFilter& filter, std::uint32_t packets,
                         std::function<void(std::size_t)> callback) {
  stop();
  if (starting_) {  // another caller's, which is not yet with all workers
    boost::asio::post(timer_.get_executor(), [callback = std::move(callback)] { callback(0); });
    return;
  }
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (posted_[i]) given_up_.push_back(std::move(requests_[i]));
  }
  std::erase_if(given_up_, [](const auto& request) { return request->is_done(); });
  requests_.clear();
  for (std::size_t i = 0; i < mailboxes_.size(); ++i) {
    requests_.push_back(std::make_unique<engine::TraceRequest>(filter, packets));
  }
  posted_.assign(mailboxes_.size(), false);
  wanted_ = packets;
  starting_ = true;
  post(std::chrono::steady_clock::now() + patience_, std::move(callback));
}

// Tries until every worker has taken its request, or the time is over.
void TraceControl::post(std::chrono::steady_clock::time_point deadline,
                        std::function<void(std::size_t)> then) {
  for (std::size_t i = 0; i < mailboxes_.size(); ++i) {
    if (!posted_[i]) posted_[i] = mailboxes_[i]->trace.post(*requests_[i]);
  }
  timer_.expires_after(kLookInterval);
  timer_.async_wait([this, deadline, then = std::move(then)](const auto& error) mutable {
    if (error) return;
    const auto taken = static_cast<std::size_t>(std::count(posted_.begin(), posted_.end(), true));
    if (taken < posted_.size() && std::chrono::steady_clock::now() < deadline) {
      return post(deadline, std::move(then));
    }
    starting_ = false;
    then(taken);
  });
}

void TraceControl::stop() {
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (posted_[i]) requests_[i]->stop();
  }
}

bool TraceControl::running() const {
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (posted_[i] && !requests_[i]->is_done()) return true;
  }
  return false;
}

std::vector<std::span<const engine::TraceEntry>> TraceControl::published() const {
  std::vector<std::span<const engine::TraceEntry>> all;
  for (const auto& request : requests_) all.push_back(request->published());
  return all;
}

}  // namespace chatgate::control
