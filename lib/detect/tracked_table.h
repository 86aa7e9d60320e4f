// Remembers something of addresses, rules and names in a fixed number of entries.
//
// The table is divided into buckets of kWays entries; a new key takes the entry of its bucket that
// has been idle longest. Which bucket that is follows from a keyed hash, so nobody outside can aim
// at the entry of another. An entry keeps its key's hash of 64 bits only: two keys meet in one with
// a chance of about 2^-64 (base/keyed_hash.h).
//
// One worker's. Memory is taken at construction; every call is bounded by kWays steps.
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/keyed_hash.h"
#include "base/time.h"

namespace chatgate::detect {

class TrackedTable {
 public:
  static constexpr std::size_t kWays = 8;

  struct Key {
    std::uint64_t what = 0;  // rule or name
    IpAddress first, second;
  };

  struct Entry {
    std::uint64_t print = 0;  // hash of the key; 0: free
    Time used;                // the last `take`
    Time since;               // of the caller, as the numbers are
    std::uint32_t count = 0;
    std::uint32_t previous = 0;
  };

  // Rounded up to full buckets, their number to a power of two.
  TrackedTable(std::uint32_t entries, const KeyedHash& hash);

  Entry* find(const Key& key);
  // The key's entry, made where there is none: then everything but `used` is zero.
  Entry& take(const Key& key, Time now);

  std::size_t memory() const { return entries_.capacity() * sizeof(Entry); }

 private:
  struct Position {
    std::uint64_t print;
    Entry* bucket;
  };
  Position position(const Key& key);

  KeyedHash hash_;
  std::vector<Entry> entries_;
};

}  // namespace chatgate::detect
