#include "learn/skype_nodes.h"

#include <gtest/gtest.h>
#include <string>

namespace chatgate::learn {
namespace {

const Time kNow = from_seconds(1'795'000'000);

Time after(unsigned seconds) {
  return Time{kNow.nanoseconds + std::uint64_t{seconds} * 1'000'000'000};
}

IpAddress peer(unsigned number) {
  return *IpAddress::parse("198.51.100." + std::to_string(number));
}

const SkypeNodes::Endpoint kNode = {*IpAddress::parse("10.0.0.5"), 35990};

class SkypeNodesTest : public testing::Test {
 protected:
  bool saw(unsigned to, unsigned number, unsigned when = 0,
           const SkypeNodes::Endpoint& from = kNode) {
    return nodes.saw(from, peer(to), static_cast<std::uint16_t>(number), after(when));
  }
  // Datagrams to four peers, each with a number that goes on.
  void prove(unsigned when = 0) {
    for (unsigned i = 1; i <= SkypeNodes::kProof; ++i) saw(i, 100 + 2 * i, when);
  }

  SkypeNodes nodes{64, KeyedHash(1)};
};

TEST_F(SkypeNodesTest, FourPeersInARowAreProof) {
  EXPECT_FALSE(saw(1, 0x15e8));
  EXPECT_FALSE(saw(2, 0x15ea));
  EXPECT_FALSE(saw(3, 0x15ec));
  EXPECT_TRUE(saw(4, 0x15ee));
  EXPECT_TRUE(saw(9, 0x9999)) << "a node may send what it wants";
}

TEST_F(SkypeNodesTest, NumbersGoOnOverTheirEnd) {
  EXPECT_FALSE(saw(1, 0xfffa));
  EXPECT_FALSE(saw(2, 0xfffc));
  EXPECT_FALSE(saw(3, 0xfffe));
  EXPECT_TRUE(saw(4, 0x0002));
}

TEST_F(SkypeNodesTest, TheSamePeerProvesNothing) {
  for (unsigned i = 0; i < 20; ++i) EXPECT_FALSE(saw(1, 100 + 2 * i)) << i;
}

TEST_F(SkypeNodesTest, NumbersThatStandGoBackOrLeapProveNothing) {
  for (unsigned i = 1; i < 20; ++i) EXPECT_FALSE(saw(i, 7)) << i;
  for (unsigned i = 1; i < 20; ++i) EXPECT_FALSE(saw(i, 1000 - i)) << i;
  for (unsigned i = 1; i < 20; ++i) EXPECT_FALSE(saw(i, i * (SkypeNodes::kWindow + 1u))) << i;
}

TEST_F(SkypeNodesTest, ALeapStartsAgain) {
  saw(1, 100);
  saw(2, 102);
  saw(3, 104);
  EXPECT_FALSE(saw(4, 5000));
  EXPECT_FALSE(saw(5, 5002));
  EXPECT_FALSE(saw(6, 5004));
  EXPECT_TRUE(saw(7, 5006));
}

TEST_F(SkypeNodesTest, EndpointsAreCountedApart) {
  const SkypeNodes::Endpoint other_port = {kNode.address, 35991};
  const SkypeNodes::Endpoint other_address = {*IpAddress::parse("10.0.0.6"), kNode.port};
  prove();
  EXPECT_FALSE(saw(5, 110, 0, other_port));
  EXPECT_FALSE(saw(5, 110, 0, other_address));
  EXPECT_TRUE(saw(5, 110));
}

TEST_F(SkypeNodesTest, SilenceInTheMiddleStartsAgain) {
  saw(1, 100);
  saw(2, 102);
  saw(3, 104);
  EXPECT_FALSE(saw(4, 106, SkypeNodes::kMaxSilence + 1));
}

TEST_F(SkypeNodesTest, ANodeIsForgottenAfterItsLife) {
  prove();
  EXPECT_TRUE(saw(5, 110, SkypeNodes::kLife));
  EXPECT_FALSE(saw(6, 112, 2 * SkypeNodes::kLife + 1));
}

TEST_F(SkypeNodesTest, AFullTableForgetsTheSilentOnes) {
  prove();
  for (unsigned i = 0; i < 4096; ++i) {
    const SkypeNodes::Endpoint each = {peer(1 + i % 250), static_cast<std::uint16_t>(1024 + i)};
    nodes.saw(each, peer(254), 1, after(10));
  }
  EXPECT_FALSE(saw(5, 110, 11)) << "pushed out";
  for (unsigned i = 1; i <= 3; ++i) saw(i, 200 + i, 12);
  EXPECT_TRUE(saw(4, 204, 12)) << "and taken up again";
}

// Workers look at the clock for themselves: one that has not turned to the next second yet comes
// after one that has.
TEST_F(SkypeNodesTest, AWorkerAMomentBehindForgetsNobody) {
  prove(1);
  EXPECT_TRUE(saw(9, 7, 0));
  EXPECT_TRUE(saw(9, 7, 1));
  // Nor is a place that was written a moment ahead the one that has been silent longest.
  SkypeNodes full(4, KeyedHash(1));
  const auto tell = [&](std::uint16_t port, unsigned to, unsigned when) {
    return full.saw({kNode.address, port}, peer(to), static_cast<std::uint16_t>(100 + 2 * to),
                    after(when));
  };
  for (unsigned i = 1; i <= SkypeNodes::kProof; ++i) tell(1, i, 10);
  for (std::uint16_t port = 2; port <= 4; ++port) tell(port, 1, 5);
  tell(5, 1, 9);
  EXPECT_TRUE(tell(1, 1, 10));
}

}  // namespace
}  // namespace chatgate::learn
