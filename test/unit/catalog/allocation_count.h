// Counts what a test program takes from the heap, for tests of code that must take nothing.
//
// Add allocation_count.cpp to the program: it replaces the global operator new.
#pragma once

#include <cstddef>

namespace chatgate {

// Calls of operator new since the program began. For programs of one thread.
std::size_t allocation_count();

}  // namespace chatgate
