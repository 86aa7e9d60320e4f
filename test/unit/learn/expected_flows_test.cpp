#include "learn/expected_flows.h"

#include <atomic>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

namespace chatgate::learn {
namespace {

using proto::Service;

constexpr ApplicationId kMsn(2), kYahoo(7);
const Time kNow = from_seconds(1'795'000'000);

IpAddress address(const std::string& text) {
  return *IpAddress::parse(text);
}

proto::ExpectedFlow flow(const std::string& to, std::uint16_t port, Service service,
                         bool tcp = true) {
  return {address(to), port, tcp, service};
}

Time after(unsigned seconds) {
  return Time{kNow.nanoseconds + std::uint64_t{seconds} * 1'000'000'000};
}

TEST(ExpectedFlows, WhatWasAnnouncedIsFound) {
  ExpectedFlows table(64, KeyedHash(1));
  EXPECT_TRUE(table.empty());
  EXPECT_FALSE(table.find(address("192.0.2.1"), 6891, true, kNow));
  table.expect(flow("192.0.2.1", 6891, Service::file_transfer), kMsn, kNow);
  EXPECT_FALSE(table.empty());
  const auto found = table.find(address("192.0.2.1"), 6891, true, kNow);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->application, kMsn);
  EXPECT_EQ(found->service, Service::file_transfer);
}

TEST(ExpectedFlows, NothingElseIs) {
  ExpectedFlows table(64, KeyedHash(1));
  table.expect(flow("192.0.2.1", 6891, Service::file_transfer), kMsn, kNow);
  EXPECT_FALSE(table.find(address("192.0.2.1"), 6892, true, kNow));
  EXPECT_FALSE(table.find(address("192.0.2.1"), 6891, false, kNow));
  EXPECT_FALSE(table.find(address("192.0.2.2"), 6891, true, kNow));
  EXPECT_FALSE(table.find(address("2001:db8::1"), 6891, true, kNow));
}

TEST(ExpectedFlows, AnnouncementsEnd) {
  ExpectedFlows table(64, KeyedHash(1));
  table.expect(flow("192.0.2.1", 6891, Service::voice, false), kMsn, kNow);
  EXPECT_TRUE(table.find(address("192.0.2.1"), 6891, false, after(ExpectedFlows::kLife - 1)));
  EXPECT_FALSE(table.find(address("192.0.2.1"), 6891, false, after(ExpectedFlows::kLife)));
}

TEST(ExpectedFlows, ALaterOneReplacesAnEarlier) {
  ExpectedFlows table(64, KeyedHash(1));
  table.expect(flow("192.0.2.1", 6891, Service::voice), kMsn, kNow);
  table.expect(flow("192.0.2.1", 6891, Service::webcam), kYahoo, after(100));
  const auto found = table.find(address("192.0.2.1"), 6891, true, after(150));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->application, kYahoo);
  EXPECT_EQ(found->service, Service::webcam);
}

TEST(ExpectedFlows, APortOfZeroIsAnyPortAndTheExactOneCountsMore) {
  ExpectedFlows table(64, KeyedHash(1));
  table.expect(flow("192.0.2.1", 0, Service::text_chat), kMsn, kNow);
  table.expect(flow("192.0.2.1", 6891, Service::file_transfer), kYahoo, kNow);
  EXPECT_EQ(table.find(address("192.0.2.1"), 1863, true, kNow)->application, kMsn);
  EXPECT_EQ(table.find(address("192.0.2.1"), 6891, true, kNow)->application, kYahoo);
}

TEST(ExpectedFlows, NoAddressAndNoApplicationIsNoAnnouncement) {
  ExpectedFlows table(64, KeyedHash(1));
  table.expect({IpAddress(), 6891, true, Service::voice}, kMsn, kNow);
  table.expect(flow("192.0.2.1", 6891, Service::voice), ApplicationId::none(), kNow);
  EXPECT_TRUE(table.empty());
}

TEST(ExpectedFlows, AFloodTakesNoMoreMemoryAndTheNewestStay) {
  ExpectedFlows table(64, KeyedHash(1));
  const std::size_t memory = table.memory();
  for (unsigned i = 0; i < 10000; ++i) {
    table.expect(flow("198.51.100." + std::to_string(i % 250 + 1),
                      static_cast<std::uint16_t>(1024 + i), Service::voice),
                 kMsn, after(i / 1000));
  }
  table.expect(flow("192.0.2.1", 6891, Service::voice), kMsn, after(10));
  EXPECT_EQ(table.memory(), memory);
  EXPECT_TRUE(table.find(address("192.0.2.1"), 6891, true, after(10)));
}

// Every field follows from the port, so that a mixture of two writes shows. Also meant to run under
// ThreadSanitizer.
TEST(ExpectedFlows, ReadersSeeWholeEntries) {
  ExpectedFlows table(64, KeyedHash(1));
  std::atomic<unsigned> writing{2};
  std::atomic<unsigned> torn{0}, seen{0};
  std::vector<std::thread> threads;
  const auto service_of = [](unsigned port) { return static_cast<Service>(port % 12); };
  for (unsigned writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      for (unsigned i = 0; i < 40000; ++i) {
        const unsigned port = 1000 + (i * 7 + writer) % 40;
        table.expect(flow("192.0.2.1", static_cast<std::uint16_t>(port), service_of(port)),
                     ApplicationId(static_cast<std::uint16_t>(port)), kNow);
      }
      --writing;
    });
  }
  // A thousand more when the writers are done, which may be before this thread gets its turn.
  for (unsigned i = 0, last = 0; last < 1000; ++i) {
    if (writing == 0) ++last;
    const unsigned port = 1000 + i % 40;
    const auto found =
        table.find(address("192.0.2.1"), static_cast<std::uint16_t>(port), true, kNow);
    if (!found) continue;
    ++seen;
    if (found->application.value() != port || found->service != service_of(port)) ++torn;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_GT(seen, 100u);
}

}  // namespace
}  // namespace chatgate::learn
