#include "policy/candidates.h"

#include <algorithm>
#include <bit>
#include <map>

#include "base/bytes.h"

namespace chatgate::policy {
namespace {

struct LessSet {
  bool operator()(const AddressSet* a, const AddressSet* b) const {
    const auto less = [](const AddressSet::Range& x, const AddressSet::Range& y) {
      return x.first != y.first ? x.first < y.first : x.last < y.last;
    };
    return std::lexicographical_compare(a->ranges().begin(), a->ranges().end(), b->ranges().begin(),
                                        b->ranges().end(), less);
  }
};

bool is_indexed(const AddressSet& set) {
  return !set.any() && set.ranges().size() <= CandidateIndex::kMaxRanges;
}

}  // namespace

CandidateIndex::CandidateIndex(std::span<const Entry> entries) {
  std::map<const AddressSet*, std::size_t, LessSet> from_shared, to_shared;
  for (const Entry& entry : entries) {
    if (is_indexed(*entry.from)) ++from_shared[entry.from];
    if (is_indexed(*entry.to)) ++to_shared[entry.to];
  }
  std::vector<Tree::Item> by_from, by_to;
  for (const Entry& entry : entries) {
    const bool from = is_indexed(*entry.from), to = is_indexed(*entry.to);
    if (!from && !to) {
      everywhere_.push_back(entry.position);
    } else if (from && (!to || from_shared[entry.from] <= to_shared[entry.to])) {
      by_from.push_back({entry.position, entry.from});
    } else {
      by_to.push_back({entry.position, entry.to});
    }
  }
  from_.build(by_from);
  to_.build(by_to);
}

std::size_t CandidateIndex::memory() const {
  return from_.memory() + to_.memory() + everywhere_.capacity() * sizeof(Position);
}

void CandidateIndex::Tree::build(std::span<const Item> items) {
  if (items.empty()) return;
  for (const Item& item : items) {
    for (const AddressSet::Range& range : item.set->ranges()) {
      bounds_.push_back(key_of(range.first));
      if (const auto after = next_address(range.last)) bounds_.push_back(key_of(*after));
    }
  }
  std::sort(bounds_.begin(), bounds_.end());
  bounds_.erase(std::unique(bounds_.begin(), bounds_.end()), bounds_.end());
  leaves_ = std::bit_ceil(bounds_.size() + 1);
  std::vector<std::vector<Position>> nodes(2 * leaves_);
  for (const Item& item : items) {
    for (const AddressSet::Range& range : item.set->ranges()) {
      // The fewest nodes that cover the leaves of the range and no other.
      std::size_t left = leaves_ + leaf_of(key_of(range.first));
      std::size_t right = leaves_ + leaf_of(key_of(range.last)) + 1;
      for (; left < right; left >>= 1, right >>= 1) {
        if ((left & 1) != 0) nodes[left++].push_back(item.position);
        if ((right & 1) != 0) nodes[--right].push_back(item.position);
      }
    }
  }
  starts_.reserve(nodes.size() + 1);
  for (const auto& node : nodes) {
    starts_.push_back(static_cast<std::uint32_t>(positions_.size()));
    positions_.insert(positions_.end(), node.begin(), node.end());
  }
  starts_.push_back(static_cast<std::uint32_t>(positions_.size()));
}

CandidateIndex::Tree::Key CandidateIndex::Tree::key_of(const IpAddress& address) {
  const std::uint8_t* at = address.bytes.data();
  return {std::uint64_t{load_be32(at)} << 32 | load_be32(at + 4),
          std::uint64_t{load_be32(at + 8)} << 32 | load_be32(at + 12)};
}

// How many bounds are not behind the address. Without a branch that depends on it.
std::size_t CandidateIndex::Tree::leaf_of(const Key& key) const {
  const Key* at = bounds_.data();
  std::size_t left = bounds_.size();
  while (left != 0) {
    const std::size_t half = (left + 1) / 2;
    const Key& middle = at[half - 1];
    const bool behind =
        (middle.high < key.high) | ((middle.high == key.high) & (middle.low <= key.low));
    at += behind ? half : 0;
    left = behind ? left - half : half - 1;
  }
  return static_cast<std::size_t>(at - bounds_.data());
}

std::size_t CandidateIndex::Tree::memory() const {
  return bounds_.capacity() * sizeof(Key) + starts_.capacity() * sizeof(std::uint32_t) +
         positions_.capacity() * sizeof(Position);
}

void CandidateWalk::add(const CandidateIndex& index, const IpAddress& from, const IpAddress& to) {
  if (!index.everywhere_.empty()) add(index.everywhere_);
  index.from_.path(from, [this](std::span<const Position> list) { add(list); });
  index.to_.path(to, [this](std::span<const Position> list) { add(list); });
}

std::optional<Position> CandidateWalk::next() {
  std::optional<Position> least;
  for (std::size_t i = 0; i < count_; ++i) {
    if (!least || lists_[i].front() < *least) least = lists_[i].front();
  }
  if (!least) return std::nullopt;
  for (std::size_t i = 0; i < count_;) {
    if (lists_[i].front() == *least) lists_[i] = lists_[i].subspan(1);
    if (lists_[i].empty()) {
      lists_[i] = lists_[--count_];
    } else {
      ++i;
    }
  }
  return least;
}

}  // namespace chatgate::policy
