// Requests of one kind to all workers: posted as soon as each can take its own, never waited for.
//
// Control thread only. Requests that a worker still holds are kept, also those of an earlier set:
// destroy this only after the workers have stopped. Callbacks come later, never from within.
#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "engine/request_slot.h"

namespace chatgate::control {

template <typename Request>
class WorkerRequests {
 public:
  using Slot = engine::RequestSlot<Request>;

  // One slot a worker. `patience`: how long a worker may take.
  WorkerRequests(boost::asio::io_context& io, std::vector<Slot*> slots,
                 std::chrono::milliseconds patience)
      : timer_(io), slots_(std::move(slots)), posted_(slots_.size(), false), patience_(patience) {}

  // Another set, each made of the same arguments, in the place of the one before.
  template <typename... Arguments>
  void renew(const Arguments&... arguments) {
    drop();
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      requests_.push_back(std::make_unique<Request>(arguments...));
    }
  }
  // No set any more. What workers hold is asked back first.
  void drop() {
    stop();
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (posted_[i]) given_up_.push_back(std::move(requests_[i]));
    }
    std::erase_if(given_up_, [](const auto& request) { return request->is_done(); });
    requests_.clear();
    posted_.assign(slots_.size(), false);
  }

  // Posts until every worker has taken its request, or the time is over; calls back with how many
  // took it.
  void post(std::function<void(std::size_t)> then) {
    attempt(deadline(), std::move(then));
    busy_ = true;  // only now: there may be no memory for it
  }
  // Asks all workers to give theirs back with their next burst or tick.
  void stop() {
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (posted_[i]) requests_[i]->stop();
    }
  }
  // Calls back when all have, or when the time is over.
  void wait_until_back(std::function<void()> then) {
    look(deadline(), std::move(then));
    busy_ = true;
  }
  // Takes `stop` back: those that are back may be posted again with what they hold.
  void resume() {
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      requests_[i]->resume();
      if (posted_[i] && requests_[i]->is_done()) posted_[i] = false;
    }
  }

  // `post` or `wait_until_back` has not called back yet.
  bool busy() const { return busy_; }
  // Some worker has one.
  bool running() const {
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (posted_[i] && !requests_[i]->is_done()) return true;
    }
    return false;
  }
  const std::vector<std::unique_ptr<Request>>& all() const { return requests_; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kLookInterval{2};

  Clock::time_point deadline() const { return Clock::now() + patience_; }

  template <typename Action>
  void later(Action action) {
    timer_.expires_after(kLookInterval);
    timer_.async_wait([action = std::move(action)](const auto& error) mutable {
      if (!error) action();
    });
  }

  void attempt(Clock::time_point until, std::function<void(std::size_t)> then) {
    // First, as there may be no memory for it: then no worker has anything.
    later([this, until, then = std::move(then)]() mutable {
      const auto taken = static_cast<std::size_t>(std::count(posted_.begin(), posted_.end(), true));
      if (taken < requests_.size() && Clock::now() < until) return attempt(until, std::move(then));
      busy_ = false;
      then(taken);
    });
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (!posted_[i]) posted_[i] = slots_[i]->post(*requests_[i]);
    }
  }

  void look(Clock::time_point until, std::function<void()> then) {
    later([this, until, then = std::move(then)]() mutable {
      if (running() && Clock::now() < until) return look(until, std::move(then));
      busy_ = false;
      then();
    });
  }

  boost::asio::steady_timer timer_;
  const std::vector<Slot*> slots_;
  std::vector<std::unique_ptr<Request>> requests_;  // by worker
  std::vector<bool> posted_;                        // by worker
  std::vector<std::unique_ptr<Request>> given_up_;  // that a worker may still hold
  const std::chrono::milliseconds patience_;
  bool busy_ = false;
};

}  // namespace chatgate::control
