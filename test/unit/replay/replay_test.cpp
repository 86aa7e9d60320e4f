// The way of packets through replay: order, time, what is forged and what is counted.
#include "replay/replay.h"

#include <deque>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>

#include "frames.h"

namespace chatgate::replay {
namespace {

using net::tcp_flag::ack;
using net::tcp_flag::psh;
using net::tcp_flag::syn;
using nlohmann::json;
using test::Frame;
using test::Octets;
using testing::ElementsAre;

constexpr const char* kClient = "10.0.0.1";
constexpr const char* kServer = "192.0.2.1";
constexpr std::uint64_t kBegin = 1'795'464'000'000'000'000;
constexpr std::uint64_t kMillisecond = 1'000'000;

// One application with a name and a port, and one rule that resets it.
std::shared_ptr<const engine::Snapshot> snapshot() {
  auto made = std::make_shared<engine::Snapshot>();
  std::vector<catalog::Application> applications(1);
  applications[0].id = ApplicationId(0);
  applications[0].word = "chat";
  applications[0].category = catalog::Category::legacy_im;
  applications[0].names = {{"chat.example", false, true, catalog::Service::any}};
  applications[0].ports = {
      {catalog::Transport::tcp, 1863, 1863, catalog::Service::any, true, false}};
  made->catalogue = std::make_shared<catalog::Catalogue>(std::move(applications));
  policy::Policy::Content content;
  policy::Rule rule;
  rule.id = RuleId(0);
  rule.name = "no chat";
  rule.applications = {ApplicationId(0)};
  rule.action = policy::Action::reset;
  rule.log = true;
  content.rules = {rule};
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  return made;
}

struct Lines {
  std::vector<json> events;
};

class LineSink final : public telemetry::Sink {
 public:
  explicit LineSink(Lines& lines) : Sink("test"), lines_(lines) {}
  bool take(std::string_view line) override {
    lines_.events.push_back(json::parse(line));
    return true;
  }
  void flush() override {}
  void finish(std::chrono::milliseconds) override {}

 private:
  Lines& lines_;
};

// Packets of a test, with their bytes.
class Packets {
 public:
  Packets() = default;
  Packets(Packets&&) = default;  // views borrow from the frames: not to be copied

  Packets& add(Octets frame, std::uint64_t milliseconds) {
    frames_.push_back(std::move(frame));
    net::PacketView view = test::view_of(frames_.back());
    view.time = Time{kBegin + milliseconds * kMillisecond};
    view.number = views_.size() + 1;
    views_.push_back(view);
    return *this;
  }
  std::span<const net::PacketView> views() const { return views_; }

 private:
  std::deque<Octets> frames_;
  std::vector<net::PacketView> views_;
};

struct Sent {
  std::uint64_t milliseconds;
  net::Side out;
  bool forged;
  Octets bytes;
};

struct Outcome {
  std::vector<Sent> sent;
  std::vector<json> events;
  Summary summary;
};

Outcome run(const Packets& packets, ReplayOptions options = {}, unsigned times = 1) {
  Outcome outcome;
  Lines lines;
  std::vector<std::unique_ptr<telemetry::Sink>> sinks;
  sinks.push_back(std::make_unique<LineSink>(lines));
  Replay replay(options, snapshot(), std::move(sinks), [&](const OutputFrame& frame) {
    outcome.sent.push_back({(frame.time.nanoseconds - kBegin) / kMillisecond, frame.out,
                            frame.forged, Octets(frame.bytes.begin(), frame.bytes.end())});
  });
  replay.run(packets.views(), times);
  replay.finish();
  EXPECT_EQ(replay.events_lost(), 0u);
  outcome.summary = replay.summary();
  outcome.events = lines.events;
  return outcome;
}

Octets to_server(std::uint16_t port, std::uint8_t flags, std::uint32_t seq, Octets payload = {}) {
  Frame frame = Frame().v4(kClient, kServer).tcp(40000, port, flags).seq(seq);
  if ((flags & ack) != 0) frame.ack(5001);
  return frame.payload(std::move(payload)).build();
}

Octets to_client(std::uint16_t port, std::uint8_t flags) {
  return Frame().v4(kServer, kClient).tcp(port, 40000, flags).seq(5000).ack(1001).build();
}

Packets blocked_hello() {
  Packets packets;
  packets.add(to_server(443, syn, 1000), 0)
      .add(to_client(443, syn | ack), 1)
      .add(to_server(443, ack, 1001), 2)
      .add(to_server(443, psh | ack, 1001, test::client_hello("chat.example")), 3);
  return packets;
}

TEST(Replay, ForgedFramesFollowThePacketThatCausedThemAtItsTime) {
  const Outcome outcome = run(blocked_hello());
  ASSERT_EQ(outcome.sent.size(), 5u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(outcome.sent[i].forged);
    EXPECT_EQ(outcome.sent[i].milliseconds, i);
  }
  EXPECT_EQ(outcome.sent[0].out, net::Side::outside);
  EXPECT_EQ(outcome.sent[1].out, net::Side::inside);
  for (std::size_t i = 3; i < 5; ++i) {
    EXPECT_TRUE(outcome.sent[i].forged);
    EXPECT_EQ(outcome.sent[i].milliseconds, 3u);
    EXPECT_TRUE(test::checksums_right(outcome.sent[i].bytes));
  }
  EXPECT_NE(outcome.sent[3].out, outcome.sent[4].out);
}

TEST(Replay, SummaryCountsWhatWentOut) {
  const Packets packets = blocked_hello();
  const Outcome outcome = run(packets);
  const Summary& summary = outcome.summary;
  EXPECT_EQ(summary.packets, 4u);
  EXPECT_EQ(summary.forwarded, 3u);
  EXPECT_EQ(summary.dropped, 1u);
  EXPECT_EQ(summary.forged, 2u);
  EXPECT_EQ(summary.flows, 1u);
  EXPECT_EQ(summary.alerts, 1u);
  EXPECT_GT(summary.engine_seconds, 0);
  std::uint64_t bytes = 0;
  for (const net::PacketView& view : packets.views()) bytes += view.wire_length;
  EXPECT_EQ(summary.bytes, bytes);
}

TEST(Summary, IsTheContractsObject) {
  const Summary summary{1, 2, 3, 4, 5, 6, 7, 0.5};
  EXPECT_EQ(summary.to_json(),
            R"({"packets":1,"bytes":2,"flows":3,"forwarded":4,"dropped":5,"forged":6,"alerts":7,)"
            R"("engine_seconds":0.500000000,"packets_per_second":2})");
  EXPECT_EQ(Summary{}.packets_per_second(), 0u);
}

TEST(Replay, EventsHoldNamesPositionsAndPorts) {
  const Outcome outcome = run(blocked_hello());
  ASSERT_EQ(outcome.events.size(), 2u);
  const json& alert = outcome.events[0];
  EXPECT_EQ(alert["event_type"], "alert");
  EXPECT_EQ(alert["timestamp"], "2026-11-23T20:00:00.003000+0000");
  EXPECT_EQ(alert["pcap_cnt"], 4);
  EXPECT_EQ(alert["in_iface"], "inside");
  EXPECT_EQ(alert["im"]["application"], "chat");
  EXPECT_EQ(alert["im"]["category"], "legacy-im");
  EXPECT_EQ(alert["im"]["rule"], "no chat");
  EXPECT_EQ(outcome.events[1]["event_type"], "flow");
}

// As a gateway would: a flow is ended when its time has come, not when the next packet comes.
TEST(Replay, AGapEndsFlowsInTime) {
  Packets packets;
  const Octets question = Frame().v4(kClient, kServer).udp(40000, 9999).payload("hello").build();
  packets.add(question, 0).add(question, 3 * 3600 * 1000);
  const Outcome outcome = run(packets);
  EXPECT_EQ(outcome.summary.flows, 2u);
  ASSERT_EQ(outcome.events.size(), 2u);
  EXPECT_EQ(outcome.events[0]["flow"]["reason"], "timeout");
  const std::string ended = outcome.events[0]["timestamp"];
  EXPECT_GE(ended, "2026-11-23T20:01:00");
  EXPECT_LT(ended, "2026-11-23T20:01:30");
}

TEST(Replay, TimeNeverGoesBackButFramesKeepTheirs) {
  Packets packets;
  packets.add(to_server(443, syn, 1000), 5000)
      .add(to_client(443, syn | ack), 1)
      .add(to_server(443, ack, 1001), 5001)
      .add(to_server(443, psh | ack, 1001, test::client_hello("chat.example")), 0);
  const Outcome outcome = run(packets);
  std::vector<std::uint64_t> times;
  for (const Sent& sent : outcome.sent) times.push_back(sent.milliseconds);
  EXPECT_THAT(times, ElementsAre(5000, 1, 5001, 0, 0));
  EXPECT_EQ(outcome.summary.flows, 1u);
}

TEST(Replay, LoopRunsEveryRoundLaterThanTheOneBefore) {
  const Outcome outcome = run(blocked_hello(), {}, 3);
  EXPECT_EQ(outcome.summary.packets, 12u);
  std::uint64_t last = 0;
  for (const Sent& sent : outcome.sent) {
    EXPECT_GE(sent.milliseconds, last);
    last = sent.milliseconds;
  }
  EXPECT_EQ(last, 3u + 2 * 4);
}

// A burst that is longer than the engine takes, of many flows, over workers: order is kept.
TEST(Replay, OrderIsTheCapturesWhateverTheWorkers) {
  Packets packets;
  for (std::uint16_t i = 0; i < 500; ++i) {
    const std::string client = "10.0." + std::to_string(i / 100) + "." + std::to_string(i % 100);
    const std::uint16_t port = i % 3 == 0 ? 1863 : 8080;
    packets.add(Frame().v4(client, kServer).tcp(40000, port, syn).seq(i).build(), i / 200);
  }
  ReplayOptions options;
  const Outcome one = run(packets, options);
  EXPECT_EQ(one.summary.dropped, 167u);
  EXPECT_EQ(one.summary.forged, 167u);
  for (const unsigned workers : {2u, 5u}) {
    options.workers = workers;
    const Outcome many = run(packets, options);
    ASSERT_EQ(many.sent.size(), one.sent.size());
    for (std::size_t i = 0; i < one.sent.size(); ++i) {
      EXPECT_EQ(many.sent[i].bytes, one.sent[i].bytes);
      EXPECT_EQ(many.sent[i].forged, one.sent[i].forged);
    }
    EXPECT_EQ(many.summary.alerts, one.summary.alerts);
  }
}

// Flows of all workers that end with one tick, and others that are judged meanwhile.
TEST(Replay, EventsAreInTheSameOrderWhateverTheWorkers) {
  Packets packets;
  for (std::uint32_t i = 0; i < 300; ++i) {
    const std::string client = "10.2.0." + std::to_string(i * 7 % 251 + 1);
    const std::uint16_t port = i % 5 == 0 ? 1863 : 9999;
    if (port == 9999) {
      packets.add(Frame()
                      .v4(client, kServer)
                      .udp(static_cast<std::uint16_t>(20000 + i), port)
                      .payload("x")
                      .build(),
                  i < 200 ? 0 : 61'000);
    } else {
      packets.add(Frame()
                      .v4(client, kServer)
                      .tcp(static_cast<std::uint16_t>(20000 + i), port, syn)
                      .seq(i)
                      .build(),
                  i < 200 ? 0 : 61'000);
    }
  }
  ReplayOptions options;
  const Outcome one = run(packets, options);
  EXPECT_GT(one.events.size(), 250u);
  for (const unsigned workers : {2u, 5u}) {
    options.workers = workers;
    EXPECT_EQ(run(packets, options).events, one.events) << workers;
  }
}

TEST(Replay, RingHoldsTheEndOfEveryFlow) {
  Packets packets;
  for (std::uint32_t i = 0; i < 4096; ++i) {
    const std::string client = "10.1." + std::to_string(i / 200) + "." + std::to_string(i % 200);
    packets.add(Frame().v4(client, kServer).udp(40000, 9999).payload("x").build(), 0);
  }
  ReplayOptions options;
  options.flows = 4096;
  const Outcome outcome = run(packets, options);
  EXPECT_EQ(outcome.events.size(), 4096u);
}

TEST(Replay, NothingToRunIsNoFailure) {
  const Outcome outcome = run(Packets());
  EXPECT_EQ(outcome.summary.packets, 0u);
  EXPECT_TRUE(outcome.sent.empty());
}

}  // namespace
}  // namespace chatgate::replay
