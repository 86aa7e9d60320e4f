#include "failing_new.h"

#include <cstdlib>

namespace {

thread_local std::size_t left = 0;

}  // namespace

void chatgate::test::fail_allocation(std::size_t n) {
  left = n;
}

bool chatgate::test::allocation_is_to_fail() {
  return left != 0;
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (left != 0 && --left == 0) return nullptr;
  return std::malloc(size == 0 ? 1 : size);
}

void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
