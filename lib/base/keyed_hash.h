// A keyed hash of short fixed-size keys whose collisions an outsider cannot aim.
//
// NH, the universal hash of UMAC (RFC 4418 section 5.2.2), over 64-bit words with 128-bit products:
// for any two different keys the chance of a collision over the random secret is about 2^-64, so a
// peer who does not see hash values cannot choose tuples that share a bucket. Three multiplications
// for a 40-byte key. Not a message digest: whoever sees enough of its values can work out the
// secret, so only the operator does (the flow_id of events is made of one).
//
// The secret is drawn once at start. Threads: immutable after construction.
#pragma once

#include <array>
#include <cstdint>

namespace chatgate {

class KeyedHash {
 public:
  static constexpr std::size_t kWords = 6;
  using Words = std::array<std::uint64_t, kWords>;

  // A secret from the operating system's generator.
  KeyedHash();
  // A secret derived from `seed`, for tests that must repeat.
  explicit KeyedHash(std::uint64_t seed);

  std::uint64_t operator()(const Words& words) const {
    __extension__ using Wide = unsigned __int128;
    Wide sum = 0;
    for (std::size_t i = 0; i < kWords; i += 2) {
      sum += static_cast<Wide>(words[i] + secret_[i]) * (words[i + 1] + secret_[i + 1]);
    }
    // Fold so that every bit of the sum reaches the low bits that choose a bucket.
    const auto low = static_cast<std::uint64_t>(sum) ^ secret_[kWords];
    const auto high = static_cast<std::uint64_t>(sum >> 64) ^ secret_[kWords + 1];
    const Wide mixed = static_cast<Wide>(low | 1) * (high | 1) + sum;
    return static_cast<std::uint64_t>(mixed) ^ static_cast<std::uint64_t>(mixed >> 64);
  }

 private:
  std::array<std::uint64_t, kWords + 2> secret_;
};

}  // namespace chatgate
