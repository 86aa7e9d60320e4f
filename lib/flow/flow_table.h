// The flows of one worker: fixed memory, keyed hash, timer wheel.
//
// All memory is taken in the constructor. Look-up is in three steps so that a burst can overlap its
// cache misses: `prefetch_bucket` for all packets, `prefetch_flow` for all, then `find` for each.
// A bucket is one cache line with eight slots; what does not fit its home bucket goes to one of the
// next few, and the home remembers how many it sent away, so that a miss seldom looks further.
//
// Timers: every flow has one deadline. It is filed by second in a wheel and looked at only when its
// second comes; the owner then says whether the flow has been active since and until when it lives.
//
// Threads: one worker's. Checked against std::unordered_map in test/unit/flow.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "base/keyed_hash.h"
#include "base/table_allocator.h"
#include "base/time.h"
#include "flow/flow.h"

namespace chatgate::flow {

class FlowTable {
 public:
  FlowTable(std::uint32_t capacity, Tick now);

  std::uint32_t capacity() const { return capacity_; }
  std::uint32_t size() const { return size_; }
  // Bytes taken, all in all.
  std::size_t memory() const;

  void prefetch_bucket(std::uint64_t hash) const { __builtin_prefetch(&buckets_[home(hash)]); }
  // Prefetches the record that the hash most likely means.
  void prefetch_flow(std::uint64_t hash) const {
    const Bucket& bucket = buckets_[home(hash)];
    if (const unsigned slots = bucket.slots_of(tag(hash)); slots != 0) {
      __builtin_prefetch(&hot_[bucket.flow_of(slots).value()], 1);
    }
  }

  // Prefetches what else is known of a flow, which may stand in two lines.
  void prefetch_cold(FlowIndex flow) const {
    const ColdFlow* record = &cold_[flow.value()];
    __builtin_prefetch(record, 1);
    __builtin_prefetch(reinterpret_cast<const std::uint8_t*>(record + 1) - 1, 1);
  }

  // None where there is no such flow.
  FlowIndex find(const FlowKey& key, std::uint64_t hash) const {
    const std::size_t first = home(hash);
    const std::size_t reach = buckets_[first].sent_away == 0 ? 1 : kReach;
    for (std::size_t at = first; at < first + reach; ++at) {
      const Bucket& bucket = buckets_[at];
      for (unsigned slots = bucket.slots_of(tag(hash)); slots != 0; slots &= slots - 1) {
        const FlowIndex flow = bucket.flow_of(slots);
        if (hot_[flow.value()].key == key) return flow;
      }
    }
    return FlowIndex::none();
  }

  // A fresh record for a key that is not in the table; none where no room is left. The record is
  // value-initialised but for its key.
  FlowIndex insert(const FlowKey& key, std::uint64_t hash);
  void erase(FlowIndex flow, std::uint64_t hash);

  HotFlow& hot(FlowIndex flow) { return hot_[flow.value()]; }
  const HotFlow& hot(FlowIndex flow) const { return hot_[flow.value()]; }
  ColdFlow& cold(FlowIndex flow) { return cold_[flow.value()]; }
  const ColdFlow& cold(FlowIndex flow) const { return cold_[flow.value()]; }
  // Whether the slot of a record holds a flow; for walking all of them by index.
  bool in_use(FlowIndex flow) const { return cold_[flow.value()].timer_slot != kFree; }

  // Takes `now` as the present, for the start and after a leap of hours; the table must be empty.
  void restart_clock(Tick now);

  // Files the flow's deadline, `ticks` from `now`; replaces an earlier one.
  void schedule(FlowIndex flow, Tick now, std::uint32_t ticks);

  // Calls `due(flow)` for flows whose deadline may have passed, at most `limit` of them; `due` must
  // erase the flow or schedule it anew. True where more are due.
  template <typename Due>
  bool expire(Tick now, std::size_t limit, Due&& due) {
    for (std::uint32_t slots = 0; slots < kWheelSlots; ++slots) {
      while (wheel_[cursor_].valid()) {
        if (limit-- == 0) return true;
        const FlowIndex flow = wheel_[cursor_];
        unfile(flow);
        due(flow);
      }
      if (now.since(cursor_time_) < kTicksPerSlot) return false;
      cursor_ = (cursor_ + 1) % kWheelSlots;
      cursor_time_ = Tick::from_raw(cursor_time_.raw() + kTicksPerSlot);
    }
    return true;
  }

  // A flow to push out so that another fits: the least worthy of a handful of neighbours, by
  // `worth(flow)` (lower goes first). None where none of them is in use.
  template <typename Worth>
  FlowIndex victim(Worth&& worth) {
    constexpr std::uint32_t kLooks = 16;
    FlowIndex best;
    std::uint64_t best_worth = 0;
    for (std::uint32_t look = 0; look < kLooks && look < capacity_; ++look) {
      const FlowIndex candidate(hand_);
      hand_ = hand_ + 1 == capacity_ ? 0 : hand_ + 1;
      if (!in_use(candidate)) continue;
      const std::uint64_t candidate_worth = worth(candidate);
      if (!best.valid() || candidate_worth < best_worth) {
        best = candidate;
        best_worth = candidate_worth;
      }
    }
    return best;
  }

 private:
  static constexpr std::size_t kSlots = 8;
  static constexpr std::size_t kReach = 8;  // buckets that a key may stand in, its home included
  static constexpr std::uint32_t kTicksPerSlot = 1024;  // a little over a second
  static constexpr std::uint32_t kWheelSlots = 8192;    // two hours and a half
  // ColdFlow::timer_slot of a record that holds no flow, and of one without a deadline.
  static constexpr std::uint16_t kFree = 0xffff;
  static constexpr std::uint16_t kNotFiled = 0xfffe;

  struct alignas(64) Bucket {
    std::array<std::uint16_t, kSlots> tags{};  // 0: free
    std::array<FlowIndex, kSlots> flows;
    std::uint16_t sent_away = 0;  // keys at home here that stand in a later bucket

    // Of the first of them.
    FlowIndex flow_of(unsigned slots) const {
      return flows[static_cast<std::size_t>(std::countr_zero(slots))];
    }
    // One bit for each slot whose tag is `wanted`, eight tags at once: on x86-64 a comparison of
    // vectors, and the bits of its lanes joined by a multiplication.
    unsigned slots_of(std::uint16_t wanted) const {
      using Lanes [[gnu::vector_size(16)]] = std::uint16_t;
      static_assert(sizeof(Lanes) == sizeof tags);
      Lanes lanes;
      std::memcpy(&lanes, tags.data(), sizeof lanes);
      constexpr Lanes kBits = {1, 2, 4, 8, 16, 32, 64, 128};
      const Lanes hits = reinterpret_cast<Lanes>(lanes == wanted) & kBits;
      using Halves [[gnu::vector_size(16)]] = std::uint64_t;
      const auto halves = reinterpret_cast<Halves>(hits);
      return static_cast<unsigned>((halves[0] | halves[1]) * 0x0001000100010001u >> 48);
    }
  };

  std::size_t home(std::uint64_t hash) const {
    return static_cast<std::size_t>((hash >> 32) * bucket_count_ >> 32);
  }
  static std::uint16_t tag(std::uint64_t hash) {
    return static_cast<std::uint16_t>(hash) | std::uint16_t{1};
  }
  void unfile(FlowIndex flow);

  std::uint32_t capacity_;
  std::uint32_t size_ = 0;
  std::uint64_t bucket_count_;
  std::uint32_t hand_ = 0;
  Table<Bucket> buckets_;  // kReach - 1 more than bucket_count_, so that reach never wraps
  Table<HotFlow> hot_;
  Table<ColdFlow> cold_;
  FlowIndex free_;  // chained through ColdFlow::timer_next
  std::vector<FlowIndex> wheel_;
  std::uint32_t cursor_ = 0;
  Tick cursor_time_;  // start of the cursor's slot
};

}  // namespace chatgate::flow
