// A second look at the rings that DPDK's af_packet driver shares with the kernel.
//
// The driver of DPDK 22.11 alters what a bump in the wire must not alter:
//  * it joins every socket to a fan-out group that reassembles IPv4 fragments, rolls over to
//  another
//    queue when one is full, and spreads by ports too, so that fragments leave their flow;
//  * it puts back every VLAN tag as 802.1Q, also an outer tag of 802.1ad;
//  * it hands out frames that were cut to the slot's size as if they were whole, and frames whose
//    TCP or UDP checksum a local sender left to hardware, without a word.
// It has no options for these. So, while it opens its sockets, its `setsockopt` calls pass through
// this file: fan-out is by a program of ours that folds the two addresses (and is not joined at all
// for one queue), and the receive rings are mapped a second time, read-only, so that a worker can
// read the kernel's notes on the frames right before the driver takes them.
//
// The fold is symmetric and the same on every interface: both directions and all fragments of a
// flow meet at the same queue number, as with a symmetric hash in a device. What is not IP, or
// carries a second tag, goes to the first queue.
//
// Recording: control thread. A PacketRing: the worker that polls its queue.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <linux/if_packet.h>
#include <span>
#include <sys/socket.h>
#include <vector>

struct rte_mbuf;

namespace chatgate::io {

class PacketRing {
 public:
  static constexpr unsigned kMaxLook = 64;

  PacketRing() = default;
  PacketRing(PacketRing&& other) noexcept;
  PacketRing& operator=(PacketRing&& other) noexcept;
  ~PacketRing();

  bool mapped() const { return map_ != nullptr; }

  // How many frames are ready, up to `most`; the driver must be asked for no more than these.
  unsigned look(unsigned most);

  // The driver has taken the first frames that `look` saw, as `frames`. Puts their tags right and
  // completes checksums. Frames that were cut are freed; answers how many are left in `frames`, in
  // their order.
  unsigned correct(std::span<rte_mbuf*> frames);

  // Control thread, while the port is started: sends frames that were left in the ring because the
  // interface was down or the socket's buffer full, and clears the error that is kept from that
  // time and would hold up the next frame. The driver itself does so with the next frame only.
  void nudge() const;

  // Frames that had to be given up because they did not fit a slot, and frames whose checksum had
  // to be completed. Any thread.
  std::uint64_t cut() const { return cut_.load(std::memory_order_relaxed); }
  std::uint64_t completed() const { return completed_.load(std::memory_order_relaxed); }

  // Frames for which the ring had no room, all since it was opened. The kernel tells them once, the
  // driver not at all. One thread at a time (the control thread).
  std::uint64_t missed() const;

 private:
  friend class PacketRingRecorder;
  struct Note {
    std::uint16_t tpid = 0;  // of a tag the kernel took out; 0 for none
    bool cut = false;
    bool checksum_missing = false;
  };

  void close();

  int socket_ = -1;  // the driver's
  const std::uint8_t* map_ = nullptr;
  std::size_t map_size_ = 0;
  unsigned frame_size_ = 0;
  unsigned frame_count_ = 0;
  unsigned next_ = 0;
  std::atomic<std::uint64_t> cut_{0};
  std::atomic<std::uint64_t> completed_{0};
  mutable std::uint64_t missed_ = 0;
  std::array<Note, kMaxLook> notes_;
};

// While one exists, packet sockets opened by this thread are recorded.
class PacketRingRecorder {
 public:
  explicit PacketRingRecorder(unsigned queues);
  ~PacketRingRecorder();
  PacketRingRecorder(const PacketRingRecorder&) = delete;
  PacketRingRecorder& operator=(const PacketRingRecorder&) = delete;

  // The receive rings, in the order of their queues; after the driver has been attached.
  std::vector<PacketRing> rings() const;

  // Every socket took our program for spreading frames.
  bool spreads_symmetrically() const { return programs_ == queues_; }

  // In the place of the driver's `setsockopt`: its result, with errno set where that is negative.
  int set_option(int socket, int name, const void* value, socklen_t size);

 private:
  struct Recorded {
    int socket;
    tpacket_req request;
  };
  int join_fanout(int socket, int asked);

  const unsigned queues_;
  unsigned programs_ = 0;
  std::vector<Recorded> recorded_;
};

}  // namespace chatgate::io
