#include "detect/numbering.h"

namespace chatgate::detect {

std::optional<std::uint16_t> Numbering::number(Names& names, std::string_view name,
                                               std::size_t room) {
  const auto found = names.find(name);
  if (found != names.end()) return found->second;
  if (names.size() >= room) return {};
  const auto next = static_cast<std::uint16_t>(names.size());
  names.emplace(name, next);
  return next;
}

std::shared_ptr<FlowbitMask>& Numbering::group_mask(std::string_view name) {
  auto found = groups_.find(name);
  if (found == groups_.end()) {
    found = groups_.emplace(name, std::make_shared<FlowbitMask>(FlowbitMask{})).first;
  }
  return found->second;
}

std::optional<std::uint16_t> Numbering::flowbit(std::string_view name, std::string_view group) {
  const auto bit = number(flowbits_, name, FlowMemory::kMaxBits);
  if (bit && !group.empty()) {
    (*group_mask(group))[*bit / 64] |= std::uint64_t{1} << (*bit % 64);
  }
  return bit;
}

// FlowMemory keeps a counter's number plus one, in 16 bits.
std::optional<std::uint16_t> Numbering::flowint(std::string_view name) {
  return number(flowints_, name, UINT16_MAX);
}

std::optional<std::uint16_t> Numbering::xbit(std::string_view name) {
  return number(xbits_, name, UINT16_MAX);
}

std::shared_ptr<const FlowbitMask> Numbering::group(std::string_view name) {
  return group_mask(name);
}

}  // namespace chatgate::detect
