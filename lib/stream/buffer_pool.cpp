#include "stream/buffer_pool.h"

#include <algorithm>

namespace chatgate::stream {

BufferPool::BufferPool(std::uint32_t streams) {
  constexpr std::array<std::uint32_t, kSizes.size()> kShare = {1, 8, 64};
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    Class& pool = classes_[i];
    pool.count = std::max<std::uint32_t>(streams / kShare[i], 4);
    // Not value-initialised: pages are touched when they are first used.
    pool.memory.reset(new std::uint8_t[std::size_t{pool.count} * kSizes[i]]);
    pool.free.reserve(pool.count);
    for (std::uint32_t index = pool.count; index-- > 0;) pool.free.push_back(index);
  }
}

BufferPool::Handle BufferPool::acquire(std::size_t size) {
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    if (size > kSizes[i] || classes_[i].free.empty()) continue;
    const Handle handle{classes_[i].free.back(), static_cast<std::uint8_t>(i)};
    classes_[i].free.pop_back();
    return handle;
  }
  return {};
}

void BufferPool::release(Handle handle) {
  if (handle.valid()) classes_[handle.size_class].free.push_back(handle.index);
}

MutableBytes BufferPool::bytes(Handle handle) {
  const std::size_t size = kSizes[handle.size_class];
  return {classes_[handle.size_class].memory.get() + std::size_t{handle.index} * size, size};
}

std::size_t BufferPool::memory() const {
  std::size_t total = sizeof *this;
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    total += std::size_t{classes_[i].count} * (kSizes[i] + sizeof(std::uint32_t));
  }
  return total;
}

}  // namespace chatgate::stream
