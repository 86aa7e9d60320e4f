#include "failing_new.h"

#include <cstdlib>

namespace {

thread_local std::size_t left = 0;
bool (*is_spared)() = nullptr;

bool fails_now() {
  if (left == 0 || --left != 0) return false;
  if (is_spared == nullptr || !is_spared()) return true;
  left = 1;
  return false;
}

}  // namespace

void chatgate::test::fail_allocation(std::size_t n) {
  left = n;
}

bool chatgate::test::allocation_is_to_fail() {
  return left != 0;
}

void chatgate::test::spare_allocations(bool (*spared)()) {
  is_spared = spared;
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (fails_now()) return nullptr;
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
