// An operator new that fails when it is told to, linked into a test program.
#pragma once

#include <cstddef>
#include <new>

namespace chatgate::test {

// The n-th allocation from now fails, and it alone; 0: none does.
void fail_allocation(std::size_t n);
// Whether that allocation is still to come.
bool allocation_is_to_fail();
// Asked of an allocation that is to fail: where the answer is true, the next one fails in its
// place.
void spare_allocations(bool (*spared)());

// Calls `attempt` with its first allocation failing, its second, and so on until it gets by without
// one that fails: each of the first `each`, then every so many, by a twentieth more each time.
// `after`, called with whether memory's end was told by std::bad_alloc, looks at what is left.
// Number of attempts.
template <typename Attempt, typename After>
std::size_t with_each_failing(Attempt attempt, After after, std::size_t each = 200) {
  std::size_t attempts = 0;
  for (std::size_t n = 1;; n += n < each ? 1 : n / 20) {
    bool told = false;
    fail_allocation(n);
    try {
      attempt();
    } catch (const std::bad_alloc&) {
      told = true;
    }
    const bool done = allocation_is_to_fail();
    fail_allocation(0);
    ++attempts;
    after(told);
    if (done) return attempts;
  }
}

}  // namespace chatgate::test
