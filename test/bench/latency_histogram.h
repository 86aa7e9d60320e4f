// Times in nanoseconds, counted in buckets whose width is at most 1/128 of what they hold: any
// quantile is right to 0.8 %, from a nanosecond to minutes, in memory of a fixed size.
//
// The form is that of an HDR histogram: exact below 256, then 128 equal buckets for each doubling.
// One thread.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace chatgate::bench {

class LatencyHistogram {
 public:
  void add(std::uint64_t nanoseconds) {
    ++counts_[bucket(nanoseconds)];
    ++total_;
    sum_ += nanoseconds;
    least_ = std::min(least_, nanoseconds);
    most_ = std::max(most_, nanoseconds);
  }

  std::uint64_t count() const { return total_; }
  std::uint64_t least() const { return total_ == 0 ? 0 : least_; }
  std::uint64_t most() const { return most_; }
  double mean() const {
    return total_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(total_);
  }

  // The time that a share of all, `quantile` of 1, did not exceed; 0 where there are none.
  std::uint64_t at(double quantile) const {
    const auto wanted = static_cast<std::uint64_t>(
        std::ceil(std::clamp(quantile, 0.0, 1.0) * static_cast<double>(total_)));
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      passed += counts_[i];
      if (passed >= wanted && passed != 0) return std::min(end_of(i), most_);
    }
    return most_;
  }

 private:
  static constexpr unsigned kFine = 7;        // log2 of buckets for each doubling
  static constexpr unsigned kDoublings = 32;  // 2^39 ns and more are one bucket
  static constexpr std::size_t kBuckets = (kDoublings + 1) << kFine;

  static std::size_t bucket(std::uint64_t value) {
    const unsigned shift =
        value < (2u << kFine) ? 0 : static_cast<unsigned>(std::bit_width(value)) - kFine - 1;
    return std::min<std::size_t>((std::size_t{shift} << kFine) + (value >> shift), kBuckets - 1);
  }
  // The highest value of a bucket.
  static std::uint64_t end_of(std::size_t i) {
    const std::size_t shift = i < (2u << kFine) ? 0 : (i >> kFine) - 1;
    const std::uint64_t first = i - (shift << kFine);
    return ((first + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0, sum_ = 0, least_ = UINT64_MAX, most_ = 0;
};

}  // namespace chatgate::bench
