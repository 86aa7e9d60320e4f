#include "detect/flow_operations.h"

#include <algorithm>
#include <string>

#include "detect/text.h"

namespace chatgate::detect {
namespace {

bool any_of(const FlowbitMask& bits, const FlowbitMask& mask) {
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) found |= bits[i] & mask[i];
  return found != 0;
}

// False where the mask is empty.
bool all_of(const FlowbitMask& bits, const FlowbitMask& mask) {
  std::uint64_t missing = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) missing |= ~bits[i] & mask[i];
  return missing == 0 && any_of(mask, mask);
}

FlowMemory::Counter* find(FlowMemory& flow, std::uint16_t number) {
  for (FlowMemory::Counter& counter : flow.counters) {
    if (counter.number == number + 1) return &counter;
  }
  return nullptr;
}

std::optional<std::uint32_t> value_of(const FlowMemory* flow, std::uint16_t number) {
  if (flow == nullptr) return {};
  for (const FlowMemory::Counter& counter : flow->counters) {
    if (counter.number == number + 1) return counter.value;
  }
  return {};
}

}  // namespace

std::optional<FlowOperations> FlowOperations::compile(const Rule& rule, Numbering& numbering,
                                                      Diagnostics& findings) {
  const std::size_t errors = findings.error_count();
  const auto refuse = [&](const Spot& spot, std::string message, std::string remedy) {
    findings.error({rule.file, spot.line, spot.column}, std::move(message), std::move(remedy));
  };
  FlowOperations result;
  for (const Flowbit& flowbit : rule.flowbits) {
    Bits bits{flowbit.operation, flowbit.all, flowbit.whole_group, {}, {}};
    for (const std::string& name : flowbit.names) {
      const auto number = numbering.flowbit(name, flowbit.group);
      if (number) {
        bits.mask[*number / 64] |= std::uint64_t{1} << (*number % 64);
        continue;
      }
      refuse(flowbit.spot,
             "the rules have more flowbits than there is room for, from " + quoted(name) + " on",
             "at most " + std::to_string(FlowMemory::kMaxBits) + " names");
      break;
    }
    if (!flowbit.group.empty()) bits.group = numbering.group(flowbit.group);
    (flowbit.tests() ? result.bit_tests_ : result.bit_changes_).push_back(std::move(bits));
  }
  for (const Flowint& flowint : rule.flowints) {
    const auto number = numbering.flowint(flowint.name);
    const auto other =
        flowint.other.empty() ? std::optional<std::uint16_t>{} : numbering.flowint(flowint.other);
    if (!number || (!flowint.other.empty() && !other)) {
      refuse(flowint.spot, "the rules have more flowints than there is room for",
             "at most " + std::to_string(UINT16_MAX) + " names");
      continue;
    }
    (flowint.tests() ? result.counter_tests_ : result.counter_changes_)
        .push_back({flowint.operation, *number, other, flowint.value});
  }
  if (findings.error_count() != errors) return {};
  return result;
}

bool FlowOperations::holds(const Bits& test, const FlowbitMask& bits) {
  const bool is_set = test.operation == FlowbitOperation::is_set;
  if (test.whole_group) {
    return (test.all ? all_of(bits, *test.group) : any_of(bits, *test.group)) == is_set;
  }
  if (is_set) return test.all ? all_of(bits, test.mask) : any_of(bits, test.mask);
  return test.all ? !any_of(bits, test.mask) : !all_of(bits, test.mask);
}

bool FlowOperations::holds(const Counter& test, const FlowMemory* flow) {
  const auto left = value_of(flow, test.number);
  if (test.operation == FlowintOperation::is_set) return left.has_value();
  if (test.operation == FlowintOperation::is_not_set) return !left.has_value();
  const auto right = test.other ? value_of(flow, *test.other) : std::optional(test.value);
  if (!left || !right) return false;
  switch (test.operation) {
    case FlowintOperation::less: return *left < *right;
    case FlowintOperation::less_equal: return *left <= *right;
    case FlowintOperation::equal: return *left == *right;
    case FlowintOperation::not_equal: return *left != *right;
    case FlowintOperation::greater_equal: return *left >= *right;
    case FlowintOperation::greater: return *left > *right;
    default: return false;
  }
}

bool FlowOperations::fit(const FlowMemory* flow) const {
  constexpr FlowbitMask kNone{};
  const FlowbitMask& bits = flow == nullptr ? kNone : flow->bits;
  return std::all_of(bit_tests_.begin(), bit_tests_.end(),
                     [&](const Bits& test) { return holds(test, bits); }) &&
         std::all_of(counter_tests_.begin(), counter_tests_.end(),
                     [&](const Counter& test) { return holds(test, flow); });
}

void FlowOperations::apply(const Bits& change, FlowbitMask& bits) {
  for (std::size_t i = 0; i < bits.size(); ++i) {
    switch (change.operation) {
      case FlowbitOperation::set: bits[i] |= change.mask[i]; break;
      case FlowbitOperation::set_exclusive:
        bits[i] = (bits[i] & ~(*change.group)[i]) | change.mask[i];
        break;
      case FlowbitOperation::unset: bits[i] &= ~change.mask[i]; break;
      case FlowbitOperation::toggle: bits[i] ^= change.mask[i]; break;
      case FlowbitOperation::reset:
        bits[i] &= change.group == nullptr ? 0 : ~(*change.group)[i];
        break;
      case FlowbitOperation::is_set:
      case FlowbitOperation::is_not_set: break;
    }
  }
}

void FlowOperations::apply(const Counter& change, FlowMemory& flow) {
  const auto right = change.other ? value_of(&flow, *change.other) : std::optional(change.value);
  if (!right) return;
  FlowMemory::Counter* counter = find(flow, change.number);
  if (counter == nullptr) {
    if (change.operation == FlowintOperation::subtract) return;
    const auto free = std::find_if(flow.counters.begin(), flow.counters.end(),
                                   [](const auto& place) { return place.number == 0; });
    if (free == flow.counters.end()) return;
    *free = {static_cast<std::uint16_t>(change.number + 1), *right};
    return;
  }
  switch (change.operation) {
    case FlowintOperation::set: counter->value = *right; break;
    case FlowintOperation::add:
      counter->value += std::min(*right, UINT32_MAX - counter->value);
      break;
    case FlowintOperation::subtract: counter->value -= std::min(*right, counter->value); break;
    default: break;
  }
}

void FlowOperations::apply(FlowMemory* flow) const {
  if (flow == nullptr) return;
  for (const Bits& change : bit_changes_) apply(change, flow->bits);
  for (const Counter& change : counter_changes_) apply(change, *flow);
}

std::size_t FlowOperations::memory() const {
  return (bit_tests_.capacity() + bit_changes_.capacity()) * sizeof(Bits) +
         (counter_tests_.capacity() + counter_changes_.capacity()) * sizeof(Counter);
}

}  // namespace chatgate::detect
