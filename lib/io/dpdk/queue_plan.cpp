#include "io/dpdk/queue_plan.h"

namespace chatgate::io {

QueuePlan plan_queues(const std::vector<PortQueues>& ports, unsigned workers) {
  QueuePlan plan;
  plan.workers.resize(workers);
  for (std::uint16_t port = 0; port < ports.size(); ++port) {
    const PortQueues& queues = ports[port];
    // Where each worker has its queue, queue n is worker n's on every port: that is what lets a
    // symmetric hash in the device decide. Otherwise start at another worker for each port.
    const unsigned first = queues.receive == workers ? 0 : port % workers;
    for (std::uint16_t queue = 0; queue < queues.receive; ++queue) {
      plan.workers[(first + queue) % workers].receive.push_back({port, queue});
    }
    const unsigned owner = port % workers;
    for (unsigned worker = 0; worker < workers; ++worker) {
      QueuePlan::Transmit transmit;
      if (queues.transmit >= workers) {
        transmit = {static_cast<std::uint16_t>(worker), worker};
      } else {
        transmit.through = owner;
        if (worker == owner) transmit.queue = 0;
      }
      plan.workers[worker].transmit.push_back(transmit);
    }
  }
  return plan;
}

}  // namespace chatgate::io
