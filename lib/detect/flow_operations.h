// The flowbits and flowints of one rule, by number: its tests of a flow's memory, and what it sets.
//
// `compile` at load time; the rest on the packet path of any worker, bounded by the operations of
// the rule. Immutable but for the masks of groups, which Numbering completes while rules load.
//
// Where Snort and Suricata leave room:
//   - `isnotset,a|b` holds where one of them is unset (Suricata); `isnotset,any,GROUP` where no bit
//     of the group is set, `isnotset,all,GROUP` where not all are (Snort). No bit of an empty group
//     is set, nor are all.
//   - A flowint neither exceeds 32 bits nor falls below zero: it stays at the end it reached. One
//     that was never set cannot be subtracted from, nor stand on the right: the operation does
//     nothing, a test is false. A flow holds FlowMemory::kMaxCounters; further ones are not made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/diagnostic.h"
#include "detect/numbering.h"
#include "detect/rule.h"
#include "detect/subject.h"

namespace chatgate::detect {

class FlowOperations {
 public:
  static std::optional<FlowOperations> compile(const Rule& rule, Numbering& numbering,
                                               Diagnostics& findings);

  // Every test holds. A null flow has nothing set.
  bool fit(const FlowMemory* flow) const;
  // Does what sets, in the order of the rule, flowbits first.
  void apply(FlowMemory* flow) const;

  std::size_t memory() const;

 private:
  struct Bits {
    FlowbitOperation operation;
    bool all;
    bool whole_group;
    FlowbitMask mask{};                        // the named ones
    std::shared_ptr<const FlowbitMask> group;  // null: none
  };
  struct Counter {
    FlowintOperation operation;
    std::uint16_t number;
    std::optional<std::uint16_t> other;
    std::uint32_t value;
  };

  static bool holds(const Bits& test, const FlowbitMask& bits);
  static bool holds(const Counter& test, const FlowMemory* flow);
  static void apply(const Bits& change, FlowbitMask& bits);
  static void apply(const Counter& change, FlowMemory& flow);

  std::vector<Bits> bit_tests_, bit_changes_;
  std::vector<Counter> counter_tests_, counter_changes_;
};

}  // namespace chatgate::detect
