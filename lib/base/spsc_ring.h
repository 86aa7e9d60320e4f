// A bounded queue between exactly one producer thread and one consumer thread.
//
// Neither side ever waits or allocates: `push` answers false when the queue is full, and the caller
// counts the loss. `T` is a record that owns nothing.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

namespace chatgate {

template <typename T>
class SpscRing {
  static_assert(std::is_trivially_destructible_v<T>);  // a record is left behind as it is

 public:
  // `capacity` is rounded up to a power of two. Slots take memory from the kernel when they are
  // first written to.
  explicit SpscRing(std::size_t capacity)
      : mask_(std::bit_ceil(capacity) - 1),
        slots_(static_cast<T*>(::operator new((mask_ + 1) * sizeof(T), kAlignment))) {}

  std::size_t capacity() const { return mask_ + 1; }

  // Takes that memory now, for a producer that must not wait for the kernel later. Before use.
  void touch() { std::uninitialized_value_construct_n(slots_.get(), capacity()); }

  // Producer: the next record, as new; null when the queue is full. Nothing is visible to the
  // consumer before `commit`.
  T* reserve() {
    T* const slot = next();
    return slot == nullptr ? nullptr : ::new (static_cast<void*>(slot)) T;
  }
  void commit() {
    head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  bool push(const T& value) {
    T* const slot = next();
    if (slot == nullptr) return false;
    ::new (static_cast<void*>(slot)) T(value);
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
  static constexpr std::align_val_t kAlignment{alignof(T)};
  struct Free {
    void operator()(T* slots) const { ::operator delete(slots, kAlignment); }
  };

  // Where the next record goes.
  T* next() {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head - cached_tail_ > mask_) {
      cached_tail_ = tail_.load(std::memory_order_acquire);
      if (head - cached_tail_ > mask_) return nullptr;
    }
    return &slots_[head & mask_];
  }

  const std::size_t mask_;
  const std::unique_ptr<T[], Free> slots_;
  alignas(kLine) std::atomic<std::size_t> head_{0};
  std::size_t cached_tail_ = 0;
  alignas(kLine) std::atomic<std::size_t> tail_{0};
  std::size_t cached_head_ = 0;
};

}  // namespace chatgate
