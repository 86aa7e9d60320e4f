// Floods: what they may take, and what they may not.

#include <gtest/gtest.h>

#include "client_hello.h"
#include "datagrams.h"
#include "dns_message.h"
#include "http2_message.h"
#include "quic_builder.h"
#include "session.h"
#include "verdict.h"

namespace chatgate::test {
namespace {

using telemetry::Counter;
using telemetry::Reason;

constexpr unsigned kFlood = 100'000;

// A connection that was there before the flood goes on during and after it.
class Established {
 public:
  explicit Established(Gateway& gateway) : session_(gateway, Overlap::first, 999) {
    session_.open();
    say(hello_for(kAllowedName));
  }
  void say(const std::string& text) {
    session_.data(sent_, text).send();
    sent_ += text.size();
    ASSERT_EQ(session_.server().stream().size(), sent_) << "an established connection was harmed";
  }

 private:
  Session session_;
  std::size_t sent_ = 0;
};

Frame spoofed(unsigned i) {
  const std::string client = "10." + std::to_string(1 + i % 200) + "." +
                             std::to_string(i / 200 % 250) + "." + std::to_string(i / 50000);
  return Frame().v4(client, "192.0.2.1").tcp(static_cast<std::uint16_t>(1024 + i % 50000), 443, 0);
}

TEST(Flood, Syns) {
  Gateway gateway;
  Established innocent(gateway);
  const std::size_t memory = gateway.memory();
  for (unsigned i = 0; i < kFlood; ++i) {
    Frame frame = spoofed(i);
    frame.flags(net::tcp_flag::syn).seq(i);
    EXPECT_EQ(gateway.send(frame.build(), net::Side::inside).size(), 1u);
    if (i % 1000 == 0) innocent.say("still here");
  }
  EXPECT_EQ(gateway.memory(), memory);
  EXPECT_EQ(gateway.count(Counter::inspections_active), 0u);
  EXPECT_EQ(gateway.count(Reason::flow_table_full), 0u);
}

TEST(Flood, HalfHellos) {
  Gateway gateway;
  Established innocent(gateway);
  const std::size_t memory = gateway.memory();
  const std::string half = hello_for(kAllowedName).substr(0, 40);
  for (unsigned i = 0; i < kFlood / 10; ++i) {
    Frame frame = spoofed(i);
    frame.seq(1).ack(1).payload(half);
    gateway.send(frame.build(), net::Side::inside);
    if (i % 500 == 0) {
      gateway.wait(6);
      innocent.say("still here");
      // Somebody new gets through as well: the stalest halves give way.
      Session fresh(gateway, Overlap::first, static_cast<std::uint16_t>(2000 + i / 500));
      fresh.open();
      fresh.data(0, hello_for(kAllowedName)).send();
      EXPECT_EQ(fresh.server().stream(), hello_for(kAllowedName));
      Session blocked(gateway, Overlap::first, static_cast<std::uint16_t>(3000 + i / 500));
      blocked.open();
      blocked.data(0, hello_for(kBlockedName)).send();
      EXPECT_FALSE(names_blocked(blocked.server().stream()));
    }
  }
  EXPECT_EQ(gateway.memory(), memory);
}

TEST(Flood, FirstFragments) {
  Gateway gateway;
  Established innocent(gateway);
  const std::size_t memory = gateway.memory();
  for (unsigned i = 0; i < kFlood; ++i) {
    Frame frame = spoofed(i);
    frame.payload(std::string(12, 'x')).fragment(0, true, i & 0xffff);
    EXPECT_TRUE(gateway.send(frame.build(), net::Side::inside).empty());
    if (i % 1000 == 0) innocent.say("still here");
  }
  EXPECT_EQ(gateway.memory(), memory);
  EXPECT_GT(gateway.count(Reason::fragment_room), 0u);
  gateway.wait(3);
  Session honest(gateway, Overlap::first, 1500);
  honest.open();
  honest.data(0, hello_for(kAllowedName)).fragments({24, 64}).send();
  EXPECT_EQ(honest.server().stream(), hello_for(kAllowedName));
}

Octets datagram(unsigned i, const std::string& payload, std::uint16_t port) {
  const std::string client = "10." + std::to_string(1 + i % 200) + "." +
                             std::to_string(i / 200 % 250) + "." + std::to_string(i / 50000);
  const auto client_port = static_cast<std::uint16_t>(1024 + i % 50000);
  return Frame().v4(client, "192.0.2.1").udp(client_port, port).payload(payload).build();
}

std::string quic_hello(const char* name, std::size_t begin, std::size_t end) {
  const std::string hello = proto::test::hello(proto::test::sni({name}));
  return proto::test::initial(proto::test::piece(hello, begin, std::min(end, hello.size())));
}

TEST(Flood, HalfQuicHellos) {
  Gateway gateway;
  Established innocent(gateway);
  const std::size_t memory = gateway.memory();
  const std::string half = quic_hello(kAllowedName, 0, 40);
  const std::string blocked = quic_hello(kBlockedName, 0, 4096);
  for (unsigned i = 0; i < kFlood / 10; ++i) {
    gateway.send(datagram(i, half, 443), net::Side::inside);
    if (i % 500 != 0) continue;
    gateway.wait(6);
    innocent.say("still here");
    const auto fresh = static_cast<std::uint16_t>(2000 + i / 500);
    DatagramSession client(gateway, fresh, {});
    client.client_says(quic_hello(kAllowedName, 0, 4096));
    EXPECT_TRUE(client.undisturbed()) << i;
    DatagramSession other(gateway, static_cast<std::uint16_t>(fresh + 1000), {});
    other.client_says(blocked);
    EXPECT_FALSE(quic_arrived(other)) << i;
  }
  EXPECT_EQ(gateway.memory(), memory);
}

TEST(Flood, Http2ConnectionsBeyondTheirSessions) {
  namespace builder = proto::test;
  Gateway gateway;
  Established innocent(gateway);
  const std::size_t memory = gateway.memory();
  const auto request = [](const char* name) {
    builder::Http2Compressor compressor;
    return builder::kHttp2Preface + builder::http2_frame(builder::Http2Frame::settings, 0, 0, {}) +
           builder::http2_request(compressor.block(
               {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", name}}));
  };
  for (std::uint16_t i = 0; i < 400; ++i) {
    Session open(gateway, Overlap::first, static_cast<std::uint16_t>(2000 + i));
    open.open();
    open.data(0, request(kAllowedName)).send();
    const std::string text = request(kBlockedName);
    Session blocked(gateway, Overlap::first, static_cast<std::uint16_t>(3000 + i));
    blocked.open();
    blocked.data(0, text).send();
    ASSERT_NE(blocked.server().stream(), text) << "with " << i + 1 << " connections open";
    innocent.say("still here");
  }
  EXPECT_EQ(gateway.memory(), memory);
}

// Answers that are meant to fill what is learned: it stays as large as it is, and all else goes
// on.
TEST(Flood, AnswersThatTeach) {
  using namespace proto::test;
  Gateway gateway;
  Established innocent(gateway);
  const std::size_t memory = gateway.memory();
  const auto teach = [&](const std::string& name, const std::string& address) {
    const std::string question = dns_question(dns_name(name));
    DatagramSession client(gateway, 5353 + 1, {.server_port = 53});
    client.client_says(dns_header() + question);
    client.server_says(dns_header({.flags = 0x8180, .answers = 1}) + question +
                       dns_record("\xc0\x0c", 1, address, 86400));
    EXPECT_TRUE(client.undisturbed()) << name;
  };
  for (unsigned i = 0; i < kFlood; ++i) {
    std::string address = "\x0b";
    for (const unsigned shift : {16u, 8u, 0u}) address += static_cast<char>((i * 7919) >> shift);
    teach("n" + std::to_string(i) + ".welcome.example", address);
    if (i % 1000 == 0) {
      gateway.wait(1);
      innocent.say("still here");
    }
  }
  EXPECT_EQ(gateway.memory(), memory);
  Session fresh(gateway, Overlap::first, 2000);
  fresh.open();
  fresh.data(0, hello_for(kAllowedName)).send();
  EXPECT_EQ(fresh.server().stream(), hello_for(kAllowedName));
}

}  // namespace
}  // namespace chatgate::test
