// A bounded queue between exactly one producer thread and one consumer thread.
//
// Neither side ever waits or allocates: `push` answers false when the queue is full, and the caller
// counts the loss. `T` is copied by assignment and should be a plain record.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>

namespace chatgate {

template <typename T>
class SpscRing {
 public:
  // `capacity` is rounded up to a power of two.
  explicit SpscRing(std::size_t capacity)
      : mask_(std::bit_ceil(capacity) - 1), slots_(std::make_unique<T[]>(mask_ + 1)) {}

  std::size_t capacity() const { return mask_ + 1; }

  // Producer: where the next record goes, null when the queue is full. Nothing is visible to the
  // consumer before `commit`.
  T* reserve() {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head - cached_tail_ > mask_) {
      cached_tail_ = tail_.load(std::memory_order_acquire);
      if (head - cached_tail_ > mask_) return nullptr;
    }
    return &slots_[head & mask_];
  }
  void commit() {
    head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  bool push(const T& value) {
    T* slot = reserve();
    if (slot == nullptr) return false;
    *slot = value;
    commit();
    return true;
  }

  // Consumer: the oldest record, null when the queue is empty; stays valid until `pop`.
  const T* front() {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == cached_head_) {
      cached_head_ = head_.load(std::memory_order_acquire);
      if (tail == cached_head_) return nullptr;
    }
    return &slots_[tail & mask_];
  }
  void pop() { tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  // Either side, or a third: how many records wait; exact only while both sides are still.
  std::size_t size() const {
    const std::size_t tail = tail_.load(std::memory_order_acquire);  // first: never past the head
    return head_.load(std::memory_order_acquire) - tail;
  }

 private:
  static constexpr std::size_t kLine = 64;
  const std::size_t mask_;
  const std::unique_ptr<T[]> slots_;
  alignas(kLine) std::atomic<std::size_t> head_{0};
  std::size_t cached_tail_ = 0;
  alignas(kLine) std::atomic<std::size_t> tail_{0};
  std::size_t cached_head_ = 0;
};

}  // namespace chatgate
