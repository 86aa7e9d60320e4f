// Memory for tables that packets look things up in: in huge pages, where the kernel has some.
//
// A look-up at random in a table of 100 MB misses the processor's cache of page addresses nearly
// every time on pages of 4 KiB, and nearly never on pages of 2 MiB. Tables of less than one such
// page are allocated as usual. No huge pages need to be set aside: the kernel is asked for
// transparent ones (madvise(2), MADV_HUGEPAGE), and where it has none nothing changes but speed.
//
// An allocator for std::vector; takes memory and throws std::bad_alloc, so for constructors only.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <sys/mman.h>
#include <vector>

namespace chatgate {

template <typename T>
struct TableAllocator {
  using value_type = T;

  static constexpr std::size_t kHugePage = std::size_t{2} << 20;

  TableAllocator() = default;
  template <typename U>
  TableAllocator(const TableAllocator<U>&) {}

  T* allocate(std::size_t count) {
    const std::size_t size = count * sizeof(T);
    if (size < kHugePage) return std::allocator<T>().allocate(count);
    const std::size_t whole = (size + kHugePage - 1) / kHugePage * kHugePage;
    void* memory = std::aligned_alloc(kHugePage, whole);
    if (memory == nullptr) throw std::bad_alloc();
    madvise(memory, whole, MADV_HUGEPAGE);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    if (count * sizeof(T) < kHugePage) {
      std::allocator<T>().deallocate(memory, count);
    } else {
      std::free(memory);
    }
  }
  bool operator==(const TableAllocator&) const = default;
};

template <typename T>
using Table = std::vector<T, TableAllocator<T>>;

}  // namespace chatgate
