// Which worker polls which queue, and through which queue it sends.
//
// A pure function of the numbers of workers and queues, so that it can be tested without a device.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace chatgate::io {

// What a port offers, as it was configured.
struct PortQueues {
  std::uint16_t receive = 1;
  std::uint16_t transmit = 1;
};

struct QueuePlan {
  struct Receive {
    std::uint16_t port = 0;
    std::uint16_t queue = 0;
  };
  // How one worker sends on one port: through a queue of its own, or through another worker.
  struct Transmit {
    std::optional<std::uint16_t> queue;
    unsigned through = 0;  // the worker that owns the port's only queue; itself where it has one
  };
  struct Worker {
    std::vector<Receive> receive;
    std::vector<Transmit> transmit;  // indexed by port
  };
  std::vector<Worker> workers;
};

// Every queue that receives is polled by exactly one worker, and no two workers send on one queue.
// A port with fewer transmit queues than workers is sent on by one worker only; which one goes
// round, so that ports with one queue spread over the workers.
QueuePlan plan_queues(const std::vector<PortQueues>& ports, unsigned workers);

}  // namespace chatgate::io
