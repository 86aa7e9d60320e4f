// The event thread: takes event records from the workers' rings, writes them out as lines.
//
// One writer serves a process. Set-up (`add_ring`) happens before `start`; afterwards the thread
// wakes every few milliseconds by itself, because a worker never signals. Without `start` the owner
// calls `drain_once`, on one thread only: that is how replay uses it.
//
// `publish`, `write_line`, `flush`, `reopen` and the figures are for any thread. Nothing here is
// called by a worker.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "telemetry/counters.h"
#include "telemetry/eve.h"
#include "telemetry/recent_events.h"
#include "telemetry/sink.h"

namespace chatgate::telemetry {

struct EventWriterOptions {
  EveOptions eve;
  std::chrono::milliseconds interval{5};       // between two looks at the rings
  std::size_t line_queue = 4096;               // most ready-made lines waiting
  std::chrono::milliseconds loss_every{1000};  // least time between two reports of a loss
  std::chrono::milliseconds patience{1000};    // for slow peers at the end
  std::function<Time()> wall_clock;            // for loss reports; empty: the system's
  // Events of one look at the rings are told in the order of their packets, and ends of flows as
  // the flows began, so that it makes no difference how many workers there are.
  bool in_order = false;
  // Is told of every line beside the sinks; may be null, else outlives the writer.
  RecentEvents* recent = nullptr;
};

class EventWriter {
 public:
  EventWriter(EventWriterOptions options, std::vector<std::unique_ptr<Sink>> sinks);
  ~EventWriter();  // stops
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  // A worker's ring, and the counters in which it counts what did not fit (may be null). Both must
  // outlive the writer or its `stop`.
  void add_ring(EventRing& ring, const WorkerCounters* counters);

  // Names for the events of a generation. To be called before any worker sees that generation.
  // Earlier ones are forgotten by the first `flush` afterwards, which is to be called once no
  // worker uses them any more; an event that comes later still is written without its rule's name.
  void publish(std::uint32_t generation, std::shared_ptr<const EventNames> names);

  // A ready-made JSON object, without line feed (control's `stats` and `audit`). Unless it is to be
  // kept, only the sinks get it. False, and counted as lost, where too many wait.
  enum class Keep { yes, no };
  bool write_line(std::string line, Keep keep = Keep::yes);

  void start();
  // Writes what is left, as far as peers take it within the patience, and ends the thread.
  void stop();

  // Returns after everything that was in the rings and in the queue of lines at the call has been
  // handed to the sinks, and the sinks have passed it on as far as it goes without waiting.
  void flush();

  // At the thread's next look all sinks open their files again. For SIGUSR1; only sets a flag.
  void reopen() { reopen_.store(true, std::memory_order_relaxed); }

  // One look at the rings and the queue, on the calling thread; answers how many events were taken.
  // Only where `start` was not called.
  std::size_t drain_once();

  struct SinkFigures {
    std::string word;
    std::uint64_t written = 0;
    std::uint64_t lost = 0;
  };
  std::vector<SinkFigures> sinks() const;
  // Events taken from the rings, by type.
  std::uint64_t taken(EventType type) const;
  // Lost before they reached a sink: in full rings and in the queue of lines.
  std::uint64_t lost() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::atomic<bool> reopen_{false};
};

}  // namespace chatgate::telemetry
