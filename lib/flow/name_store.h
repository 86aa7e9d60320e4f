// Host names that flow records refer to, in fixed memory.
//
// A name that told what a flow is outlives the packet it came in: events show it and a new policy
// judges by it. Equal names share one entry. Entries are chains of 64-byte blocks, so short names,
// which most are, cost one. When no block is left a name is simply not kept. The hash is keyed, so
// that nobody can aim names at one bucket, whose entries are looked through for each of them.
//
// Threads: one worker's.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/suffix_hash.h"
#include "flow/flow.h"

namespace chatgate::flow {

class NameStore {
 public:
  static constexpr std::size_t kMaxName = 255;
  using Buffer = std::array<char, kMaxName>;

  explicit NameStore(std::uint32_t blocks);

  // The entry for `name` (cut to kMaxName), one reference more; none where the store is full or the
  // name empty.
  NameIndex keep(std::string_view name);
  // One reference less; `none` is allowed.
  void release(NameIndex name);
  // Copies the name into `buffer` and returns it; empty for none.
  std::string_view read(NameIndex name, Buffer& buffer) const;

  std::size_t memory() const;
  std::uint32_t blocks_in_use() const { return in_use_; }

 private:
  static constexpr std::size_t kBlockText = 51;
  static constexpr std::size_t kMaxProbes = 16;
  static constexpr std::uint32_t kNoBlock = 0xffffffff;

  struct Block {
    std::uint32_t next = kNoBlock;   // rest of the name; free list
    std::uint32_t chain = kNoBlock;  // next entry with the same bucket; first blocks only
    std::uint32_t references = 0;    // first blocks only
    std::uint8_t size = 0;           // of the whole name; first blocks only
    std::array<char, kBlockText> text;
  };
  static_assert(sizeof(Block) == 64);

  std::uint32_t bucket(std::string_view name) const;
  bool equals(std::uint32_t block, std::string_view name) const;

  std::vector<Block> blocks_;
  std::vector<std::uint32_t> buckets_;
  std::uint32_t free_ = kNoBlock;
  std::uint32_t in_use_ = 0;
  SuffixHash::Key key_;
};

}  // namespace chatgate::flow
