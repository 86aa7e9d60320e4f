// Whose checksums are taken for right although the capture shows wrong ones, and whose are not.
#include "replay/offload.h"

#include <deque>
#include <gtest/gtest.h>

#include "net/checksum.h"

#include "frames.h"

namespace chatgate::replay {
namespace {

using net::tcp_flag::ack;
using test::Frame;
using test::Octets;

constexpr const char* kHost = "10.0.0.1";
constexpr const char* kPeer = "192.0.2.1";
constexpr std::size_t kIpChecksum = 14 + 10;
constexpr std::size_t kTcpChecksum = 14 + 20 + 16;

Octets segment(const char* from, const char* to, const char* text) {
  return Frame().v4(from, to).tcp(40000, 443, ack).payload(text).build();
}

Octets broken(Octets frame, std::size_t at = kTcpChecksum) {
  frame[at] = static_cast<std::uint8_t>(frame[at] ^ 0x5a);
  return frame;
}

// As a stack leaves it for its device, `length` being what it counts in.
Octets partial(Octets frame, bool with_length) {
  const auto host = *IpAddress::parse(kHost);
  const auto peer = *IpAddress::parse(kPeer);
  const auto length = static_cast<std::uint32_t>(with_length ? frame.size() - 14 - 20 : 0);
  const auto sum = net::checksum_fold(net::pseudo_header_sum(host, peer, true, 6, length));
  store_be16(&frame[kTcpChecksum], static_cast<std::uint16_t>(~sum));
  return frame;
}

class Offload : public testing::Test {
 protected:
  OffloadedSenders look(std::initializer_list<Octets> frames) {
    frames_.assign(frames.begin(), frames.end());
    std::vector<net::PacketView> views;
    for (const Octets& frame : frames_) views.push_back(test::view_of(frame));
    return OffloadedSenders(views);
  }
  // Of the n-th frame looked at.
  bool vouched(const OffloadedSenders& senders, std::size_t n) {
    return senders.vouch_for(test::view_of(frames_[n]));
  }

  std::deque<Octets> frames_;
};

TEST_F(Offload, NobodyIsVouchedForWhereAllIsRight) {
  const auto senders = look({segment(kHost, kPeer, "one"), segment(kPeer, kHost, "two")});
  EXPECT_FALSE(vouched(senders, 0));
  EXPECT_FALSE(vouched(senders, 1));
  EXPECT_FALSE(senders.headers_unfilled());
}

TEST_F(Offload, ASenderWithoutARightOneIsVouchedFor) {
  const auto senders = look({broken(segment(kHost, kPeer, "one")),
                             broken(segment(kHost, kPeer, "two")), segment(kPeer, kHost, "three"),
                             Frame().v4(kHost, kPeer).udp(40000, 9999).payload("x").build()});
  EXPECT_TRUE(vouched(senders, 0));
  EXPECT_TRUE(vouched(senders, 1));
  EXPECT_FALSE(vouched(senders, 2));
  EXPECT_FALSE(vouched(senders, 3));  // its UDP is right
}

TEST_F(Offload, ADecoyAmongRightOnesIsNot) {
  const auto senders = look({segment(kHost, kPeer, "one"), broken(segment(kHost, kPeer, "decoy")),
                             segment(kHost, kPeer, "two")});
  for (std::size_t i = 0; i < 3; ++i) EXPECT_FALSE(vouched(senders, i));
}

TEST_F(Offload, PartialSumsAmongRightOnesAre) {
  const auto senders =
      look({segment(kHost, kPeer, "one"), partial(segment(kHost, kPeer, "two"), true),
            partial(segment(kHost, kPeer, "three"), false), broken(segment(kHost, kPeer, "four"))});
  EXPECT_FALSE(vouched(senders, 0));
  EXPECT_TRUE(vouched(senders, 1));
  EXPECT_TRUE(vouched(senders, 2));
  EXPECT_FALSE(vouched(senders, 3));
}

TEST_F(Offload, HeadersWithoutARightOneAreTold) {
  EXPECT_TRUE(look({broken(segment(kHost, kPeer, "one"), kIpChecksum)}).headers_unfilled());
  EXPECT_FALSE(
      look({broken(segment(kHost, kPeer, "one"), kIpChecksum), segment(kHost, kPeer, "two")})
          .headers_unfilled());
}

TEST_F(Offload, WhatIsNoTransportSaysNothing) {
  const auto senders = look({test::from_hex("ffffffffffff 020000000001 0806 00010800"),
                             Frame().v4(kHost, kPeer).protocol(1).payload("ping").build(),
                             {}});
  for (std::size_t i = 0; i < 3; ++i) EXPECT_FALSE(vouched(senders, i));
}

}  // namespace
}  // namespace chatgate::replay
