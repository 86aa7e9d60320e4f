#include "telemetry/event_writer.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <new>
#include <pthread.h>
#include <signal.h>
#include <thread>
#include <tuple>
#include <utility>

#include "base/system_time.h"
#include "telemetry/event_head.h"

namespace chatgate::telemetry {
namespace {

constexpr std::size_t kEventTypes = static_cast<std::size_t>(EventType::dns) + 1;

}  // namespace

struct EventWriter::State {
  using Clock = std::chrono::steady_clock;
  using NamesByGeneration = std::map<std::uint32_t, std::shared_ptr<const EventNames>>;

  struct Source {
    EventRing* ring;
    const WorkerCounters* counters;
    std::size_t waiting = 0;  // events of this round
  };

  State(EventWriterOptions given, std::vector<std::unique_ptr<Sink>> given_sinks)
      : options(std::move(given)),
        sinks(std::move(given_sinks)),
        formatter(options.eve),
        told(sinks.size()) {
    if (!options.wall_clock) options.wall_clock = system_time;
  }

  struct Line {
    std::string text;
    Keep keep = Keep::yes;
  };

  std::size_t round(bool reopen);
  void format_in_order();
  void format(const Event& event);
  NamesInUse names_of(std::uint32_t generation) const;
  void write_to_sinks(std::string_view line_with_feed);
  void report_loss();
  std::string loss_line(std::uint64_t lost_now, std::uint64_t lost_total);
  std::uint64_t lost_before_sinks() const;
  std::uint64_t lost_in_sinks() const;
  void loop(std::atomic<bool>& reopen);

  EventWriterOptions options;
  const std::vector<std::unique_ptr<Sink>> sinks;
  std::vector<Source> sources;

  // The draining thread's own.
  EveFormatter formatter;
  NamesByGeneration names;
  std::string line;
  std::vector<Line> ready;
  std::size_t ready_written = 0;  // of these, by a round that found no memory for the rest
  std::vector<Event> unordered;
  std::vector<std::uint64_t> told;  // of the loss, each sink by a line that it took
  std::uint64_t told_recent = 0;    // and whoever asks for what was last
  bool stopped = false;
  Clock::time_point next_report{};

  std::array<std::atomic<std::uint64_t>, kEventTypes> taken{};
  std::atomic<std::uint64_t> lines_lost{0};

  // Shared, under the mutex.
  std::mutex mutex;
  std::condition_variable wake;  // the thread waits
  std::condition_variable done;  // flush waits
  NamesByGeneration published;   // all that are still needed
  std::vector<Line> lines;
  std::uint64_t flush_wanted = 0;
  std::uint64_t flush_done = 0;
  bool running = false;
  bool stopping = false;
  std::thread thread;
};

NamesInUse EventWriter::State::names_of(std::uint32_t generation) const {
  if (const auto at = names.find(generation); at != names.end()) return {at->second.get(), true};
  // Identifiers of applications stay what they are over reloads, rule numbers do not.
  if (!names.empty()) return {names.rbegin()->second.get(), false};
  return {};
}

void EventWriter::State::write_to_sinks(std::string_view line_with_feed) {
  for (const auto& sink : sinks) sink->write(line_with_feed);
}

void EventWriter::State::format(const Event& event) {
  const auto type = static_cast<std::size_t>(event.type);
  if (type < kEventTypes) taken[type].fetch_add(1, std::memory_order_relaxed);
  if (sinks.empty() && options.recent == nullptr) return;
  line.clear();
  formatter.append(line, event, names_of(event.generation));
  const bool blocked = event.type == EventType::alert && is_blocked(event);
  if (options.recent != nullptr) options.recent->add(line, blocked);
  write_to_sinks(line);
}

// What no packet caused comes last.
void EventWriter::State::format_in_order() {
  const auto place = [](const Event& event) {
    constexpr std::uint64_t kLast = ~std::uint64_t{0};
    const bool by_packet = event.packet_number != 0;
    return std::tuple(by_packet ? event.packet_number : kLast,
                      by_packet ? 0 : event.first_seen.nanoseconds, by_packet ? 0 : event.flow_id);
  };
  std::stable_sort(unordered.begin(), unordered.end(),
                   [&](const Event& a, const Event& b) { return place(a) < place(b); });
  for (const Event& event : unordered) format(event);
  unordered.clear();
}

std::uint64_t EventWriter::State::lost_before_sinks() const {
  std::uint64_t lost = lines_lost.load(std::memory_order_relaxed);
  for (const Source& source : sources) {
    if (source.counters != nullptr) lost += source.counters->get(Counter::events_lost);
  }
  return lost;
}

std::uint64_t EventWriter::State::lost_in_sinks() const {
  std::uint64_t lost = 0;
  for (const auto& sink : sinks) lost += sink->lost();
  return lost;
}

std::string EventWriter::State::loss_line(std::uint64_t lost_now, std::uint64_t lost_total) {
  std::string text;
  JsonObject object(text);
  append_head(object, text, options.wall_clock(), "stats", options.eve.host);
  JsonObject stats = object.object("stats");
  JsonObject events = stats.object("events");
  events.number("lost", lost_now);
  events.number("lost_total", lost_total);
  events.number("lost_before_sinks", lost_before_sinks());
  events.append_key("sinks");
  text += '[';
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    if (i != 0) text += ',';
    JsonObject sink(text);
    sink.text("sink", sinks[i]->word());
    sink.number("written", sinks[i]->written());
    sink.number("lost", sinks[i]->lost());
    if (!sinks[i]->trouble().empty()) sink.text("last_error", sinks[i]->trouble());
    sink.close();
  }
  text += ']';
  events.close();
  stats.close();
  object.close();
  text += '\n';
  return text;
}

// Each sink is told until it takes the line: one that is full, or away, hears of the loss once it
// is back.
void EventWriter::State::report_loss() {
  const std::uint64_t total = lost_before_sinks() + lost_in_sinks();
  const auto now = Clock::now();
  if (now < next_report) return;
  if (options.recent != nullptr && total > told_recent) {
    next_report = now + options.loss_every;
    options.recent->add(loss_line(total - told_recent, total), false);
    told_recent = total;
  }
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    if (total <= told[i]) continue;
    next_report = now + options.loss_every;
    if (sinks[i]->take(loss_line(total - told[i], total))) told[i] = total;
  }
}

// Everything that was there when the round began, and no more: workers that go on writing cannot
// keep it from ending. Rings are looked at after the ticket, so that what a flush asks for is among
// it, and before the names, so that those of every event that was seen are known.
std::size_t EventWriter::State::round(bool reopen) {
  std::uint64_t ticket = 0;
  {
    const std::lock_guard lock(mutex);
    ticket = flush_wanted;
  }
  for (Source& source : sources) source.waiting = source.ring->size();
  {
    const std::lock_guard lock(mutex);
    names = published;
    if (ready.empty()) ready.swap(lines);
  }
  if (reopen) {
    for (const auto& sink : sinks) sink->reopen();
  }
  std::size_t count = 0;
  for (const Source& source : sources) {
    for (std::size_t left = source.waiting; left > 0; --left) {
      const Event* event = source.ring->front();
      if (event == nullptr) break;
      if (options.in_order) {
        unordered.push_back(*event);
      } else {
        format(*event);
      }
      source.ring->pop();
      ++count;
    }
  }
  format_in_order();
  for (; ready_written < ready.size(); ++ready_written) {
    Line& each = ready[ready_written];
    if (!each.text.ends_with('\n')) each.text += '\n';
    if (options.recent != nullptr && each.keep == Keep::yes) options.recent->add(each.text, false);
    write_to_sinks(each.text);
  }
  ready.clear();
  ready_written = 0;
  report_loss();
  for (const auto& sink : sinks) sink->flush();
  const std::lock_guard lock(mutex);
  flush_done = ticket;
  done.notify_all();
  return count;
}

void EventWriter::State::loop(std::atomic<bool>& reopen) {
  for (;;) {
    bool last = false;
    {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, options.interval,
                    [this] { return stopping || flush_wanted != flush_done; });
      last = stopping;
    }
    const bool asked = reopen.exchange(false, std::memory_order_relaxed);
    try {
      round(asked);
    } catch (const std::bad_alloc&) {
      // What is not written yet is where it was, and the next round begins with it.
      if (asked) reopen.store(true, std::memory_order_relaxed);
      std::this_thread::sleep_for(options.interval);
    }
    if (last) return;
  }
}

EventWriter::EventWriter(EventWriterOptions options, std::vector<std::unique_ptr<Sink>> sinks)
    : state_(std::make_unique<State>(std::move(options), std::move(sinks))) {}

EventWriter::~EventWriter() {
  stop();
}

void EventWriter::add_ring(EventRing& ring, const WorkerCounters* counters) {
  state_->sources.push_back({&ring, counters});
}

void EventWriter::publish(std::uint32_t generation, std::shared_ptr<const EventNames> names) {
  const std::lock_guard lock(state_->mutex);
  state_->published[generation] = std::move(names);
}

bool EventWriter::write_line(std::string line, Keep keep) {
  const std::lock_guard lock(state_->mutex);
  if (state_->lines.size() >= state_->options.line_queue) {
    state_->lines_lost.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  state_->lines.push_back({std::move(line), keep});
  return true;
}

void EventWriter::start() {
  // Signals are for the main thread; and a reader of standard output that went away is an error of
  // the write, not the end of the process. Except for the one by which a process looks after its
  // own threads (lib/process).
  sigset_t all, before;
  sigfillset(&all);
  sigdelset(&all, SIGSYS);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  {
    const std::lock_guard lock(state_->mutex);
    state_->running = true;
    state_->stopping = false;
  }
  state_->thread = std::thread([this] { state_->loop(reopen_); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void EventWriter::stop() {
  // A second call must not touch the rings: their workers may be gone.
  if (std::exchange(state_->stopped, true)) return;
  if (state_->thread.joinable()) {
    {
      const std::lock_guard lock(state_->mutex);
      state_->stopping = true;
      state_->wake.notify_all();
    }
    state_->thread.join();
    const std::lock_guard lock(state_->mutex);
    state_->running = false;
    state_->done.notify_all();
  } else {
    drain_once();
  }
  for (const auto& sink : state_->sinks) sink->finish(state_->options.patience);
}

void EventWriter::flush() {
  std::uint32_t newest = 0;
  {
    std::unique_lock lock(state_->mutex);
    if (!state_->published.empty()) newest = state_->published.rbegin()->first;
    if (state_->running) {
      const std::uint64_t ticket = ++state_->flush_wanted;
      state_->wake.notify_all();
      state_->done.wait(lock, [&] { return state_->flush_done >= ticket || !state_->running; });
    } else {
      lock.unlock();
      drain_once();
    }
  }
  const std::lock_guard lock(state_->mutex);
  state_->published.erase(state_->published.begin(), state_->published.lower_bound(newest));
}

std::size_t EventWriter::drain_once() {
  return state_->round(reopen_.exchange(false, std::memory_order_relaxed));
}

std::vector<EventWriter::SinkFigures> EventWriter::sinks() const {
  std::vector<SinkFigures> figures;
  for (const auto& sink : state_->sinks) {
    figures.push_back({sink->word(), sink->written(), sink->lost()});
  }
  return figures;
}

std::uint64_t EventWriter::taken(EventType type) const {
  return state_->taken[static_cast<std::size_t>(type)].load(std::memory_order_relaxed);
}

std::uint64_t EventWriter::lost() const {
  return state_->lost_before_sinks();
}

}  // namespace chatgate::telemetry
