// What a worker does when its queues are empty.
//
// A worker that never sleeps owns its processor; one that does answers a packet later by what is
// left of its sleep. Used by the worker's own thread.
#pragma once

#include <cstdint>

namespace chatgate::io {

enum class Idle : std::uint8_t {
  sleep,  // short sleeps that grow while nothing comes
  poll,   // never sleep
  power,  // the processor's own light sleep where it has one, otherwise as `sleep`
};

// Lengths of the sleeps: none for the first empty polls, then longer with each, up to a bound.
class IdleSteps {
 public:
  static constexpr unsigned kPollsBeforeSleep = 64;
  static constexpr std::uint32_t kFirstSleep = 5;  // microseconds
  static constexpr std::uint32_t kLongestSleep = 160;

  void busy() { empty_ = 0; }
  // Nothing came: how long to sleep now, in microseconds; 0 for not at all.
  std::uint32_t next() {
    if (empty_ < kPollsBeforeSleep) {
      ++empty_;
      sleep_ = kFirstSleep;
      return 0;
    }
    const std::uint32_t now = sleep_;
    // Each length several times, so that a steady trickle is served soon.
    if (++repeats_ % 4 == 0 && sleep_ < kLongestSleep) sleep_ *= 2;
    return now;
  }

 private:
  unsigned empty_ = 0;
  unsigned repeats_ = 0;
  std::uint32_t sleep_ = kFirstSleep;
};

// The processor's own light sleep (UMWAIT and the like): whether it has one, and for how long at
// most. Wakes early on an interrupt.
bool has_light_sleep();
void light_sleep(std::uint32_t microseconds);

}  // namespace chatgate::io
