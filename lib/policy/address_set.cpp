#include "policy/address_set.h"

#include <optional>
#include <utility>

namespace chatgate::policy {
namespace {

constexpr Prefix kAllV4{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}}, 96};
constexpr Prefix kAll{{}, 0};

using Set = RangeSet<IpAddress>;

// A prefix of IPv6 never means IPv4, whose addresses lie within it in this representation.
Set set_of(const std::vector<Prefix>& prefixes) {
  std::vector<Set::Range> wide, narrow;
  for (const Prefix& prefix : prefixes) {
    (prefix.length < kAllV4.length ? wide : narrow).push_back({prefix.first(), prefix.last()});
  }
  const Set v4 = Set::of({{kAllV4.first(), kAllV4.last()}});
  return Set::of(std::move(wide)).without(v4).united(Set::of(std::move(narrow)));
}

}  // namespace

AddressSet::AddressSet(std::vector<Prefix> prefixes) : AddressSet(set_of(prefixes)) {}

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
