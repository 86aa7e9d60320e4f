// Traces of a worker: which packets, in which steps, and when it ends.
#include "engine/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../engine/wire.h"

namespace chatgate::engine {
namespace {

using ::testing::ElementsAre;

std::vector<TraceStage> stages(std::span<const TraceEntry> entries) {
  std::vector<TraceStage> list;
  for (const TraceEntry& entry : entries) list.push_back(entry.stage);
  return list;
}

std::size_t packets(std::span<const TraceEntry> entries) {
  std::size_t count = 0;
  for (const TraceEntry& entry : entries) count += entry.stage == TraceStage::decode;
  return count;
}

TEST(Trace, AllStepsOfAPacketStandTogether) {
  Wire wire(block_im());
  TraceRequest request({}, 100);
  ASSERT_TRUE(wire.worker().mailbox().trace.post(request));
  Talk talk(wire, 40000, 443);
  talk.open();
  const std::size_t handshake = request.published().size();
  EXPECT_EQ(packets(request.published()), 3u);
  EXPECT_FALSE(talk.client_says(test::client_hello("whatsapp.net")).forward);
  const auto hello = request.published().subspan(handshake);
  EXPECT_THAT(stages(hello),
              ElementsAre(TraceStage::decode, TraceStage::flow, TraceStage::admission,
                          TraceStage::parse, TraceStage::verdict, TraceStage::disposition));
  EXPECT_EQ(hello[0].source_port, 40000);
  EXPECT_FALSE(hello[1].fresh);
  EXPECT_EQ(hello[3].name_view(), "whatsapp.net");
  EXPECT_EQ(hello[4].im.application, kWhatsapp);
  EXPECT_EQ(hello[4].verdict.action, Action::reset);
  EXPECT_FALSE(hello[5].forward);
  EXPECT_EQ(hello[5].reason, telemetry::Reason::policy_reset);
  EXPECT_EQ(hello[5].forged, 2u);
  EXPECT_TRUE(request.published()[1].fresh);
}

TEST(Trace, OnlyWhatTheFilterNames) {
  Wire wire(block_im());
  TraceFilter filter;
  filter.protocol = net::kTcp;
  filter.one = IpAddress::parse(kServer);
  filter.other = IpAddress::parse(kClient);
  filter.port = 443;
  TraceRequest request(filter, 100);
  ASSERT_TRUE(wire.worker().mailbox().trace.post(request));
  wire.inside(Frame().v4(kClient, kServer).udp(40000, 443).payload("x"));
  wire.inside(Frame().v4(kClient, kServer).tcp(40000, 80, syn));
  wire.inside(Frame().v4(kClient, "192.0.2.7").tcp(40000, 443, syn));
  EXPECT_TRUE(request.published().empty());
  wire.inside(Frame().v4(kClient, kServer).tcp(40001, 443, syn));
  wire.outside(Frame().v4(kServer, kClient).tcp(443, 40001, syn).ack(1));
  EXPECT_EQ(packets(request.published()), 2u);
}

TEST(Trace, ReturnsWhenItHasItsPackets) {
  Wire wire(block_im());
  TraceRequest request({}, 2), next({}, 2);
  ASSERT_TRUE(wire.worker().mailbox().trace.post(request));
  EXPECT_FALSE(wire.worker().mailbox().trace.post(next));
  for (std::uint16_t port = 1; port <= 5; ++port) {
    wire.inside(Frame().v4(kClient, kServer).udp(port, 9999).payload("x"));
  }
  EXPECT_TRUE(request.is_done());
  EXPECT_EQ(packets(request.published()), 2u);
  EXPECT_TRUE(wire.worker().mailbox().trace.post(next));
}

TEST(Trace, ReturnsWhenItIsStopped) {
  Wire wire(block_im());
  TraceRequest request({}, 2);
  ASSERT_TRUE(wire.worker().mailbox().trace.post(request));
  request.stop();
  EXPECT_FALSE(request.is_done());
  wire.inside(Frame().v4(kClient, kServer).udp(1, 9999).payload("x"));
  EXPECT_TRUE(request.is_done());
  EXPECT_TRUE(request.published().empty());
}

TEST(Trace, FollowsTheFlowOfANumber) {
  Wire wire(block_im());
  TraceFilter filter;
  filter.flow_number = 2;
  TraceRequest request(filter, 100);
  ASSERT_TRUE(wire.worker().mailbox().trace.post(request));
  for (int round = 0; round < 3; ++round) {
    for (std::uint16_t port = 1; port <= 4; ++port) {
      wire.inside(Frame().v4(kClient, kServer).udp(port, 9999).payload("x"));
    }
  }
  EXPECT_EQ(packets(request.published()), 3u);
  for (const TraceEntry& entry : request.published()) {
    if (entry.stage != TraceStage::decode) continue;
    EXPECT_EQ(entry.source_port, 2);
  }
  EXPECT_NE(request.flow_id(), 0u);
  TraceFilter same;
  same.flow_id = request.flow_id();
  TraceRequest again(same, 1);
  request.stop();
  wire.wait(1);
  ASSERT_TRUE(wire.worker().mailbox().trace.post(again));
  wire.inside(Frame().v4(kClient, kServer).udp(1, 9999).payload("x"));
  wire.inside(Frame().v4(kClient, kServer).udp(2, 9999).payload("x"));
  EXPECT_EQ(packets(again.published()), 1u);
  EXPECT_TRUE(again.is_done());
}

// A packet with more to tell than there is room for keeps its end; what fills the room ends it.
TEST(Trace, NoPacketWritesBeyondItsRoom) {
  Wire wire(snapshot({{{kXmpp}, {}, Action::allow}}));
  TraceRequest request({}, 4);
  ASSERT_TRUE(wire.worker().mailbox().trace.post(request));
  Talk talk(wire, 40000, 9999);
  talk.open();
  std::string many;
  for (int i = 0; i < 60; ++i) many += "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
  many.resize(1380, ' ');
  talk.client_says(test::from_text(many));
  const auto entries = request.published();
  ASSERT_FALSE(entries.empty());
  EXPECT_EQ(entries.back().stage, TraceStage::disposition);
  std::size_t most = 0, begin = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].stage == TraceStage::decode) begin = i;
    most = std::max(most, i - begin + 1);
  }
  EXPECT_EQ(most, TraceRequest::kMostSteps);
  EXPECT_TRUE(request.is_done());
}

}  // namespace
}  // namespace chatgate::engine
