// What is kept of a flow while its payload is still looked at, and the looking.
//
// An Inspection exists from the first payload until the verdict. It holds the in-order view of both
// directions and which parser each is read by. Taken from a fixed pool; when the pool is empty the
// flow is judged by what is known without payload.
//
// Threads: one worker's.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "flow/flow.h"
#include "proto/facts.h"
#include "proto/parser.h"
#include "stream/buffer_pool.h"
#include "stream/tcp_stream.h"

namespace chatgate::engine {

// One direction of an inspected connection.
struct Half {
  static constexpr std::uint8_t kNoParser = 0xff;

  stream::TcpStream stream;
  proto::ParserState state;
  std::uint16_t candidates = 0;  // bit i: parser i has not said "not mine"
  std::uint8_t parser = kNoParser;

  // Nothing more can come of this direction.
  bool ended() const { return parser == kNoParser && candidates == 0; }
};

struct Inspection {
  flow::FlowIndex flow;
  Tick started;
  std::array<Half, 2> halves;  // by flow::Way

  Half& half(flow::Way way) { return halves[flow::index(way)]; }
};

enum class Inspected : std::uint8_t {
  undecided,     // more payload may tell
  message,       // a parser completed a message: facts are filled
  nothing,       // no parser knows these bytes
  malformed,     // a parser knew them, and they are broken
  conflict,      // a segment contradicts bytes seen before
  limit,         // longer or more scattered than is looked at
  out_of_memory  // no buffer left
};

class InspectionPool {
 public:
  explicit InspectionPool(std::uint32_t capacity);

  // None where the pool is empty. `first_sequence` by Way.
  flow::InspectionIndex acquire(flow::FlowIndex flow, Tick now,
                                const std::array<std::uint32_t, 2>& first_sequence);
  void release(flow::InspectionIndex inspection);
  Inspection& get(flow::InspectionIndex inspection) { return pool_[inspection.value()]; }

  // Looks at a segment's payload. `cut` says that the capture holds only a part of it.
  Inspected feed(Inspection& inspection, flow::Way way, std::uint32_t sequence, Bytes payload,
                 bool cut, proto::Facts& facts);

  // After `message`: drops what the parser has read, so that the next message can be looked at.
  // False where what is left could not be kept.
  bool next_message(Inspection& inspection, flow::Way way);

  std::uint32_t in_use() const { return static_cast<std::uint32_t>(pool_.size() - free_.size()); }
  std::size_t memory() const;

 private:
  Inspected parse(Half& half, proto::Facts& facts);
  bool choose_parser(Half& half, Bytes view);

  std::vector<Inspection> pool_;
  std::vector<std::uint32_t> free_;
  stream::BufferPool buffers_;
};

}  // namespace chatgate::engine
