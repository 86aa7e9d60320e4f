// Captures see every frame with its fate: fragments, questions, what is not TCP or UDP.

#include <gtest/gtest.h>

#include "engine/mailbox.h"
#include "net/checksum.h"

#include "wire.h"

namespace chatgate::engine {
namespace {

using telemetry::Reason;

struct Kept {
  CapturedFrame about;
  std::string bytes;
};

std::vector<Kept> kept(const CaptureRequest& request) {
  std::vector<Kept> frames;
  request.for_each([&](const CapturedFrame& about, Bytes bytes) {
    frames.push_back({about, std::string(as_text(bytes))});
  });
  return frames;
}

bool post(Wire& wire, CaptureRequest& request) {
  return wire.worker().mailbox().captures[0].post(request);
}

TEST(Capture, AFrameIsKeptAsItIs) {
  Wire wire(block_im());
  CaptureRequest request({}, {});
  ASSERT_TRUE(post(wire, request));
  const Octets frame = Frame().v4(kClient, kServer).udp(1, 9999).payload("x").vlan(7).build();
  wire.send(frame, Side::inside);
  const auto frames = kept(request);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].bytes, std::string(frame.begin(), frame.end()));
  EXPECT_EQ(frames[0].about.wire_length, frame.size());
  EXPECT_EQ(frames[0].about.fate, Fate::forwarded);
  EXPECT_NE(frames[0].about.flow_id, 0u);
}

TEST(Capture, AQuestionThatIsAnsweredHasItsVerdict) {
  Wire wire(block_im());
  CaptureFilter filter;
  filter.blocked_only = true;
  CaptureRequest request(filter, {});
  ASSERT_TRUE(post(wire, request));
  const auto ask = [&](const char* name) {
    wire.inside(Frame().v4(kClient, kServer).udp(5353, 53).payload(test::dns_query(name)));
  };
  ask("shop.example");
  EXPECT_TRUE(kept(request).empty());
  ask("g.whatsapp.net");
  ask("shop.example");  // of the same flow
  const auto frames = kept(request);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].about.fate, Fate::dropped);
  EXPECT_EQ(frames[0].about.reason, Reason::policy_answer);
  EXPECT_TRUE(frames[0].about.decided);
  EXPECT_EQ(frames[0].about.im.application, kWhatsapp);
  EXPECT_EQ(frames[0].about.action, Action::reset);
  EXPECT_EQ(frames[1].about.fate, Fate::forged);
  EXPECT_EQ(frames[1].about.side, Side::inside);
  EXPECT_TRUE(frames[1].about.outbound);
  EXPECT_EQ(frames[1].about.source_port, 53);
}

// What is watched is the same flow as what is not.
TEST(Capture, WhatIsWatchedMeetsItsFlow) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  CaptureRequest request({}, {});
  ASSERT_TRUE(post(wire, request));
  talk.client_says(test::client_hello("www.example.org"));
  EXPECT_TRUE(talk.server_says("hello").forward);
  EXPECT_EQ(kept(request).size(), 2u);
  EXPECT_EQ(wire.count(telemetry::Counter::flows_created), 1u);
}

TEST(Capture, FragmentsAreHeldUntilTheLastOne) {
  Wire wire(block_im());
  CaptureFilter filter;
  filter.one = IpAddress::parse(kClient);
  CaptureRequest request(filter, {});
  ASSERT_TRUE(post(wire, request));
  const Octets whole =
      Frame().v4(kClient, kServer).udp(1, 9999).payload(std::string(64, 'x')).build();
  // The whole datagram's Ethernet and IP header with another length, offset and checksum.
  const auto part = [&](std::uint16_t from, std::uint16_t size, bool more) {
    Octets frame(whole.begin(), whole.begin() + 34);
    frame.insert(frame.end(), whole.begin() + 34 + from, whole.begin() + 34 + from + size);
    store_be16(&frame[16], static_cast<std::uint16_t>(20 + size));
    store_be16(&frame[20], static_cast<std::uint16_t>(from / 8 | (more ? 0x2000 : 0)));
    store_be16(&frame[24], 0);
    store_be16(&frame[24], net::checksum_fold(net::checksum_add(Bytes(frame).subspan(14, 20), 0)));
    return frame;
  };
  wire.send(part(0, 40, true), Side::inside);
  wire.send(part(40, 32, false), Side::inside);
  const auto frames = kept(request);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].about.fate, Fate::held);
  EXPECT_EQ(frames[1].about.fate, Fate::forwarded);
  EXPECT_EQ(frames[1].about.destination_port, 9999);  // of the datagram
}

TEST(Capture, WhatIsNotTcpOrUdp) {
  Wire wire(block_im());
  CaptureFilter filter;
  filter.protocol = 1;
  filter.one = IpAddress::parse(kClient);
  CaptureRequest icmp(filter, {});
  ASSERT_TRUE(post(wire, icmp));
  CaptureRequest all({}, {});
  ASSERT_TRUE(wire.worker().mailbox().captures[3].post(all));
  wire.inside(Frame().v4(kClient, kServer).protocol(1).payload("ping"));
  wire.inside(Frame().v4("10.0.0.2", kServer).protocol(1).payload("ping"));
  wire.inside(Frame().v4(kClient, kServer).udp(1, 9999).payload("x"));
  wire.send(test::from_hex("ffffffffffff 020000000001 0806 0001"), Side::inside);  // ARP
  EXPECT_EQ(kept(icmp).size(), 1u);
  const auto frames = kept(all);
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(frames[3].about.protocol, 0);
}

TEST(Capture, AFlowByItsIdentifierAndNoOther) {
  Wire wire(block_im());
  CaptureRequest all({}, {});
  ASSERT_TRUE(post(wire, all));
  wire.inside(Frame().v4(kClient, kServer).udp(1, 9999).payload("x"));
  CaptureFilter filter;
  filter.flow_id = kept(all).at(0).about.flow_id;
  CaptureRequest one(filter, {});
  ASSERT_TRUE(wire.worker().mailbox().captures[1].post(one));
  wire.inside(Frame().v4(kClient, kServer).udp(2, 9999).payload("x"));
  wire.outside(Frame().v4(kServer, kClient).udp(9999, 1).payload("y"));
  EXPECT_EQ(kept(one).size(), 1u);
  EXPECT_EQ(kept(all).size(), 3u);
}

// What the mode forwards, the capture shows as forwarded.
TEST(Capture, MonitorModeIsTold) {
  Wire wire(snapshot({{{}, {Category::im}, Action::reset}}, 1, policy::Mode::monitor));
  CaptureFilter blocked;
  blocked.blocked_only = true;
  CaptureRequest all({}, {}), only_blocked(blocked, {});
  ASSERT_TRUE(post(wire, all));
  ASSERT_TRUE(wire.worker().mailbox().captures[1].post(only_blocked));
  Talk talk(wire, 40000, 443);
  talk.open();
  talk.client_says(test::client_hello("g.whatsapp.net"));
  const auto frames = kept(all);
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(frames[3].about.fate, Fate::forwarded);
  EXPECT_TRUE(frames[3].about.monitored);
  EXPECT_EQ(frames[3].about.action, Action::reset);
  EXPECT_TRUE(kept(only_blocked).empty());
}

TEST(Capture, ItEndsWhenItIsFullOrStopped) {
  Wire wire(block_im());
  CaptureRequest small({}, {.bytes = 600});
  ASSERT_TRUE(post(wire, small));
  const auto datagram = [&] {
    wire.inside(Frame().v4(kClient, kServer).udp(1, 9999).payload(std::string(100, 'x')));
  };
  for (int i = 0; i < 10; ++i) datagram();
  EXPECT_TRUE(small.full());
  EXPECT_TRUE(small.is_done());
  EXPECT_EQ(small.kept(), kept(small).size());
  EXPECT_EQ(small.matched(), small.kept() + 1);
  CaptureRequest next({}, {});
  ASSERT_TRUE(post(wire, next));
  datagram();
  next.stop();
  datagram();
  EXPECT_TRUE(next.is_done());
  EXPECT_EQ(kept(next).size(), 1u);
}

// Whatever the sizes, the last frames are there, whole and in their order.
TEST(Capture, ACircularOneHoldsTheLastFrames) {
  for (std::uint32_t room = 300; room < 1200; room += 37) {
    Wire wire(block_im());
    CaptureRequest request({}, {.bytes = room, .circular = true});
    ASSERT_TRUE(post(wire, request));
    for (std::uint16_t i = 1; i <= 50; ++i) {
      const std::string payload(i * 7 % 60, 'x');
      wire.inside(Frame().v4(kClient, kServer).udp(i, 9999).payload(payload));
    }
    EXPECT_FALSE(request.readable());
    request.stop();
    wire.wait(1);
    ASSERT_TRUE(request.readable());
    const auto frames = kept(request);
    ASSERT_GE(frames.size(), 1u) << room;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const std::size_t port = 51 - frames.size() + i;
      EXPECT_EQ(frames[i].about.source_port, port) << room;
      EXPECT_EQ(frames[i].bytes.size(), 42 + port * 7 % 60) << room;
    }
  }
}

TEST(Talkers, ClientsWithoutRoomAreCounted) {
  TalkerTable table;
  Talker talker;
  talker.flows = 1;
  talker.bytes = 10;
  for (std::uint8_t i = 0; i < 80; ++i) {
    talker.client.bytes[15] = i;
    table.add(talker, 12345);  // all at one place
    table.add(talker, 12345);
  }
  std::size_t clients = 0;
  for (const Talker& place : table.places()) {
    if (place.flows == 0) continue;
    ++clients;
    EXPECT_EQ(place.flows, 2u);
    EXPECT_EQ(place.bytes, 20u);
  }
  EXPECT_EQ(clients, 64u);
  EXPECT_EQ(table.left_out(), 32u);
}

}  // namespace
}  // namespace chatgate::engine
