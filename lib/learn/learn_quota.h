// How much one client may teach: a bucket of tokens for each, so that nobody can wash the table of
// learned servers away with answers to questions of his own.
//
// A token is spent on each address that is new; it comes back at kPerSecond. Clients share a fixed
// number of buckets, chosen by a keyed hash. One object a worker, used on its thread only; memory
// is taken once, at construction.
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/keyed_hash.h"
#include "base/time.h"

namespace chatgate::learn {

class LearnQuota {
 public:
  static constexpr std::uint32_t kBurst = 512;  // a browser's start with many tabs
  static constexpr std::uint32_t kPerSecond = 32;
  static constexpr std::uint32_t kUsualBuckets = 4096;

  explicit LearnQuota(std::uint32_t buckets = kUsualBuckets, const KeyedHash& hash = KeyedHash());

  // Takes a token of `client`; false where it has none.
  bool take(const IpAddress& client, Time now);

  std::size_t memory() const { return sizeof *this + buckets_.capacity() * sizeof(Bucket); }

 private:
  struct Bucket {
    std::uint64_t filled = 0;  // nanoseconds, up to when tokens were paid out
    std::uint32_t tokens = kBurst;
  };

  KeyedHash hash_;
  std::vector<Bucket> buckets_;
};

}  // namespace chatgate::learn
