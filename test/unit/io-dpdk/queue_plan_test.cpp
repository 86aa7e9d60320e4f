#include "io/dpdk/queue_plan.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

#include "io/dpdk/port.h"

namespace chatgate::io {
namespace {

// For all small shapes: every queue that receives is polled once, no two workers share a queue to
// send on, and whoever sends through another finds one that may.
TEST(QueuePlan, NothingIsForgottenOrShared) {
  for (unsigned workers = 1; workers <= 5; ++workers) {
    for (std::uint16_t receive = 1; receive <= 6; ++receive) {
      for (std::uint16_t transmit = 1; transmit <= 6; ++transmit) {
        const std::vector<PortQueues> ports(4, {receive, transmit});
        const QueuePlan plan = plan_queues(ports, workers);
        ASSERT_EQ(plan.workers.size(), workers);
        std::map<std::pair<int, int>, int> polled, sent;
        for (unsigned id = 0; id < workers; ++id) {
          const QueuePlan::Worker& worker = plan.workers[id];
          for (const auto& queue : worker.receive) ++polled[{queue.port, queue.queue}];
          ASSERT_EQ(worker.transmit.size(), ports.size());
          for (std::size_t port = 0; port < ports.size(); ++port) {
            const auto& way = worker.transmit[port];
            if (way.queue) {
              EXPECT_LT(*way.queue, transmit);
              EXPECT_EQ(way.through, id);
              ++sent[{static_cast<int>(port), *way.queue}];
            } else {
              ASSERT_LT(way.through, workers);
              EXPECT_TRUE(plan.workers[way.through].transmit[port].queue.has_value());
            }
          }
        }
        EXPECT_EQ(polled.size(), ports.size() * receive);
        for (const auto& [queue, times] : polled) EXPECT_EQ(times, 1);
        for (const auto& [queue, times] : sent) EXPECT_EQ(times, 1);
      }
    }
  }
}

TEST(QueuePlan, WithAQueueForEachWorkerItsNumberIsTheWorkers) {
  const QueuePlan plan = plan_queues({{3, 3}, {3, 3}}, 3);
  for (unsigned id = 0; id < 3; ++id) {
    ASSERT_EQ(plan.workers[id].receive.size(), 2u);
    for (const auto& queue : plan.workers[id].receive) EXPECT_EQ(queue.queue, id);
  }
}

TEST(QueuePlan, PortsWithOneQueueSpreadOverWorkers) {
  const QueuePlan plan = plan_queues({{1, 1}, {1, 1}}, 2);
  EXPECT_EQ(plan.workers[0].receive.size(), 1u);
  EXPECT_EQ(plan.workers[1].receive.size(), 1u);
  EXPECT_TRUE(plan.workers[0].transmit[0].queue.has_value());
  EXPECT_EQ(plan.workers[0].transmit[1].through, 1u);
}

// A pool has what its queues need, whatever is asked for, and more where more is.
TEST(PoolSize, IsAtLeastWhatIsAskedFor) {
  Device device;
  device.kind = DeviceKind::vdev;
  const unsigned needed = pool_size(device, 1, 0);
  EXPECT_GT(needed, 1024u);
  EXPECT_EQ(pool_size(device, 1, needed - 1), needed);
  EXPECT_EQ(pool_size(device, 1, 1'000'000), 1'000'000u);
  EXPECT_GT(pool_size(device, 2, 0), needed);
  EXPECT_GT(Port::memory_estimate(device, 1, 1'000'000), 1'000'000u * std::uint64_t{2048});
}

}  // namespace
}  // namespace chatgate::io
