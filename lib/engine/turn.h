// What one end of a connection has said since the other last spoke, kept for Snort rules.
//
// A turn is what rules call the payload of a stream (detect/subject.h). Its bytes are copied as
// they come in order, up to detect::kMaxTurn, into a buffer of the inspections' pool, which is
// given back when the turn ends. How far the rules' looks at it have come is kept beside it.
//
// Threads: one worker's.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "detect/subject.h"
#include "stream/buffer_pool.h"

namespace chatgate::engine {

struct Turn {
  stream::BufferPool::Handle buffer;
  std::uint16_t size = 0;
  bool grown = false;         // since the last look
  bool cut = false;           // there is more than is kept
  bool messages_end = false;  // what follows is no message of HTTP
  std::uint16_t message = 0;  // where the message begins that is not whole yet
  std::uint64_t said = 0;     // bytes this way, in all turns
  detect::LookState look;     // at the turn
  detect::LookState at_message;

  // Where the pool has no buffer the turn is cut.
  void append(Bytes fresh, stream::BufferPool& pool);
  Bytes bytes(stream::BufferPool& pool) const {
    return size == 0 ? Bytes() : Bytes(pool.bytes(buffer)).first(size);
  }
  void release(stream::BufferPool& pool);
  // The next turn of the same end.
  void restart(stream::BufferPool& pool);
};

// What the rules in force remember of a flow under inspection.
struct RuleSession {
  // Both ways together, after which the flow is no longer kept for the rules' sake.
  static constexpr std::uint64_t kMaxSaid = 64 * 1024;
  static constexpr std::uint32_t kMaxDatagrams = 32;

  std::uint32_t generation = 0;  // of the snapshot whose rules these are; 0: none
  std::uint32_t datagrams = 0;
  bool listens = false;  // some rule may apply
  detect::FlowMemory memory;
  std::array<Turn, 2> turns;  // by flow::Way
};

}  // namespace chatgate::engine
