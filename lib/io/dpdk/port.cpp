#include "io/dpdk/port.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <rte_dev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <utility>

namespace chatgate::io {
namespace {

constexpr std::uint16_t kReceiveDescriptors = 1024;
constexpr std::uint16_t kTransmitDescriptors = 1024;
constexpr unsigned kPoolCache = 128;
// Frames between threads and in bursts, for each worker.
constexpr unsigned kFramesPerWorker = 2048;

// A hash of the addresses only: fragments, which show no ports, must stay with their flow.
constexpr std::uint64_t kHashTypes = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_IPV6 |
                                     RTE_ETH_RSS_FRAG_IPV6 | RTE_ETH_RSS_IPV6_EX;
constexpr std::uint64_t kHashNeeded = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6;

// A Toeplitz key that repeats after 16 bits hashes (a, b) and (b, a) to the same value.
std::vector<std::uint8_t> symmetric_key(std::size_t size) {
  std::vector<std::uint8_t> key(size);
  for (std::size_t i = 0; i < size; ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return key;
}

// Room for a frame in one buffer. af_packet and devices that cannot chain buffers need the largest
// frame in one piece; for af_xdp buffer and header must share a page.
std::uint16_t data_room(const Device& device, bool scatters) {
  if (device.kind == DeviceKind::af_packet) return kAfPacketFrame + RTE_PKTMBUF_HEADROOM;
  if (device.kind == DeviceKind::pci && !scatters) {
    return kJumboMtu + 64 + RTE_PKTMBUF_HEADROOM;
  }
  return RTE_MBUF_DEFAULT_BUF_SIZE;
}

std::string failed(Eal& eal, const Device& device, const std::string& what, int error) {
  std::string said = eal.take_error();
  if (said.empty() && error != 0) said = std::strerror(error < 0 ? -error : error);
  return device.word + ": " + what + (said.empty() ? "" : ": " + said);
}

// libxdp and libbpf print on standard error.
int probe(const std::string& words) {
  const Silence silence;
  return rte_dev_probe(words.c_str());
}

// A pool of frames. Unlike rte_pktmbuf_pool_create it says, where no device reads the buffers by
// their physical address, that they may lie across pages: that saves half the memory without huge
// pages, and the af_xdp driver computes the size of its area as if they always did and would lose
// all buffers beyond it.
rte_mempool* make_pool(const std::string& name, const Device& device, unsigned size,
                       std::uint16_t room, int socket) {
  const unsigned flags = device.kind == DeviceKind::pci ? 0 : RTE_MEMPOOL_F_NO_IOVA_CONTIG;
  rte_mempool* pool = rte_mempool_create_empty(name.c_str(), size, sizeof(rte_mbuf) + room,
                                               kPoolCache, sizeof(rte_pktmbuf_pool_private),
                                               socket < 0 ? SOCKET_ID_ANY : socket, flags);
  if (pool == nullptr) return nullptr;
  rte_pktmbuf_pool_private options{};
  options.mbuf_data_room_size = room;
  rte_pktmbuf_pool_init(pool, &options);
  if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), nullptr) != 0 ||
      rte_mempool_populate_default(pool) < 0) {
    rte_mempool_free(pool);
    return nullptr;
  }
  rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
  return pool;
}

}  // namespace

unsigned pool_size(const Device& device, unsigned workers, std::uint32_t frames) {
  // af_packet copies out of the kernel's ring and holds no buffers between bursts.
  const unsigned held = device.kind == DeviceKind::af_packet
                            ? 0
                            : workers * (kReceiveDescriptors + kTransmitDescriptors);
  // af_xdp fills rings of its own size for every queue the interface has.
  const unsigned xdp =
      device.kind == DeviceKind::af_xdp ? 8192 * std::max(1u, interface_queues(device.target)) : 0;
  return std::max<unsigned>(frames, held + xdp + workers * kFramesPerWorker);
}

std::uint64_t Port::memory_estimate(const Device& device, unsigned workers, std::uint32_t frames) {
  constexpr std::uint64_t kOverhead = sizeof(rte_mbuf) + 256;
  std::uint64_t each = data_room(device, false) + kOverhead;
  // Without huge pages a buffer that a device reads may not lie across two pages.
  if (device.kind == DeviceKind::pci) each = RTE_ALIGN_CEIL(each, std::uint64_t{4096});
  return pool_size(device, workers, frames) * each;
}

Port::Port(Device device, PairId pair, net::Side side, unsigned index, std::uint32_t frames)
    : device_(std::move(device)), pair_(pair), side_(side), index_(index), frames_(frames) {}

Port::~Port() {
  close();
  if (pool_ != nullptr) rte_mempool_free(pool_);
}

void Port::close() {
  stop();
  if (id_ != RTE_MAX_ETHPORTS) {
    const Silence silence;
    rte_eth_dev_close(id_);
    id_ = RTE_MAX_ETHPORTS;
  }
  restore_interface();
}

std::string Port::attach(Eal& eal, unsigned workers) {
  unsigned queues = workers;
  if (device_.kind == DeviceKind::af_xdp) queues = interface_queues(device_.target);
  const EalDevice words = eal_device(device_, index_, queues);
  eal.forget();
  if (!words.is_pci) {
    const std::string all =
        words.arguments.empty() ? words.name : words.name + "," + words.arguments;
    PacketRingRecorder recorder(queues);
    if (const int error = probe(all); error != 0) {
      return failed(eal, device_, "DPDK could not open it", error);
    }
    if (device_.kind == DeviceKind::af_packet) {
      rings_ = recorder.rings();
      fans_out_ = recorder.spreads_symmetrically();
    }
  }
  if (rte_eth_dev_get_port_by_name(words.name.c_str(), &id_) != 0) {
    id_ = RTE_MAX_ETHPORTS;
    return failed(eal, device_,
                  words.is_pci ? "DPDK found no such network device; is it bound to vfio-pci?"
                               : "DPDK made no network device of it",
                  0);
  }
  if (device_.kind == DeviceKind::af_packet && rings_.size() != queues) {
    return device_.word + ": cannot map the rings of its packet sockets";
  }
  if (const int error = rte_eth_dev_info_get(id_, &info_); error != 0) {
    return failed(eal, device_, "it does not say what it can do", error);
  }
  return {};
}

std::optional<std::uint16_t> Port::largest_mtu() const {
  switch (device_.kind) {
    case DeviceKind::pci: {
      const std::uint32_t overhead =
          info_.max_mtu != UINT16_MAX && info_.max_rx_pktlen > info_.max_mtu
              ? info_.max_rx_pktlen - info_.max_mtu
              : RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
      const std::uint32_t by_length =
          info_.max_rx_pktlen > overhead ? info_.max_rx_pktlen - overhead : RTE_ETHER_MTU;
      return static_cast<std::uint16_t>(
          std::min({std::uint32_t{kJumboMtu}, std::uint32_t{info_.max_mtu}, by_length}));
    }
    case DeviceKind::af_packet:
    case DeviceKind::tap: {
      // The kernel does not say what it would take, so it is tried, and put back.
      const std::uint16_t before = interface_mtu(device_.target).value_or(RTE_ETHER_MTU);
      for (const std::uint16_t mtu : {kJumboMtu, std::uint16_t{9216}, std::uint16_t{9000}}) {
        if (mtu <= before) break;
        if (!set_interface_mtu(device_.target, mtu)) continue;
        set_interface_mtu(device_.target, before);
        return mtu;
      }
      return before;
    }
    // The program that XDP runs sees frames of at most a page less its overhead; what the operator
    // set is left alone.
    case DeviceKind::af_xdp: return interface_mtu(device_.target).value_or(RTE_ETHER_MTU);
    case DeviceKind::memif:
    case DeviceKind::pcap:
    case DeviceKind::vdev: break;
  }
  return std::nullopt;
}

std::string Port::configure(Eal& eal, unsigned workers, std::optional<std::uint16_t> mtu,
                            const Log& log) {
  eal.forget();
  quiet_interface(log);
  queues_.receive = static_cast<std::uint16_t>(std::min<unsigned>(workers, info_.max_rx_queues));
  queues_.transmit = static_cast<std::uint16_t>(std::min<unsigned>(workers, info_.max_tx_queues));
  if (device_.kind == DeviceKind::af_xdp) queues_.receive = queues_.transmit = info_.max_rx_queues;

  rte_eth_conf conf{};
  const bool scatters = (info_.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0;
  if (device_.kind == DeviceKind::pci && mtu) {
    conf.rxmode.mtu = *mtu;
    if (scatters) conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
  }
  constexpr std::uint64_t kCheck =
      RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
  if (device_.kind == DeviceKind::pci) conf.rxmode.offloads |= info_.rx_offload_capa & kCheck;
  // Drivers that know of chains say so; pcap writes them without saying.
  sends_chains_ = (info_.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
  if (sends_chains_) conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
  sends_chains_ = sends_chains_ || device_.kind == DeviceKind::pcap;

  std::vector<std::uint8_t> key = symmetric_key(info_.hash_key_size);
  wants_hash_ = workers > 1 && queues_.receive == workers && !key.empty() &&
                (device_.kind == DeviceKind::pci || device_.kind == DeviceKind::vdev) &&
                (info_.flow_type_rss_offloads & kHashNeeded) == kHashNeeded;
  if (wants_hash_) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_key = key.data();
    conf.rx_adv_conf.rss_conf.rss_key_len = info_.hash_key_size;
    conf.rx_adv_conf.rss_conf.rss_hf = kHashTypes & info_.flow_type_rss_offloads;
  }
  if (const int error = rte_eth_dev_configure(id_, queues_.receive, queues_.transmit, &conf);
      error != 0) {
    return failed(eal, device_, "it refuses its configuration", error);
  }

  pool_ =
      make_pool("frames" + std::to_string(index_), device_, pool_size(device_, workers, frames_),
                data_room(device_, scatters), rte_eth_dev_socket_id(id_));
  if (pool_ == nullptr) return failed(eal, device_, "not enough memory for its frames", rte_errno);
  if (mtu && (device_.kind == DeviceKind::af_packet || device_.kind == DeviceKind::tap)) {
    const std::uint16_t before = interface_mtu(device_.target).value_or(0);
    if (*mtu > before && set_interface_mtu(device_.target, *mtu)) mtu_before_ = before;
  }
  std::string wrong = set_up_queues();
  return wrong.empty() ? wrong : failed(eal, device_, wrong, 0);
}

std::string Port::set_up_queues() {
  const Silence silence;
  std::uint16_t receive = kReceiveDescriptors;
  std::uint16_t transmit = kTransmitDescriptors;
  rte_eth_dev_adjust_nb_rx_tx_desc(id_, &receive, &transmit);
  const int socket = rte_eth_dev_socket_id(id_);
  for (std::uint16_t queue = 0; queue < queues_.receive; ++queue) {
    const int error = rte_eth_rx_queue_setup(id_, queue, receive,
                                             socket < 0 ? SOCKET_ID_ANY : socket, nullptr, pool_);
    if (error != 0) return "no receive queue " + std::to_string(queue);
  }
  for (std::uint16_t queue = 0; queue < queues_.transmit; ++queue) {
    const int error =
        rte_eth_tx_queue_setup(id_, queue, transmit, socket < 0 ? SOCKET_ID_ANY : socket, nullptr);
    if (error != 0) return "no transmit queue " + std::to_string(queue);
  }
  return {};
}

std::string Port::start(Eal& eal, const Log& log) {
  eal.forget();
  if (const int error = rte_eth_dev_start(id_); error != 0) {
    return failed(eal, device_, "it does not start", error);
  }
  started_ = true;
  // Files and shared memory have no filter to open.
  const int promiscuous = rte_eth_promiscuous_enable(id_);
  const bool has_filter = device_.kind == DeviceKind::pci || device_.is_kernel_interface();
  if (promiscuous != 0 && has_filter) {
    log(device_.word + ": it cannot be made promiscuous, frames to others may be missing");
  }
  rte_eth_allmulticast_enable(id_);
  return {};
}

void Port::quiet_interface(const Log& log) {
  if (!device_.is_kernel_interface()) return;
  const std::string& name = device_.target;
  offloads_before_ = receive_offloads(name);
  const ReceiveOffloads left = set_receive_offloads(name, {});
  if (left.gro || left.lro) {
    log(device_.word + ": the kernel still merges received segments (ethtool -K " + name +
        " gro off lro off), large ones will be lost");
  }
  if (left.vlan_strip && device_.kind == DeviceKind::af_xdp) {
    log(device_.word + ": the interface still takes VLAN tags out (ethtool -K " + name +
        " rxvlan off), tagged frames will lose them");
  }
  if (interface_speaks_ipv6(name) && !interface_was_given_address(name)) {
    ipv6_off_ = set_interface_ipv6(name, false);
  }
  if (interface_has_address(name)) {
    log(device_.word + ": " + name +
        " has an address of its own, the kernel will answer beside the gateway");
  }
  up_before_ = interface_up(name);
  if (!*up_before_) set_interface_up(name, true);
}

void Port::restore_interface() {
  const std::string& name = device_.target;
  if (const auto mtu = std::exchange(mtu_before_, {})) set_interface_mtu(name, *mtu);
  if (const auto offloads = std::exchange(offloads_before_, {})) {
    set_receive_offloads(name, *offloads);
  }
  if (std::exchange(ipv6_off_, false)) set_interface_ipv6(name, true);
  const auto up = std::exchange(up_before_, {});
  if (up && interface_up(name) != *up) set_interface_up(name, *up);
}

void Port::leave_interface() {
  mtu_before_.reset();
  offloads_before_.reset();
  ipv6_off_ = false;
  up_before_.reset();
}

void Port::discard_waiting() {
  std::array<rte_mbuf*, PacketRing::kMaxLook> frames;
  for (std::size_t queue = 0; queue < rings_.size(); ++queue) {
    // Once round the ring at most: more can come while this looks.
    for (unsigned left = kAfPacketFrames; left != 0;) {
      unsigned count = rings_[queue].look(std::min<unsigned>(left, PacketRing::kMaxLook));
      count = rte_eth_rx_burst(id_, static_cast<std::uint16_t>(queue), frames.data(),
                               static_cast<std::uint16_t>(count));
      if (count == 0) break;
      left -= count;
      count = rings_[queue].correct({frames.data(), count});
      for (unsigned i = 0; i < count; ++i) rte_pktmbuf_free(frames[i]);
    }
  }
}

void Port::stop() {
  if (!started_) return;
  started_ = false;
  rte_eth_promiscuous_disable(id_);
  rte_eth_allmulticast_disable(id_);
  rte_eth_dev_stop(id_);
}

Spreading Port::spreading(unsigned workers) const {
  if (queues_.receive != workers) return Spreading::none;
  if (fans_out_) return Spreading::fanout;
  return wants_hash_ && verify_hash() ? Spreading::symmetric_rss : Spreading::none;
}

bool Port::verify_hash() const {
  std::vector<std::uint8_t> key(info_.hash_key_size);
  rte_eth_rss_conf conf{};
  conf.rss_key = key.data();
  conf.rss_key_len = info_.hash_key_size;
  if (rte_eth_dev_rss_hash_conf_get(id_, &conf) != 0) return false;
  if (key != symmetric_key(key.size())) return false;
  if ((conf.rss_hf & kHashNeeded) != kHashNeeded || (conf.rss_hf & ~kHashTypes) != 0) return false;

  // The table from hash to queue, written and read back. The low bits of the hash choose the entry,
  // so a power of two of queues gives the same queue whatever the length; otherwise the length has
  // to be the usual one.
  constexpr std::uint16_t kUsual = 128;
  const std::uint16_t size = info_.reta_size;
  const bool any_length = std::has_single_bit(queues_.receive) && std::has_single_bit(size);
  if (size < RTE_ETH_RETA_GROUP_SIZE || (size != kUsual && !any_length)) return false;
  std::vector<rte_eth_rss_reta_entry64> table(size / RTE_ETH_RETA_GROUP_SIZE);
  for (std::uint16_t i = 0; i < size; ++i) {
    rte_eth_rss_reta_entry64& group = table[i / RTE_ETH_RETA_GROUP_SIZE];
    group.mask = UINT64_MAX;
    group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = static_cast<std::uint16_t>(i % queues_.receive);
  }
  auto seen = table;
  for (auto& group : seen) std::fill(std::begin(group.reta), std::end(group.reta), UINT16_MAX);
  if (rte_eth_dev_rss_reta_update(id_, table.data(), size) != 0 ||
      rte_eth_dev_rss_reta_query(id_, seen.data(), size) != 0) {
    return false;
  }
  return std::equal(table.begin(), table.end(), seen.begin(), [](const auto& a, const auto& b) {
    return std::equal(std::begin(a.reta), std::end(a.reta), std::begin(b.reta));
  });
}

std::uint16_t Port::mtu() const {
  if (device_.is_kernel_interface() || device_.kind == DeviceKind::tap) {
    return interface_mtu(device_.target).value_or(0);
  }
  std::uint16_t mtu = 0;
  return rte_eth_dev_get_mtu(id_, &mtu) == 0 ? mtu : std::uint16_t{0};
}

PacketRing* Port::ring(std::uint16_t queue) {
  return queue < rings_.size() ? &rings_[queue] : nullptr;
}

std::uint64_t Port::frames_cut() const {
  std::uint64_t sum = 0;
  for (const PacketRing& ring : rings_) sum += ring.cut();
  return sum;
}

std::uint64_t Port::frames_missed() const {
  std::uint64_t sum = 0;
  for (const PacketRing& ring : rings_) sum += ring.missed();
  return sum;
}

std::uint64_t Port::checksums_completed() const {
  std::uint64_t sum = 0;
  for (const PacketRing& ring : rings_) sum += ring.completed();
  return sum;
}

void Port::nudge() {
  if (!started_) return;
  for (PacketRing& ring : rings_) ring.nudge();
}

bool Port::link_up() const {
  // The drivers for kernel interfaces report "up" whatever the kernel knows.
  if (device_.is_kernel_interface()) return interface_running(device_.target);
  rte_eth_link link{};
  return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

std::uint32_t Port::mbit_per_second() const {
  if (device_.kind != DeviceKind::pci) return 0;
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(id_, &link) != 0 || link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN) {
    return 0;
  }
  return link.link_speed;
}

bool Port::set_link(bool up) {
  if (device_.is_kernel_interface()) return set_interface_up(device_.target, up);
  return (up ? rte_eth_dev_set_link_up(id_) : rte_eth_dev_set_link_down(id_)) == 0;
}

}  // namespace chatgate::io
