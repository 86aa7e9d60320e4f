#include "policy/circumstances.h"

#include <charconv>
#include <map>
#include <string>

namespace chatgate::policy {

std::optional<MacAddress> parse_mac(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ':' && c != '-' && c != '.') digits += c;
  }
  const bool by_two = text.size() == 17, by_four = text.size() == 14;
  if (digits.size() != 12 || (!by_two && !by_four)) return std::nullopt;
  for (std::size_t i = by_two ? 2 : 4; i < text.size(); i += by_two ? 3 : 5) {
    const bool separates = by_two ? text[i] == ':' || text[i] == '-' : text[i] == '.';
    if (!separates) return std::nullopt;
  }
  MacAddress mac{};
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const char* at = digits.data() + 2 * i;
    const auto [end, error] = std::from_chars(at, at + 2, mac[i], 16);
    if (error != std::errc() || end != at + 2) return std::nullopt;
  }
  return mac;
}

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
