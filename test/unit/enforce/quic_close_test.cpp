#include "enforce/quic_close.h"

#include <array>
#include <gtest/gtest.h>

#include "proto/quic_frames.h"

#include "../proto/quic_builder.h"

namespace chatgate::enforce {
namespace {

using namespace proto::quic;
using namespace proto::test;

ConnectionIds ids(std::string_view keyed_by, std::string_view client = {},
                  std::string_view server = {}) {
  ConnectionIds ids;
  ids.keyed_by.assign(as_bytes(keyed_by));
  ids.client.assign(as_bytes(client));
  ids.server.assign(as_bytes(server));
  return ids;
}

std::string close_for(std::string_view datagram, const ConnectionIds& known = {}) {
  std::array<std::uint8_t, kMaxQuicClose> out;
  const std::size_t size = build_quic_close(as_bytes(datagram), known, test_crypto(), out);
  return std::string(as_text(Bytes(out).first(size)));
}

struct Case {
  const char* name;
  Long client;
  ConnectionIds known = {};
  std::string keyed_by = {};  // the client's own destination where empty
  std::string source = {};
};

const Case kCases[] = {
    {"version 1", {}},
    {"version 2", {.version = kVersion2}},
    {"draft 29", {.version = kDraft29}},
    {"no source id", {.source = ""}},
    {"ids of 20 bytes", {.destination = std::string(20, 'd'), .source = std::string(20, 's')}},
    {"token", {.token = std::string(300, 't')}},
    {"to an id that the server has chosen",
     {.destination = "server", .keyed_by = "destinat"},
     ids("destinat", "source", "server"),
     "destinat"},
    {"to an id that the server has chosen, unseen",
     {.destination = "server", .keyed_by = "destinat"},
     ids("destinat", "source"),
     "destinat"},
    {"from a client without id to an id that the server has chosen",
     {.destination = "server", .source = "", .keyed_by = "destinat"},
     ids("destinat", "", "server"),
     "destinat"},
    {"crossing the server's answer", {}, ids("destinat", "source", "server"), "", "server"},
    {"of another connection", {}, ids("8 others", "others", "theirs")},
    {"of another connection, unanswered", {}, ids("8 others", "others")},
};

// Read as a client does: its own id, the version it spoke, the server's keys, the first number.
TEST(QuicClose, OpensAtTheClient) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const std::string answer = close_for(initial(crypto_frame(0, "hello"), c.client), c.known);
    PacketWalker walker(as_bytes(answer));
    Packet packet;
    ASSERT_TRUE(walker.next(packet));
    EXPECT_EQ(packet.type, PacketType::initial);
    EXPECT_EQ(packet.version_number, c.client.version);
    EXPECT_EQ(as_text(packet.destination), c.client.source);
    EXPECT_EQ(as_text(packet.source), c.source.empty() ? c.client.destination : c.source);
    EXPECT_TRUE(packet.token.empty());
    EXPECT_EQ(packet.bytes.size(), answer.size());
    InitialKeys keys;
    test_crypto().derive(*packet.version,
                         as_bytes(c.keyed_by.empty() ? c.client.destination : c.keyed_by),
                         Sender::server, keys);
    std::array<std::uint8_t, kMaxQuicClose> plain;
    for (const std::uint64_t expected : {0, 3}) {
      const auto opened = test_crypto().open(keys, packet, expected, plain);
      ASSERT_TRUE(opened.has_value());
      EXPECT_EQ(to_hex(opened->payload), "1c020000");  // CONNECTION_REFUSED, no frame, no reason
      FrameReader frames(opened->payload);
      CryptoFrame frame;
      EXPECT_EQ(frames.next(frame), FrameReader::Next::end);
    }
  }
}

TEST(QuicClose, AnswersTheInitialWhereverItStands) {
  const std::string datagram =
      packet({.type = PacketType::zero_rtt}, padding(60)) + initial(ping());
  EXPECT_EQ(close_for(datagram), close_for(initial(ping())));
  EXPECT_EQ(close_for(initial(ping()) + padding(20)), close_for(initial(ping())));
}

TEST(QuicClose, NothingToAnswer) {
  EXPECT_EQ(close_for(""), "");
  EXPECT_EQ(close_for("\x40 a short header"), "");
  EXPECT_EQ(close_for(packet({.type = PacketType::handshake}, padding(60))), "");
  EXPECT_EQ(close_for(retry({})), "");
  EXPECT_EQ(close_for(version_negotiation("a", "b")), "");
  EXPECT_EQ(close_for(invariant_header(0x1a2a3a4a, '\xc0', "destinat", "s") + padding(1200)), "");
  const std::string datagram = initial(ping());
  for (std::size_t size = 0; size < datagram.size(); ++size) {
    EXPECT_EQ(close_for(datagram.substr(0, size)), "") << size;
  }
}

// A forged sender address must not make the gateway send more than it got.
TEST(QuicClose, NoAmplification) {
  const std::string small = packet({}, padding(4));
  EXPECT_LE(close_for(small).size(), small.size());
  EXPECT_EQ(close_for(packet({.number_size = 1}, padding(3))), "");
}

TEST(QuicClose, RoomIsChecked) {
  const std::string datagram = initial(ping());
  const std::size_t size = close_for(datagram).size();
  for (std::size_t room = 0; room <= size; ++room) {
    std::vector<std::uint8_t> out(room);
    EXPECT_EQ(build_quic_close(as_bytes(datagram), {}, test_crypto(), out), room < size ? 0 : size);
  }
}

}  // namespace
}  // namespace chatgate::enforce
