// What could be read in two ways, what is left undone, and when a label is final.
#include <gtest/gtest.h>

#include "client_hello.h"
#include "quic_builder.h"
#include "quic_flow.h"

namespace chatgate::proto::quic {
namespace {

using namespace test;

// What an innocent end does not do. `fake_before`: a hello was told before the break.
const Row kBroken[] = {
    {"a byte that comes again and differs",
     [](Flow& flow, auto h) {
       flow.send(initial(piece(h, 0, 60)));
       std::string other(h);
       other[59] = 'x';
       flow.send(initial(piece(other, 59, other.size()), {.number = 1}));
     }},
    {"another hello in the place of the first",
     [](Flow& flow, auto h) {
       flow.send(whole(kFake));
       flow.send(initial(crypto_frame(0, h), {.number = 1}));
     },
     true},
    {"the end of another hello in the place of the first's",
     [](Flow& flow, auto h) {
       flow.send(whole(kFake));
       flow.send(initial(piece(h, 50, h.size()), {.number = 1}));
     },
     true},
    {"the same in another version, which no server has asked for",
     [](Flow& flow, auto h) {
       flow.send(whole(kFake));
       flow.send(initial(crypto_frame(0, h), {.version = kVersion2}));
     },
     true},
    {"a packet number that is far from the last, to spoil the next",
     [](Flow& flow, auto h) {
       flow.send(initial(piece(h, 0, 50)));
       flow.send(initial(ping(), {.number = 0x70000000}));
       flow.send(initial(piece(h, 50, h.size()), {.number = 1, .number_size = 1}));
     }},
    {"an Initial of an attempt that its keys do not open",
     [](Flow& flow, auto h) {
       flow.send(initial(piece(h, 0, 50)));
       flow.send(initial(piece(h, 50, h.size()), {.keyed_by = "nobody's"}));
     }},
    {"the highest offset there is",
     [](Flow& flow, auto h) { flow.send(initial(crypto_frame((std::uint64_t{1} << 62) - 1, h))); }},
    {"a byte beyond 64 KiB",
     [](Flow& flow, auto h) { flow.send(initial(crypto_frame(65536, h.substr(0, 1)))); }},
    {"a frame longer than its packet",
     [](Flow& flow, auto) {
       flow.send(packet({}, crypto_frame(0, "\x01").substr(0, 2) + '\x20' + "data"));
     }},
    {"a frame of the greatest length there is",
     [](Flow& flow, auto) {
       flow.send(packet({}, "\x06" + varint(0) + varint((std::uint64_t{1} << 62) - 1) + "data"));
     }},
    {"ranges of an ACK that are not there",
     [](Flow& flow, auto) {
       flow.send(packet({}, "\x02" + varint(9) + varint(9) + varint((std::uint64_t{1} << 62) - 1)));
     }},
    {"a frame that may not stand in an Initial",
     [](Flow& flow, auto) { flow.send(initial("\x08 a stream")); }},
    {"a message that is no ClientHello",
     [](Flow& flow, auto) { flow.send(initial(crypto_frame(0, handshake(2, "hello")))); }},
    {"a hello of more than 64 KiB",
     [](Flow& flow, auto) { flow.send(initial(crypto_frame(0, "\x01" + be24(65533) + "abc"))); }},
    {"a hello that contradicts itself",
     [](Flow& flow, auto h) {
       std::string bad(h);
       bad[bad.size() - 12] = '\x7f';  // the length of the name
       flow.send(initial(crypto_frame(0, bad)));
     }},
    {"seventeen Initials that nothing opens",
     [](Flow& flow, auto) {
       for (int i = 0; i < 17; ++i) flow.send(initial(ping(), {.keyed_by = "nobody's"}));
     }},
    {"more packets in a datagram than anybody needs",
     [](Flow& flow, auto h) {
       std::string datagram;
       for (int i = 0; i < 16; ++i) datagram += packet({.type = PacketType::zero_rtt}, padding(4));
       flow.send(datagram + initial(crypto_frame(0, h)));
     }},
    {"more hellos begun and left than kMaxAttempts",
     [](Flow& flow, auto h) {
       for (std::size_t i = 0; i <= kMaxAttempts; ++i) {
         flow.send(initial(piece(h, 0, 50), {.destination = "destina" + std::to_string(i)}));
       }
     }},
    {"an answer to a hello that was not complete",
     [](Flow& flow, auto h) {
       flow.send(initial(piece(h, 0, 50)));
       flow.receive(answer());
     }},
    {"the end of a hello whose beginning has been forgotten, and an answer",
     [](Flow& flow, auto h) {
       flow.send(whole(kFake));
       for (std::size_t i = 0; i < kMaxAttempts; ++i) {
         flow.send(whole(kFake, {.destination = "destina" + std::to_string(i)}));
       }
       flow.send(initial(piece(h, 50, h.size()), {.number = 1}));
       EXPECT_EQ(flow.last, ParseStatus::need_more);
       flow.receive(answer());
     },
     true},
    {"a version that is known and not read",
     [](Flow& flow, auto) {
       flow.send(invariant_header(0x51303530, '\xc0', "destinat", "") + padding(50));
     }},
    {"a version that nobody knows",
     [](Flow& flow, auto) {
       flow.send(invariant_header(0x12345678, '\xc0', "destinat", "") + padding(1200));
     }},
};

TEST(Quic, WhatCouldBeReadInTwoWaysIsMalformed) {
  for (const Row& row : kBroken) {
    SCOPED_TRACE(row.name);
    Flow flow;
    row.send(flow, small_hello("im.example"));
    const auto names =
        row.fake_before ? std::vector<std::string>{kFake} : std::vector<std::string>();
    EXPECT_EQ(flow.told(), Told(ParseStatus::malformed, names));
  }
}

// The name that stands before the break is told with it.
TEST(Quic, NamesBeforeTheBreak) {
  Flow flow;
  flow.send(initial(crypto_frame(0, small_hello("im.example")) + "\x08"));
  EXPECT_EQ(flow.told(), Told(ParseStatus::malformed, {"im.example"}));
}

TEST(Quic, FinalOnceTheServerHasAnswered) {
  Flow flow;
  flow.receive(answer());
  EXPECT_EQ(flow.told(), Told(ParseStatus::need_more));
  flow.send(whole("im.example"));
  EXPECT_EQ(flow.told(), Told(ParseStatus::done, {"im.example"}));
  flow.receive(answer("others"));  // not to this client
  EXPECT_EQ(flow.last, ParseStatus::need_more);
  flow.send(answer());  // not from the server
  EXPECT_EQ(flow.next, Next::message);
  flow.receive(answer());
  EXPECT_EQ(flow.last, ParseStatus::done);
  EXPECT_EQ(flow.told(), Told(ParseStatus::done, {"im.example"}, Next::opaque));
}

// A client that tries again and again from one port, until its server is there.
TEST(Quic, ManyAttemptsWithoutAnAnswer) {
  Flow flow;
  for (int i = 100; i < 150; ++i) {
    const std::string name = "host" + std::to_string(i);
    flow.send(whole(name, {.destination = "destin" + std::to_string(i)}));
    ASSERT_EQ(flow.last, ParseStatus::done) << i;
    EXPECT_EQ(flow.names.back(), name);
  }
  flow.receive(answer());
  EXPECT_EQ(flow.next, Next::opaque);
}

TEST(Quic, AnAnswerAfterARetryThatCutTheFirstHello) {
  const std::string h = small_hello("im.example");
  Flow flow;
  flow.send(initial(piece(h, 0, 50)));
  flow.receive(retry({.destination = "source", .source = "retried1"}));
  flow.send(initial(crypto_frame(0, h), {.destination = "retried1", .token = "token"}));
  flow.receive(answer());
  EXPECT_EQ(flow.told(), Told(ParseStatus::done, {"im.example"}, Next::opaque));
}

}  // namespace
}  // namespace chatgate::proto::quic
