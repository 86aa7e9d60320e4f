#include "detect/port_groups.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace chatgate::detect {
namespace {

using Bounds = std::vector<std::pair<std::uint16_t, std::uint16_t>>;

std::size_t width(const PortSet& ports) {
  std::size_t sum = 0;
  for (const PortSet::Range& range : ports.ranges()) sum += range.last - range.first + 1u;
  return sum;
}

Bounds bounds_of(const PortSet& ports) {
  Bounds bounds;
  for (const PortSet::Range& range : ports.ranges()) bounds.emplace_back(range.first, range.last);
  return bounds;
}

}  // namespace

PortGroups::PortGroups(std::span<const Entry> entries) {
  std::size_t widest = kWidest;
  while (!build(entries, widest)) widest /= 2;
}

// False where that would be too many copies; with a width of zero there are none.
bool PortGroups::build(std::span<const Entry> entries, std::size_t widest) {
  any_.clear();
  groups_.clear();
  starts_.clear();
  group_at_.clear();

  std::map<Bounds, std::vector<std::uint32_t>> by_ports;
  for (const Entry& entry : entries) {
    if (width(entry.ports) > widest) {
      any_.push_back(entry.rule);
    } else {
      by_ports[bounds_of(entry.ports)].push_back(entry.rule);
    }
  }

  // Sweep over the ports; `open` are the sets that hold the present one.
  std::vector<const std::vector<std::uint32_t>*> sets;
  std::map<std::uint32_t, std::vector<std::pair<std::size_t, bool>>> turns;  // port: set, begins
  for (const auto& [bounds, rules] : by_ports) {
    for (const auto& [first, last] : bounds) {
      turns[first].emplace_back(sets.size(), true);
      turns[std::uint32_t{last} + 1].emplace_back(sets.size(), false);
    }
    sets.push_back(&rules);
  }
  std::map<std::set<std::size_t>, std::uint32_t> known;
  std::set<std::size_t> open;
  std::size_t copies = 0;
  for (const auto& [port, changes] : turns) {
    for (const auto& [set, begins] : changes) {
      if (begins) {
        open.insert(set);
      } else {
        open.erase(set);
      }
    }
    if (port > 0xffff) break;
    std::uint32_t group = kNone;
    if (!open.empty()) {
      const auto [place, fresh] = known.emplace(open, groups_.size());
      group = place->second;
      if (fresh) {
        std::vector<std::uint32_t>& rules = groups_.emplace_back();
        for (const std::size_t set : open) {
          copies += sets[set]->size();
          if (copies > kMaxCopies * entries.size()) return false;
          rules.insert(rules.end(), sets[set]->begin(), sets[set]->end());
        }
        std::sort(rules.begin(), rules.end());
      }
    }
    starts_.push_back(static_cast<std::uint16_t>(port));
    group_at_.push_back(group);
  }
  return true;
}

std::uint32_t PortGroups::group_of(std::uint16_t port) const {
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), port);
  if (after == starts_.begin()) return kNone;
  return group_at_[static_cast<std::size_t>(std::distance(starts_.begin(), after)) - 1];
}

std::size_t PortGroups::memory() const {
  std::size_t sum = any_.capacity() * sizeof(any_[0]) + starts_.capacity() * sizeof(starts_[0]) +
                    group_at_.capacity() * sizeof(group_at_[0]);
  for (const auto& group : groups_) sum += sizeof group + group.capacity() * sizeof(group[0]);
  return sum;
}

}  // namespace chatgate::detect
