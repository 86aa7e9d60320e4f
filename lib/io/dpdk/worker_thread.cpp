#include "io/dpdk/worker_thread.h"

#include <algorithm>
#include <cstring>
#include <rte_ethdev.h>
#include <rte_pause.h>
#include <rte_prefetch.h>
#include <sys/prctl.h>
#include <time.h>

#include "io/dpdk/vlan.h"

namespace chatgate::io {
namespace {

using telemetry::Counter;
using telemetry::Reason;

constexpr unsigned kSendAttempts = 16;
constexpr std::uint64_t kTickEvery = 1'000'000;  // ns

// What a frame keeps of its flags when it is sent on as it came.
constexpr std::uint64_t kKeptFlags = RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT;

net::ChecksumStatus checksum_status(const rte_mbuf* frame) {
  switch (frame->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) {
    case RTE_MBUF_F_RX_L4_CKSUM_GOOD: return net::ChecksumStatus::good;
    case RTE_MBUF_F_RX_L4_CKSUM_BAD: return net::ChecksumStatus::bad;
    default: return net::ChecksumStatus::unknown;
  }
}

}  // namespace

void FrameRingDeleter::operator()(rte_ring* ring) const {
  void* frame = nullptr;
  while (rte_ring_dequeue(ring, &frame) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(frame));
  rte_ring_free(ring);
}

WorkerThread::WorkerThread(Shared& shared, const engine::WorkerConfig& config, std::size_t events)
    : shared_(shared),
      id_(config.id.value()),
      plan_(shared.plan.workers[id_]),
      clock_(*shared.clock),
      events_(events),
      engine_(config, counters_, &events_),
      out_(shared.ports.size()),
      scratch_(std::make_unique<std::array<Scratch, kBurst>>()),
      foreign_(shared.workers) {
  events_.touch();
  for (auto& frames : foreign_) frames.reserve(kBurst);
}

WorkerThread::~WorkerThread() = default;

void WorkerThread::run() {
  // The kernel may stretch a sleep by this much, 50 µs where nothing is said.
  prctl(PR_SET_TIMERSLACK, 1000);
  rte_rcu_qsbr_thread_register(shared_.rcu, id_);
  rte_rcu_qsbr_thread_online(shared_.rcu, id_);
  Time last_tick;
  while (!shared_.stop.load(std::memory_order_relaxed)) {
    const engine::Snapshot* snapshot = shared_.snapshot.load(std::memory_order_acquire);
    now_ = clock_.now();
    const unsigned work = poll(*snapshot);
    figures_.generation.store(snapshot->generation, std::memory_order_relaxed);
    figures_.taken.store(snapshot, std::memory_order_release);
    bump(figures_.polls);
    if (now_.nanoseconds - last_tick.nanoseconds >= kTickEvery) {
      last_tick = now_;
      engine_.tick(now_, *snapshot);
    }
    rte_rcu_qsbr_quiescent(shared_.rcu, id_);
    if (work != 0) {
      idle_.busy();
      continue;
    }
    bump(figures_.empty_polls);
    if (shared_.idle == Idle::poll) {
      rte_pause();
    } else if (const std::uint32_t microseconds = idle_.next(); microseconds != 0) {
      rest(microseconds);
    }
  }
  engine_.shut_down(clock_.now(), *shared_.snapshot.load(std::memory_order_acquire));
  rte_rcu_qsbr_thread_offline(shared_.rcu, id_);
  rte_rcu_qsbr_thread_unregister(shared_.rcu, id_);
}

// Asleep it is offline for RCU, so that a new snapshot waits for nobody.
void WorkerThread::rest(std::uint32_t microseconds) {
  bump(figures_.sleeps);
  rte_rcu_qsbr_thread_offline(shared_.rcu, id_);
  if (shared_.idle == Idle::power) {
    light_sleep(microseconds);
  } else {
    const timespec length{0, static_cast<long>(microseconds) * 1000};
    nanosleep(&length, nullptr);
  }
  rte_rcu_qsbr_thread_online(shared_.rcu, id_);
}

// One round over everything this worker serves; answers how many frames there were.
unsigned WorkerThread::poll(const engine::Snapshot& snapshot) {
  std::array<rte_mbuf*, kBurst> frames;
  unsigned work = 0;
  for (const QueuePlan::Receive& queue : plan_.receive) {
    const unsigned count = receive(queue, frames);
    if (count == 0) continue;
    work += count;
    const Port& port = *shared_.ports[queue.port];
    if (shared_.by_software[port.pair().value()]) {
      hand_over({frames.data(), count}, snapshot);
    } else {
      inspect({frames.data(), count}, snapshot);
    }
  }
  if (shared_.workers == 1) return work;

  for (unsigned from = 0; from < shared_.workers; ++from) {
    rte_ring* ring = shared_.handover[from][id_].get();
    if (ring == nullptr) continue;
    const unsigned count =
        rte_ring_dequeue_burst(ring, reinterpret_cast<void**>(frames.data()), kBurst, nullptr);
    if (count == 0) continue;
    work += count;
    bump(figures_.taken_over, count);
    // Another processor wrote them last.
    for (unsigned i = 0; i < count; ++i) rte_prefetch0(frames[i]);
    for (unsigned i = 0; i < count; ++i) rte_prefetch0(rte_pktmbuf_mtod(frames[i], const void*));
    inspect({frames.data(), count}, snapshot);
  }
  if (rte_ring* ring = shared_.outbound[id_].get(); ring != nullptr) {
    const unsigned count =
        rte_ring_dequeue_burst(ring, reinterpret_cast<void**>(frames.data()), kBurst, nullptr);
    work += count;
    // Frames for different ports may lie next to each other; each run goes out in one call.
    for (unsigned first = 0; first < count;) {
      unsigned last = first + 1;
      while (last < count && frames[last]->port == frames[first]->port) ++last;
      const unsigned port = shared_.index_of[frames[first]->port];
      send(port, *plan_.transmit[port].queue, {frames.data() + first, last - first});
      first = last;
    }
  }
  return work;
}

unsigned WorkerThread::receive(const QueuePlan::Receive& queue, std::span<rte_mbuf*> frames) {
  Port& port = *shared_.ports[queue.port];
  unsigned count = static_cast<unsigned>(frames.size());
  if (PacketRing* ring = port.ring(queue.queue); ring != nullptr) {
    count = ring->look(count);
    if (count == 0) return 0;
    count =
        rte_eth_rx_burst(port.id(), queue.queue, frames.data(), static_cast<std::uint16_t>(count));
    count = ring->correct(frames.first(count));
  } else {
    count =
        rte_eth_rx_burst(port.id(), queue.queue, frames.data(), static_cast<std::uint16_t>(count));
  }
  for (unsigned i = 0; i < count; ++i) rte_prefetch0(rte_pktmbuf_mtod(frames[i], const void*));
  unsigned kept = 0;
  for (unsigned i = 0; i < count; ++i) {
    rte_mbuf* frame = put_tags_back(frames[i]);
    if (frame == nullptr) continue;
    // Drivers of rings and files leave what they find.
    frame->port = port.id();
    frames[kept++] = frame;
  }
  return kept;
}

// Written in place: a view that is made elsewhere and copied costs more than all that is in it.
inline void WorkerThread::view(rte_mbuf* frame, const Port& port, unsigned slot,
                               net::PacketView& packet) {
  packet.wire_length = rte_pktmbuf_pkt_len(frame);
  if (frame->nb_segs == 1) {
    packet.bytes = {rte_pktmbuf_mtod(frame, const std::uint8_t*), packet.wire_length};
  } else {
    // Bytes beyond the scratch area are out of the engine's sight; it sees that the frame is
    // longer.
    const std::uint32_t seen =
        std::min<std::uint32_t>(packet.wire_length, static_cast<std::uint32_t>(sizeof(Scratch)));
    const void* bytes = rte_pktmbuf_read(frame, 0, seen, (*scratch_)[slot].data());
    packet.bytes = {static_cast<const std::uint8_t*>(bytes), seen};
  }
  packet.side = port.side();
  packet.pair = port.pair();
  packet.transport_checksum = checksum_status(frame);
  packet.time = now_;
}

// Sorts frames by the worker that owns their flow; keeps its own, in their order.
void WorkerThread::hand_over(std::span<rte_mbuf*> frames, const engine::Snapshot& snapshot) {
  unsigned own = 0;
  for (rte_mbuf* frame : frames) {
    net::PacketView packet;
    view(frame, port_of(frame), 0, packet);
    const unsigned owner = engine::owner(packet, shared_.hash, shared_.workers, snapshot).value();
    if (owner == id_) {
      frames[own++] = frame;
    } else {
      foreign_[owner].push_back(frame);
    }
  }
  for (unsigned to = 0; to < shared_.workers; ++to) {
    std::vector<rte_mbuf*>& waiting = foreign_[to];
    if (waiting.empty()) continue;
    const unsigned taken = rte_ring_enqueue_burst(shared_.handover[id_][to].get(),
                                                  reinterpret_cast<void**>(waiting.data()),
                                                  static_cast<unsigned>(waiting.size()), nullptr);
    bump(figures_.handed_over, taken);
    lose({waiting.data() + taken, waiting.size() - taken}, Reason::handover_full, false);
    waiting.clear();
  }
  if (own != 0) inspect(frames.first(own), snapshot);
}

// At most kBurst frames of flows that this worker owns.
void WorkerThread::inspect(std::span<rte_mbuf*> frames, const engine::Snapshot& snapshot) {
  const auto count = static_cast<unsigned>(frames.size());
  const Port* from = nullptr;
  for (unsigned i = 0; i < count; ++i) {
    // Most bursts came in by one port.
    if (i == 0 || frames[i]->port != frames[i - 1]->port) from = &port_of(frames[i]);
    view(frames[i], *from, i, views_[i]);
  }
  engine_.process({views_.data(), count}, now_, snapshot, result_);

  const auto released = result_.released;
  const auto forged = result_.forged_frames();
  if (released.empty() && forged.empty() && send_as_they_came(frames)) return;
  std::size_t next_released = 0, next_forged = 0;
  for (unsigned i = 0; i < count; ++i) {
    // The partner's port; pairs lie side by side.
    const unsigned partner = shared_.index_of[frames[i]->port] ^ 1u;
    if (result_.dispositions[i].forward) {
      frames[i]->ol_flags &= kKeptFlags;
      put(partner, frames[i]);
    } else {
      rte_pktmbuf_free(frames[i]);
    }
    for (; next_released < released.size() && released[next_released].after == i; ++next_released) {
      const net::PacketView& packet = released[next_released].packet;
      send_copy(packet.pair, net::other(packet.side), packet.bytes);
    }
    for (; next_forged < forged.size() && forged[next_forged].after == i; ++next_forged) {
      const engine::ForgedFrame& frame = forged[next_forged];
      send_copy(frame.pair, frame.out, frame.bytes());
    }
  }
  for (unsigned port = 0; port < out_.size(); ++port) flush(port);
}

// Where all frames of a burst go on, and by one port, they need no sorting; false where they do.
bool WorkerThread::send_as_they_came(std::span<rte_mbuf*> frames) {
  bool all = true;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    all &= result_.dispositions[i].forward && frames[i]->port == frames[0]->port;
  }
  if (!all) return false;
  const unsigned partner = shared_.index_of[frames[0]->port] ^ 1u;
  for (rte_mbuf* frame : frames) frame->ol_flags &= kKeptFlags;
  send_by_port(partner, frames);
  return true;
}

void WorkerThread::send_copy(PairId pair, net::Side out, Bytes bytes) {
  const unsigned port = 2u * pair.value() + (out == net::Side::inside ? 0u : 1u);
  if (port >= shared_.ports.size()) return;
  rte_mbuf* frame = rte_pktmbuf_alloc(shared_.ports[port]->pool());
  if (frame != nullptr) {
    const auto size = static_cast<std::uint16_t>(bytes.size());
    if (char* room = rte_pktmbuf_append(frame, size); room != nullptr) {
      std::memcpy(room, bytes.data(), size);
      put(port, frame);
      return;
    }
    rte_pktmbuf_free(frame);
  }
  counters_.add(Reason::transmit_full);
}

void WorkerThread::put(unsigned port, rte_mbuf* frame) {
  OutQueue& out = out_[port];
  if (out.count == out.frames.size()) flush(port);
  out.frames[out.count++] = frame;
}

void WorkerThread::flush(unsigned port) {
  OutQueue& out = out_[port];
  if (out.count == 0) return;
  const std::span<rte_mbuf*> frames{out.frames.data(), out.count};
  out.count = 0;
  send_by_port(port, frames);
}

// By the worker's own queue of the port, or through the worker that has one.
void WorkerThread::send_by_port(unsigned port, std::span<rte_mbuf*> frames) {
  const QueuePlan::Transmit& way = plan_.transmit[port];
  if (way.queue) {
    send(port, *way.queue, frames);
    return;
  }
  for (rte_mbuf* frame : frames) frame->port = shared_.ports[port]->id();
  const unsigned taken = rte_ring_enqueue_burst(shared_.outbound[way.through].get(),
                                                reinterpret_cast<void**>(frames.data()),
                                                static_cast<unsigned>(frames.size()), nullptr);
  lose(frames.subspan(taken), Reason::transmit_full, true);
}

void WorkerThread::send(unsigned port, std::uint16_t queue, std::span<rte_mbuf*> frames) {
  Port& out = *shared_.ports[port];
  if (!out.sends_chains()) {
    std::size_t kept = 0;
    for (rte_mbuf* frame : frames) {
      if (frame->nb_segs > 1) frame = in_one_piece(frame, out);
      if (frame != nullptr) frames[kept++] = frame;
    }
    frames = frames.first(kept);
  }
  std::size_t sent = 0;
  for (unsigned attempt = 0; sent < frames.size() && attempt < kSendAttempts; ++attempt) {
    if (attempt != 0) rte_pause();
    sent += rte_eth_tx_burst(out.id(), queue, frames.data() + sent,
                             static_cast<std::uint16_t>(frames.size() - sent));
  }
  lose(frames.subspan(sent), Reason::transmit_full, true);
}

// A copy in one buffer, for drivers that read the first buffer only; null where it is too long.
rte_mbuf* WorkerThread::in_one_piece(rte_mbuf* frame, const Port& port) {
  const std::uint32_t length = rte_pktmbuf_pkt_len(frame);
  rte_mbuf* copy = nullptr;
  if (length + RTE_PKTMBUF_HEADROOM <= rte_pktmbuf_data_room_size(port.pool())) {
    copy = rte_pktmbuf_copy(frame, port.pool(), 0, length);
  }
  if (copy == nullptr) {
    lose({&frame, 1}, Reason::transmit_full, true);
    return nullptr;
  }
  rte_pktmbuf_free(frame);
  return copy;
}

// Frees what cannot be sent on. `counted`: the engine has counted it as forwarded.
void WorkerThread::lose(std::span<rte_mbuf* const> frames, Reason reason, bool counted) {
  if (frames.empty()) return;
  std::uint64_t bytes = 0;
  for (rte_mbuf* frame : frames) {
    bytes += rte_pktmbuf_pkt_len(frame);
    rte_pktmbuf_free(frame);
  }
  counters_.add(reason, frames.size());
  counters_.add(Counter::dropped, frames.size());
  if (counted) {
    // Addition is modulo 2^64, so this takes them back.
    counters_.add(Counter::forwarded, ~std::uint64_t{frames.size()} + 1);
  } else {
    counters_.add(Counter::packets, frames.size());
    counters_.add(Counter::bytes, bytes);
  }
}

}  // namespace chatgate::io
