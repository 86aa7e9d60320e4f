#include "engine/turn.h"

#include <algorithm>
#include <cstring>

namespace chatgate::engine {

void Turn::append(Bytes fresh, stream::BufferPool& pool) {
  said += fresh.size();
  if (cut) return;
  const std::size_t room = detect::kMaxTurn - size;
  if (fresh.size() > room) {
    cut = true;
    fresh = fresh.first(room);
  }
  if (fresh.empty()) return;
  const std::size_t end = size + fresh.size();
  if (!buffer.valid() || pool.bytes(buffer).size() < end) {
    const stream::BufferPool::Handle larger = pool.acquire(end);
    if (!larger.valid()) {
      cut = true;
      return;
    }
    if (size != 0) std::memcpy(pool.bytes(larger).data(), pool.bytes(buffer).data(), size);
    pool.release(buffer);
    buffer = larger;
  }
  std::memcpy(pool.bytes(buffer).data() + size, fresh.data(), fresh.size());
  size = static_cast<std::uint16_t>(end);
  grown = true;
}

void Turn::release(stream::BufferPool& pool) {
  pool.release(buffer);
  buffer = {};
  size = 0;
}

void Turn::restart(stream::BufferPool& pool) {
  const std::uint64_t before = said;
  release(pool);
  *this = Turn();
  said = before;
}

}  // namespace chatgate::engine
