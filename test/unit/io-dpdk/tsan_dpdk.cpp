// What ThreadSanitizer has to be told of DPDK, whose libraries are not built with it. Linked into
// tests in its build only, in front of the library's own functions:
//
//  * that all a worker has done is over for whoever waited for its end (rte_eal_mp_wait_lcore);
//  * that a worker which has let go of a snapshot is done with it (rte_rcu_qsbr_synchronize);
//  * that a frame which one worker frees and another gets was handed on by the pool.
//
// Rings and a worker's side of RCU are inline and seen by it, where rings keep to the C11 memory
// model (RTE_USE_C11_MEM_MODEL, which scripts/sanitize gives).
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <dlfcn.h>
#include <mutex>
#include <rte_launch.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>
#include <vector>

namespace {

template <typename Function>
Function* librarys_own(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

struct Launched {
  lcore_function_t* function = nullptr;
  void* argument = nullptr;
};
std::array<Launched, RTE_MAX_LCORE> launched;
std::atomic<unsigned> ended{0};

int run(void* which) {
  const auto* own = static_cast<const Launched*>(which);
  const int result = own->function(own->argument);
  ended.fetch_add(1, std::memory_order_release);
  return result;
}

// A pool of frames: a stack under a lock.
struct Stack {
  std::mutex mutex;
  std::vector<void*> objects;
};

Stack& stack_of(const rte_mempool* pool) {
  return *static_cast<Stack*>(pool->pool_data);
}

int make(rte_mempool* pool) {
  pool->pool_data = new Stack;
  return 0;
}

void destroy(rte_mempool* pool) {
  delete static_cast<Stack*>(pool->pool_data);
}

int give(rte_mempool* pool, void* const* objects, unsigned count) {
  Stack& stack = stack_of(pool);
  const std::lock_guard lock(stack.mutex);
  stack.objects.insert(stack.objects.end(), objects, objects + count);
  return 0;
}

int take(rte_mempool* pool, void** objects, unsigned count) {
  Stack& stack = stack_of(pool);
  const std::lock_guard lock(stack.mutex);
  if (stack.objects.size() < count) return -ENOBUFS;
  for (unsigned i = 0; i < count; ++i) {
    objects[i] = stack.objects.back();
    stack.objects.pop_back();
  }
  return 0;
}

unsigned available(const rte_mempool* pool) {
  Stack& stack = stack_of(pool);
  const std::lock_guard lock(stack.mutex);
  return static_cast<unsigned>(stack.objects.size());
}

constexpr char kPoolName[] = "locked-stack";

const rte_mempool_ops kPool = [] {
  rte_mempool_ops operations{};
  std::copy(std::begin(kPoolName), std::end(kPoolName), operations.name);
  operations.alloc = make;
  operations.free = destroy;
  operations.enqueue = give;
  operations.dequeue = take;
  operations.get_count = available;
  return operations;
}();
const int kRegistered = rte_mempool_register_ops(&kPool);

}  // namespace

extern "C" int rte_eal_remote_launch(lcore_function_t* function, void* argument, unsigned core) {
  launched[core] = {function, argument};
  static auto* const own = librarys_own<decltype(rte_eal_remote_launch)>("rte_eal_remote_launch");
  return own(run, &launched[core], core);
}

extern "C" void rte_eal_mp_wait_lcore() {
  static auto* const own = librarys_own<decltype(rte_eal_mp_wait_lcore)>("rte_eal_mp_wait_lcore");
  own();
  [[maybe_unused]] const unsigned all = ended.load(std::memory_order_acquire);
}

extern "C" void rte_rcu_qsbr_synchronize(rte_rcu_qsbr* rcu, unsigned thread) {
  static auto* const own =
      librarys_own<decltype(rte_rcu_qsbr_synchronize)>("rte_rcu_qsbr_synchronize");
  own(rcu, thread);
  for (unsigned i = 0; i < rcu->max_threads; ++i) {
    [[maybe_unused]] const auto seen = __atomic_load_n(&rcu->qsbr_cnt[i].cnt, __ATOMIC_ACQUIRE);
  }
}

extern "C" const char* rte_mbuf_best_mempool_ops() {
  return kPoolName;
}
