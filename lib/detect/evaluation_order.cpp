#include "detect/evaluation_order.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <queue>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace chatgate::detect {
namespace {

int action_order(RuleAction action) {
  switch (action) {
    case RuleAction::pass: return 0;
    case RuleAction::drop: return 1;
    case RuleAction::reject: return 2;
    case RuleAction::alert: return 3;
    case RuleAction::log: break;
  }
  return 4;
}

// A name with the kind of thing it names in front.
std::string bit_name(std::string_view name) {
  return "flowbit " + std::string(name);
}
std::string counter_name(std::string_view name) {
  return "flowint " + std::string(name);
}
std::string xbit_name(std::string_view name) {
  return "xbit " + std::string(name);
}

// Group to its flowbits, over all rules; "" holds every one.
using BitGroups = std::map<std::string, std::set<std::string>, std::less<>>;

BitGroups groups_of(std::span<const Rule> rules) {
  BitGroups groups;
  for (const Rule& rule : rules) {
    for (const Flowbit& bit : rule.flowbits) {
      for (const std::string& name : bit.names) {
        groups[""].insert(name);
        if (!bit.group.empty()) groups[bit.group].insert(name);
      }
    }
  }
  return groups;
}

struct Use {
  bool tests = false;
  bool changes = false;
};

std::map<std::string, Use> uses_of(const Rule& rule, const BitGroups& groups) {
  std::map<std::string, Use> uses;
  const auto note = [&uses](std::string name, bool tests) {
    Use& use = uses[std::move(name)];
    (tests ? use.tests : use.changes) = true;
  };
  for (const Flowbit& bit : rule.flowbits) {
    for (const std::string& name : bit.names) note(bit_name(name), bit.tests());
    const bool all_of_group = bit.whole_group || bit.operation == FlowbitOperation::reset ||
                              bit.operation == FlowbitOperation::set_exclusive;
    if (!all_of_group) continue;
    const auto group = groups.find(bit.group);
    if (group == groups.end()) continue;
    for (const std::string& name : group->second) note(bit_name(name), bit.tests());
  }
  for (const Flowint& counter : rule.flowints) {
    note(counter_name(counter.name), counter.tests());
    if (!counter.other.empty()) note(counter_name(counter.other), true);
  }
  for (const Xbit& bit : rule.xbits) note(xbit_name(bit.name), bit.tests());
  return uses;
}

// What waits for what. Nodes are the rules, by their place in the usual order, and behind them two
// gates for each name: the first opens after all that only change it, the second after all that
// change it.
class Dependencies {
 public:
  Dependencies(std::span<const Rule> rules, std::span<const std::uint32_t> usual)
      : count_(static_cast<std::uint32_t>(rules.size())), followers_(count_), waits_for_(count_) {
    const BitGroups groups = groups_of(rules);
    std::map<std::string, std::uint32_t> gates;
    for (std::uint32_t node = 0; node < count_; ++node) {
      for (const auto& [name, use] : uses_of(rules[usual[node]], groups)) {
        const auto [place, fresh] = gates.emplace(name, node_count());
        const std::uint32_t gate = place->second;
        if (fresh) {
          followers_.resize(followers_.size() + 2);
          waits_for_.resize(waits_for_.size() + 2);
          edge(gate, gate + 1);
        }
        if (use.changes && use.tests) edge(gate, node);
        if (use.changes) edge(node, use.tests ? gate + 1 : gate);
        if (use.tests && !use.changes) edge(gate + 1, node);
      }
    }
  }

  std::vector<std::uint32_t> order() {
    std::vector<std::uint32_t> result;
    std::vector<bool> done(node_count());
    // Gates first: they have the higher numbers and cost nothing.
    std::priority_queue<std::pair<bool, std::uint32_t>, std::vector<std::pair<bool, std::uint32_t>>,
                        std::greater<>>
        ready;
    const auto make_ready = [&](std::uint32_t node) { ready.emplace(node < count_, node); };
    for (std::uint32_t node = 0; node < node_count(); ++node) {
      if (waits_for_[node] == 0) make_ready(node);
    }
    for (std::uint32_t first = 0; result.size() < count_;) {
      std::uint32_t node = 0;
      if (ready.empty()) {  // a circle
        while (done[first]) ++first;
        node = first;
      } else {
        node = ready.top().second;
        ready.pop();
      }
      if (done[node]) continue;
      done[node] = true;
      if (node < count_) result.push_back(node);
      for (const std::uint32_t follower : followers_[node]) {
        if (--waits_for_[follower] == 0 && !done[follower]) make_ready(follower);
      }
    }
    return result;
  }

 private:
  std::uint32_t node_count() const { return static_cast<std::uint32_t>(followers_.size()); }
  void edge(std::uint32_t from, std::uint32_t to) {
    followers_[from].push_back(to);
    ++waits_for_[to];
  }

  std::uint32_t count_;
  std::vector<std::vector<std::uint32_t>> followers_;
  std::vector<std::uint32_t> waits_for_;
};

template <typename Key>
std::vector<std::uint32_t> sorted_by(std::span<const Rule> rules, const Key& key) {
  std::vector<std::uint32_t> indices(rules.size());
  std::iota(indices.begin(), indices.end(), 0u);
  std::sort(indices.begin(), indices.end(),
            [&](std::uint32_t a, std::uint32_t b) { return key(rules[a]) < key(rules[b]); });
  return indices;
}

}  // namespace

std::vector<std::uint32_t> evaluation_order(std::span<const Rule> rules) {
  const std::vector<std::uint32_t> usual = sorted_by(rules, [](const Rule& rule) {
    return std::tuple(action_order(rule.action), rule.sid, rule.gid);
  });
  std::vector<std::uint32_t> order = Dependencies(rules, usual).order();
  for (std::uint32_t& node : order) node = usual[node];
  return order;
}

std::vector<std::uint32_t> hit_order(std::span<const Rule> rules) {
  return sorted_by(rules, [](const Rule& rule) {
    return std::tuple(action_order(rule.action), rule.priority, rule.sid, rule.gid);
  });
}

}  // namespace chatgate::detect
