// Counts what a test program takes from the heap by malloc, the C libraries it uses included.
//
// Add malloc_count.cpp to the program: it stands before the C library's own functions.
#pragma once

#include <cstddef>

namespace chatgate {

// Calls of malloc, calloc and realloc since the program began. For programs of one thread.
std::size_t malloc_count();

// False where AddressSanitizer has these functions for itself.
bool mallocs_are_counted();

}  // namespace chatgate
