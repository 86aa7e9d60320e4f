// Floods: what they may take, and what they may not.

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace chatgate::test
