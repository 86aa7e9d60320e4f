// Memory for streams that are being inspected: buffers of a few sizes from fixed pools.
//
// Most hellos fit one segment and need none. A stream that does need one starts small and moves up
// as it grows, so that many half-finished messages cost little and a few long ones still fit.
//
// Threads: one worker's. All memory is taken in the constructor.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace chatgate::stream {

class BufferPool {
 public:
  // The sizes of buffers. The largest holds a 64 KiB message with its record headers.
  static constexpr std::array<std::uint32_t, 3> kSizes = {2048, 16384, 81920};

  struct Handle {
    std::uint32_t index = 0;
    std::uint8_t size_class = 0xff;

    bool valid() const { return size_class != 0xff; }
  };

  // `streams` small buffers, an eighth as many middle-sized and a sixty-fourth large ones.
  explicit BufferPool(std::uint32_t streams);

  // A buffer of at least `size` bytes; not valid where none is left or none is that large. Falls
  // back on a larger one where the fitting size has run out.
  Handle acquire(std::size_t size);
  void release(Handle handle);
  MutableBytes bytes(Handle handle);

  std::size_t memory() const;

 private:
  struct Class {
    std::unique_ptr<std::uint8_t[]> memory;
    std::vector<std::uint32_t> free;
    std::uint32_t count = 0;
  };
  std::array<Class, kSizes.size()> classes_;
};

}  // namespace chatgate::stream
