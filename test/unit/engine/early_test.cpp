// What is known of a flow before it has said anything whole.

#include <algorithm>
#include <gtest/gtest.h>

#include "wire.h"

namespace chatgate::engine {
namespace {

using catalog::Evidence;
using telemetry::EventType;

constexpr const char* kMsnServer = "203.0.113.7";

std::shared_ptr<Snapshot> alert_im(std::uint32_t generation = 1) {
  return snapshot({{{}, {Category::im}, Action::alert}}, generation);
}

TEST(Early, AServersAddressIsToldWithTheFirstPacket) {
  Wire wire(alert_im());
  Talk talk(wire, 40000, 8443, kMsnServer);
  EXPECT_TRUE(talk.open().forward);
  const auto events = wire.events(EventType::alert);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].im.application, kMsn);
  EXPECT_EQ(events[0].im.evidence, Evidence::address);
  EXPECT_EQ(events[0].decided_at, 1u);
}

TEST(Early, AndNotAgainWhereNothingElseTells) {
  Wire wire(alert_im());
  Talk talk(wire, 40000, 8443, kMsnServer);
  talk.open();
  EXPECT_TRUE(talk.client_says(test::client_hello("")).forward);
  EXPECT_TRUE(talk.client_says(Octets(100, 0x17)).forward);
  EXPECT_EQ(wire.events(EventType::alert).size(), 1u);
}

TEST(Early, ANameThatTellsIsToldToo) {
  Wire wire(alert_im());
  Talk talk(wire, 40000, 443, kMsnServer);
  talk.open();
  EXPECT_TRUE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);
  const auto events = wire.events(EventType::alert);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].im.application, kWhatsapp);
  EXPECT_EQ(events[1].im.evidence, Evidence::tls_sni);
}

TEST(Early, NothingIsToldOfWhatIsAllowedInSilence) {
  Wire wire(snapshot({{{}, {Category::im}, Action::allow, false}}));
  Talk talk(wire, 40000, 8443, kMsnServer);
  talk.open();
  EXPECT_TRUE(wire.events(EventType::alert).empty());
}

class SplitHello : public testing::Test {
 protected:
  static constexpr std::ptrdiff_t kRest = 4;  // the hello's end is behind its name

  // Sends a hello up to its last bytes; what that came to.
  Outcome first_segment(Wire& wire, Talk& talk, const char* name) {
    hello_ = test::client_hello(name, 200);
    talk.open();
    wire.events(EventType::alert);
    return talk.client_says(Octets(hello_.begin(), hello_.end() - kRest));
  }
  Octets rest() const { return {hello_.end() - kRest, hello_.end()}; }

  Octets hello_;
};

TEST_F(SplitHello, ABlockedNameStopsTheSegmentThatHoldsIt) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  const Outcome outcome = first_segment(wire, talk, "web.whatsapp.net");
  EXPECT_FALSE(outcome.forward);
  EXPECT_EQ(outcome.forged.size(), 2u);
  const auto events = wire.events(EventType::alert);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].app_proto, proto::AppProto::tls);
}

TEST_F(SplitHello, ANameToBeToldOfIsToldOnce) {
  Wire wire(alert_im());
  Talk talk(wire, 40000, 443);
  EXPECT_TRUE(first_segment(wire, talk, "web.whatsapp.net").forward);
  EXPECT_EQ(wire.events(EventType::alert).size(), 1u);
  EXPECT_TRUE(talk.client_says(rest()).forward);
  EXPECT_TRUE(talk.server_says("anything").forward);
  EXPECT_TRUE(wire.events(EventType::alert).empty());
}

TEST_F(SplitHello, AnInnocentNameWaitsForTheRest) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  EXPECT_TRUE(first_segment(wire, talk, "www.example.com").forward);
  EXPECT_TRUE(talk.client_says(rest()).forward);
  EXPECT_TRUE(wire.events(EventType::alert).empty());
}

TEST_F(SplitHello, NamesOfOneFlowAreNotAnothers) {
  Wire wire(block_im());
  Talk innocent(wire, 40001, 443);
  innocent.open();
  Talk talk(wire, 40000, 443);
  EXPECT_FALSE(first_segment(wire, talk, "web.whatsapp.net").forward);
  EXPECT_TRUE(innocent.client_says(Octets{0x16}).forward) << "too little for any parser";
  innocent.client_next += 100;
  EXPECT_TRUE(innocent.client_says(Octets(50, 0x41)).forward) << "behind a hole";
}

// With what is shared between workers.
class SharedWire {
 public:
  explicit SharedWire(std::shared_ptr<const Snapshot> policy) : wire(std::move(policy), config()) {}

  Outcome datagram(const char* from, std::uint16_t port, const char* to, std::uint16_t to_port,
                   Octets bytes) {
    Frame frame = Frame().v4(from, to).udp(port, to_port);
    frame.payload(std::move(bytes));
    return wire.inside(frame);
  }
  // A datagram as one of Skype's nodes sends it.
  Outcome node(unsigned peer, unsigned number, std::uint8_t type = 0x02) {
    Octets bytes(18, 0x5a);
    bytes[0] = static_cast<std::uint8_t>(number >> 8);
    bytes[1] = static_cast<std::uint8_t>(number);
    bytes[2] = type;
    return datagram(kClient, 35990, ("198.51.100." + std::to_string(peer)).c_str(), 40000 + peer,
                    std::move(bytes));
  }

  learn::ExpectedFlows expected{64, KeyedHash(1)};
  learn::SkypeNodes nodes{64, KeyedHash(1)};
  Wire wire;

 private:
  WorkerConfig config() {
    WorkerConfig config = Wire::small();
    config.expected = &expected;
    config.nodes = &nodes;
    return config;
  }
};

TEST(SkypesNodes, AreBlockedOnceTheyHaveShownThemselves) {
  SharedWire shared(snapshot({{{kSkype}, {}, Action::drop}}));
  EXPECT_TRUE(shared.node(1, 100).forward);
  EXPECT_TRUE(shared.node(2, 102).forward);
  EXPECT_TRUE(shared.node(3, 104).forward);
  EXPECT_FALSE(shared.node(4, 106).forward);
  EXPECT_FALSE(shared.node(1, 108).forward) << "a peer that was waited for";
  EXPECT_FALSE(shared.datagram("198.51.100.77", 5000, kClient, 35990, Octets(40, 1)).forward)
      << "who calls the node is one too";
  EXPECT_TRUE(shared.datagram(kClient, 35991, "198.51.100.78", 5000, Octets(40, 1)).forward);
}

TEST(SkypesNodes, AnotherTypeIsNobodys) {
  SharedWire shared(snapshot({{{kSkype}, {}, Action::drop}}));
  for (unsigned i = 1; i < 20; ++i) EXPECT_TRUE(shared.node(i, 100 + 2 * i, 0x03).forward);
}

TEST(SkypesNodes, ADatagramOfAResolverIsNobodys) {
  SharedWire shared(snapshot({{{kSkype}, {}, Action::drop}}));
  for (unsigned i = 1; i < 20; ++i) EXPECT_TRUE(shared.node(i, 7919 * i).forward);
}

// RFC 8489: a binding request.
Octets binding_request() {
  Octets bytes = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42};
  bytes.resize(20, 0x33);
  return bytes;
}

TEST(Calls, PeersOfAPortThatAskedTheApplicationsServersAreTheCalls) {
  SharedWire shared(snapshot({{{kMsn}, {}, Action::alert}}));
  shared.datagram(kClient, 50000, kMsnServer, 3478, binding_request());
  shared.wire.events(EventType::alert);
  shared.datagram(kClient, 50000, "198.51.100.9", 41000, binding_request());
  const auto events = shared.wire.events(EventType::alert);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].im.application, kMsn);
  EXPECT_EQ(events[0].im.evidence, Evidence::learned_address);
  shared.datagram(kClient, 50001, "198.51.100.9", 41000, binding_request());
  EXPECT_TRUE(shared.wire.events(EventType::alert).empty()) << "another port is another program's";
}

}  // namespace
}  // namespace chatgate::engine
