// Numbers for the names that rules share: flowbits, flowints, xbits, and groups of flowbits.
//
// One for all rules of a set. Filled while the rules are compiled (load time, one thread); what
// programs keep of it are numbers, and masks of groups that are complete, and no longer change,
// when the last rule is compiled. Names are case-sensitive.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "detect/subject.h"

namespace chatgate::detect {

// A set of flowbits, in the form FlowMemory keeps them.
using FlowbitMask = std::array<std::uint64_t, FlowMemory::kMaxBits / 64>;

class Numbering {
 public:
  // The number of the flowbit, below FlowMemory::kMaxBits; new names get the next one. Where
  // `group` is not empty the bit is put into it. Nothing where there is no room for a new name.
  std::optional<std::uint16_t> flowbit(std::string_view name, std::string_view group);
  std::optional<std::uint16_t> flowint(std::string_view name);
  std::optional<std::uint16_t> xbit(std::string_view name);

  // All bits of a group; grows while further rules put bits into it. Never null.
  std::shared_ptr<const FlowbitMask> group(std::string_view name);

  std::size_t flowbit_count() const { return flowbits_.size(); }

 private:
  using Names = std::map<std::string, std::uint16_t, std::less<>>;
  static std::optional<std::uint16_t> number(Names& names, std::string_view name, std::size_t room);
  std::shared_ptr<FlowbitMask>& group_mask(std::string_view name);

  Names flowbits_, flowints_, xbits_;
  std::map<std::string, std::shared_ptr<FlowbitMask>, std::less<>> groups_;
};

}  // namespace chatgate::detect
