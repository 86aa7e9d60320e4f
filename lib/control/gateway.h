// The running gateway as the control thread sees it.
//
// Implemented by io/dpdk (`chatgate run`), and by a small in-memory one in control's own tests. All
// functions are called on the control thread only; none of them waits for a packet.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/strong_id.h"
#include "engine/mailbox.h"
#include "engine/snapshot.h"
#include "net/packet_view.h"
#include "telemetry/counters.h"

#include "learn/expected_flows.h"
#include "learn/learned_servers.h"

namespace chatgate::control {

struct InterfaceStatus {
  std::string name;    // as given on the command line, such as "af_packet:eth0"
  std::string driver;  // as the device names it, such as "net_af_packet"
  PairId pair{0};
  net::Side side = net::Side::inside;
  bool link_up = false;
  std::uint32_t mbit_per_second = 0;  // 0: not known
  std::uint16_t mtu = 0;
  std::string mac;
  std::uint64_t packets_in = 0, bytes_in = 0, errors_in = 0, missed_in = 0, no_buffer_in = 0;
  std::uint64_t packets_out = 0, bytes_out = 0, errors_out = 0;
};

struct WorkerStatus {
  WorkerId id{0};
  unsigned core = 0;
  std::string queues;  // which queues of which ports it polls, for people
  bool alive = true;   // it was seen to move within the last seconds
  std::uint64_t polls = 0, empty_polls = 0, sleeps = 0;
  std::uint32_t generation = 0;                   // of the snapshot that it used last
  std::uint64_t handed_over = 0, taken_over = 0;  // packets to and from other workers
};

class Gateway {
 public:
  virtual ~Gateway() = default;

  virtual std::vector<InterfaceStatus> interfaces() const = 0;
  virtual std::vector<WorkerStatus> workers() const = 0;
  // One for each worker, in their order; they live as long as the gateway.
  virtual std::vector<const telemetry::WorkerCounters*> counters() const = 0;
  virtual std::vector<engine::Mailbox*> mailboxes() = 0;
  // Bytes taken by the workers' tables and pools, and by packet buffers.
  virtual std::size_t table_memory() const = 0;
  virtual std::size_t packet_memory() const = 0;

  // What all workers together learned from DNS answers; null where nothing is learned. Lives as
  // long as the gateway.
  virtual learn::LearnedServers* learned_servers() { return nullptr; }

  // What signalling that all workers saw has announced; null where nobody listens to it. Lives as
  // long as the gateway.
  virtual learn::ExpectedFlows* expected_flows() { return nullptr; }

  virtual std::shared_ptr<const engine::Snapshot> snapshot() const = 0;
  // Makes all workers use `next` from their next burst on, and returns when none uses the old one
  // any more (microseconds, or one sleep of an idle worker).
  virtual void publish(std::shared_ptr<const engine::Snapshot> next) = 0;
  // The snapshot that every worker reports to have gone round with, waited for as long at most
  // (microseconds, or one sleep of an idle worker); null where they do not agree by then.
  virtual std::shared_ptr<const engine::Snapshot> taken(std::chrono::milliseconds patience) = 0;
};

}  // namespace chatgate::control
