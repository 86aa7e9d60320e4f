// The running gateway's trace: posted to all workers, kept until it is read, never waited for.
//
// Control thread only. There is one trace at a time; a new one ends the one before, whose requests
// workers give back with their next burst or tick. Requests that a worker still holds are kept:
// destroy this only after the workers have stopped.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <span>
#include <vector>

#include "control/worker_requests.h"
#include "engine/mailbox.h"
#include "engine/trace.h"

namespace chatgate::control {

class TraceControl {
 public:
  static constexpr std::uint32_t kMostPackets = 500;

  TraceControl(boost::asio::io_context& io, const std::vector<engine::Mailbox*>& mailboxes,
               std::chrono::milliseconds patience);

  // Calls back later, never from within: with the number of workers that took the request. Those
  // that have not given back the one before in time are left out.
  void start(const engine::TraceFilter& filter, std::uint32_t packets,
             std::function<void(std::size_t)> callback);
  void stop() { requests_.stop(); }

  bool any() const { return !requests_.all().empty(); }
  bool running() const { return requests_.running(); }
  std::uint32_t wanted() const { return wanted_; }
  // What was traced so far by each worker, at most `wanted` packets of each.
  std::vector<std::span<const engine::TraceEntry>> published() const;

 private:
  boost::asio::io_context& io_;
  WorkerRequests<engine::TraceRequest> requests_;
  std::uint32_t wanted_ = 0;
};

}  // namespace chatgate::control
