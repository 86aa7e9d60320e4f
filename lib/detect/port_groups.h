// Which rules are looked at for which server port.
//
// Rules of a few ports are kept apart by port: ports that the same rules name form one group, so a
// list such as $HTTP_PORTS is one group however many ports it has. Rules of any port, of wide
// ranges and of negated ones are one more group, for every port. A look therefore meets two groups
// at most. How wide a set may be to be kept apart is lowered until all groups together hold no more
// than kMaxCopies times as many rules as there are, so no rule set makes memory grow faster than
// itself.
//
// Made at load time, immutable afterwards; `group_of` is a binary search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "detect/range_set.h"

namespace chatgate::detect {

class PortGroups {
 public:
  static constexpr std::size_t kMaxCopies = 4;
  static constexpr std::size_t kWidest = 1024;  // ports of a set that is kept apart
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Entry {
    std::uint32_t rule = 0;
    PortSet ports;
  };

  PortGroups() = default;
  explicit PortGroups(std::span<const Entry> entries);

  // Rules in the order they were given.
  const std::vector<std::uint32_t>& any() const { return any_; }
  std::span<const std::vector<std::uint32_t>> groups() const { return groups_; }
  // Index in `groups`; kNone: only `any` is for this port.
  std::uint32_t group_of(std::uint16_t port) const;

  std::size_t memory() const;

 private:
  bool build(std::span<const Entry> entries, std::size_t widest);

  std::vector<std::uint32_t> any_;
  std::vector<std::vector<std::uint32_t>> groups_;
  // Where an interval of ports with the same rules begins, and the group it has.
  std::vector<std::uint16_t> starts_;
  std::vector<std::uint32_t> group_at_;
};

}  // namespace chatgate::detect
