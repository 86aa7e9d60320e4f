#include "proto/http2_memory.h"

#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>
#include <cstring>
#include <functional>
#include <new>

namespace chatgate::proto::http2 {
namespace {

using Heap = boost::interprocess::rbtree_best_fit<boost::interprocess::null_mutex_family>;

// Twice a string's length, and the decoder's own header.
constexpr std::size_t kLongestKept = 2 * kMaxTable + 64;

Heap& heap_of(std::byte* arena) {
  return *std::launder(reinterpret_cast<Heap*>(arena));
}

DecoderMemory& memory_of(void* user_data) {
  return *static_cast<DecoderMemory*>(user_data);
}

void* take(std::size_t size, void* user_data) {
  return memory_of(user_data).take(size);
}

void give_back(void* memory, void* user_data) {
  if (memory != nullptr) memory_of(user_data).give_back(memory);
}

void* take_zeroed(std::size_t count, std::size_t size, void* user_data) {
  if (size != 0 && count > kArena / size) return nullptr;
  void* const memory = take(count * size, user_data);
  if (memory != nullptr) std::memset(memory, 0, count * size);
  return memory;
}

// The decoder resizes nothing.
void* resize(void*, std::size_t, void*) {
  return nullptr;
}

}  // namespace

void* LongStrings::take(std::size_t size) {
  constexpr std::size_t kAlignment = alignof(std::max_align_t);
  const std::size_t rounded = (size + kAlignment - 1) / kAlignment * kAlignment;
  if (size > bytes_.size() || rounded > bytes_.size() - used_) return nullptr;
  std::byte* const memory = bytes_.data() + used_;
  used_ += rounded;
  ++live_;
  return memory;
}

void LongStrings::give_back() {
  if (--live_ == 0) used_ = 0;
}

bool LongStrings::owns(const void* memory) const {
  const auto* const at = static_cast<const std::byte*>(memory);
  return std::less_equal<>()(bytes_.data(), at) && std::less<>()(at, bytes_.data() + bytes_.size());
}

void DecoderMemory::start(std::byte* arena, LongStrings& long_strings) {
  arena_ = arena;
  long_strings_ = &long_strings;
  new (arena) Heap(kArena, 0);
  functions_ = {this, http2::take, http2::give_back, take_zeroed, resize};
}

void* DecoderMemory::take(std::size_t size) {
  return size > kLongestKept ? long_strings_->take(size) : heap_of(arena_).allocate(size);
}

void DecoderMemory::give_back(void* memory) {
  if (long_strings_->owns(memory)) {
    long_strings_->give_back();
  } else {
    heap_of(arena_).deallocate(memory);
  }
}

}  // namespace chatgate::proto::http2
