// One port: attach, configure, start, look at, stop. Control thread throughout.
//
// A port that is an interface of the kernel is brought up, told not to merge or untag what it
// receives and given the pair's frame size; all of that is put back when the port is closed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <rte_ethdev.h>
#include <string>
#include <vector>

#include "base/strong_id.h"
#include "io/dpdk/device.h"
#include "io/dpdk/eal.h"
#include "io/dpdk/kernel_interface.h"
#include "io/dpdk/packet_ring.h"
#include "io/dpdk/queue_plan.h"
#include "net/packet_view.h"

namespace chatgate::io {

// Two ports may do without hand-over where both spread by the same symmetric function of the
// addresses, and queue n is worker n's on both.
enum class Spreading : std::uint8_t {
  none,           // one queue, or by a function that is not known to be symmetric
  symmetric_rss,  // the device, with our key, and it said so when asked back
  fanout,         // the kernel, with our program (packet_ring.h)
};

class Port {
 public:
  Port(Device device, PairId pair, net::Side side, unsigned index, std::uint32_t frames);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // The steps of a start, in this order. Each answers what went wrong, empty for nothing.
  std::string attach(Eal& eal, unsigned workers);
  // The largest MTU the device takes, up to kJumboMtu; nothing where it knows no limit.
  std::optional<std::uint16_t> largest_mtu() const;
  std::string configure(Eal& eal, unsigned workers, std::optional<std::uint16_t> mtu,
                        const Log& log);
  std::string start(Eal& eal, const Log& log);

  // Throws away what waits in the rings of af_packet, before a worker polls them.
  void discard_waiting();

  // How frames come to be spread over the queues. To be called once it is started.
  Spreading spreading(unsigned workers) const;

  // The interface is not put back at the end.
  void leave_interface();
  void stop();
  // Gives the device back. Frames of one port's pool may wait in another's queues, so all ports are
  // closed before the first is destroyed. Both idempotent.
  void close();

  std::uint16_t id() const { return id_; }
  const Device& device() const { return device_; }
  PairId pair() const { return pair_; }
  net::Side side() const { return side_; }
  PortQueues queues() const { return queues_; }
  rte_mempool* pool() const { return pool_; }
  const char* driver() const { return info_.driver_name; }
  std::uint16_t mtu() const;
  bool sends_chains() const { return sends_chains_; }
  // Null where the device is not af_packet.
  PacketRing* ring(std::uint16_t queue);
  std::uint64_t frames_cut() const;
  // Frames that came faster than they were taken, where the driver does not tell; control thread.
  std::uint64_t frames_missed() const;
  std::uint64_t checksums_completed() const;

  // Sends on what a socket of af_packet could not send at its time. Every few milliseconds.
  void nudge();

  bool link_up() const;
  std::uint32_t mbit_per_second() const;
  // Takes the link down or up for the partner's sake; false where the device cannot.
  bool set_link(bool up);

  // Bytes of packet buffers that one port of this kind takes; known before EAL start.
  static std::uint64_t memory_estimate(const Device& device, unsigned workers,
                                       std::uint32_t frames);

 private:
  std::string set_up_queues();
  bool verify_hash() const;
  void quiet_interface(const Log& log);
  void restore_interface();

  const Device device_;
  const PairId pair_;
  const net::Side side_;
  const unsigned index_;
  const std::uint32_t frames_;
  std::uint16_t id_ = RTE_MAX_ETHPORTS;
  rte_eth_dev_info info_{};
  PortQueues queues_;
  rte_mempool* pool_ = nullptr;
  bool wants_hash_ = false;
  bool fans_out_ = false;
  bool sends_chains_ = false;
  bool started_ = false;
  std::vector<PacketRing> rings_;

  // What to put back.
  std::optional<std::uint16_t> mtu_before_;
  std::optional<ReceiveOffloads> offloads_before_;
  bool ipv6_off_ = false;
  std::optional<bool> up_before_;
};

// How many mbufs a port's pool holds.
unsigned pool_size(const Device& device, unsigned workers, std::uint32_t frames);

}  // namespace chatgate::io
