#include "detect/tracked_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace chatgate::detect {

TrackedTable::TrackedTable(std::uint32_t entries, const KeyedHash& hash)
    : hash_(hash), entries_(kWays * std::bit_ceil((std::max(entries, 1u) + kWays - 1) / kWays)) {}

TrackedTable::Position TrackedTable::position(const Key& key) {
  KeyedHash::Words words{};
  words[0] = key.what;
  std::memcpy(&words[1], key.first.bytes.data(), key.first.bytes.size());
  std::memcpy(&words[3], key.second.bytes.data(), key.second.bytes.size());
  const std::uint64_t hash = hash_(words);
  const std::size_t buckets = entries_.size() / kWays;
  return {hash == 0 ? 1 : hash, entries_.data() + (hash & (buckets - 1)) * kWays};
}

TrackedTable::Entry* TrackedTable::find(const Key& key) {
  const Position at = position(key);
  for (std::size_t i = 0; i < kWays; ++i) {
    if (at.bucket[i].print == at.print) return &at.bucket[i];
  }
  return nullptr;
}

TrackedTable::Entry& TrackedTable::take(const Key& key, Time now) {
  const Position at = position(key);
  Entry* oldest = at.bucket;
  for (std::size_t i = 0; i < kWays; ++i) {
    Entry& entry = at.bucket[i];
    if (entry.print == at.print) {
      entry.used = now;
      return entry;
    }
    if (entry.used < oldest->used) oldest = &entry;  // a free one was never used
  }
  *oldest = Entry();
  oldest->print = at.print;
  oldest->used = now;
  return *oldest;
}

}  // namespace chatgate::detect
