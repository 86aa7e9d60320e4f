#include "flow/flow_table.h"

#include <algorithm>
#include <cassert>

namespace chatgate::flow {

FlowTable::FlowTable(std::uint32_t capacity, Tick now)
    : capacity_(std::max<std::uint32_t>(capacity, 1)),
      bucket_count_((capacity_ + 3) / 4),
      buckets_(bucket_count_ + kReach - 1),
      hot_(capacity_),
      cold_(capacity_),
      wheel_(kWheelSlots),
      cursor_time_(now) {
  for (std::uint32_t i = capacity_; i-- > 0;) {
    cold_[i].timer_slot = kFree;
    cold_[i].timer_next = free_;
    free_ = FlowIndex(i);
  }
}

std::size_t FlowTable::memory() const {
  return sizeof *this + buckets_.size() * sizeof(Bucket) +
         std::size_t{capacity_} * (sizeof(HotFlow) + sizeof(ColdFlow)) +
         wheel_.size() * sizeof(FlowIndex);
}

void FlowTable::restart_clock(Tick now) {
  assert(size_ == 0);
  cursor_time_ = now;
}

FlowIndex FlowTable::insert(const FlowKey& key, std::uint64_t hash) {
  if (!free_.valid()) return FlowIndex::none();
  const std::size_t first = home(hash);
  for (std::size_t at = first; at < first + kReach; ++at) {
    Bucket& bucket = buckets_[at];
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
      if (bucket.tags[slot] != 0) continue;
      const FlowIndex flow = free_;
      free_ = cold_[flow.value()].timer_next;
      bucket.tags[slot] = tag(hash);
      bucket.flows[slot] = flow;
      if (at != first) ++buckets_[first].sent_away;
      hot_[flow.value()] = HotFlow{};
      hot_[flow.value()].key = key;
      cold_[flow.value()] = ColdFlow{};
      cold_[flow.value()].timer_slot = kNotFiled;
      ++size_;
      return flow;
    }
  }
  return FlowIndex::none();
}

void FlowTable::erase(FlowIndex flow, std::uint64_t hash) {
  const std::size_t first = home(hash);
  for (std::size_t at = first; at < first + kReach; ++at) {
    Bucket& bucket = buckets_[at];
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
      if (bucket.tags[slot] == 0 || bucket.flows[slot] != flow) continue;
      bucket.tags[slot] = 0;
      bucket.flows[slot] = FlowIndex::none();
      if (at != first) --buckets_[first].sent_away;
      unfile(flow);
      cold_[flow.value()].timer_slot = kFree;
      cold_[flow.value()].timer_next = free_;
      free_ = flow;
      --size_;
      return;
    }
  }
  assert(false && "erased a flow that is not in the table");
}

void FlowTable::schedule(FlowIndex flow, Tick now, std::uint32_t ticks) {
  unfile(flow);
  // Slots ahead of the cursor, rounded up so that nothing comes before its time; a deadline beyond
  // the wheel's turn is looked at once a turn and filed again by its owner.
  const std::uint64_t from_cursor = std::uint64_t{now.since(cursor_time_)} + ticks;
  const std::uint64_t ahead =
      std::clamp<std::uint64_t>(from_cursor / kTicksPerSlot + 1, 1, kWheelSlots - 1);
  const auto slot = static_cast<std::uint16_t>((cursor_ + ahead) % kWheelSlots);
  ColdFlow& record = cold_[flow.value()];
  record.timer_previous = FlowIndex::none();
  record.timer_next = wheel_[slot];
  if (wheel_[slot].valid()) cold_[wheel_[slot].value()].timer_previous = flow;
  wheel_[slot] = flow;
  record.timer_slot = slot;
}

void FlowTable::unfile(FlowIndex flow) {
  ColdFlow& record = cold_[flow.value()];
  if (record.timer_slot == kNotFiled) return;
  if (record.timer_previous.valid()) {
    cold_[record.timer_previous.value()].timer_next = record.timer_next;
  } else {
    wheel_[record.timer_slot] = record.timer_next;
  }
  if (record.timer_next.valid()) {
    cold_[record.timer_next.value()].timer_previous = record.timer_previous;
  }
  record.timer_slot = kNotFiled;
}

}  // namespace chatgate::flow
