#include "policy/address_set.h"

#include <algorithm>

namespace chatgate::policy {
namespace {

constexpr Prefix kAllV4{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}}, 96};
constexpr Prefix kAll{{}, 0};

}  // namespace

std::optional<IpAddress> next_address(IpAddress address) {
  for (std::size_t i = address.bytes.size(); i-- > 0;) {
    if (++address.bytes[i] != 0) return address;
  }
  return std::nullopt;
}

std::optional<IpAddress> previous_address(IpAddress address) {
  for (std::size_t i = address.bytes.size(); i-- > 0;) {
    if (address.bytes[i]-- != 0) return address;
  }
  return std::nullopt;
}

AddressSet::AddressSet(std::vector<Prefix> prefixes) : any_(false) {
  std::vector<Range> sorted;
  for (const Prefix& prefix : prefixes) {
    if (prefix.length < kAllV4.length && prefix.contains(kAllV4.address)) {
      // A prefix of IPv6 never means IPv4, whose addresses lie within it in this representation.
      if (prefix.first() != kAllV4.first()) {
        sorted.push_back({prefix.first(), *previous_address(kAllV4.first())});
      }
      if (const auto after = next_address(kAllV4.last())) sorted.push_back({*after, prefix.last()});
    } else {
      sorted.push_back({prefix.first(), prefix.last()});
    }
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  set_ranges(std::move(sorted));
}

// Joined where they overlap or touch.
void AddressSet::set_ranges(std::vector<Range> sorted) {
  ranges_.clear();
  for (const Range& range : sorted) {
    const auto behind =
        ranges_.empty() ? std::optional<IpAddress>() : next_address(ranges_.back().last);
    if (!ranges_.empty() && (!behind || range.first <= *behind)) {
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    } else {
      ranges_.push_back(range);
    }
  }
}

bool AddressSet::contains(const IpAddress& address) const {
  if (any_) return true;
  const auto after = std::upper_bound(
      ranges_.begin(), ranges_.end(), address,
      [](const IpAddress& value, const Range& range) { return value < range.first; });
  return after != ranges_.begin() && address <= std::prev(after)->last;
}

AddressSet AddressSet::without(const AddressSet& other) const {
  AddressSet result;
  result.any_ = false;
  if (other.any_) return result;
  if (any_ && other.ranges_.empty()) return *this;
  const std::vector<Range> whole = {{kAll.first(), kAll.last()}};
  std::vector<Range> left;
  for (Range range : any_ ? whole : ranges_) {
    bool is_left = true;
    for (const Range& hole : other.ranges_) {
      if (hole.last < range.first) continue;
      if (range.last < hole.first) break;
      if (range.first < hole.first) left.push_back({range.first, *previous_address(hole.first)});
      const auto after = next_address(hole.last);
      is_left = after && *after <= range.last;
      if (!is_left) break;
      range.first = *after;
    }
    if (is_left) left.push_back(range);
  }
  result.set_ranges(std::move(left));
  return result;
}

std::vector<Prefix> AddressSet::prefixes() const {
  std::vector<Prefix> result;
  if (any_) return {kAllV4, kAll};
  for (const Range& range : ranges_) {
    // The widest block that begins here and does not reach beyond, one after the other.
    for (std::optional<IpAddress> at = range.first; at && *at <= range.last;) {
      Prefix widest{*at, 128};
      while (widest.length > 0) {
        const Prefix wider{*at, static_cast<std::uint8_t>(widest.length - 1)};
        // A prefix of IPv6 does not hold IPv4's addresses.
        const bool holds_v4 = wider.length < kAllV4.length && wider.contains(kAllV4.address);
        if (wider.first() != *at || range.last < wider.last() || holds_v4) break;
        widest = wider;
      }
      result.push_back(widest);
      at = next_address(widest.last());
    }
  }
  return result;
}

}  // namespace chatgate::policy
