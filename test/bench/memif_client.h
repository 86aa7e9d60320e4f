// The client's side of a memif: shared memory to another process, as `chatgate run` and DPDK's own
// programs have it with memif:SOCKET,ID.
//
// For the load generator, which must cost less than what it loads: frames are written and read
// where they lie in the shared rings, so that this side copies nothing and all copying is the
// other's. One queue each way, polled; no interrupts. Speaks version 2.0 of the protocol (FD.io's
// description of memif), and so is also a second opinion on the gateway's words for it.
//
// One thread. Buffers belong to this object; a frame that is being written is the caller's until
// `send`, one that has come until `release`. The other side is believed in no number.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"

namespace chatgate::bench {

class MemifClient {
 public:
  static constexpr unsigned kLog2Ring = 12;
  static constexpr std::uint32_t kBuffer = 2048;  // bytes of a slot; the longest frame

  // Every buffer is filled with `filler` once. Waits up to `seconds` for the server; throws
  // std::runtime_error, which says what went wrong.
  MemifClient(const std::string& socket, std::uint32_t id, std::uint8_t filler, unsigned seconds);
  ~MemifClient();
  MemifClient(const MemifClient&) = delete;
  MemifClient& operator=(const MemifClient&) = delete;

  // How many frames could be written now.
  unsigned room() const;
  // The bytes of the frame number `i` from now, below `room()`. What was written there the last
  // time around is still there.
  MutableBytes slot(unsigned i, std::uint32_t length);
  // Hands the first `count` slots over.
  void send(unsigned count);

  // How many frames have come.
  unsigned waiting() const;
  // Frame number `i` of them.
  Bytes frame(unsigned i) const;
  // Gives the first `count` of them back.
  void release(unsigned count);

  // Whether the other side is still there.
  bool connected() const;

 private:
  static constexpr unsigned kSlots = 1u << kLog2Ring;
  struct Descriptor {
    std::uint16_t flags, region;
    std::uint32_t length, offset, metadata;
  };
  struct alignas(64) Ring {
    std::uint32_t cookie;
    std::uint16_t flags;
    std::atomic<std::uint16_t> head;
    alignas(64) std::atomic<std::uint16_t> tail;
    alignas(64) Descriptor slots[kSlots];
  };
  static_assert(sizeof(Descriptor) == 16 && sizeof(Ring) == 128 + 16 * kSlots);
  static_assert(std::atomic<std::uint16_t>::is_always_lock_free);

  void share(std::uint8_t filler);
  void connect(const std::string& socket, std::uint32_t id);
  void close_all();

  int socket_ = -1, memory_fd_ = -1, events_[2] = {-1, -1};
  std::uint8_t* memory_ = nullptr;
  Ring* out_ = nullptr;  // client to server
  Ring* in_ = nullptr;
  std::uint16_t next_out_ = 0, next_in_ = 0;
};

}  // namespace chatgate::bench
