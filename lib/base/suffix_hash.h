// A keyed hash of every suffix of a name, in one pass from its last character to its first.
//
// A polynomial over the field of 2^61-1 elements at a secret point (Carter and Wegman, "New hash
// functions and their use in authentication and set equality", 1981): two different names of n
// characters meet with a chance of at most n in 2^61 over the secret, so nobody who does not see
// hash values can aim at one bucket. One multiplication a character.
//
// Threads: a key is immutable after construction; a hash in progress belongs to who made it. No
// allocation. Not a message digest: never show its values outside the process.
#pragma once

#include <cstdint>
#include <string_view>

namespace chatgate {

class SuffixHash {
 public:
  class Key {
   public:
    // A secret from the operating system's generator.
    Key();
    // A secret derived from `seed`, for tests that must repeat.
    explicit Key(std::uint64_t seed);

   private:
    friend class SuffixHash;
    std::uint64_t point_ = 0;       // below kPrime
    std::uint64_t multiplier_ = 0;  // odd
  };

  explicit SuffixHash(const Key& key) : key_(&key) {}

  // The character before all those that were added.
  void add(char c) {
    const Wide product = static_cast<Wide>(value_ + static_cast<unsigned char>(c) + 1) *  //
                         static_cast<Wide>(key_->point_);
    value_ = (static_cast<std::uint64_t>(product) & kPrime) +
             static_cast<std::uint64_t>(product >> kBits);
    if (value_ >= kPrime) value_ -= kPrime;
  }

  // Of the suffix so far; all 64 bits of it may choose a bucket.
  std::uint64_t value() const {
    const Wide mixed = static_cast<Wide>(value_) * static_cast<Wide>(key_->multiplier_);
    return static_cast<std::uint64_t>(mixed) ^ static_cast<std::uint64_t>(mixed >> 61);
  }

  static std::uint64_t of(const Key& key, std::string_view text) {
    SuffixHash hash(key);
    for (auto c = text.rbegin(); c != text.rend(); ++c) hash.add(*c);
    return hash.value();
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr unsigned kBits = 61;
  static constexpr std::uint64_t kPrime = (std::uint64_t{1} << kBits) - 1;

  const Key* key_;
  std::uint64_t value_ = 1;
};

}  // namespace chatgate
