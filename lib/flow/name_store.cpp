#include "flow/name_store.h"

#include <algorithm>
#include <bit>

namespace chatgate::flow {

NameStore::NameStore(std::uint32_t blocks)
    : blocks_(blocks), buckets_(std::bit_ceil(std::max<std::uint32_t>(blocks, 1)), kNoBlock) {
  for (std::uint32_t i = blocks; i-- > 0;) {
    blocks_[i].next = free_;
    free_ = i;
  }
}

std::size_t NameStore::memory() const {
  return sizeof *this + blocks_.size() * sizeof(Block) + buckets_.size() * sizeof(buckets_[0]);
}

std::uint32_t NameStore::bucket(std::string_view name) const {
  return static_cast<std::uint32_t>(SuffixHash::of(key_, name) & (buckets_.size() - 1));
}

bool NameStore::equals(std::uint32_t block, std::string_view name) const {
  if (blocks_[block].size != name.size()) return false;
  while (!name.empty()) {
    const std::size_t part = std::min(name.size(), kBlockText);
    if (name.substr(0, part) != std::string_view(blocks_[block].text.data(), part)) return false;
    name.remove_prefix(part);
    block = blocks_[block].next;
  }
  return true;
}

NameIndex NameStore::keep(std::string_view name) {
  name = name.substr(0, kMaxName);
  if (name.empty()) return NameIndex::none();
  const std::uint32_t home = bucket(name);
  std::size_t probes = 0;
  for (std::uint32_t at = buckets_[home]; at != kNoBlock && probes < kMaxProbes;
       at = blocks_[at].chain, ++probes) {
    if (equals(at, name)) {
      ++blocks_[at].references;
      return NameIndex(at);
    }
  }
  const auto needed = static_cast<std::uint32_t>((name.size() + kBlockText - 1) / kBlockText);
  if (needed > blocks_.size() - in_use_) return NameIndex::none();
  in_use_ += needed;
  const std::uint32_t first = free_;
  std::uint32_t last = kNoBlock;
  for (std::string_view rest = name; !rest.empty();) {
    last = free_;
    Block& block = blocks_[last];
    free_ = block.next;
    const std::size_t part = std::min(rest.size(), kBlockText);
    rest.copy(block.text.data(), part);
    rest.remove_prefix(part);
  }
  blocks_[last].next = kNoBlock;
  blocks_[first].size = static_cast<std::uint8_t>(name.size());
  blocks_[first].references = 1;
  blocks_[first].chain = buckets_[home];
  buckets_[home] = first;
  return NameIndex(first);
}

void NameStore::release(NameIndex name) {
  if (!name.valid()) return;
  const std::uint32_t first = name.value();
  if (--blocks_[first].references != 0) return;
  Buffer buffer;
  std::uint32_t* link = &buckets_[bucket(read(name, buffer))];
  while (*link != first) link = &blocks_[*link].chain;
  *link = blocks_[first].chain;
  std::uint32_t last = first;
  std::uint32_t count = 1;
  while (blocks_[last].next != kNoBlock) {
    last = blocks_[last].next;
    ++count;
  }
  blocks_[last].next = free_;
  free_ = first;
  in_use_ -= count;
}

std::string_view NameStore::read(NameIndex name, Buffer& buffer) const {
  if (!name.valid()) return {};
  std::uint32_t at = name.value();
  const std::size_t size = blocks_[at].size;
  for (std::size_t done = 0; done < size; at = blocks_[at].next) {
    const std::size_t part = std::min(size - done, kBlockText);
    std::copy_n(blocks_[at].text.data(), part, buffer.data() + done);
    done += part;
  }
  return {buffer.data(), size};
}

}  // namespace chatgate::flow
