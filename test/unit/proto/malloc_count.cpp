#include "malloc_count.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHATGATE_HEAP_IS_TAKEN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define CHATGATE_HEAP_IS_TAKEN 1
#endif

namespace {

std::size_t count = 0;

}  // namespace

std::size_t chatgate::malloc_count() {
  return count;
}

#if defined(CHATGATE_HEAP_IS_TAKEN)

bool chatgate::mallocs_are_counted() {
  return false;
}

#else

bool chatgate::mallocs_are_counted() {
  return true;
}

// glibc's own, under the names that it keeps for programs like this one.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t number, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);

__attribute__((visibility("default"))) void* malloc(std::size_t size) {
  ++count;
  return __libc_malloc(size);
}

__attribute__((visibility("default"))) void* calloc(std::size_t number, std::size_t size) {
  ++count;
  return __libc_calloc(number, size);
}

__attribute__((visibility("default"))) void* realloc(void* memory, std::size_t size) {
  ++count;
  return __libc_realloc(memory, size);
}
}

#endif
