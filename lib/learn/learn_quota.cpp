#include "learn/learn_quota.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace chatgate::learn {
namespace {

constexpr std::uint64_t kPerToken = 1'000'000'000 / LearnQuota::kPerSecond;  // nanoseconds

}  // namespace

LearnQuota::LearnQuota(std::uint32_t buckets, const KeyedHash& hash)
    : hash_(hash), buckets_(std::bit_ceil(std::max<std::uint32_t>(buckets, 1))) {}

bool LearnQuota::take(const IpAddress& client, Time now) {
  KeyedHash::Words words{};
  std::memcpy(words.data(), client.bytes.data(), client.bytes.size());
  Bucket& bucket = buckets_[hash_(words) & (buckets_.size() - 1)];
  if (now.nanoseconds > bucket.filled) {
    const std::uint64_t earned = (now.nanoseconds - bucket.filled) / kPerToken;
    bucket.tokens = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(kBurst, bucket.tokens + std::min<std::uint64_t>(earned, kBurst)));
    bucket.filled = earned >= kBurst ? now.nanoseconds : bucket.filled + earned * kPerToken;
  }
  if (bucket.tokens == 0) return false;
  --bucket.tokens;
  return true;
}

}  // namespace chatgate::learn
