// A keyed hash of every suffix of a name, in one pass from its last character to its first.
//
// A polynomial over the field of 2^61-1 elements at a secret point (Carter and Wegman, "New hash
// functions and their use in authentication and set equality", 1981): two different names of n
// characters meet with a chance of at most n in 2^61 over the secret, so nobody who does not see
// hash values can aim at one bucket. One multiplication a character, but what waits for the one
// before it is one in four.
//
// Threads: a key is immutable after construction; a hash in progress belongs to who made it. No
// allocation. Not a message digest: never show its values outside the process.
#pragma once

#include <array>
#include <cstddef>
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
    void set_point(std::uint64_t point);

    std::array<std::uint64_t, 4> powers_{};  // of the point, from the first on; below kPrime
    std::uint64_t multiplier_ = 0;           // odd
  };

  explicit SuffixHash(const Key& key) : key_(&key) {}

  // The character before all those that were added.
  void add(char c) { value_ = reduce(times(value_ + number(c), key_->powers_[0])); }

  // The same of each character of `text`, from its last to its first.
  void add(std::string_view text) {
    const auto& powers = key_->powers_;
    std::size_t left = text.size();
    for (; left >= powers.size(); left -= powers.size()) {
      const char* const c = text.data() + left - powers.size();
      value_ = reduce(times(value_ + number(c[3]), powers[3]) + times(number(c[2]), powers[2]) +
                      times(number(c[1]), powers[1]) + times(number(c[0]), powers[0]));
    }
    while (left-- > 0) add(text[left]);
  }

  // Of the suffix so far; all 64 bits of it may choose a bucket.
  std::uint64_t value() const {
    const Wide mixed = static_cast<Wide>(value_) * static_cast<Wide>(key_->multiplier_);
    return static_cast<std::uint64_t>(mixed) ^ static_cast<std::uint64_t>(mixed >> 61);
  }

  // Calls `visit(hash, at)` for each place in `name` where a label begins, with the hash of what
  // stands from there on: from the last label to the first, at most `most` of them.
  template <typename Visit>
  static void each_label(const Key& key, std::string_view name, std::size_t most, Visit&& visit) {
    SuffixHash hash(key);
    std::size_t end = name.size();
    for (std::size_t labels = 0; end > 0 && labels < most; ++labels) {
      // A label with the dot behind it, where there is one.
      const std::size_t at = end < 2 ? 0 : name.rfind('.', end - 2) + 1;
      hash.add(name.substr(at, end - at));
      visit(hash.value(), at);
      end = at;
    }
  }

  static std::uint64_t of(const Key& key, std::string_view text) {
    SuffixHash hash(key);
    hash.add(text);
    return hash.value();
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr unsigned kBits = 61;
  static constexpr std::uint64_t kPrime = (std::uint64_t{1} << kBits) - 1;

  static std::uint64_t number(char c) { return static_cast<unsigned char>(c) + 1u; }
  static Wide times(std::uint64_t a, std::uint64_t b) { return static_cast<Wide>(a) * b; }
  // Of less than 2^123, to below kPrime.
  static std::uint64_t reduce(Wide wide) {
    std::uint64_t value =
        (static_cast<std::uint64_t>(wide) & kPrime) + static_cast<std::uint64_t>(wide >> kBits);
    value = (value & kPrime) + (value >> kBits);
    return value >= kPrime ? value - kPrime : value;
  }

  const Key* key_;
  std::uint64_t value_ = 1;
};

}  // namespace chatgate
