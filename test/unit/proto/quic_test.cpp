#include "proto/quic.h"

#include <functional>
#include <gtest/gtest.h>

#include "client_hello.h"
#include "quic_builder.h"
#include "quic_flow.h"
#include "quic_samples.h"

namespace chatgate::proto::quic {
namespace {

using namespace test;

TEST(Quic, SamplesOfTheRfcs) {
  for (const Sample& sample : kSamples) {
    SCOPED_TRACE(sample.name);
    Flow flow;
    flow.send(sample_datagram(sample));
    EXPECT_EQ(flow.told(), Told(ParseStatus::done, {sample.server_name}));
  }
}

TEST(Quic, CutDatagramsSayNothing) {
  for (const Sample& sample : kSamples) {
    const std::string datagram = sample_datagram(sample);
    for (std::size_t size = 0; size < datagram.size(); ++size) {
      Flow flow;
      flow.send(datagram.substr(0, size));
      EXPECT_TRUE(flow.names.empty()) << size;
      const bool header = size >= 15;  // version and connection ids
      EXPECT_EQ(flow.status, header ? ParseStatus::need_more : ParseStatus::not_mine) << size;
    }
  }
}

TEST(Quic, HelloIsDescribed) {
  const std::string datagram = whole("www.example.com");
  Connections& connections = shared_connections();
  ParserState state;
  Facts facts;
  ASSERT_EQ(connections.feed(state, as_bytes(datagram), Direction::to_server, facts),
            ParseStatus::done);
  EXPECT_EQ(facts.protocol, AppProto::quic);
  ASSERT_EQ(facts.name_count, 1);
  EXPECT_EQ(facts.names[0].source, NameSource::quic_sni);
  EXPECT_TRUE(facts.has_hello);
  EXPECT_EQ(facts.hello.ja4_view().substr(0, 1), "q");
  EXPECT_EQ(as_text(connections.ids(state).keyed_by.view()), "destinat");
  EXPECT_TRUE(connections.ids(state).server.empty());
  connections.release(state);
  EXPECT_FALSE(state.session.valid());
  EXPECT_EQ(connections.sessions_in_use(), 0u);
}

TEST(Quic, TellsTheIdThatTheServerHasChosen) {
  Flow flow(shared_connections());
  const std::string h = small_hello("chat.example");
  flow.send(initial(piece(h, 0, 50)));
  flow.receive(packet(kServer, ack() + padding(9)));
  flow.receive(packet({.destination = "another", .source = "forged"}, padding(9)));
  flow.send(initial(piece(h, 50, h.size()), {.number = 1}));
  const ConnectionIds ids = flow.connections.ids(flow.state);
  EXPECT_EQ(as_text(ids.keyed_by.view()), "destinat");
  EXPECT_EQ(as_text(ids.client.view()), "source");
  EXPECT_EQ(as_text(ids.server.view()), "server");
}

// Constructions after which a server has the hello `h`.
const Row kDelivered[] = {
    {"in one frame", [](Flow& flow, auto h) { flow.send(initial(crypto_frame(0, h))); }},
    {"in ten pieces, shuffled, among other frames",
     [](Flow& flow, auto h) {
       std::string frames = padding(3);
       for (const std::size_t i : {7, 2, 9, 0, 4, 1, 8, 3, 6, 5}) {
         frames += piece(h, i * h.size() / 10, (i + 1) * h.size() / 10);
         frames += ping() + padding(i) + ack(i % 2 == 0);
       }
       flow.send(initial(frames));
     }},
    {"byte by byte, backwards",
     [](Flow& flow, auto h) {
       std::string frames;
       for (std::size_t at = h.size(); at-- > 0;) frames += piece(h, at, at + 1);
       flow.send(initial(frames));
     }},
    {"over four datagrams, reordered",
     [](Flow& flow, auto h) {
       for (const std::size_t i : {2, 0, 3, 1}) {
         flow.send(initial(piece(h, i * h.size() / 4, (i + 1) * h.size() / 4), {.number = i}));
       }
     }},
    {"every datagram twice",
     [](Flow& flow, auto h) {
       for (const std::size_t i : {1, 1, 0, 0}) {
         flow.send(initial(piece(h, i * 50, i == 0 ? 50 : h.size()), {.number = i}));
       }
     }},
    {"with overlaps that are equal",
     [](Flow& flow, auto h) {
       flow.send(initial(piece(h, 20, 60) + piece(h, 10, 30) + piece(h, 50, h.size())));
       flow.send(initial(piece(h, 0, h.size()), {.number = 1}));
     }},
    {"among empty frames",
     [](Flow& flow, auto h) {
       flow.send(initial(crypto_frame(0, "") + crypto_frame(5000, "") + crypto_frame(0, h)));
     }},
    {"with frame types and lengths in more bytes than needed",
     [](Flow& flow, auto h) {
       flow.send(initial(varint(1, 4) + varint(6, 2) + varint(0, 8) + varint(h.size(), 8) +
                         std::string(h)));
     }},
    {"in packets coalesced in one datagram",
     [](Flow& flow, auto h) {
       flow.send(packet({.number = 0}, piece(h, 0, 50)) +
                 initial(piece(h, 50, h.size()), {.number = 1}));
     }},
    {"behind 0-RTT and Handshake packets",
     [](Flow& flow, auto h) {
       flow.send(packet({.type = PacketType::zero_rtt}, padding(100)) +
                 packet({.type = PacketType::handshake}, padding(50)) +
                 initial(crypto_frame(0, h)));
     }},
    {"before zero bytes that belong to nothing",
     [](Flow& flow, auto h) { flow.send(initial(crypto_frame(0, h)) + padding(37)); }},
    {"before other bytes that belong to nothing",
     [](Flow& flow, auto h) { flow.send(initial(crypto_frame(0, h)) + std::string(30, '\xd5')); }},
    {"with CONNECTION_CLOSE",
     [](Flow& flow, auto h) {
       flow.send(initial(connection_close() + crypto_frame(0, h) + connection_close()));
     }},
    {"in a datagram that is too small",
     [](Flow& flow, auto h) { flow.send(packet({}, crypto_frame(0, h))); }},
    {"with a token of one byte",
     [](Flow& flow, auto h) { flow.send(initial(crypto_frame(0, h), {.token = "t"})); }},
    {"with a token of 1200 bytes",
     [](Flow& flow, auto h) {
       flow.send(initial(crypto_frame(0, h), {.token = std::string(1200, 't')}));
     }},
    {"with connection ids of 20 bytes",
     [](Flow& flow, auto h) {
       flow.send(initial(crypto_frame(0, h),
                         {.destination = std::string(20, 'd'), .source = std::string(20, 's')}));
     }},
    {"with reserved bits set",
     [](Flow& flow, auto h) { flow.send(initial(crypto_frame(0, h), {.first_bits = '\x0c'})); }},
    {"with the fixed bit clear",
     [](Flow& flow, auto h) { flow.send(initial(crypto_frame(0, h), {.first_bits = '\x40'})); }},
    {"with packet numbers of every length",
     [](Flow& flow, auto h) {
       const std::uint64_t first = 0x12345678;
       flow.send(initial(piece(h, 0, 20), {.number = first}));
       flow.send(initial(piece(h, 20, 40), {.number = first + 1, .number_size = 1}));
       flow.send(initial(piece(h, 40, 60), {.number = first + 400, .number_size = 2}));
       flow.send(initial(piece(h, 60, h.size()), {.number = first + 70000, .number_size = 3}));
     }},
    {"in version 2",
     [](Flow& flow, auto h) { flow.send(initial(crypto_frame(0, h), {.version = kVersion2})); }},
    {"in draft 29",
     [](Flow& flow, auto h) { flow.send(initial(crypto_frame(0, h), {.version = kDraft29})); }},
    {"to an id that the server has chosen, under the old keys",
     [](Flow& flow, auto h) {
       flow.send(initial(piece(h, 0, 50)));
       flow.receive(packet(kServer, ack() + padding(9)));
       flow.send(initial(piece(h, 50, h.size()),
                         {.destination = "server", .keyed_by = "destinat", .number = 1}));
     }},
    {"again after a Retry, under new keys",
     [](Flow& flow, auto h) {
       const Long again = {.destination = "retried1", .token = "token", .number = 1};
       flow.send(initial(piece(h, 0, 50)));
       flow.receive(retry({.destination = "source", .source = "retried1"}));
       flow.send(initial(piece(h, 0, 50), again));
       flow.send(initial(piece(h, 50, h.size()), again));
     }},
    {"after a version that nobody speaks",
     [](Flow& flow, auto h) {
       flow.send(invariant_header(0x1a2a3a4a, '\xc0', "destinat", "source") + padding(1200));
       flow.receive(version_negotiation("source", "destinat"));
       flow.send(initial(crypto_frame(0, h)));
     }},
    {"in the version that a server has asked for, to the same id",
     [](Flow& flow, auto h) {
       flow.send(whole(kFake));
       flow.receive(version_negotiation("source", "destinat"));
       flow.send(initial(crypto_frame(0, h), {.version = kVersion2}));
     },
     true},
    {"in part in a version that the server has changed to",
     [](Flow& flow, auto h) {
       flow.send(initial(piece(h, 0, 50)));
       flow.send(initial(
           piece(h, 50, h.size()),
           {.version = kVersion2, .destination = "server", .keyed_by = "destinat", .number = 1}));
     }},
    {"behind Initials that nothing opens",
     [](Flow& flow, auto h) {
       for (int i = 0; i < 16; ++i) flow.send(initial(ping(), {.keyed_by = "nobody's"}));
       flow.send(initial(crypto_frame(0, h), {.number = 1}));
     }},
    {"behind datagrams that are no QUIC",
     [](Flow& flow, auto h) {
       flow.send("a few words");
       EXPECT_EQ(flow.last, ParseStatus::not_mine);
       flow.send(initial(crypto_frame(0, h)));
     }},
    {"behind another hello",
     [](Flow& flow, auto h) {
       flow.send(whole(kFake, {.destination = "low time to live"}));
       flow.send(initial(crypto_frame(0, h)));
     },
     true},
    {"in turns with another hello",
     [](Flow& flow, auto h) {
       const std::string fake = small_hello(kFake);
       const Long other = {.destination = "low time to live"};
       flow.send(initial(piece(fake, 0, 50), other));
       flow.send(initial(piece(h, 0, 50)));
       flow.send(initial(piece(fake, 50, 999), other));
       flow.send(initial(piece(h, 50, h.size()), {.number = 1}));
     },
     true},
    {"coalesced with another hello",
     [](Flow& flow, auto h) {
       flow.send(packet({.destination = "low time to live"}, crypto_frame(0, small_hello(kFake))) +
                 initial(crypto_frame(0, h)));
     },
     true},
    {"from the side that is taken for the server",
     [](Flow& flow, auto h) { flow.receive(initial(crypto_frame(0, h))); }},
    {"once more where the server asked for a second hello",
     [](Flow& flow, auto h) {
       const std::string first = small_hello(kFake);
       flow.send(whole(kFake));
       flow.receive(packet(kServer, ack() + crypto_frame(0, "\x02 asking for more")));
       flow.send(initial(crypto_frame(first.size(), h),
                         {.destination = "server", .keyed_by = "destinat", .number = 1}));
     },
     true},
};

TEST(Quic, ADeliveredHelloIsTold) {
  for (const Row& row : kDelivered) {
    SCOPED_TRACE(row.name);
    for (const std::string name : {"im.example", "innocent.example"}) {
      Flow flow;
      row.send(flow, small_hello(name));
      std::vector<std::string> names = {name};
      if (row.fake_before) names.insert(names.begin(), kFake);
      EXPECT_EQ(flow.told(), Told(ParseStatus::done, names));
    }
  }
}

TEST(Quic, CutAnywhereIntoTwoDatagramsInEitherOrder) {
  const std::string h = small_hello("im.example");
  for (std::size_t cut = 1; cut < h.size(); ++cut) {
    for (const bool reversed : {false, true}) {
      Flow flow;
      const std::string first = initial(piece(h, 0, cut));
      const std::string second = initial(piece(h, cut, h.size()), {.number = 1});
      flow.send(reversed ? second : first);
      ASSERT_EQ(flow.told(), Told(ParseStatus::need_more)) << cut;
      flow.send(reversed ? first : second);
      ASSERT_EQ(flow.told(), Told(ParseStatus::done, {"im.example"})) << cut;
    }
  }
}

TEST(Quic, LongHellos) {
  for (const std::size_t size : {3900, 4000, 4096, 20000, 65000}) {
    const std::string h = hello(extension(21, std::string(size, 'p')) + sni({"im.example"}));
    Flow forward;
    Flow backward;
    const std::size_t pieces = h.size() / 1000 + 1;
    for (std::size_t i = 0; i < pieces; ++i) {
      const std::size_t j = pieces - 1 - i;
      forward.send(initial(piece(h, i * 1000, (i + 1) * 1000), {.number = i}));
      backward.send(initial(piece(h, j * 1000, (j + 1) * 1000), {.number = i}));
    }
    EXPECT_EQ(forward.told(), Told(ParseStatus::done, {"im.example"})) << size;
    EXPECT_EQ(backward.told(), Told(ParseStatus::done, {"im.example"})) << size;
  }
}

// What does not make a hello complete.
const Row kUndelivered[] = {
    {"the hole is filled by what had been there",
     [](Flow& flow, auto h) {
       flow.send(initial(piece(h, 0, 40) + piece(h, 50, h.size())));
       flow.send(initial(piece(h, 0, 40) + piece(h, 30, 40) + piece(h, 50, 90), {.number = 1}));
     }},
    {"the last byte is missing",
     [](Flow& flow, auto h) { flow.send(initial(piece(h, 0, h.size() - 1))); }},
    {"the first byte is missing",
     [](Flow& flow, auto h) { flow.send(initial(piece(h, 1, h.size()))); }},
    {"a byte far behind it",
     [](Flow& flow, auto h) { flow.send(initial(crypto_frame(65535, h.substr(0, 1)))); }},
    {"other frames only", [](Flow& flow, auto) { flow.send(initial(ping() + ack() + ack(true))); }},
    {"nothing but 0-RTT",
     [](Flow& flow, auto) { flow.send(packet({.type = PacketType::zero_rtt}, padding(900))); }},
    {"the server's Initial",
     [](Flow& flow, auto h) { flow.receive(packet(kServer, crypto_frame(0, h))); }},
    {"an Initial that is cut short",
     [](Flow& flow, auto h) {
       const std::string datagram = initial(crypto_frame(0, h));
       flow.send(datagram.substr(0, datagram.size() - 1));
     }},
    {"an Initial too short to be protected",
     [](Flow& flow, auto) {
       flow.send(invariant_header(kVersion1, '\xc3', "destinat", "source") + varint(0) +
                 varint(19) + padding(19));
     }},
};

TEST(Quic, AnIncompleteHelloIsNotTold) {
  for (const Row& row : kUndelivered) {
    SCOPED_TRACE(row.name);
    Flow flow;
    row.send(flow, small_hello("im.example"));
    EXPECT_EQ(flow.told(), Told(ParseStatus::need_more));
  }
}

TEST(Quic, AnEmptyPoolIsMalformed) {
  Connections connections(1);
  Flow first(connections);
  Flow second(connections);
  first.send(initial(ping()));
  EXPECT_EQ(first.told(), Told(ParseStatus::need_more));
  second.send(initial(ping(), {.keyed_by = "nobody's"}));  // what does not open takes no session
  EXPECT_EQ(second.told(), Told(ParseStatus::need_more));
  second.send(whole("im.example"));
  EXPECT_EQ(second.told(), Told(ParseStatus::malformed));
  EXPECT_EQ(connections.sessions_in_use(), 1u);
  EXPECT_GT(connections.memory(), 4096u);
}

// Every session and buffer comes back: far more flows than there is room for.
TEST(Quic, SessionsAndBuffersComeBack) {
  Connections connections(2);
  const std::string big = hello(extension(21, std::string(6000, 'p')) + sni({"im.example"}));
  for (int round = 0; round < 20; ++round) {
    Flow flow(connections);
    for (std::size_t i = 0; i < 4; ++i) {
      flow.send(initial(piece(big, i * 1000, (i + 1) * 1000), {.number = i}));
    }
    flow.send(whole(kFake, {.destination = "another1"}));
    ASSERT_EQ(flow.told(), Told(ParseStatus::done, {kFake})) << round;
    EXPECT_EQ(connections.sessions_in_use(), 1u);
  }
  EXPECT_EQ(connections.sessions_in_use(), 0u);
}

TEST(Quic, Probe) {
  struct Case {
    const char* name;
    std::string datagram;
    Probe probe;
  };
  const std::string unknown = invariant_header(0x12345678, '\xc0', "destinat", "s");
  const Case cases[] = {
      {"version 1", whole("a.example"), Probe::certain},
      {"version 2", whole("a.example", {.version = kVersion2}), Probe::certain},
      {"0-RTT alone", packet({.type = PacketType::zero_rtt}, padding(50)), Probe::certain},
      {"Retry", retry({}), Probe::certain},
      {"Google's Q050", invariant_header(0x51303530, '\xc0', "destinat", "") + "x", Probe::certain},
      {"reserved version", invariant_header(0xfafafafa, '\xc0', "destinat", "") + padding(1200),
       Probe::certain},
      {"reserved version, too small", invariant_header(0xfafafafa, '\xc0', "destinat", ""),
       Probe::not_mine},
      {"version negotiation", version_negotiation("a", "b"), Probe::certain},
      {"version negotiation with unknown versions only",
       invariant_header(0, '\xc0', "a", "b") + std::string(8, 'x'), Probe::not_mine},
      {"version negotiation without a version", invariant_header(0, '\x80', "a", "b"),
       Probe::not_mine},
      {"unknown version", unknown + padding(1200), Probe::unsure},
      {"unknown version, too small", unknown + padding(1000), Probe::not_mine},
      {"unknown version, long id",
       invariant_header(0x12345678, '\xc0', std::string(21, 'd'), "s") + padding(1200),
       Probe::not_mine},
      {"version 1, long id",
       invariant_header(kVersion1, '\xc0', std::string(21, 'd'), "s") + padding(1200),
       Probe::not_mine},
      {"short header", "\x40" + std::string(1200, 'x'), Probe::not_mine},
      {"STUN", from_hex("000100002112a442") + std::string(12, 't'), Probe::not_mine},
      {"DTLS", from_hex("16feff0000000000000000") + std::string(200, 'd'), Probe::not_mine},
      {"LLMNR", from_hex("f5000000000100000000000004") + "host" + from_hex("0000ff0001"),
       Probe::not_mine},
      {"RTP of a video",
       from_hex("8022011100") + std::string(1, '\x09') + std::string(1300, '\x07'),
       Probe::not_mine},
      {"RTP", from_hex("80600001000000010000000200") + std::string(160, 'v'), Probe::not_mine},
      {"RTCP", from_hex("80c800060000000100000002") + std::string(16, 'v'), Probe::not_mine},
      {"DNS", from_hex("abcd01000001000000000000") + "\1a\7example", Probe::not_mine},
      {"WireGuard", from_hex("01000000") + std::string(144, '\xee'), Probe::not_mine},
      {"empty", "", Probe::not_mine},
      {"one byte", "\xc0", Probe::not_mine},
  };
  for (const Case& c : cases) EXPECT_EQ(probe(as_bytes(c.datagram)), c.probe) << c.name;
}

}  // namespace
}  // namespace chatgate::proto::quic
