#include "policy/address_set.h"

#include <optional>

namespace chatgate::policy {
namespace {

constexpr Prefix kAllV4{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}}, 96};
constexpr Prefix kAll{{}, 0};

std::vector<AddressSet::Range> ranges_of(const std::vector<Prefix>& prefixes) {
  std::vector<AddressSet::Range> ranges;
  for (const Prefix& prefix : prefixes) {
    if (prefix.length < kAllV4.length && prefix.contains(kAllV4.address)) {
      // A prefix of IPv6 never means IPv4, whose addresses lie within it in this representation.
      if (prefix.first() != kAllV4.first()) {
        ranges.push_back({prefix.first(), *previous_address(kAllV4.first())});
      }
      if (const auto after = next_address(kAllV4.last())) ranges.push_back({*after, prefix.last()});
    } else {
      ranges.push_back({prefix.first(), prefix.last()});
    }
  }
  return ranges;
}

}  // namespace

AddressSet::AddressSet(std::vector<Prefix> prefixes)
    : AddressSet(RangeSet<IpAddress>::of(ranges_of(prefixes))) {}

std::vector<Prefix> AddressSet::prefixes() const {
  std::vector<Prefix> result;
  if (any()) return {kAllV4, kAll};
  for (const Range& range : ranges()) {
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
