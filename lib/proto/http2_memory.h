// Where the HPACK decoder of an HTTP/2 connection takes its memory: fixed places, never the heap.
//
// A session has an arena for its dynamic table. A string so long that no table can hold it is in
// use only while its header block is read; those come from one place that all sessions of a worker
// share. What does not fit is refused, and the block counts as broken.
//
// Threads: one worker's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nghttp2/nghttp2.h>

namespace chatgate::proto::http2 {

// The largest dynamic table a client may ask for (RFC 7541 section 4.2). Servers offer 4096 bytes,
// the default, unless they were told otherwise.
constexpr std::size_t kMaxTable = 16 * 1024;

// The longest block of a request's header fields, compressed.
constexpr std::uint32_t kMaxBlock = 64 * 1024;

// Enough for a table of kMaxTable bytes in entries of any size: what the decoder spends on an entry
// beyond the 32 bytes that RFC 7541 section 4.1 counts is what makes the difference.
constexpr std::size_t kArena = 128 * 1024;

// For the strings of one header field, longer than any table holds.
class LongStrings {
 public:
  void* take(std::size_t size);
  void give_back();
  bool owns(const void* memory) const;
  bool in_use() const { return live_ != 0; }

 private:
  // The decoder takes twice the length of a compressed string.
  alignas(std::max_align_t) std::array<std::byte, 2 * std::size_t{kMaxBlock} + 1024> bytes_;
  std::size_t used_ = 0;
  std::size_t live_ = 0;
};

// One session's.
class DecoderMemory {
 public:
  // Takes over `arena`, kArena bytes aligned as by operator new; whatever it held is gone.
  void start(std::byte* arena, LongStrings& long_strings);

  // For the decoder; valid as long as this object stays where it is.
  nghttp2_mem* functions() { return &functions_; }

  void* take(std::size_t size);
  void give_back(void* memory);

 private:
  std::byte* arena_ = nullptr;
  LongStrings* long_strings_ = nullptr;
  nghttp2_mem functions_{};
};

}  // namespace chatgate::proto::http2
