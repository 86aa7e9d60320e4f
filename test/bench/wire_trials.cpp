#include "wire_trials.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <stdexcept>

#include "wire_traffic.h"

namespace chatgate::bench {
namespace {

constexpr unsigned kBurst = 64;
constexpr std::uint64_t kQuiet = 30'000'000;         // ns without a frame: nothing more will come
constexpr std::uint64_t kSilence = 200'000'000;      // ns after which frames are sent again
constexpr std::uint64_t kStuck = 5'000'000'000;      // ns after which nothing helps
constexpr std::uint64_t kNextConnections = 1 << 20;  // numbers are not used again soon

std::uint64_t nanoseconds() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

double in_seconds(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) * 1e-9;
}

class Load {
 public:
  Load(Wire wire, const LoadRequest& request)
      : wire_(wire),
        frames_(request.flows, request.sizes),
        rate_(request.rate * 1e-9),
        total_(static_cast<std::uint64_t>(request.rate * request.seconds)),
        trial_(++trials) {}

  LoadOutcome run() {
    begin_ = last_ = last_frame_ = nanoseconds();
    while (outcome_.offered < total_) {
      const std::uint64_t now = look_at_clock();
      const auto due = static_cast<std::uint64_t>(static_cast<double>(now - begin_) * rate_);
      if (const std::uint64_t wanted = std::min(due, total_); wanted > outcome_.offered) {
        offer(static_cast<unsigned>(std::min<std::uint64_t>(wanted - outcome_.offered, kBurst)),
              now);
      }
      receive();
    }
    outcome_.seconds = in_seconds(last_ - begin_);
    outcome_.behind = std::max(0.0, outcome_.seconds - static_cast<double>(total_) / rate_ * 1e-9);
    last_frame_ = look_at_clock();
    while (outcome_.received + outcome_.refused < outcome_.offered &&
           look_at_clock() - last_frame_ < kQuiet) {
      receive();
    }
    outcome_.lost = outcome_.offered - std::min(outcome_.received, outcome_.offered);
    return outcome_;
  }

 private:
  // Frames that came while this thread was away have waited for it, and not for the forwarder.
  std::uint64_t look_at_clock() {
    const std::uint64_t now = nanoseconds();
    if (now - last_ > kStoodStill) {
      outcome_.stood_still += in_seconds(now - last_);
      begin_ += now - last_;
      back_ = now;
    }
    last_ = now;
    return now;
  }

  void offer(unsigned count, std::uint64_t now) {
    const unsigned taken = std::min(count, wire_.inside.room());
    for (unsigned i = 0; i < taken; ++i) {
      frames_.write(next_, {trial_, next_, now}, wire_.inside.slot(i, frames_.size(next_)));
      ++next_;
    }
    if (taken != 0) wire_.inside.send(taken);
    outcome_.offered += count;
    outcome_.refused += count - taken;
  }

  void receive() {
    const unsigned count = std::min(wire_.outside.waiting(), kBurst);
    if (count == 0) return;
    const std::uint64_t now = look_at_clock();
    for (unsigned i = 0; i < count; ++i) {
      const std::optional<Stamp> stamp = StampedDatagrams::read(wire_.outside.frame(i));
      // Those of an earlier trial that were held somewhere are no concern of this one.
      if (!stamp || stamp->trial != trial_) continue;
      ++outcome_.received;
      if (stamp->sequence < expected_) ++outcome_.reordered;
      expected_ = stamp->sequence + 1;
      if (stamp->sent >= back_) outcome_.latency.add(now - std::min(now, stamp->sent));
    }
    wire_.outside.release(count);
    last_frame_ = now;
  }

  static inline std::uint16_t trials = 0;

  Wire wire_;
  StampedDatagrams frames_;
  double rate_;  // frames a nanosecond
  std::uint64_t total_;
  std::uint16_t trial_;
  std::uint32_t next_ = 0, expected_ = 0;
  std::uint64_t begin_ = 0, last_ = 0, last_frame_ = 0, back_ = 0;
  LoadOutcome outcome_;
};

class Connections {
 public:
  Connections(Wire wire, const ConnectionRequest& request)
      : wire_(wire),
        request_(request),
        script_(request.name),
        end_(request.hold ? ConnectionScript::kOpenEnd : ConnectionScript::kSteps),
        slots_(request.at_once) {}

  ConnectionOutcome run() {
    begin_ = last_ = last_frame_ = nanoseconds();
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) begin(slot, begin_);
    while (active_ != 0) {
      const std::uint64_t now = nanoseconds();
      if (now - last_ > kStoodStill) outcome_.stood_still += in_seconds(now - last_);
      last_ = now;
      send(wire_.inside, true);
      send(wire_.outside, false);
      receive(wire_.outside, true, now);
      receive(wire_.inside, false, now);
      if (now - last_frame_ > kSilence && !send_again(now)) break;
    }
    outcome_.seconds = in_seconds(nanoseconds() - begin_);
    return outcome_;
  }

 private:
  struct Slot {
    std::uint32_t number = 0;
    unsigned step = 0;
    bool active = false;
    std::uint64_t began = 0;
  };

  void begin(std::uint32_t slot, std::uint64_t now) {
    const bool enough = request_.count != 0 ? begun_ >= request_.count
                                            : in_seconds(now - begin_) >= request_.seconds;
    if (enough) return;
    slots_[slot] = {next_number++, 0, true, now};
    ++begun_;
    ++active_;
    wants(true).push_back(slot);
  }

  std::deque<std::uint32_t>& wants(bool from_client) {
    return from_client ? client_wants_ : server_wants_;
  }

  void send(MemifClient& port, bool from_client) {
    std::deque<std::uint32_t>& waiting = wants(from_client);
    const auto count = static_cast<unsigned>(
        std::min<std::size_t>({waiting.size(), port.room(), std::size_t{kBurst}}));
    for (unsigned i = 0; i < count; ++i) {
      const std::uint32_t at = waiting[i];
      const Slot& slot = slots_[at];
      script_.write(slot.step, slot.number, at, port.slot(i, script_.size(slot.step)));
    }
    if (count == 0) return;
    port.send(count);
    waiting.erase(waiting.begin(), waiting.begin() + count);
    outcome_.frames += count;
  }

  void receive(MemifClient& port, bool from_client, std::uint64_t now) {
    const unsigned count = std::min(port.waiting(), kBurst);
    if (count == 0) return;
    for (unsigned i = 0; i < count; ++i) {
      const auto place = script_.read(port.frame(i));
      const bool expected = place && place->slot < slots_.size() && slots_[place->slot].active &&
                            slots_[place->slot].step == place->step &&
                            script_.from_client(place->step) == from_client;
      if (expected) {
        advance(place->slot, now);
      } else {
        ++outcome_.unknown;
      }
    }
    port.release(count);
    last_frame_ = now;
  }

  void advance(std::uint32_t at, std::uint64_t now) {
    Slot& slot = slots_[at];
    if (slot.step == ConnectionScript::kAnswer) outcome_.first_bytes.add(now - slot.began);
    if (++slot.step < end_) {
      wants(script_.from_client(slot.step)).push_back(at);
      return;
    }
    slot.active = false;
    --active_;
    ++outcome_.completed;
    outcome_.whole.add(now - slot.began);
    begin(at, now);
  }

  // What was lost on the way is sent once more; false where that has not helped for long.
  bool send_again(std::uint64_t now) {
    if (now - begin_ > kStuck && now - last_progress_ > kStuck &&
        outcome_.completed == completed_before_) {
      outcome_.stuck = true;
      return false;
    }
    if (outcome_.completed != completed_before_) last_progress_ = now;
    completed_before_ = outcome_.completed;
    client_wants_.clear();
    server_wants_.clear();
    for (std::uint32_t at = 0; at < slots_.size(); ++at) {
      if (!slots_[at].active) continue;
      wants(script_.from_client(slots_[at].step)).push_back(at);
      ++outcome_.resent;
    }
    last_frame_ = now;
    return true;
  }

  static inline std::uint32_t next_number = kNextConnections;

  Wire wire_;
  ConnectionRequest request_;
  ConnectionScript script_;
  unsigned end_;  // the step behind the last
  std::vector<Slot> slots_;
  std::deque<std::uint32_t> client_wants_, server_wants_;  // slots whose frame is due
  std::uint64_t begin_ = 0, last_ = 0, last_frame_ = 0, last_progress_ = 0, completed_before_ = 0;
  std::uint32_t begun_ = 0, active_ = 0;
  ConnectionOutcome outcome_;
};

}  // namespace

LoadOutcome run_load(Wire wire, const LoadRequest& request) {
  const auto fits = [](std::uint32_t size) {
    return size >= StampedDatagrams::kLeast && size <= MemifClient::kBuffer;
  };
  if (!(request.rate > 0 && request.rate < 1e9) ||
      !(request.seconds > 0 && request.seconds < 3600) || request.flows == 0 ||
      request.sizes.empty() || !std::all_of(request.sizes.begin(), request.sizes.end(), fits) ||
      request.rate * request.seconds > 4e9) {
    throw std::runtime_error("no such load");
  }
  return Load(wire, request).run();
}

ConnectionOutcome run_connections(Wire wire, const ConnectionRequest& request) {
  if (!(request.seconds > 0 && request.seconds < 3600) || request.at_once == 0 ||
      request.at_once > ConnectionScript::kMaxSlots) {
    throw std::runtime_error("no such connections");
  }
  return Connections(wire, request).run();
}

}  // namespace chatgate::bench
