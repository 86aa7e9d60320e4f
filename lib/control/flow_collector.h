// Asks every worker for its flows, without waiting for any of them.
//
// One request at a time is posted to all mailboxes and looked at again by a timer; others stand in
// a queue. A worker that does not answer in time is left out of the answer and named. Control
// thread only.
//
// The queries belong to the collector, one a worker: destroy it only after the workers have
// stopped, since a slow worker may still write into its own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "engine/mailbox.h"

namespace chatgate::control {

class FlowCollector {
 public:
  struct Request {
    std::size_t limit = 100;  // most flows wanted altogether
    engine::FlowFilter filter;
    bool talkers = false;  // sum them up by client
    bool forget = false;   // ... and let the workers forget them
  };
  struct Answer {
    std::vector<telemetry::Event> flows;  // the most recently active first
    std::size_t matching = 0;             // also beyond the limit
    std::vector<std::size_t> silent;      // workers that did not answer in time
    std::vector<engine::Talker> talkers;  // by address
    std::uint64_t left_out = 0;           // flows of clients for whom there was no room
    bool no_memory = false;               // to gather it: all else is empty
  };
  using Callback = std::function<void(Answer)>;

  FlowCollector(boost::asio::io_context& io, std::vector<engine::Mailbox*> mailboxes,
                std::chrono::milliseconds patience);

  // Calls back later, never from within. Where it throws std::bad_alloc, it does not.
  void ask(const Request& request, Callback callback);

 private:
  struct Job {
    Request request;
    Callback callback;
  };
  struct Slot {
    engine::Mailbox* mailbox = nullptr;
    std::unique_ptr<engine::FlowQuery> query = std::make_unique<engine::FlowQuery>();
    std::unique_ptr<engine::TalkerTable> talkers;  // what the query fills
    bool posted = false;                           // the query is the worker's until it is done
    bool asked = false;                            // it was posted for the job in front
  };

  void start();
  void look();
  void finish();
  void start_next();
  Answer gather(std::size_t limit);

  boost::asio::steady_timer timer_;
  const std::chrono::milliseconds patience_;
  std::vector<Slot> slots_;
  std::deque<Job> jobs_;  // the first is being answered
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace chatgate::control
