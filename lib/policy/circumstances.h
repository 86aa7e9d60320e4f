// How a connection reached the gateway, as rules and lines of an access list may ask for it.
//
// Plain values. `PathCondition` is built by the loaders and immutable afterwards; `holds` is for
// workers. Hardware addresses are asked for by class: see MacClasses.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strong_id.h"

namespace chatgate::policy {

struct Circumstances {
  std::array<std::uint16_t, 2> vlan{};  // of the frames, outermost first; 0: none
  PairId pair{0};
  bool inside_opened = true;
  std::uint8_t client_mac = 0;  // its class; 0: none that the policy names
};

// "00:11:22:33:44:55", with colons or hyphens, or "0011.2233.4455".
using MacAddress = std::array<std::uint8_t, 6>;
std::optional<MacAddress> parse_mac(std::string_view text);

struct PathCondition {
  struct VlanRange {
    std::uint16_t first = 0, last = 0;
    bool operator==(const VlanRange&) const = default;
  };

  std::vector<VlanRange> vlans;       // any of them, on any of the tags; empty: whatever
  std::vector<PairId> pairs;          // any of; empty: whatever
  std::vector<MacAddress> macs;       // of the client, any of; empty: whatever
  std::uint64_t mac_classes = 0;      // what they are in the policy's MacClasses, by bit
  std::optional<bool> inside_opened;  // nothing: either

  bool any() const {
    return vlans.empty() && pairs.empty() && macs.empty() && !inside_opened.has_value();
  }
  bool holds(const Circumstances& found) const {
    if (inside_opened && *inside_opened != found.inside_opened) return false;
    if (!macs.empty() && (mac_classes >> found.client_mac & 1) == 0) return false;
    if (!pairs.empty() && std::find(pairs.begin(), pairs.end(), found.pair) == pairs.end()) {
      return false;
    }
    if (vlans.empty()) return true;
    return std::any_of(vlans.begin(), vlans.end(), [&](const VlanRange& range) {
      const auto within = [&](std::uint16_t id) {
        return id != 0 && range.first <= id && id <= range.last;
      };
      return within(found.vlan[0]) || within(found.vlan[1]);
    });
  }
  bool operator==(const PathCondition&) const = default;
};

// The hardware addresses that a policy names, in classes: those that the same rules name are one.
// Class 0 is every other address. A flow's record has room for kMost.
class MacClasses {
 public:
  static constexpr std::uint8_t kMost = 62;

  // Gives every condition its `mac_classes`. False where there are more than kMost classes.
  bool build(std::vector<PathCondition*> conditions);

  bool empty() const { return classes_.empty(); }
  std::uint8_t class_of(const MacAddress& address) const;

 private:
  std::vector<std::pair<MacAddress, std::uint8_t>> classes_;  // sorted
};

}  // namespace chatgate::policy
