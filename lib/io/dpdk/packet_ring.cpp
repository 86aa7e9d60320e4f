#include "io/dpdk/packet_ring.h"

#include <algorithm>
#include <cstring>
#include <linux/filter.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_net.h>
#include <rte_tcp.h>
#include <rte_udp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "base/bytes.h"

namespace chatgate::io {
namespace {

thread_local PacketRingRecorder* recorder = nullptr;

int kernel_setsockopt(int socket, int level, int name, const void* value, socklen_t size) {
  return static_cast<int>(syscall(SYS_setsockopt, socket, level, name, value, size));
}

// A program in classic BPF (filter.rst of the kernel's networking documentation).
struct Program {
  std::array<sock_filter, 64> code{};
  std::uint8_t size = 0;

  constexpr void add(unsigned operation, std::uint32_t operand = 0, std::uint8_t otherwise = 0) {
    code[size++] = {static_cast<std::uint16_t>(operation), 0, otherwise, operand};
  }
  constexpr void add(const Program& other) {
    for (std::uint8_t i = 0; i < other.size; ++i) code[size++] = other.code[i];
  }
};

// The exclusive or of the words at these offsets of the network header, folded to its low byte.
constexpr Program fold_words(std::uint32_t first, std::uint32_t last) {
  constexpr auto network = static_cast<std::uint32_t>(SKF_NET_OFF);
  Program program;
  program.add(BPF_LD | BPF_W | BPF_ABS, network + first);
  for (std::uint32_t at = first + 4; at <= last; at += 4) {
    program.add(BPF_ST, 0);
    program.add(BPF_LD | BPF_W | BPF_ABS, network + at);
    program.add(BPF_LDX | BPF_MEM, 0);
    program.add(BPF_ALU | BPF_XOR | BPF_X);
  }
  for (const std::uint32_t shift : {16u, 8u}) {
    program.add(BPF_MISC | BPF_TAX);
    program.add(BPF_ALU | BPF_RSH | BPF_K, shift);
    program.add(BPF_ALU | BPF_XOR | BPF_X);
  }
  program.add(BPF_RET | BPF_A);
  return program;
}

// The kernel takes the result modulo the number of sockets. A load beyond the frame's end ends the
// program with 0, as everything does that is neither IPv4 (RFC 791, addresses from byte 12) nor
// IPv6 (RFC 8200, from byte 8).
constexpr Program kSpread = [] {
  Program program;
  program.add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL));
  const Program v4 = fold_words(12, 16);
  program.add(BPF_JMP | BPF_JEQ | BPF_K, 0x0800, v4.size);
  program.add(v4);
  const Program v6 = fold_words(8, 36);
  program.add(BPF_JMP | BPF_JEQ | BPF_K, 0x86dd, v6.size);
  program.add(v6);
  program.add(BPF_RET | BPF_K, 0);
  return program;
}();

// The TCP or UDP checksum that the sender left to hardware. Frames of one buffer only, which is all
// that the driver makes. False where the lengths in the frame do not agree with it, or extension
// headers stand between; such a frame goes on as it came.
bool complete_checksum(rte_mbuf* frame) {
  rte_net_hdr_lens lengths{};
  const std::uint32_t type =
      rte_net_get_ptype(frame, &lengths, RTE_PTYPE_L2_MASK | RTE_PTYPE_L3_MASK | RTE_PTYPE_L4_MASK);
  const bool is_tcp = (type & RTE_PTYPE_L4_MASK) == RTE_PTYPE_L4_TCP;
  if (!is_tcp && (type & RTE_PTYPE_L4_MASK) != RTE_PTYPE_L4_UDP) return false;
  const std::size_t size = rte_pktmbuf_data_len(frame);
  const std::size_t l3 = lengths.l2_len;
  const std::size_t l4 = l3 + lengths.l3_len;
  const std::size_t header = is_tcp ? sizeof(rte_tcp_hdr) : sizeof(rte_udp_hdr);
  if (l4 + header > size) return false;
  auto* bytes = rte_pktmbuf_mtod(frame, std::uint8_t*);
  auto* field = reinterpret_cast<std::uint16_t*>(
      bytes + l4 + (is_tcp ? offsetof(rte_tcp_hdr, cksum) : offsetof(rte_udp_hdr, dgram_cksum)));

  if (RTE_ETH_IS_IPV4_HDR(type)) {
    const auto* ip = reinterpret_cast<const rte_ipv4_hdr*>(bytes + l3);
    const std::size_t total = rte_be_to_cpu_16(ip->total_length);
    if (total < lengths.l3_len + header || l3 + total > size) return false;
    *field = 0;
    *field = rte_ipv4_udptcp_cksum(ip, bytes + l4);
  } else {
    const auto* ip = reinterpret_cast<const rte_ipv6_hdr*>(bytes + l3);
    const std::size_t payload = rte_be_to_cpu_16(ip->payload_len);
    if (lengths.l3_len != sizeof(rte_ipv6_hdr) || payload < header || l4 + payload > size) {
      return false;
    }
    *field = 0;
    *field = rte_ipv6_udptcp_cksum(ip, bytes + l4);
  }
  return true;
}

}  // namespace

PacketRing::PacketRing(PacketRing&& other) noexcept {
  *this = std::move(other);
}

PacketRing& PacketRing::operator=(PacketRing&& other) noexcept {
  if (this == &other) return *this;
  close();
  socket_ = other.socket_;
  map_ = std::exchange(other.map_, nullptr);
  map_size_ = other.map_size_;
  frame_size_ = other.frame_size_;
  frame_count_ = other.frame_count_;
  next_ = other.next_;
  cut_.store(other.cut());
  completed_.store(other.completed());
  missed_ = other.missed_;
  return *this;
}

PacketRing::~PacketRing() {
  close();
}

void PacketRing::close() {
  if (map_ != nullptr) munmap(const_cast<std::uint8_t*>(map_), map_size_);
  map_ = nullptr;
}

void PacketRing::nudge() const {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
  sendto(socket_, nullptr, 0, MSG_DONTWAIT, nullptr, 0);
}

std::uint64_t PacketRing::missed() const {
  tpacket_stats statistics{};  // packet(7): reading them sets them to zero
  socklen_t size = sizeof(statistics);
  if (getsockopt(socket_, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0) {
    missed_ += statistics.tp_drops;
  }
  return missed_;
}

unsigned PacketRing::look(unsigned most) {
  most = std::min(most, kMaxLook);
  unsigned at = next_;
  for (unsigned i = 0; i < most; ++i) {
    const auto* frame = reinterpret_cast<const tpacket2_hdr*>(map_ + std::size_t{at} * frame_size_);
    const std::uint32_t status = __atomic_load_n(&frame->tp_status, __ATOMIC_ACQUIRE);
    if ((status & TP_STATUS_USER) == 0) return i;
    Note& note = notes_[i];
    note.tpid = 0;
    if ((status & TP_STATUS_VLAN_VALID) != 0 && (status & TP_STATUS_VLAN_TPID_VALID) != 0) {
      note.tpid = frame->tp_vlan_tpid;
    }
    note.cut = frame->tp_snaplen < frame->tp_len;
    note.checksum_missing = (status & TP_STATUS_CSUMNOTREADY) != 0;
    if (++at == frame_count_) at = 0;
  }
  return most;
}

unsigned PacketRing::correct(std::span<rte_mbuf*> frames) {
  next_ = static_cast<unsigned>((next_ + frames.size()) % frame_count_);
  unsigned kept = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    rte_mbuf* frame = frames[i];
    const Note& note = notes_[i];
    if (note.cut) {
      cut_.store(cut() + 1, std::memory_order_relaxed);
      rte_pktmbuf_free(frame);
      continue;
    }
    constexpr unsigned kTypeOffset = 2 * RTE_ETHER_ADDR_LEN;
    if (note.tpid != 0 && note.tpid != RTE_ETHER_TYPE_VLAN &&
        rte_pktmbuf_data_len(frame) >= RTE_ETHER_HDR_LEN) {
      store_be16(rte_pktmbuf_mtod_offset(frame, std::uint8_t*, kTypeOffset), note.tpid);
    }
    if (note.checksum_missing && complete_checksum(frame)) {
      completed_.store(completed() + 1, std::memory_order_relaxed);
      frame->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
    }
    frames[kept++] = frame;
  }
  return kept;
}

PacketRingRecorder::PacketRingRecorder(unsigned queues) : queues_(queues) {
  recorder = this;
}

PacketRingRecorder::~PacketRingRecorder() {
  recorder = nullptr;
}

std::vector<PacketRing> PacketRingRecorder::rings() const {
  std::vector<PacketRing> rings;
  for (const Recorded& recorded : recorded_) {
    PacketRing ring;
    ring.socket_ = recorded.socket;
    ring.frame_size_ = recorded.request.tp_frame_size;
    ring.frame_count_ = recorded.request.tp_frame_nr;
    // The kernel maps both rings of a socket or none.
    ring.map_size_ = 2 * std::size_t{recorded.request.tp_block_size} * recorded.request.tp_block_nr;
    void* map = mmap(nullptr, ring.map_size_, PROT_READ, MAP_SHARED, recorded.socket, 0);
    if (map == MAP_FAILED) return {};
    ring.map_ = static_cast<const std::uint8_t*>(map);
    rings.push_back(std::move(ring));
  }
  return rings;
}

int PacketRingRecorder::set_option(int socket, int name, const void* value, socklen_t size) {
  if (name == PACKET_RX_RING && size == sizeof(tpacket_req)) {
    Recorded recorded{socket, {}};
    std::memcpy(&recorded.request, value, sizeof(recorded.request));
    recorded_.push_back(recorded);
  } else if (name == PACKET_FANOUT && size == sizeof(int)) {
    int asked = 0;
    std::memcpy(&asked, value, sizeof(asked));
    return join_fanout(socket, asked);
  }
  return kernel_setsockopt(socket, SOL_PACKET, name, value, size);
}

// `asked` holds the group's number in its low half and the way to spread in its high half.
int PacketRingRecorder::join_fanout(int socket, int asked) {
  if (queues_ == 1) {
    programs_ = 1;
    return 0;
  }
  const int joined = (asked & 0xffff) | PACKET_FANOUT_CBPF << 16;
  if (kernel_setsockopt(socket, SOL_PACKET, PACKET_FANOUT, &joined, sizeof(joined)) != 0) return -1;
  auto code = kSpread.code;
  const sock_fprog program{kSpread.size, code.data()};
  if (kernel_setsockopt(socket, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof(program)) != 0) {
    return -1;
  }
  ++programs_;
  return 0;
}

}  // namespace chatgate::io

// Stands before the C library's for the whole process and differs from it only on a thread that
// records.
extern "C" __attribute__((visibility("default"))) int setsockopt(int socket, int level, int name,
                                                                 const void* value,
                                                                 socklen_t size) noexcept {
  using chatgate::io::recorder;
  if (recorder != nullptr && level == SOL_PACKET) {
    return recorder->set_option(socket, name, value, size);
  }
  return chatgate::io::kernel_setsockopt(socket, level, name, value, size);
}
