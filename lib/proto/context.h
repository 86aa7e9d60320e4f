// What the parsers of one worker share and keep between calls: sessions and scratch memory.
//
// Made once for each worker, before packets come; the parsers take what they need from it and give
// it back with `release`. Threads: one worker's.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chatgate::proto {

class Context {
 public:
  // `sessions`: how many flows of each protocol may be followed at once.
  explicit Context(std::uint32_t sessions) : sessions_(sessions) {}

  std::size_t memory() const { return sizeof *this; }

 private:
  std::uint32_t sessions_;
};

}  // namespace chatgate::proto
