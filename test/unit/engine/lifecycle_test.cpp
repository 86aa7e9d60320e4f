// How flows begin, change and end: reloads, new connections on old ports, limits, what is told.

#include <gtest/gtest.h>

#include "wire.h"

namespace chatgate::engine {
namespace {

TEST(Worker, AReloadReachesEstablishedFlows) {
  Wire wire(snapshot({{{}, {Category::im}, Action::allow, false}}));
  Talk talk(wire, 40000, 443);
  talk.open();
  EXPECT_TRUE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);
  EXPECT_TRUE(talk.server_says("hello").forward);
  wire.reload(block_im(2));
  const Outcome outcome = talk.server_says("more");
  EXPECT_FALSE(outcome.forward);
  ASSERT_EQ(outcome.forged.size(), 2u);
  EXPECT_EQ(outcome.to(Side::inside)->sequence, talk.server_next);
  EXPECT_EQ(outcome.to(Side::outside)->sequence, talk.client_next);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).size(), 1u);
  EXPECT_EQ(wire.count(telemetry::Counter::flows_judged_anew), 1u);
}

// A rule's number means something in its own policy only.
TEST(Worker, AFlowThatEndsAfterAReloadIsToldWithTheGenerationThatDecided) {
  for (const std::uint32_t same : {0u, 1u}) {
    Wire wire(snapshot({{{}, {Category::im}, Action::allow, false}}, 7));
    Talk talk(wire, 40000, 443);
    talk.open();
    talk.client_says(test::client_hello("g.whatsapp.net"));
    talk.server_says("hello");
    Talk open(wire, 40001, 443);
    open.open();
    open.client_says(test::from_hex("16"));
    auto next =
        snapshot({{{kMsn}, {}, Action::reset, false}, {{}, {Category::im}, Action::allow}}, 8);
    next->same_rules = same;
    wire.reload(next);
    wire.wait(4000);
    const auto ended = wire.events(telemetry::EventType::flow);
    ASSERT_EQ(ended.size(), 2u);
    for (const telemetry::Event& flow : ended) {
      const bool decided = flow.client_port == 40000;
      EXPECT_EQ(flow.generation, decided && same == 0 ? 7u : 8u) << flow.client_port;
    }
  }
}

TEST(Worker, RequestsAfterAReloadAreReadToo) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 80);
  talk.open();
  const auto request = [](const std::string& host) {
    return test::from_text("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  };
  EXPECT_TRUE(talk.client_says(request("www.example.com")).forward);
  wire.reload(block_im(2));
  EXPECT_TRUE(talk.client_says(request("www.example.com")).forward);
  EXPECT_FALSE(talk.client_says(request("g.whatsapp.net")).forward);
}

TEST(Worker, AReloadFreesWhatWasDropped) {
  Wire wire(snapshot({{{}, {Category::im}, Action::drop}}));
  Talk talk(wire, 40000, 443);
  talk.open();
  EXPECT_FALSE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);
  wire.reload(snapshot({{{}, {Category::im}, Action::allow}}, 2));
  EXPECT_TRUE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);
}

TEST(Worker, AnUndecidedFlowIsJudgedByThePolicyInForceAtItsEnd) {
  Wire wire(snapshot({{{}, {Category::im}, Action::allow}}));
  Talk talk(wire, 40000, 443);
  talk.open();
  const Octets hello = test::client_hello("g.whatsapp.net");
  talk.client_says(Octets(hello.begin(), hello.begin() + 30));
  wire.reload(block_im(2));
  EXPECT_FALSE(talk.client_says(Octets(hello.begin() + 30, hello.end())).forward);
}

TEST(Worker, ANewConnectionOnTheSamePortsIsLookedAtAfresh) {
  Wire wire(block_im());
  Talk first(wire, 40000, 443);
  first.open();
  EXPECT_TRUE(first.client_says(test::client_hello("www.example.com")).forward);
  wire.inside(first.from_client(fin).ack(first.server_next));
  wire.outside(first.from_server(fin).ack(first.client_next + 1));
  Talk second(wire, 40000, 443);
  second.client_next = 777777;
  second.server_next = 99;
  EXPECT_TRUE(second.open().forward);
  EXPECT_FALSE(second.client_says(test::client_hello("g.whatsapp.net")).forward);
  EXPECT_EQ(wire.events(telemetry::EventType::flow).size(), 1u);
}

TEST(Worker, AContradictingCopyIsDroppedAndChangesNothing) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  const Octets hello = test::client_hello("g.whatsapp.net");
  Octets innocent = test::client_hello("g.whatsapq.net");
  const Octets first(hello.begin(), hello.begin() + 60);
  talk.client_says(first);
  talk.client_next -= 60;
  innocent.resize(70);
  innocent[50] ^= 1;
  const Outcome conflict = talk.client_says(innocent);
  EXPECT_FALSE(conflict.forward);
  EXPECT_EQ(conflict.reason, telemetry::Reason::overlap_conflict);
  talk.client_next += 60;
  EXPECT_FALSE(talk.client_says(Octets(hello.begin() + 60, hello.end())).forward);
  EXPECT_EQ(wire.count(telemetry::Counter::blocked), 1u);
}

TEST(Worker, FlowsEndWithAnEventIfTheyHeldPayload) {
  Wire wire(block_im());
  Talk silent(wire, 40000, 443), talking(wire, 40001, 443);
  silent.open();
  talking.open();
  talking.client_says(test::client_hello("www.example.com"));
  talking.server_says("hello");
  wire.inside(talking.from_client(fin).ack(talking.server_next));
  wire.outside(talking.from_server(fin).ack(talking.client_next + 1));
  wire.wait(60);
  const auto flows = wire.events(telemetry::EventType::flow);
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].client_port, 40001);
  EXPECT_EQ(flows[0].packets_to_server, 4u);
  EXPECT_EQ(flows[0].packets_to_client, 3u);
  EXPECT_EQ(flows[0].state, telemetry::FlowState::closed);
  EXPECT_EQ(flows[0].end, telemetry::FlowEnd::closed);
  EXPECT_EQ(flows[0].name_view(), "www.example.com");
  EXPECT_EQ(wire.count(telemetry::Counter::flows_active), 0u);
}

TEST(Worker, AHelloThatNeverEndsIsJudgedByWhatIsKnown) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 5223);
  talk.open();
  const Octets hello = test::client_hello("unknown.example");
  talk.client_says(Octets(hello.begin(), hello.begin() + 20));
  EXPECT_EQ(wire.count(telemetry::Counter::inspections_active), 1u);
  wire.wait(40);
  EXPECT_EQ(wire.count(telemetry::Counter::inspections_active), 0u);
  EXPECT_EQ(wire.count(telemetry::Counter::inspection_limit), 1u);
  EXPECT_FALSE(talk.client_says(Octets(hello.begin() + 20, hello.end())).forward);
}

// Mumble's ping is nothing without its answer; whoever else sends such datagrams must not pay for
// it.
TEST(Worker, AQuestionWithoutAnAnswerIsNoMessageInProgress) {
  Wire wire(block_im());
  const auto ping = [] {
    return Frame()
        .v4(kClient, kServer)
        .udp(40000, 3784)
        .payload(Octets{0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8});
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(wire.inside(ping()).forward);
    EXPECT_EQ(wire.count(telemetry::Counter::inspections_active), 1u);
    wire.wait(16);
  }
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(wire.inside(ping()).forward);
  EXPECT_EQ(wire.count(telemetry::Reason::incomplete), 0u);
  EXPECT_EQ(wire.count(telemetry::Counter::inspections_active), 0u);
}

TEST(Worker, ASynFloodPushesOutOnlyItself) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  talk.client_says(test::client_hello("www.example.com"));
  for (std::uint16_t port = 1; port < 2000; ++port) {
    EXPECT_TRUE(wire.inside(Frame().v4(kClient, kServer).tcp(port, 443, syn)).forward);
  }
  EXPECT_EQ(wire.count(telemetry::Counter::flows_active), 64u);
  EXPECT_EQ(wire.count(telemetry::Reason::flow_table_full), 0u);
  wire.events(telemetry::EventType::flow);
  talk.client_says(test::from_text("more"));
  wire.reload(block_im(2));
  talk.client_says(test::from_text("more"));
  EXPECT_EQ(wire.count(telemetry::Counter::flows_judged_anew), 1u) << "the talking flow was lost";
}

TEST(Worker, AFullTableIsOpenOrClosedAsConfigured) {
  for (const policy::OnExhaustion mode :
       {policy::OnExhaustion::open, policy::OnExhaustion::closed}) {
    WorkerConfig config = Wire::small();
    config.on_failure = mode;
    Wire wire(block_im(), config);
    for (std::uint16_t port = 1; port <= 64; ++port) {
      Talk talk(wire, port, 443);
      talk.open();
      talk.client_says(test::client_hello("www.example.com"));
    }
    const Outcome outcome = wire.inside(Frame().v4(kClient, kServer).tcp(999, 443, syn));
    EXPECT_EQ(outcome.forward, mode == policy::OnExhaustion::open);
    EXPECT_EQ(wire.count(telemetry::Reason::flow_table_full), 1u);
  }
}

TEST(Worker, ExhaustedInspectionsAreOpenOrClosedAsConfigured) {
  for (const policy::OnExhaustion mode :
       {policy::OnExhaustion::open, policy::OnExhaustion::closed}) {
    WorkerConfig config = Wire::small();
    config.on_failure = mode;
    Wire wire(block_im(), config);
    const Octets hello = test::client_hello("www.example.com");
    Outcome last;
    for (std::uint16_t port = 1; port <= 17; ++port) {
      Talk talk(wire, port, 443);
      talk.open();
      last = talk.client_says(Octets(hello.begin(), hello.begin() + 20));
    }
    EXPECT_EQ(last.forward, mode == policy::OnExhaustion::open);
    EXPECT_EQ(wire.count(telemetry::Reason::inspection_exhausted), 1u);
  }
}

// What rests gives way to what comes, and is not ended for that; half a message is.
TEST(Worker, ARestingConnectionSurvivesThatInspectionsRunOut) {
  const Octets hello = test::client_hello("www.example.com");
  const Octets half(hello.begin(), hello.begin() + 20);
  for (const bool rests : {true, false}) {
    Wire wire(block_im(), Wire::small());
    Talk first(wire, 40000, 9000);
    first.open();
    EXPECT_TRUE(first.client_says(rests ? test::from_text("a line\r\n") : half).forward);
    ASSERT_EQ(wire.count(telemetry::Counter::inspections_active), 1u);
    wire.wait(6);
    for (std::uint16_t port = 1; port <= 16; ++port) {
      Talk talk(wire, port, 443);
      talk.open();
      EXPECT_TRUE(talk.client_says(half).forward) << port;
    }
    EXPECT_EQ(wire.count(telemetry::Counter::inspections_active), 16u);
    EXPECT_EQ(first.client_says(test::from_text("another\r\n")).forward, rests);
    EXPECT_EQ(wire.events(telemetry::EventType::alert).size(), rests ? 0u : 1u);
    EXPECT_EQ(wire.count(telemetry::Reason::incomplete), rests ? 0u : 1u);
    EXPECT_EQ(wire.count(telemetry::Reason::inspection_exhausted), rests ? 1u : 0u);
  }
}

TEST(Worker, WhatIsNotTransportPasses) {
  Wire wire(block_im());
  EXPECT_TRUE(
      wire.send(test::from_hex("ffffffffffff 020000000001 0806 0001"), Side::inside).forward);
  EXPECT_TRUE(wire.send({1, 2, 3}, Side::outside).forward);
  EXPECT_TRUE(wire.inside(Frame().v4(kClient, kServer).protocol(47).payload("gre")).forward);
  EXPECT_EQ(wire.count(telemetry::Counter::undecodable), 1u);
  EXPECT_EQ(wire.count(telemetry::Counter::not_transport), 2u);
}

TEST(Worker, TheSameTupleInTwoVlansIsTwoFlows) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  const Octets hello = test::client_hello("g.whatsapp.net");
  EXPECT_FALSE(talk.client_says(hello).forward);
  const Outcome tagged = wire.inside(Frame().vlan(100).v4(kClient, kServer).tcp(40000, 443, syn));
  EXPECT_TRUE(tagged.forward);
}

TEST(Worker, FlowsAreShownOnRequest) {
  Wire wire(block_im());
  Talk blocked(wire, 40000, 443), open(wire, 40001, 443);
  blocked.open();
  blocked.client_says(test::client_hello("g.whatsapp.net"));
  open.open();
  FlowQuery query;
  query.filter.blocked_only = true;
  query.flows.resize(4);
  ASSERT_TRUE(wire.worker().mailbox().flows.post(query));
  wire.wait(1);
  ASSERT_TRUE(query.is_done());
  EXPECT_EQ(query.found, 1u);
  EXPECT_EQ(query.flows[0].client_port, 40000);
  EXPECT_EQ(query.flows[0].action, Action::reset);
}

// A capture that jumps by months must neither stop timers nor keep old flows.
TEST(Worker, ALeapInTimeEndsWhatWasBefore) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  wire.wait(1);
  FlowQuery query;
  for (const std::uint64_t days : {40u, 400u}) {
    net::PacketView none;
    auto result = std::make_unique<BurstResult>();
    wire.worker().tick(Time{wire.now().nanoseconds + days * 86400 * 1'000'000'000}, *block_im());
    EXPECT_EQ(wire.count(telemetry::Counter::flows_active), 0u);
  }
}

TEST(Owner, IsTheSameForBothDirectionsAndFragments) {
  const KeyedHash hash(3);
  const auto snapshot = block_im();
  const auto owned = [&](const Octets& frame) {
    return owner(test::view_of(frame), hash, 7, *snapshot);
  };
  std::array<unsigned, 7> count{};
  for (int i = 0; i < 250; ++i) {
    const std::string client = "10.0.0." + std::to_string(i);
    const auto there = owned(Frame().v4(client, kServer).tcp(1, 2, syn).build());
    EXPECT_EQ(owned(Frame().v4(kServer, client).tcp(2, 1, ack).build()), there);
    EXPECT_EQ(owned(Frame().v4(kServer, client).udp(2, 1).fragment(8, true).build()), there);
    ++count[there.value()];
  }
  for (const unsigned share : count) EXPECT_GT(share, 10u);
  EXPECT_EQ(owned(test::from_hex("ffffffffffff 020000000001 0806 0001")), WorkerId(0));
}

// What was read is what the flow was blocked for, whatever it said before.
TEST(Worker, AReloadKeepsBlockedWhatALaterRequestWasBlockedFor) {
  Wire wire(snapshot({{{}, {Category::im}, Action::drop}}));
  Talk talk(wire, 40000, 80);
  talk.open();
  const auto request = [](const std::string& host) {
    return test::from_text("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  };
  EXPECT_TRUE(talk.client_says(request("www.example.com")).forward);
  EXPECT_FALSE(talk.client_says(request("g.whatsapp.net")).forward);
  wire.reload(snapshot({{{}, {Category::im}, Action::drop}}, 2));
  EXPECT_FALSE(talk.client_says(request("g.whatsapp.net")).forward);
  wire.worker().shut_down(wire.now(), *block_im(2));
  const auto flows = wire.events(telemetry::EventType::flow);
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].name_view(), "g.whatsapp.net");
}

}  // namespace
}  // namespace chatgate::engine
