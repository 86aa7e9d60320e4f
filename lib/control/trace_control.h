// The running gateway's trace: posted to all workers, kept until it is read, never waited for.
//
// Control thread only. There is one trace at a time; a new one ends the one before, whose requests
// workers give back with their next burst or tick. Requests that a worker still holds are kept:
// destroy this only after the workers have stopped.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "engine/mailbox.h"
#include "engine/trace.h"

namespace chatgate::control {

class TraceControl {
 public:
  static constexpr std::uint32_t kMostPackets = 500;

  TraceControl(boost::asio::io_context& io, std::vector<engine::Mailbox*> mailboxes,
               std::chrono::milliseconds patience);

  // Calls back later, never from within: with the number of workers that took the request. Those
  // that have not given back the one before in time are left out.
  void start(const engine::TraceFilter& filter, std::uint32_t packets,
             std::function<void(std::size_t)> callback);
  void stop();

  bool any() const { return !requests_.empty(); }
  bool running() const;
  std::uint32_t wanted() const { return wanted_; }
  // What was traced so far by each worker, at most `wanted` packets of each.
  std::vector<std::span<const engine::TraceEntry>> published() const;

 private:
  using Requests = std::vector<std::unique_ptr<engine::TraceRequest>>;

  void post(std::chrono::steady_clock::time_point deadline, std::function<void(std::size_t)> then);

  boost::asio::steady_timer timer_;
  const std::vector<engine::Mailbox*> mailboxes_;
  const std::chrono::milliseconds patience_;
  Requests requests_;         // by worker; of the trace that is shown
  std::vector<bool> posted_;  // by worker
  Requests given_up_;         // that a worker may still hold
  std::uint32_t wanted_ = 0;
  bool starting_ = false;
};

}  // namespace chatgate::control
