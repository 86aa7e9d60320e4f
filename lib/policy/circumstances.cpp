#include "policy/circumstances.h"

#include <map>

namespace chatgate::policy {

bool MacClasses::build(std::vector<PathCondition*> conditions) {
  std::map<MacAddress, std::vector<std::size_t>> named_by;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    for (const MacAddress& mac : conditions[i]->macs) {
      std::vector<std::size_t>& by = named_by[mac];
      if (by.empty() || by.back() != i) by.push_back(i);
    }
  }
  std::map<std::vector<std::size_t>, std::uint8_t> classes;
  for (const auto& [mac, by] : named_by) {
    const auto [at, is_new] = classes.emplace(by, static_cast<std::uint8_t>(classes.size() + 1));
    if (is_new && at->second > kMost) return false;
    classes_.emplace_back(mac, at->second);
    for (const std::size_t i : by) conditions[i]->mac_classes |= std::uint64_t{1} << at->second;
  }
  return true;
}

std::uint8_t MacClasses::class_of(const MacAddress& address) const {
  const auto at = std::lower_bound(
      classes_.begin(), classes_.end(), address,
      [](const auto& entry, const MacAddress& value) { return entry.first < value; });
  return at != classes_.end() && at->first == address ? at->second : std::uint8_t{0};
}

}  // namespace chatgate::policy
