// Which of many ordered entries (rules, lines of an access list) could match two addresses.
//
// Every entry stands under one of its two address sets, the one that fewer entries share, in a
// segment tree over the ends of all ranges; what looks at no address stands in a list of its own. A
// connection's candidates are on the two paths from its addresses to the roots, a merge of at most
// kMaxDepth short lists each, so that finding them costs the same with ten entries as with ten
// thousand. Built when a policy is compiled, immutable afterwards; `CandidateWalk` is for workers:
// no lock, no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "policy/address_set.h"

namespace chatgate::policy {

using Position = std::uint16_t;

class CandidateIndex {
 public:
  // A set of more ranges is not indexed: whoever names it is looked at each time.
  static constexpr std::size_t kMaxRanges = 256;
  static constexpr std::size_t kMaxDepth = 26;

  struct Entry {
    Position position = 0;
    const AddressSet* from = nullptr;
    const AddressSet* to = nullptr;
  };

  CandidateIndex() = default;
  // In order of their positions; the sets are used during the call only.
  explicit CandidateIndex(std::span<const Entry> entries);

  std::size_t memory() const;

 private:
  friend class CandidateWalk;
  using List = std::span<const Position>;

  class Tree {
   public:
    struct Item {
      Position position;
      const AddressSet* set;
    };
    void build(std::span<const Item> items);
    bool empty() const { return leaves_ == 0; }
    // Calls `visit` with each list that is not empty between the address's leaf and the root.
    template <typename Visit>
    void path(const IpAddress& address, Visit visit) const {
      if (leaves_ == 0) return;
      for (std::size_t node = leaves_ + leaf_of(key_of(address)); node != 0; node >>= 1) {
        const std::uint32_t begin = starts_[node], end = starts_[node + 1];
        if (begin != end) visit(List(positions_.data() + begin, end - begin));
      }
    }
    std::size_t memory() const;

   private:
    // An address as two numbers, which compare faster than its bytes.
    struct Key {
      std::uint64_t high = 0, low = 0;
      auto operator<=>(const Key&) const = default;
    };
    static Key key_of(const IpAddress& address);
    std::size_t leaf_of(const Key& key) const;

    std::vector<Key> bounds_;            // where leaf 1, 2, … begins; leaf 0 is before the first
    std::size_t leaves_ = 0;             // a power of two
    std::vector<std::uint32_t> starts_;  // by node, into positions_
    std::vector<Position> positions_;
  };

  Tree from_, to_;
  std::vector<Position> everywhere_;
};

// Positions in order, each once.
class CandidateWalk {
 public:
  // At most two indexes.
  void add(const CandidateIndex& index, const IpAddress& from, const IpAddress& to);
  std::optional<Position> next();

 private:
  void add(std::span<const Position> list) { lists_[count_++] = list; }

  static constexpr std::size_t kMaxLists = 2 * (1 + 2 * (CandidateIndex::kMaxDepth + 1));
  std::array<std::span<const Position>, kMaxLists> lists_;
  std::size_t count_ = 0;
};

}  // namespace chatgate::policy
