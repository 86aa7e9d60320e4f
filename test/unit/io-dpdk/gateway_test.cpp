// The gateway on files: frames are read from one capture and written to another by DPDK's pcap
// driver, with an engine that forwards everything (test/lab/io/forward_worker.cpp). The EAL starts
// once in a process, so each test runs in a child.

#include "io/dpdk/gateway.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "base/bytes.h"
#include "io/dpdk/eal.h"
#include "io/dpdk/eal_arguments.h"
#include "io/dpdk/vlan.h"

namespace chatgate::io {
namespace {

using testing::HasSubstr;
using Frame = std::vector<std::uint8_t>;
using Frames = std::vector<Frame>;

void in_child(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    body();
    std::fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

void put32(std::ostream& out, std::uint32_t value) {
  out.write(reinterpret_cast<const char*>(&value), sizeof(value));
}

void write_capture(const std::string& path, const Frames& frames) {
  std::ofstream out(path, std::ios::binary);
  for (const std::uint32_t word : {0xa1b2c3d4u, 0x00040002u, 0u, 0u, 65535u, 1u}) put32(out, word);
  for (const Frame& frame : frames) {
    const auto size = static_cast<std::uint32_t>(frame.size());
    for (const std::uint32_t word : {0u, 0u, size, size}) put32(out, word);
    out.write(reinterpret_cast<const char*>(frame.data()), size);
  }
}

Frames read_capture(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  in.ignore(24);
  Frames frames;
  for (std::uint32_t head[4]; in.read(reinterpret_cast<char*>(head), sizeof(head));) {
    Frame frame(head[2]);
    in.read(reinterpret_cast<char*>(frame.data()), head[2]);
    frames.push_back(std::move(frame));
  }
  return frames;
}

// Bytes that differ with `seed`, behind a header of this ethertype.
Frame make_frame(std::size_t size, std::uint16_t type, unsigned seed) {
  std::minstd_rand random(seed + 1);
  Frame frame(size);
  for (std::uint8_t& byte : frame) byte = static_cast<std::uint8_t>(random() >> 8);
  if (size >= 14) store_be16(frame.data() + 12, type);
  return frame;
}

// As EXPECT_EQ, without printing frames.
void expect_frames(const Frames& actual, const Frames& expected) {
  EXPECT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) {
    if (actual[i] == expected[i]) continue;
    ADD_FAILURE() << "frame " << i << " has " << actual[i].size() << " bytes and should have "
                  << expected[i].size() << ", or differs in them";
    return;
  }
}

Frame ipv4_frame(std::uint8_t client, std::uint32_t number, bool forward) {
  Frame frame(60);
  store_be16(frame.data() + 12, 0x0800);
  frame[14] = 0x45;
  frame[26 + (forward ? 3 : 7)] = client;
  store_be32(frame.data() + 40, number);
  return frame;
}

// A gateway between two captures. Its folder and its files go with it.
class Lab {
 public:
  Lab(const Frames& inside, const Frames& outside, unsigned workers = 1) {
    char folder[] = "/tmp/chatgate-io-XXXXXX";
    folder_ = mkdtemp(folder);
    write_capture(path("in"), inside);
    write_capture(path("out"), outside);
    Diagnostics diagnostics;
    config_.pairs =
        parse_device_pairs({"pcap:" + path("in") + "," + path("to-inside")},
                           {"pcap:" + path("out") + "," + path("to-outside")}, diagnostics);
    const std::vector<unsigned> cores = allowed_cores();
    config_.worker_cores.assign(cores.end() - workers, cores.end());
    config_.log = [this](std::string_view line) { log_.emplace_back(line); };
    expected_ = inside.size() + outside.size();
  }
  ~Lab() {
    gateway_.reset();
    std::filesystem::remove_all(folder_);
  }

  void start() {
    std::string error;
    gateway_ = DpdkGateway::open(config_, std::make_shared<engine::Snapshot>(), error);
    ASSERT_NE(gateway_, nullptr) << error;
    ASSERT_EQ(gateway_->start(), "");
  }

  std::uint64_t total(telemetry::Counter counter) const {
    std::uint64_t sum = 0;
    for (const auto* counters : gateway_->counters()) sum += counters->get(counter);
    return sum;
  }

  // Until the engine has seen every frame.
  void wait() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (total(telemetry::Counter::packets) < expected_) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << total(telemetry::Counter::packets);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    // What was handed on to another worker to send has to get there.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }

  void run() {
    start();
    if (testing::Test::HasFatalFailure()) return;
    wait();
    gateway_->stop();
  }

  Frames to_inside() const { return read_capture(path("to-inside")); }
  Frames to_outside() const { return read_capture(path("to-outside")); }
  DpdkGateway& gateway() { return *gateway_; }
  GatewayConfig& config() { return config_; }
  const std::vector<std::string>& log() const { return log_; }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  std::string folder_;
  GatewayConfig config_;
  std::vector<std::string> log_;
  std::uint64_t expected_ = 0;
  std::unique_ptr<DpdkGateway> gateway_;
};

// Sizes around those of buffers: the driver makes chains of the larger ones.
TEST(Gateway, FramesOfAllSizesPassUnchangedAndInOrder) {
  in_child([] {
    Frames inside, outside;
    unsigned seed = 0;
    for (const std::size_t size : {1u, 13u, 14u, 15u, 59u, 60u, 64u, 1514u, 1518u, 2048u, 2049u,
                                   4096u, 9614u, 10240u, 10241u, 16000u}) {
      for (const std::uint16_t type : {0x0800, 0x86dd, 0x8100, 0x88b6}) {
        inside.push_back(make_frame(size, type, ++seed));
        outside.push_back(make_frame(size, type, ++seed));
      }
    }
    Lab lab(inside, outside);
    lab.run();
    expect_frames(lab.to_outside(), inside);
    expect_frames(lab.to_inside(), outside);
    EXPECT_EQ(lab.total(telemetry::Counter::forwarded), inside.size() + outside.size());
  });
}

TEST(Gateway, DroppedFramesStayAndForgedOnesFollowTheirCause) {
  in_child([] {
    Frames inside, there, back;
    for (unsigned i = 0; i < 300; ++i) {
      Frame frame = make_frame(64, 0x88b5, i);
      frame[14] = "dfr"[i % 3];
      Frame forged = frame;
      forged[14] = 'F';
      inside.push_back(frame);
      if (frame[14] == 'f') there.insert(there.end(), {frame, forged});
      if (frame[14] == 'r') back.push_back(forged);
    }
    Lab lab(inside, {});
    lab.run();
    expect_frames(lab.to_outside(), there);
    expect_frames(lab.to_inside(), back);
  });
}

TEST(Gateway, WorkersHandOverAndKeepTheOrderOfAFlow) {
  if (allowed_cores().size() < 2) GTEST_SKIP() << "needs two cores";
  in_child([] {
    Frames inside, outside;
    for (std::uint32_t number = 0; number < 40; ++number) {
      for (std::uint8_t client = 1; client <= 20; ++client) {
        inside.push_back(ipv4_frame(client, number, true));
        outside.push_back(ipv4_frame(client, number, false));
      }
    }
    Lab lab(inside, outside, 2);
    lab.run();
    ASSERT_EQ(lab.log().size(), 2u);
    EXPECT_THAT(lab.log()[0], HasSubstr("packets handed over by software"));
    const auto by_flow = [](const Frames& frames) {
      std::map<std::uint32_t, Frames> flows;
      for (const Frame& frame : frames) {
        flows[load_be32(frame.data() + 26) ^ load_be32(frame.data() + 30)].push_back(frame);
      }
      return flows;
    };
    EXPECT_TRUE(by_flow(lab.to_outside()) == by_flow(inside));
    EXPECT_TRUE(by_flow(lab.to_inside()) == by_flow(outside));
    std::uint64_t handed_over = 0, taken_over = 0;
    for (const auto& worker : lab.gateway().workers()) {
      handed_over += worker.handed_over;
      taken_over += worker.taken_over;
    }
    EXPECT_EQ(handed_over, inside.size() / 2 + outside.size() / 2);
    EXPECT_EQ(taken_over, handed_over);
    // Each flow has one owner, and every worker owns some.
    for (const auto* counters : lab.gateway().counters()) {
      EXPECT_EQ(counters->get(telemetry::Counter::packets), inside.size());
    }
  });
}

TEST(Gateway, APublishedSnapshotIsInUseAndTheOldOneFree) {
  in_child([] {
    Lab lab({}, {});
    lab.start();
    if (testing::Test::HasFatalFailure()) return;
    std::vector<std::uint32_t> told;
    bool left = false;
    std::weak_ptr<const engine::Snapshot> old = lab.gateway().snapshot();
    lab.gateway().set_publish_hooks({[&](const std::shared_ptr<const engine::Snapshot>& next) {
                                       told.push_back(next->generation);
                                       EXPECT_FALSE(old.expired());
                                     },
                                     [&] {
                                       left = true;
                                       EXPECT_FALSE(old.expired());
                                     }});
    for (std::uint32_t generation = 2; generation < 200; ++generation) {
      auto next = std::make_shared<engine::Snapshot>();
      next->generation = generation;
      left = false;
      const auto start = std::chrono::steady_clock::now();
      lab.gateway().publish(next);
      EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
      EXPECT_TRUE(old.expired());
      EXPECT_TRUE(left);
      EXPECT_EQ(told.back(), generation);
      EXPECT_EQ(lab.gateway().snapshot(), next);
      old = next;
    }
  });
}

TEST(Gateway, AWorkerThatStandsStillIsSeen) {
  in_child([] {
    Lab lab({}, {});
    lab.start();
    if (testing::Test::HasFatalFailure()) return;
    for (int i = 0; i < 5; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      EXPECT_EQ(lab.gateway().stalled_worker(), std::nullopt);
    }
    lab.gateway().stop();
    lab.gateway().stalled_worker();
    EXPECT_EQ(lab.gateway().stalled_worker(), 0u);
  });
}

TEST(Gateway, SaysWhatItsPortsAndWorkersDo) {
  in_child([] {
    Lab lab({make_frame(100, 0x88b6, 1), make_frame(200, 0x88b6, 2)}, {make_frame(60, 0x88b6, 3)});
    lab.run();
    const auto ports = lab.gateway().interfaces();
    ASSERT_EQ(ports.size(), 2u);
    EXPECT_THAT(ports[0].name, HasSubstr("pcap:"));
    EXPECT_EQ(ports[0].driver, "net_pcap");
    EXPECT_EQ(ports[0].side, net::Side::inside);
    EXPECT_EQ(ports[1].side, net::Side::outside);
    EXPECT_EQ(ports[0].packets_in, 2u);
    EXPECT_EQ(ports[0].bytes_in, 300u);
    EXPECT_EQ(ports[0].packets_out, 1u);
    EXPECT_EQ(ports[1].packets_in, 1u);
    EXPECT_EQ(ports[1].packets_out, 2u);
    const auto workers = lab.gateway().workers();
    ASSERT_EQ(workers.size(), 1u);
    EXPECT_EQ(workers[0].core, lab.config().worker_cores[0]);
    EXPECT_GT(workers[0].polls, workers[0].empty_polls);
    EXPECT_GT(lab.gateway().packet_memory(), 1u << 20);
  });
}

TEST(Gateway, WhatDoesNotOpenIsSaidInOneLine) {
  in_child([] {
    Lab lab({}, {});
    Diagnostics diagnostics;
    lab.config().pairs = parse_device_pairs({"pcap:/no/such/file"}, {"vdev:net_null"}, diagnostics);
    std::string error;
    testing::internal::CaptureStdout();
    EXPECT_EQ(DpdkGateway::open(lab.config(), std::make_shared<engine::Snapshot>(), error),
              nullptr);
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
    EXPECT_THAT(error, HasSubstr("pcap:/no/such/file: DPDK could not open it: "));
    EXPECT_THAT(error, testing::Not(HasSubstr("\n")));
  });
}

TEST(Gateway, WordsThatTheEalDoesNotKnowAreSaidInOneLine) {
  in_child([] {
    Lab lab({}, {});
    lab.config().eal_extra = "--no-such-word";
    std::string error;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    EXPECT_EQ(DpdkGateway::open(lab.config(), std::make_shared<engine::Snapshot>(), error),
              nullptr);
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_THAT(error, HasSubstr("DPDK did not start: "));
    EXPECT_THAT(error, HasSubstr("--eal"));
  });
}

TEST(Vlan, TagsArePutBackAsTheyWere) {
  in_child([] {
    EalRequest request;
    request.worker_cores = {};
    request.allowed_cores = allowed_cores();
    request.memory_needed = 32u << 20;
    request.file_prefix = "chatgate-test-" + std::to_string(getpid());
    std::string error;
    const auto eal = Eal::start(eal_arguments(request), error);
    ASSERT_NE(eal, nullptr) << error;
    rte_mempool* pool = rte_pktmbuf_pool_create("tags", 127, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
    ASSERT_NE(pool, nullptr);
    const Frame plain = make_frame(60, 0x0800, 1);
    const auto strip = [&](std::uint64_t flags) {
      rte_mbuf* frame = rte_pktmbuf_alloc(pool);
      std::copy(plain.begin(), plain.end(),
                reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(frame, 60)));
      frame->vlan_tci = 0x2064;
      frame->vlan_tci_outer = 0x00c8;
      frame->ol_flags |= flags;
      return frame;
    };
    const auto bytes = [](const rte_mbuf* frame) {
      const auto* data = rte_pktmbuf_mtod(frame, const std::uint8_t*);
      return Frame(data, data + rte_pktmbuf_pkt_len(frame));
    };
    const auto with = [&](const Frame& tags) {
      Frame frame = plain;
      frame.insert(frame.begin() + 12, tags.begin(), tags.end());
      return frame;
    };
    constexpr std::uint64_t kOne = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    constexpr std::uint64_t kTwo = kOne | RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED;
    EXPECT_EQ(bytes(put_tags_back(strip(0))), plain);
    EXPECT_EQ(bytes(put_tags_back(strip(RTE_MBUF_F_RX_VLAN))), plain);
    EXPECT_EQ(bytes(put_tags_back(strip(kOne))), with({0x81, 0x00, 0x20, 0x64}));
    EXPECT_EQ(bytes(put_tags_back(strip(kTwo))),
              with({0x88, 0xa8, 0x00, 0xc8, 0x81, 0x00, 0x20, 0x64}));
    // The inner one was left in the frame.
    EXPECT_EQ(bytes(put_tags_back(strip(RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED))),
              with({0x88, 0xa8, 0x00, 0xc8}));
    rte_mbuf* full = strip(kOne);
    rte_pktmbuf_prepend(full, RTE_PKTMBUF_HEADROOM);
    EXPECT_EQ(put_tags_back(full), nullptr);
    EXPECT_EQ(rte_mempool_in_use_count(pool), 5u);
  });
}

}  // namespace
}  // namespace chatgate::io
