// The in-order view of the first bytes of one direction of a TCP connection.
//
// Segments go in as they come; what grows out is one contiguous view from the first byte on. Bytes
// seen first win: a later copy that differs is reported as a conflict and changes nothing. What
// lies beyond a hole is kept (a bounded number of ranges) and joins the view when the hole is
// filled.
//
// The usual hello comes whole in one segment and never touches a buffer: `add` then answers with a
// view into the segment itself, and the caller says `keep` if it needs more after all. Every view
// that was not consumed whole must be kept before the next `add`.
//
// Calling protocol, for one segment:  add (view …parse… [keep])? ; at the end  release.
// Threads: one worker's. Borrowed: views live until the next add, keep, consume or release.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "stream/buffer_pool.h"

namespace chatgate::stream {

enum class Added : std::uint8_t {
  grown,         // the view is longer than before
  held,          // kept beyond a hole
  nothing_new,   // all of it was there before, or it is empty
  conflict,      // differs from bytes seen first
  beyond_limit,  // further ahead than the largest buffer reaches, or too many holes
  no_memory,     // the pool has run out
};

class TcpStream {
 public:
  static constexpr std::uint32_t kMaxAhead = BufferPool::kSizes.back();
  static constexpr std::size_t kMaxRanges = 8;

  // The sequence number of the first byte (the SYN's plus one), or of the first byte seen.
  void start(std::uint32_t first_sequence) { base_ = first_sequence; }

  // A segment's payload. Bytes before the view's start are trimmed.
  Added add(std::uint32_t sequence, Bytes payload, BufferPool& pool);

  // All contiguous bytes from the view's start. Where `add` answered `grown` without having stored
  // the segment, these are the segment's own bytes.
  Bytes view(BufferPool& pool) const;

  // Stores a view that still borrows from the segment. False where the pool has run out.
  bool keep(BufferPool& pool);

  // Whether the payload differs from bytes that are stored and not yet acknowledged.
  bool contradicts(std::uint32_t sequence, Bytes payload, BufferPool& pool) const;

  // The receiver has everything before `sequence`: a later copy of it can no longer change what the
  // receiver reads, so it is no longer compared.
  void acknowledge(std::uint32_t sequence);
  // Bytes of the view that the receiver has acknowledged.
  std::uint32_t acknowledged() const { return acknowledged_; }
  // Whether any of the view is not. What lies beyond a hole is no part of it.
  bool unacknowledged() const { return acknowledged_ < contiguous_; }

  // Drops `count` bytes from the front: a message has been dealt with. Where that is more than the
  // view holds, bytes that are yet to come are passed over, and the view starts behind them.
  void consume(std::uint32_t count, BufferPool& pool);

  void release(BufferPool& pool);

  // The sequence number after the last contiguous byte: what the receiver waits for.
  std::uint32_t next_sequence() const { return base_ + contiguous_; }
  std::uint32_t contiguous() const { return contiguous_; }
  bool has_holes() const { return range_count_ != 0; }

 private:
  struct Range {
    std::uint32_t begin, end;  // offsets from base_
  };

  bool reserve(std::uint32_t size, BufferPool& pool);
  bool agrees(std::uint32_t begin, Bytes payload, Bytes stored) const;
  bool insert_range(Range range);
  bool room_for_range(Range range) const;
  void join_ranges();

  std::uint32_t base_ = 0;
  std::uint32_t contiguous_ = 0;
  std::uint32_t acknowledged_ = 0;  // offset from base_, at most contiguous_
  Bytes borrowed_;                  // the view, while it is the segment's own bytes
  BufferPool::Handle buffer_;
  std::uint8_t range_count_ = 0;
  std::array<Range, kMaxRanges> ranges_;  // sorted, disjoint, beyond contiguous_
};

}  // namespace chatgate::stream
