// A set of values as sorted, disjoint, inclusive ranges: addresses of rules and of lists, ports of
// Snort rules.
//
// Made when a file is loaded, immutable afterwards; `contains` is a binary search without
// allocation and may be called from any thread. The full set ("any") is one range.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <vector>

#include "base/address.h"

namespace chatgate {

// The address behind `address`, or before it; nothing at the end of the space.
inline std::optional<IpAddress> next_address(IpAddress address) {
  for (std::size_t i = address.bytes.size(); i-- > 0;) {
    if (++address.bytes[i] != 0) return address;
  }
  return std::nullopt;
}
inline std::optional<IpAddress> previous_address(IpAddress address) {
  for (std::size_t i = address.bytes.size(); i-- > 0;) {
    if (address.bytes[i]-- != 0) return address;
  }
  return std::nullopt;
}

// What a set needs to know of its values. `next` is only asked of a value below `highest`, and
// `previous` only of one above `lowest`.
template <typename Value>
struct ValueOrder;

template <>
struct ValueOrder<std::uint16_t> {
  static constexpr std::uint16_t lowest() { return 0; }
  static constexpr std::uint16_t highest() { return std::numeric_limits<std::uint16_t>::max(); }
  static constexpr std::uint16_t next(std::uint16_t value) { return ++value; }
  static constexpr std::uint16_t previous(std::uint16_t value) { return --value; }
};

template <>
struct ValueOrder<IpAddress> {
  static IpAddress lowest() { return {}; }
  static IpAddress highest() {
    IpAddress address;
    address.bytes.fill(0xff);
    return address;
  }
  static IpAddress next(const IpAddress& value) { return *next_address(value); }
  static IpAddress previous(const IpAddress& value) { return *previous_address(value); }
};

template <typename Value>
class RangeSet {
 public:
  using Order = ValueOrder<Value>;

  struct Range {
    Value first{};
    Value last{};
    bool operator==(const Range&) const = default;
  };

  RangeSet() = default;  // empty

  static RangeSet any() { return RangeSet({{Order::lowest(), Order::highest()}}); }
  // Ranges in any order, overlapping or not; each with first <= last.
  static RangeSet of(std::vector<Range> ranges) { return RangeSet(std::move(ranges)); }

  bool contains(const Value& value) const {
    const auto after =
        std::upper_bound(ranges_.begin(), ranges_.end(), value,
                         [](const Value& wanted, const Range& r) { return wanted < r.first; });
    return after != ranges_.begin() && !(std::prev(after)->last < value);
  }

  bool empty() const { return ranges_.empty(); }
  bool is_any() const {
    return ranges_.size() == 1 && ranges_[0] == Range{Order::lowest(), Order::highest()};
  }
  const std::vector<Range>& ranges() const { return ranges_; }
  bool operator==(const RangeSet&) const = default;

  // Everything that is not in it.
  RangeSet complement() const {
    RangeSet result;
    Value from = Order::lowest();
    for (const Range& range : ranges_) {
      if (from < range.first) result.ranges_.push_back({from, Order::previous(range.first)});
      if (range.last == Order::highest()) return result;
      from = Order::next(range.last);
    }
    result.ranges_.push_back({from, Order::highest()});
    return result;
  }

  RangeSet united(const RangeSet& other) const {
    std::vector<Range> all = ranges_;
    all.insert(all.end(), other.ranges_.begin(), other.ranges_.end());
    return RangeSet(std::move(all));
  }

  // What is in it and not in `other`.
  RangeSet without(const RangeSet& other) const { return complement().united(other).complement(); }

 private:
  explicit RangeSet(std::vector<Range> ranges) {
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return a.first < b.first; });
    for (const Range& range : ranges) {
      if (!ranges_.empty() && touches(ranges_.back(), range)) {
        ranges_.back().last = std::max(ranges_.back().last, range.last);
      } else {
        ranges_.push_back(range);
      }
    }
  }

  // Whether `next`, which starts no earlier, overlaps or directly follows `range`.
  static bool touches(const Range& range, const Range& next) {
    return !(range.last < next.first) || Order::next(range.last) == next.first;
  }

  std::vector<Range> ranges_;
};

}  // namespace chatgate
