// A fault, loaded into the gateway by LD_PRELOAD: as long as somebody wants it, no packet buffer is
// left. It stands for a device that does not give back what it was given to send.
//
// CHATGATE_HOLD names a file of one byte, which is mapped before the gateway gives up its rights.
// While that is '1', a worker that rests takes every buffer of every pool, its own cache's too;
// otherwise it gives them back. So buffers vanish and return on the worker's thread, between two
// rounds.
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace {

const volatile char* wanted = nullptr;
int (*real_nanosleep)(const timespec*, timespec*) = nullptr;
thread_local std::vector<rte_mbuf*> held;

void take_all(rte_mempool* pool, void*) {
  while (rte_mbuf* frame = rte_pktmbuf_alloc(pool)) held.push_back(frame);
}

__attribute__((constructor)) void begin() {
  real_nanosleep =
      reinterpret_cast<int (*)(const timespec*, timespec*)>(dlsym(RTLD_NEXT, "nanosleep"));
  const char* name = std::getenv("CHATGATE_HOLD");
  const int file = name == nullptr ? -1 : open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void* map = mmap(nullptr, 1, PROT_READ, MAP_SHARED, file, 0);
  if (map != MAP_FAILED) wanted = static_cast<const char*>(map);
  close(file);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int nanosleep(const timespec* length,
                                                                timespec* rest) {
  const bool is_worker =
      wanted != nullptr && rte_lcore_id() != LCORE_ID_ANY && rte_lcore_id() != rte_get_main_lcore();
  if (is_worker && *wanted == '1') {
    rte_mempool_walk(take_all, nullptr);
  } else if (is_worker && !held.empty()) {
    for (rte_mbuf* frame : held) rte_pktmbuf_free(frame);
    held.clear();
  }
  return real_nanosleep(length, rest);
}
