// A set of addresses (base/range_set.h) as a policy writes them: prefixes, and what is taken out.
//
// Built by the loaders, immutable afterwards; `contains` is for workers: a binary search, no
// allocation.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/range_set.h"

namespace chatgate::policy {

class AddressSet {
 public:
  using Range = RangeSet<IpAddress>::Range;

  AddressSet() : AddressSet(RangeSet<IpAddress>::any()) {}
  explicit AddressSet(std::vector<Prefix> prefixes);

  // Whether every address is in it.
  bool any() const { return any_; }
  bool contains(const IpAddress& address) const { return any_ || set_.contains(address); }
  // Sorted, none touching another.
  std::span<const Range> ranges() const { return set_.ranges(); }

  // What of this set is not in `other`.
  AddressSet without(const AddressSet& other) const { return AddressSet(set_.without(other.set_)); }
  // The same addresses as prefixes, in order; all of them are two, one a family.
  std::vector<Prefix> prefixes() const;

 private:
  explicit AddressSet(RangeSet<IpAddress> set) : set_(std::move(set)), any_(set_.is_any()) {}

  RangeSet<IpAddress> set_;
  bool any_;  // most sets are, and need not be looked at
};

}  // namespace chatgate::policy
