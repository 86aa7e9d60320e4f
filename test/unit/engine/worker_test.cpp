// The packet's way, driven frame by frame: what goes on, what is dropped, what is forged.

#include <gtest/gtest.h>

#include "wire.h"

namespace chatgate::engine {
namespace {

TEST(Worker, InnocentTlsGoesThroughUntouched) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  EXPECT_TRUE(talk.open().forward);
  EXPECT_TRUE(talk.client_says(test::client_hello("www.example.com")).forward);
  EXPECT_TRUE(talk.server_says("anything").forward);
  EXPECT_TRUE(talk.client_says(test::from_hex("1703030005 0102030405")).forward);
  EXPECT_TRUE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);  // decided before
  EXPECT_EQ(wire.count(telemetry::Counter::forged), 0u);
  EXPECT_TRUE(wire.events(telemetry::EventType::alert).empty());
}

TEST(Worker, ASecondHelloCountsAsWell) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  EXPECT_TRUE(talk.client_says(test::client_hello("www.example.com")).forward);
  EXPECT_FALSE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);
  EXPECT_EQ(wire.count(telemetry::Counter::forged), 2u);
}

TEST(Worker, ABlockedNameResetsBothEndsWithTheNextExpectedByte) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  const Outcome outcome = talk.client_says(test::client_hello("g.WhatsApp.net."));
  EXPECT_FALSE(outcome.forward);
  EXPECT_EQ(outcome.reason, telemetry::Reason::policy_reset);
  ASSERT_EQ(outcome.forged.size(), 2u);
  const auto client = outcome.to(Side::inside), server = outcome.to(Side::outside);
  ASSERT_TRUE(client && server);
  EXPECT_EQ(client->flags, rst | ack);
  EXPECT_EQ(client->sequence, talk.server_next);
  EXPECT_EQ(client->acknowledgment, talk.client_next);
  EXPECT_EQ(server->flags, rst | ack);
  EXPECT_EQ(server->sequence, talk.client_next);
  EXPECT_EQ(server->source.to_string(), kClient);

  const auto alerts = wire.events(telemetry::EventType::alert);
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0].im.application, kWhatsapp);
  EXPECT_EQ(alerts[0].im.evidence, catalog::Evidence::tls_sni);
  EXPECT_EQ(alerts[0].name_view(), "g.whatsapp.net");
  EXPECT_EQ(alerts[0].client.to_string(), kClient);
  EXPECT_EQ(alerts[0].decided_at, 4u);
  EXPECT_EQ(alerts[0].rule, RuleId(0));
}

TEST(Worker, TheResetIsExactWhenEarlierSegmentsHadPassed) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  const Octets hello = test::client_hello("web.whatsapp.net", 2000);
  const std::uint32_t start = talk.client_next;
  EXPECT_TRUE(talk.client_says(Octets(hello.begin(), hello.begin() + 1000)).forward);
  const Outcome outcome = talk.client_says(Octets(hello.begin() + 1000, hello.end()));
  EXPECT_FALSE(outcome.forward);
  ASSERT_TRUE(outcome.to(Side::outside));
  EXPECT_EQ(outcome.to(Side::outside)->sequence, start + 1000);
}

// The server waits at the hole, so that is where its reset must be.
TEST(Worker, TheResetIsExactWhenTheEndCameFirst) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  const Octets hello = test::client_hello("web.whatsapp.net");
  const std::uint32_t start = talk.client_next;
  talk.client_next = start + 20;
  EXPECT_TRUE(talk.client_says(Octets(hello.begin() + 20, hello.end())).forward);
  talk.client_next = start;
  const Outcome outcome = talk.client_says(Octets(hello.begin(), hello.begin() + 20));
  EXPECT_FALSE(outcome.forward);
  ASSERT_TRUE(outcome.to(Side::outside));
  EXPECT_EQ(outcome.to(Side::outside)->sequence, start);
}

TEST(Worker, ABlockedFlowStaysBlocked) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  talk.client_says(test::client_hello("g.whatsapp.net"));
  const Outcome again = talk.client_says(test::client_hello("g.whatsapp.net"));
  EXPECT_FALSE(again.forward);
  EXPECT_EQ(again.reason, telemetry::Reason::blocked_flow);
  ASSERT_TRUE(again.to(Side::inside));
  EXPECT_EQ(again.to(Side::inside)->sequence, talk.server_next);
  const Outcome server = talk.server_says("data on its way");
  EXPECT_FALSE(server.forward);
  ASSERT_TRUE(server.to(Side::outside));
  EXPECT_EQ(server.to(Side::outside)->sequence, talk.client_next);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).size(), 1u);
  // However often an end repeats itself, it is not answered for ever.
  std::size_t answers = 0;
  for (int i = 0; i < 100; ++i) answers += talk.server_says("x").forged.size();
  EXPECT_LE(answers, 16u);
}

TEST(Worker, AFlowThatIsNoLongerAnsweredIsBlockedAllTheSame) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  talk.client_says(test::client_hello("g.whatsapp.net"));
  for (int i = 0; i < 100; ++i) talk.server_says("x");
  const Outcome late = talk.server_says("x");
  EXPECT_FALSE(late.forward);
  EXPECT_EQ(late.reason, telemetry::Reason::blocked_flow);
  EXPECT_TRUE(late.forged.empty());
  EXPECT_EQ(wire.count(telemetry::Reason::blocked_flow), 101u);
  EXPECT_EQ(wire.count(telemetry::Counter::dropped), 102u);
  // Its end is seen, and another policy judges it anew.
  EXPECT_FALSE(wire.outside(talk.from_server(fin).ack(talk.client_next)).forward);
  wire.reload(snapshot({{{}, {Category::im}, Action::allow, false}}, 2));
  EXPECT_TRUE(talk.server_says("x").forward);
  wire.wait(2 * 3600);
  const auto flows = wire.events(telemetry::EventType::flow);
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].packets_to_server, 3u);
  EXPECT_EQ(flows[0].packets_to_client, 1u + 101u + 1u + 1u);
}

TEST(Worker, NothingIsSentForAReset) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  talk.client_says(test::client_hello("g.whatsapp.net"));
  const Outcome outcome = wire.inside(talk.from_client(rst));
  EXPECT_FALSE(outcome.forward);
  EXPECT_TRUE(outcome.forged.empty());
}

TEST(Worker, ARefusedSynIsAnsweredToTheClientOnly) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 1863);
  const Outcome outcome = talk.open();
  EXPECT_FALSE(outcome.forward);
  ASSERT_EQ(outcome.forged.size(), 1u);
  const auto client = outcome.to(Side::inside);
  ASSERT_TRUE(client);
  EXPECT_EQ(client->flags, rst | ack);
  EXPECT_EQ(client->sequence, 0u);
  EXPECT_EQ(client->acknowledgment, talk.client_next);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).at(0).im.evidence, catalog::Evidence::port);
}

TEST(Worker, ARepeatedSynIsAnsweredAgainButToldOnce) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 1863);
  wire.inside(talk.from_client(syn));
  const Outcome again = wire.inside(talk.from_client(syn));
  EXPECT_FALSE(again.forward);
  EXPECT_EQ(again.forged.size(), 1u);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).size(), 1u);
  talk.client_next += 1000;  // another attempt
  EXPECT_EQ(wire.inside(talk.from_client(syn)).forged.size(), 1u);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).size(), 1u);
}

TEST(Worker, APortThatAnAllowedApplicationUsesTooIsNotRefused) {
  Wire wire(
      snapshot({{{kWhatsapp}, {}, Action::allow, false}, {{}, {Category::im}, Action::reset}}));
  Talk talk(wire, 40000, 5222);
  EXPECT_TRUE(talk.open().forward);
  EXPECT_TRUE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);
  Talk other(wire, 40001, 5222);
  EXPECT_TRUE(other.open().forward);
  EXPECT_FALSE(
      other
          .client_says(test::from_text("<stream:stream to='c.example' xmlns='jabber:client' "
                                       "xmlns:stream='http://etherx.jabber.org/streams'>"))
          .forward);
}

TEST(Worker, ASharedPortWaitsForPayload) {
  Wire wire(block_im());
  Talk push(wire, 40000, 5223);
  EXPECT_TRUE(push.open().forward);
  EXPECT_TRUE(push.client_says(test::client_hello("courier.push.example")).forward);
  Talk chat(wire, 40001, 5223);
  EXPECT_TRUE(chat.open().forward);
  EXPECT_FALSE(chat.client_says(test::client_hello("unknown.example")).forward);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).at(0).im.evidence, catalog::Evidence::port);
}

TEST(Worker, AServerAddressIsRefusedOnAnyPort) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 8443, "203.0.113.7");
  EXPECT_FALSE(talk.open().forward);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).at(0).im.evidence, catalog::Evidence::address);
}

TEST(Worker, ASharedNameNeverDecides) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  EXPECT_TRUE(talk.client_says(test::client_hello("cdn.shared.example")).forward);
}

TEST(Worker, HttpHostIsRead) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 80);
  talk.open();
  EXPECT_FALSE(
      talk.client_says(test::from_text("GET / HTTP/1.1\r\nhOsT:mmg.whatsapp.net:80\r\n\r\n"))
          .forward);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).at(0).im.evidence,
            catalog::Evidence::http_host);
  Talk innocent(wire, 40001, 80);
  innocent.open();
  EXPECT_TRUE(
      innocent
          .client_says(test::from_text("GET /?whatsapp.net HTTP/1.1\r\nHost: a.example\r\n\r\n"))
          .forward);
}

TEST(Worker, AServerThatSpeaksFirstDoesNotEndTheLooking) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 2525);
  talk.open();
  EXPECT_TRUE(talk.server_says("220 mail.example ESMTP\r\n").forward);
  EXPECT_FALSE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);
  const auto alerts = wire.events(telemetry::EventType::alert);
  ASSERT_EQ(alerts.size(), 1u);
}

TEST(Worker, DropIsSilent) {
  Wire wire(snapshot({{{}, {Category::im}, Action::drop}}));
  Talk talk(wire, 40000, 443);
  talk.open();
  const Outcome outcome = talk.client_says(test::client_hello("g.whatsapp.net"));
  EXPECT_FALSE(outcome.forward);
  EXPECT_TRUE(outcome.forged.empty());
  EXPECT_EQ(outcome.reason, telemetry::Reason::policy_drop);
  EXPECT_TRUE(talk.server_says("x").forged.empty());
}

TEST(Worker, MonitorForwardsWhatItWouldBlock) {
  Wire wire(snapshot({{{}, {Category::im}, Action::reset}}, 1, policy::Mode::monitor));
  Talk talk(wire, 40000, 1863);
  EXPECT_TRUE(talk.open().forward);
  EXPECT_TRUE(talk.client_says(test::from_text("VER 1 MSNP8 CVR0\r\n")).forward);
  EXPECT_EQ(wire.count(telemetry::Counter::would_block), 1u);
  EXPECT_EQ(wire.count(telemetry::Counter::blocked), 0u);
  EXPECT_EQ(wire.count(telemetry::Counter::forged), 0u);
  const auto alerts = wire.events(telemetry::EventType::alert);
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0].mode, policy::Mode::monitor);
}

TEST(Worker, DnsQuestionsAreAnsweredOneByOne) {
  Wire wire(block_im());
  const auto query = [](const char* name) {
    return Frame().v4(kClient, kServer).udp(5353, 53).payload(test::dns_query(name));
  };
  EXPECT_TRUE(wire.inside(query("www.example.com")).forward);
  const Outcome blocked = wire.inside(query("web.WhatsApp.net"));
  EXPECT_FALSE(blocked.forward);
  EXPECT_EQ(blocked.reason, telemetry::Reason::policy_answer);
  ASSERT_EQ(blocked.forged.size(), 1u);
  const auto answer = blocked.to(Side::inside);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->source_port, 53);
  const Bytes frame = blocked.forged[0].bytes();
  const std::uint8_t* message = &frame[answer->payload];
  EXPECT_EQ(load_be16(message), 0x1234);
  EXPECT_EQ(message[3] & 0x0f, 3);
  EXPECT_TRUE(wire.inside(query("www.example.com")).forward);
  EXPECT_EQ(wire.count(telemetry::Counter::dns_questions), 3u);
  EXPECT_EQ(wire.events(telemetry::EventType::dns).size(), 3u);
}

TEST(Worker, DnsOverTcpIsAnsweredInTheStream) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 53);
  talk.open();
  const auto framed = [](const char* name) {
    Octets message = test::dns_query(name);
    message.insert(message.begin(), {0, static_cast<std::uint8_t>(message.size())});
    return message;
  };
  EXPECT_TRUE(talk.client_says(framed("www.example.com")).forward);
  EXPECT_TRUE(talk.client_says(framed("mail.example.com")).forward);
  const std::uint32_t size = static_cast<std::uint32_t>(framed("g.whatsapp.net").size());
  const Outcome blocked = talk.client_says(framed("g.whatsapp.net"));
  EXPECT_FALSE(blocked.forward);
  const auto client = blocked.to(Side::inside), server = blocked.to(Side::outside);
  ASSERT_TRUE(client && server);
  EXPECT_EQ(client->flags, ack | psh | fin);
  EXPECT_EQ(client->sequence, talk.server_next);
  EXPECT_EQ(client->acknowledgment, talk.client_next + size);
  EXPECT_GT(client->payload_size, 12);
  EXPECT_EQ(server->flags, rst | ack);
  EXPECT_EQ(server->sequence, talk.client_next);
}

TEST(Worker, UdpOnADefaultPortIsDropped) {
  Wire wire(block_im());
  const Frame datagram = Frame().v4(kClient, kServer).udp(5000, 4000).payload("\x02icq");
  EXPECT_FALSE(wire.inside(datagram).forward);
  EXPECT_FALSE(wire.inside(datagram).forward);
  EXPECT_EQ(wire.count(telemetry::Reason::blocked_flow), 1u);
  EXPECT_TRUE(wire.inside(Frame().v4(kClient, kServer).udp(4000, 5000).payload("x")).forward);
}

}  // namespace
}  // namespace chatgate::engine
