// The gateway on DPDK ports: what `chatgate run` starts, and what control looks at.
//
// No header of DPDK is needed to use it. One for each process, since the EAL is. All functions are
// for the control thread, which must be the one that created it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "control/gateway.h"
#include "engine/snapshot.h"
#include "engine/worker.h"
#include "io/dpdk/device.h"
#include "io/dpdk/idle.h"
#include "telemetry/event.h"

namespace chatgate::io {

struct DevicePair {
  Device inside;
  Device outside;
};

// Devices as given, paired by their order. Errors: unknown words, unequal counts, a device named
// twice, more pairs than there is room for.
std::vector<DevicePair> parse_device_pairs(const std::vector<std::string>& inside,
                                           const std::vector<std::string>& outside,
                                           Diagnostics& diagnostics);

// What else can be known before EAL start: interfaces and files that do not exist. Words that are
// wrong in themselves are passed over.
void check_devices(const std::vector<std::string>& inside, const std::vector<std::string>& outside,
                   Diagnostics& diagnostics);

struct GatewayConfig {
  std::vector<DevicePair> pairs;
  std::vector<unsigned> worker_cores;  // one worker each
  Idle idle = Idle::sleep;
  engine::WorkerConfig worker;     // id and hash are set for each worker
  std::size_t event_ring = 16384;  // events that may wait, for each worker
  std::uint32_t frames = 0;        // least room of a port's pool; 0: what its queues need
  std::string eal_extra;
  std::function<void(std::string_view)> log;  // one line each; called on any thread
  // Called when all ports are ready and no worker runs yet: parts what the kernel has joined.
  // Answers what went wrong, and sets `was_open` where frames have passed without the gateway.
  std::function<std::string(bool& was_open)> take_over;
  // At the end the kernel's interfaces stay as the gateway has set them (up, large frames, nothing
  // merged), for the kernel to join them.
  bool leaves_interfaces = false;
};

class DpdkGateway final : public control::Gateway {
 public:
  // Called around a change of snapshot: before any worker sees the new one, and after the last has
  // left the old one.
  struct PublishHooks {
    std::function<void(const std::shared_ptr<const engine::Snapshot>& next)> before;
    std::function<void()> after;
  };

  // Starts the EAL, opens and configures all ports and makes the workers, which do not run yet.
  // Null where that failed; `error` says why in one line.
  static std::unique_ptr<DpdkGateway> open(const GatewayConfig& config,
                                           std::shared_ptr<const engine::Snapshot> snapshot,
                                           std::string& error);
  ~DpdkGateway() override;
  DpdkGateway(const DpdkGateway&) = delete;
  DpdkGateway& operator=(const DpdkGateway&) = delete;

  // Ports up, workers running. What went wrong, empty for nothing.
  std::string start();
  // Workers end their flows with events and return; ports stop. Idempotent.
  void stop();
  // After `stop`: gives the devices back, sooner than the destructor does. Only counters and events
  // can be asked for afterwards.
  void close_ports();

  // To be called every kLinkInterval: copies link states between the sides.
  static constexpr unsigned kLinkIntervalMs = 50;
  void watch_links();
  // To be called about once a second: keeps workers' time near the wall clock.
  void correct_time();
  // A worker that has not gone round since the last call, the first of them; for one thread, which
  // may be any.
  std::optional<unsigned> stalled_worker();

  // One ring for each worker; they live as long as the gateway.
  std::vector<telemetry::EventRing*> event_rings();
  void set_publish_hooks(PublishHooks hooks);

  std::vector<control::InterfaceStatus> interfaces() const override;
  std::vector<control::WorkerStatus> workers() const override;
  std::vector<const telemetry::WorkerCounters*> counters() const override;
  std::vector<engine::Mailbox*> mailboxes() override;
  std::size_t table_memory() const override;
  std::size_t packet_memory() const override;
  learn::LearnedServers* learned_servers() override;
  learn::ExpectedFlows* expected_flows() override;
  std::shared_ptr<const engine::Snapshot> snapshot() const override;
  void publish(std::shared_ptr<const engine::Snapshot> next) override;
  std::shared_ptr<const engine::Snapshot> taken(std::chrono::milliseconds patience) override;

 private:
  struct State;
  explicit DpdkGateway(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chatgate::io
