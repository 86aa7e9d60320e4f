// The handshake stream of a QUIC client put together from CRYPTO frames in any order.
//
// Each byte is kept as it came first and marked in a bitmap, so what is complete is a matter of
// ranges and not of how many bytes came. A byte that comes again must be the same. A stream takes a
// buffer of 4 KiB with its first byte and moves to one of 64 KiB when it grows beyond.
//
// One pool a worker; all memory is taken in the constructor. What a frame costs is linear in it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace chatgate::proto::quic {

constexpr std::uint32_t kMaxStream = 64 * 1024;

// A stream's place in its pool; release it there before it is forgotten.
class CryptoStream {
 private:
  friend class StreamPool;
  static constexpr std::uint32_t kNone = 0xffffffff;

  std::uint32_t buffer_ = kNone;
  bool large_ = false;
  std::uint32_t contiguous_ = 0;  // all bytes before this one are there
  std::uint32_t end_ = 0;         // of the highest byte that is there
};

class StreamPool {
 public:
  static constexpr std::uint32_t kSmall = 4 * 1024;

  enum class Stored : std::uint8_t {
    stored,    // also where every byte had been there
    conflict,  // a byte came again and differs
    too_long,  // beyond kMaxStream
    no_room,   // the pool is empty
  };

  // `streams` small buffers and a thirty-second as many large ones, at least four of these.
  explicit StreamPool(std::uint32_t streams);

  // `data` begins at `offset` of the stream. Where the answer is not `stored` nothing was stored,
  // or, with `conflict`, no byte that had been there was changed.
  Stored store(CryptoStream& stream, std::uint64_t offset, Bytes data);

  // The stream from its start to the first byte that is missing. Valid until the next `store`.
  Bytes contiguous(const CryptoStream& stream) const;

  void release(CryptoStream& stream);

  // Bytes taken from the heap.
  std::size_t memory() const;

 private:
  struct Class {
    std::uint32_t size = 0;  // of the bytes of one stream
    std::uint32_t count = 0;
    std::unique_ptr<std::uint8_t[]> bytes;
    std::unique_ptr<std::uint64_t[]> present;  // a bit a byte
    std::vector<std::uint32_t> free;

    void make(std::uint32_t size_of_one, std::uint32_t number);
    std::uint8_t* bytes_of(std::uint32_t index) { return bytes.get() + std::size_t{index} * size; }
    std::uint64_t* present_of(std::uint32_t index) {
      return present.get() + std::size_t{index} * (size / 64);
    }
  };

  bool take_buffer(CryptoStream& stream, std::uint32_t end);
  bool acquire(CryptoStream& stream, bool large);
  Class& class_of(const CryptoStream& stream) { return stream.large_ ? large_ : small_; }

  Class small_;
  Class large_;
};

}  // namespace chatgate::proto::quic
