#include "io/dpdk/gateway.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "io/dpdk/eal.h"
#include "io/dpdk/eal_arguments.h"
#include "io/dpdk/link_mirror.h"
#include "io/dpdk/worker_thread.h"

namespace chatgate::io {
namespace {

constexpr unsigned kHandoverRing = 1024;
constexpr unsigned kOutboundRing = 2048;
// A worker that has not moved for so long is stuck: an idle one moves every few milliseconds.
constexpr std::chrono::seconds kStuckAfter{2};
// What a frame may have beside what the MTU counts: Ethernet and two tags.
constexpr std::uint32_t kLinkHeaders = 14 + 2 * 4;

struct RcuDeleter {
  void operator()(rte_rcu_qsbr* rcu) const { rte_free(rcu); }
};

EalRequest eal_request(const GatewayConfig& config) {
  EalRequest request;
  constexpr std::uint64_t kBase = 64ull << 20;
  request.memory_needed = kBase;
  const auto workers = static_cast<unsigned>(config.worker_cores.size());
  for (const DevicePair& pair : config.pairs) {
    for (const Device* device : {&pair.inside, &pair.outside}) {
      if (device->kind == DeviceKind::pci) request.pci_addresses.push_back(device->target);
      request.memory_needed += Port::memory_estimate(*device, workers, config.frames);
    }
  }
  request.worker_cores = config.worker_cores;
  request.allowed_cores = allowed_cores();
  request.hugepage_memory = free_hugepage_memory();
  request.file_prefix = "chatgate-" + std::to_string(getpid());
  request.extra = config.eal_extra;
  return request;
}

int worker_main(void* thread) {
  static_cast<WorkerThread*>(thread)->run();
  return 0;
}

std::string mac_text(std::uint16_t port) {
  rte_ether_addr address{};
  if (rte_eth_macaddr_get(port, &address) != 0) return {};
  std::array<char, RTE_ETHER_ADDR_FMT_SIZE> text{};
  rte_ether_format_addr(text.data(), text.size(), &address);
  std::string mac = text.data();
  std::transform(mac.begin(), mac.end(), mac.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return mac;
}

}  // namespace

// Members in the order in which they must be made; destroyed in the reverse.
struct DpdkGateway::State {
  Log log;
  std::unique_ptr<Eal> eal;
  std::unique_ptr<Clock> clock;
  std::unique_ptr<rte_rcu_qsbr, RcuDeleter> rcu;
  std::shared_ptr<const engine::Snapshot> snapshot;
  std::unique_ptr<learn::LearnedServers> learned;
  std::unique_ptr<learn::ExpectedFlows> expected;
  std::unique_ptr<learn::SkypeNodes> nodes;
  Shared shared;
  std::vector<std::unique_ptr<WorkerThread>> threads;
  std::vector<unsigned> cores;
  std::vector<LinkMirror> links;   // indexed by pair
  std::vector<bool> link_refused;  // indexed by port: said once
  // When each worker was last seen to have moved, and how far it was then.
  struct Movement {
    std::uint64_t polls = 0;
    std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
  };
  mutable std::vector<Movement> movements;

  // Whether a worker has moved of late, as far as anybody looked.
  bool moves(std::size_t worker) const {
    const std::uint64_t polls = threads[worker]->figures().polls.load();
    const auto now = std::chrono::steady_clock::now();
    Movement& movement = movements[worker];
    if (polls != movement.polls) movement = {polls, now};
    return now - movement.at < kStuckAfter;
  }
  std::vector<std::uint64_t> polls_watched;
  PublishHooks hooks;
  std::function<std::string(bool&)> take_over;
  bool leaves_interfaces = false;
  bool running = false;
  bool completed_said = false;

  ~State() {
    for (const auto& port : shared.ports) port->close();
  }

  std::string open_ports(const GatewayConfig& config);
  std::string make_rings();
  std::string take_ports_over();
  void choose_spreading();
};

std::string DpdkGateway::State::open_ports(const GatewayConfig& config) {
  for (std::size_t pair = 0; pair < config.pairs.size(); ++pair) {
    const PairId id{static_cast<std::uint8_t>(pair)};
    const auto index = static_cast<unsigned>(2 * pair);
    shared.ports.push_back(std::make_unique<Port>(config.pairs[pair].inside, id, net::Side::inside,
                                                  index, config.frames));
    shared.ports.push_back(std::make_unique<Port>(config.pairs[pair].outside, id,
                                                  net::Side::outside, index + 1, config.frames));
  }
  for (const auto& port : shared.ports) {
    if (std::string wrong = port->attach(*eal, shared.workers); !wrong.empty()) return wrong;
  }
  shared.index_of.assign(RTE_MAX_ETHPORTS, 0);
  std::vector<PortQueues> queues;
  for (std::size_t i = 0; i < shared.ports.size(); i += 2) {
    // What one side accepts the other has to be able to send.
    std::optional<std::uint16_t> mtu = shared.ports[i]->largest_mtu();
    const std::optional<std::uint16_t> other = shared.ports[i + 1]->largest_mtu();
    if (mtu && other) mtu = std::min(*mtu, *other);
    if (!mtu) mtu = other;
    for (std::size_t side = i; side < i + 2; ++side) {
      Port& port = *shared.ports[side];
      std::string wrong = port.configure(*eal, shared.workers, mtu, log);
      if (!wrong.empty()) return wrong;
      shared.index_of[port.id()] = static_cast<std::uint8_t>(side);
      queues.push_back(port.queues());
    }
  }
  shared.plan = plan_queues(queues, shared.workers);
  return {};
}

std::string DpdkGateway::State::make_rings() {
  const unsigned workers = shared.workers;
  const auto make = [](const std::string& name, unsigned size, unsigned flags) {
    return FrameRing(rte_ring_create(name.c_str(), size, SOCKET_ID_ANY, flags));
  };
  shared.handover.resize(workers);
  shared.outbound.resize(workers);
  for (unsigned from = 0; from < workers; ++from) {
    shared.handover[from].resize(workers);
    for (unsigned to = 0; to < workers; ++to) {
      if (from == to) continue;
      auto& ring = shared.handover[from][to];
      ring = make("over" + std::to_string(from) + "-" + std::to_string(to), kHandoverRing,
                  RING_F_SP_ENQ | RING_F_SC_DEQ);
      if (ring == nullptr) return "not enough memory for rings between workers";
    }
    if (workers == 1) continue;
    shared.outbound[from] = make("out" + std::to_string(from), kOutboundRing, RING_F_SC_DEQ);
    if (shared.outbound[from] == nullptr) return "not enough memory for rings between workers";
  }
  return {};
}

// What an af_packet port has received while the kernel's bridge forwarded it is thrown away: the
// other side has it.
std::string DpdkGateway::State::take_ports_over() {
  if (!take_over) return {};
  bool was_open = false;
  std::string wrong = take_over(was_open);
  if (!wrong.empty() || !was_open) return wrong;
  for (const auto& port : shared.ports) port->discard_waiting();
  return {};
}

// Who decides which worker a flow belongs to. The two devices of a pair must agree; otherwise
// frames of both are handed over by software.
void DpdkGateway::State::choose_spreading() {
  shared.by_software.assign(shared.ports.size() / 2, false);
  if (shared.workers == 1) return;
  for (std::size_t pair = 0; pair < shared.by_software.size(); ++pair) {
    const Port& inside = *shared.ports[2 * pair];
    const Port& outside = *shared.ports[2 * pair + 1];
    const Spreading spreading = inside.spreading(shared.workers);
    const bool agree =
        spreading != Spreading::none && spreading == outside.spreading(shared.workers);
    shared.by_software[pair] = !agree;
    for (const Port* port : {&inside, &outside}) {
      log(port->device().word + (!agree ? ": packets handed over by software"
                                 : spreading == Spreading::fanout
                                     ? ": symmetric fan-out in the kernel"
                                     : ": symmetric RSS in hardware"));
    }
  }
}

DpdkGateway::DpdkGateway(std::unique_ptr<State> state) : state_(std::move(state)) {}

std::unique_ptr<DpdkGateway> DpdkGateway::open(const GatewayConfig& config,
                                               std::shared_ptr<const engine::Snapshot> snapshot,
                                               std::string& error) {
  auto state = std::make_unique<State>();
  state->take_over = config.take_over;
  state->leaves_interfaces = config.leaves_interfaces;
  state->log = config.log ? config.log : [](std::string_view) {};
  state->eal = Eal::start(eal_arguments(eal_request(config)), error);
  if (state->eal == nullptr) return nullptr;
  state->clock = std::make_unique<Clock>();
  state->cores = config.worker_cores;
  state->snapshot = std::move(snapshot);

  Shared& shared = state->shared;
  shared.workers = static_cast<unsigned>(config.worker_cores.size());
  shared.idle = config.idle;
  if (shared.idle == Idle::power && !has_light_sleep()) {
    state->log("this processor has no light sleep, --idle power works as sleep");
    shared.idle = Idle::sleep;
  }
  shared.hash = config.worker.hash;
  shared.clock = state->clock.get();
  shared.snapshot = state->snapshot.get();
  state->rcu.reset(static_cast<rte_rcu_qsbr*>(
      rte_zmalloc("snapshots", rte_rcu_qsbr_get_memsize(shared.workers), RTE_CACHE_LINE_SIZE)));
  shared.rcu = state->rcu.get();
  if (shared.rcu == nullptr || rte_rcu_qsbr_init(shared.rcu, shared.workers) != 0) {
    error = "not enough memory";
    return nullptr;
  }
  error = state->open_ports(config);
  if (error.empty()) error = state->make_rings();
  if (!error.empty()) return nullptr;

  state->learned = std::make_unique<learn::LearnedServers>(learn::LearnedServers::kUsualCapacity,
                                                           config.worker.hash);
  state->expected = std::make_unique<learn::ExpectedFlows>(learn::ExpectedFlows::kUsualCapacity,
                                                           config.worker.hash);
  state->nodes =
      std::make_unique<learn::SkypeNodes>(learn::SkypeNodes::kUsualCapacity, config.worker.hash);
  std::uint32_t longest_frame = 2048;
  for (const auto& port : shared.ports) {
    longest_frame = std::max<std::uint32_t>(longest_frame, port->mtu() + kLinkHeaders);
  }
  for (unsigned id = 0; id < shared.workers; ++id) {
    engine::WorkerConfig worker = config.worker;
    worker.fragments.frame_bytes = longest_frame;
    worker.learned = state->learned.get();
    worker.expected = state->expected.get();
    worker.nodes = state->nodes.get();
    worker.id = WorkerId{static_cast<std::uint8_t>(id)};
    // Flows spread evenly; a share may hold a little more than its part.
    worker.flows = std::max<std::uint32_t>(1024, config.worker.flows / shared.workers);
    worker.inspections = std::max<std::uint32_t>(1024, worker.flows / 16);
    state->threads.push_back(std::make_unique<WorkerThread>(shared, worker, config.event_ring));
  }
  state->links.resize(config.pairs.size());
  state->link_refused.assign(shared.ports.size(), false);
  state->movements.resize(shared.workers);
  state->polls_watched.assign(shared.workers, 0);
  return std::unique_ptr<DpdkGateway>(new DpdkGateway(std::move(state)));
}

DpdkGateway::~DpdkGateway() {
  stop();
}

std::string DpdkGateway::start() {
  State& state = *state_;
  for (const auto& port : state.shared.ports) {
    if (std::string wrong = port->start(*state.eal, state.log); !wrong.empty()) return wrong;
  }
  state.choose_spreading();
  if (std::string wrong = state.take_ports_over(); !wrong.empty()) return wrong;
  state.running = true;
  for (unsigned id = 0; id < state.shared.workers; ++id) {
    // Logical core 0 is the control thread's.
    if (rte_eal_remote_launch(worker_main, state.threads[id].get(), id + 1) != 0) {
      return "worker " + std::to_string(id) + " does not start";
    }
  }
  state.eal->forward_errors(state.log);
  return {};
}

void DpdkGateway::stop() {
  State& state = *state_;
  if (!state.running) return;
  state.running = false;
  state.shared.stop = true;
  rte_eal_mp_wait_lcore();
  for (std::size_t pair = 0; pair < state.links.size(); ++pair) {
    if (const auto held = state.links[pair].held()) {
      state.shared.ports[2 * pair + static_cast<std::size_t>(*held)]->set_link(true);
    }
  }
  for (const auto& port : state.shared.ports) {
    if (state.leaves_interfaces) port->leave_interface();
    port->stop();
  }
}

// A queue may hold the partner's frames, so pools are freed later, with the ports.
void DpdkGateway::close_ports() {
  for (const auto& port : state_->shared.ports) port->close();
}

void DpdkGateway::watch_links() {
  State& state = *state_;
  for (const auto& port : state.shared.ports) port->nudge();
  // So that who asks once is told of a worker that stands still.
  for (std::size_t id = 0; id < state.threads.size(); ++id) state.moves(id);
  const Time now = state.clock->now();
  for (std::size_t pair = 0; pair < state.links.size(); ++pair) {
    Port& inside = *state.shared.ports[2 * pair];
    Port& outside = *state.shared.ports[2 * pair + 1];
    const auto action = state.links[pair].observe(now, inside.link_up(), outside.link_up());
    if (!action) continue;
    const bool is_inside = action->side == net::Side::inside;
    Port& port = is_inside ? inside : outside;
    const Port& cause = is_inside ? outside : inside;
    if (port.set_link(action->up)) {
      state.log(cause.device().word + ": link " + (action->up ? "up again" : "down") + ", " +
                port.device().word + (action->up ? " brought up" : " taken down") + " with it");
    } else if (const std::size_t index = 2 * pair + (is_inside ? 0 : 1);
               !state.link_refused[index]) {
      state.link_refused[index] = true;
      state.log(port.device().word + ": its link cannot be switched, it does not follow that of " +
                cause.device().word);
    }
  }
  if (state.completed_said) return;
  for (const auto& port : state.shared.ports) {
    if (port->checksums_completed() == 0) continue;
    state.completed_said = true;
    state.log(port->device().word +
              ": its peer leaves checksums to hardware that is not there; completed in software "
              "(ethtool -K PEER tx off)");
  }
}

void DpdkGateway::correct_time() {
  state_->clock->correct();
}

std::optional<unsigned> DpdkGateway::stalled_worker() {
  std::optional<unsigned> stalled;
  for (unsigned id = 0; id < state_->threads.size(); ++id) {
    const std::uint64_t polls = state_->threads[id]->figures().polls.load();
    if (polls == state_->polls_watched[id] && !stalled) stalled = id;
    state_->polls_watched[id] = polls;
  }
  return stalled;
}

std::vector<telemetry::EventRing*> DpdkGateway::event_rings() {
  std::vector<telemetry::EventRing*> rings;
  for (const auto& thread : state_->threads) rings.push_back(&thread->events());
  return rings;
}

void DpdkGateway::set_publish_hooks(PublishHooks hooks) {
  state_->hooks = std::move(hooks);
}

std::vector<control::InterfaceStatus> DpdkGateway::interfaces() const {
  std::vector<control::InterfaceStatus> all;
  for (const auto& port : state_->shared.ports) {
    control::InterfaceStatus status;
    status.name = port->device().word;
    status.driver = port->driver() == nullptr ? "" : port->driver();
    status.pair = port->pair();
    status.side = port->side();
    status.link_up = port->link_up();
    status.mbit_per_second = port->mbit_per_second();
    status.mtu = port->mtu();
    status.mac = mac_text(port->id());
    rte_eth_stats stats{};
    if (rte_eth_stats_get(port->id(), &stats) == 0) {
      status.packets_in = stats.ipackets;
      status.bytes_in = stats.ibytes;
      status.errors_in = stats.ierrors;
      status.missed_in = stats.imissed;
      status.no_buffer_in = stats.rx_nombuf;
      status.packets_out = stats.opackets;
      status.bytes_out = stats.obytes;
      status.errors_out = stats.oerrors;
    }
    status.errors_in += port->frames_cut();
    status.missed_in += port->frames_missed();
    all.push_back(std::move(status));
  }
  return all;
}

std::vector<control::WorkerStatus> DpdkGateway::workers() const {
  std::vector<control::WorkerStatus> all;
  for (std::size_t id = 0; id < state_->threads.size(); ++id) {
    const WorkerFigures& figures = state_->threads[id]->figures();
    control::WorkerStatus status;
    status.id = WorkerId{static_cast<std::uint8_t>(id)};
    status.core = state_->cores[id];
    for (const QueuePlan::Receive& queue : state_->shared.plan.workers[id].receive) {
      if (!status.queues.empty()) status.queues += " ";
      status.queues +=
          state_->shared.ports[queue.port]->device().word + "/" + std::to_string(queue.queue);
    }
    status.polls = figures.polls.load();
    status.alive = state_->moves(id);
    status.empty_polls = figures.empty_polls.load();
    status.sleeps = figures.sleeps.load();
    status.generation = figures.generation.load();
    status.handed_over = figures.handed_over.load();
    status.taken_over = figures.taken_over.load();
    all.push_back(std::move(status));
  }
  return all;
}

std::vector<const telemetry::WorkerCounters*> DpdkGateway::counters() const {
  std::vector<const telemetry::WorkerCounters*> all;
  for (const auto& thread : state_->threads) all.push_back(&thread->counters());
  return all;
}

std::vector<engine::Mailbox*> DpdkGateway::mailboxes() {
  std::vector<engine::Mailbox*> all;
  for (const auto& thread : state_->threads) all.push_back(&thread->engine().mailbox());
  return all;
}

std::size_t DpdkGateway::table_memory() const {
  std::size_t bytes = 0;
  for (const auto& thread : state_->threads) bytes += thread->engine().memory();
  return bytes;
}

std::size_t DpdkGateway::packet_memory() const {
  std::size_t bytes = 0;
  for (const auto& port : state_->shared.ports) {
    const rte_mempool* pool = port->pool();
    bytes += std::size_t{pool->size} * (pool->header_size + pool->elt_size + pool->trailer_size);
  }
  return bytes;
}

learn::LearnedServers* DpdkGateway::learned_servers() {
  return state_->learned.get();
}

learn::ExpectedFlows* DpdkGateway::expected_flows() {
  return state_->expected.get();
}

std::shared_ptr<const engine::Snapshot> DpdkGateway::snapshot() const {
  return state_->snapshot;
}

void DpdkGateway::publish(std::shared_ptr<const engine::Snapshot> next) {
  State& state = *state_;
  if (state.hooks.before) state.hooks.before(next);
  const std::shared_ptr<const engine::Snapshot> old = std::exchange(state.snapshot, next);
  state.shared.snapshot.store(next.get(), std::memory_order_release);
  rte_rcu_qsbr_synchronize(state.shared.rcu, RTE_QSBR_THRID_INVALID);
  if (state.hooks.after) state.hooks.after();
}

std::shared_ptr<const engine::Snapshot> DpdkGateway::taken(std::chrono::milliseconds patience) {
  const State& state = *state_;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto agree = [&] {
    return std::all_of(state.threads.begin(), state.threads.end(), [&](const auto& thread) {
      const WorkerFigures& figures = thread->figures();
      return figures.taken.load(std::memory_order_acquire) == state.snapshot.get() &&
             figures.generation.load(std::memory_order_relaxed) == state.snapshot->generation;
    });
  };
  while (!agree()) {
    if (std::chrono::steady_clock::now() > deadline) return nullptr;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return state.snapshot;
}

}  // namespace chatgate::io
