// A set of addresses: prefixes, merged into sorted ranges, and what is taken out of them.
//
// Built by the loaders, immutable afterwards; `contains` is for workers: a binary search, no
// allocation.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/address.h"

namespace chatgate::policy {

class AddressSet {
 public:
  struct Range {
    IpAddress first, last;
    bool operator==(const Range&) const = default;
  };

  AddressSet() = default;  // matches every address
  explicit AddressSet(std::vector<Prefix> prefixes);

  bool any() const { return any_; }
  bool contains(const IpAddress& address) const;
  // Sorted, none touching another; empty where any() is true.
  std::span<const Range> ranges() const { return ranges_; }

  // What of this set is not in `other`. Of every address nothing is left where `other` is any.
  AddressSet without(const AddressSet& other) const;
  // The same addresses as prefixes, in order; all of them are two, one a family.
  std::vector<Prefix> prefixes() const;

 private:
  void set_ranges(std::vector<Range> sorted);

  bool any_ = true;
  std::vector<Range> ranges_;
};

// The address behind `address`, or before it; nothing at the end of the space.
std::optional<IpAddress> next_address(IpAddress address);
std::optional<IpAddress> previous_address(IpAddress address);

}  // namespace chatgate::policy
