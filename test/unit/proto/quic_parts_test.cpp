// The parts below Connections: numbers, packets, frames, reassembly.
#include <gtest/gtest.h>
#include <map>
#include <random>

#include "proto/quic_frames.h"
#include "proto/quic_packet.h"
#include "proto/quic_reassembly.h"

#include "quic_builder.h"

namespace chatgate::proto::quic {
namespace {

using namespace test;
using Stored = StreamPool::Stored;

// RFC 9000 appendix A.1.
TEST(QuicParts, Varints) {
  const std::pair<const char*, std::uint64_t> cases[] = {
      {"c2197c5eff14e88c", 151288809941952652},
      {"9d7f3e7d", 494878333},
      {"7bbd", 15293},
      {"25", 37},
      {"4025", 37},
      {"ffffffffffffffff", (std::uint64_t{1} << 62) - 1}};
  for (const auto& [hex, value] : cases) {
    const std::string bytes = from_hex(hex);
    Cursor cursor(as_bytes(bytes));
    EXPECT_EQ(read_varint(cursor), value);
    EXPECT_TRUE(cursor.ok() && cursor.at_end()) << hex;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      Cursor cut(as_bytes(bytes).first(size));
      EXPECT_EQ(read_varint(cut), 0u);
      EXPECT_FALSE(cut.ok()) << hex << ' ' << size;
    }
  }
}

TEST(QuicParts, PacketsOfADatagram) {
  for (const std::uint32_t version : {kVersion1, kVersion2, kDraft29}) {
    const std::string datagram =
        packet({.version = version, .token = "token"}, padding(20)) +
        packet({.version = version, .type = PacketType::zero_rtt}, padding(30)) +
        packet({.version = version, .type = PacketType::handshake}, padding(40)) +
        retry({.version = version});
    PacketWalker walker(as_bytes(datagram));
    Packet packet;
    std::size_t size = 0;
    for (const PacketType type :
         {PacketType::initial, PacketType::zero_rtt, PacketType::handshake, PacketType::retry}) {
      ASSERT_TRUE(walker.next(packet));
      EXPECT_EQ(packet.type, type);
      EXPECT_EQ(packet.version_number, version);
      EXPECT_EQ(as_text(packet.destination), "destinat");
      EXPECT_EQ(as_text(packet.source), "source");
      EXPECT_EQ(as_text(packet.token), type == PacketType::initial ? "token" : "");
      size += packet.bytes.size();
    }
    EXPECT_EQ(size, datagram.size());
    EXPECT_FALSE(walker.next(packet));
  }
}

// Every cut of a datagram gives a beginning of its packets, and reads nothing beyond the cut.
TEST(QuicParts, PacketsOfACutDatagram) {
  const std::string first = packet({.token = "token"}, padding(20));
  const std::string datagram = first + packet({.type = PacketType::handshake}, padding(40));
  for (std::size_t size = 0; size < datagram.size(); ++size) {
    const std::vector<std::uint8_t> cut(datagram.begin(),
                                        datagram.begin() + static_cast<std::ptrdiff_t>(size));
    PacketWalker walker(cut);
    Packet packet;
    std::size_t count = 0;
    while (walker.next(packet)) ++count;
    EXPECT_EQ(count, size >= first.size() ? 1u : 0u) << size;
  }
}

std::string frames_of(std::string_view payload) {
  FrameReader reader(as_bytes(payload));
  CryptoFrame frame;
  std::string text;
  for (;;) {
    switch (reader.next(frame)) {
      case FrameReader::Next::crypto:
        text += std::to_string(frame.offset) + ':' + std::string(as_text(frame.data)) + ' ';
        break;
      case FrameReader::Next::end: return text + "end";
      case FrameReader::Next::broken: return text + "broken";
    }
  }
}

TEST(QuicParts, Frames) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "end"},
      {padding(9), "end"},
      {ping() + ping(), "end"},
      {ack() + ack(true) + crypto_frame(7, "abc") + connection_close(), "7:abc end"},
      {crypto_frame(0, "") + padding(1) + crypto_frame(1, "x"), "0: 1:x end"},
      {"\x1d" + varint(5) + varint(2) + "no" + crypto_frame(1, "x"), "1:x end"},
      {"\x1c" + varint(5) + varint(6) + varint(3) + "no", "broken"},
      {crypto_frame(1, "x") + "\x07", "1:x broken"},      // NEW_TOKEN
      {crypto_frame(1, "x") + varint(70), "1:x broken"},  // no type at all
      {"\x02", "broken"},
      {"\x02" + varint(1) + varint(1) + varint(1000) + varint(0), "broken"},
      {"\x03" + varint(1) + varint(1) + varint(0) + varint(0) + varint(1), "broken"},
  };
  for (const auto& [payload, expected] : cases) {
    EXPECT_EQ(frames_of(payload), expected) << to_hex(as_bytes(payload));
  }
  const std::string frame = crypto_frame(70, "some data");
  for (std::size_t size = 1; size < frame.size(); ++size) {
    EXPECT_EQ(frames_of(frame.substr(0, size)), "broken") << size;
  }
}

TEST(QuicParts, StoredAndContiguous) {
  StreamPool pool(2);
  CryptoStream stream;
  const auto store = [&](std::uint64_t offset, std::string_view text) {
    return pool.store(stream, offset, as_bytes(text));
  };
  EXPECT_TRUE(pool.contiguous(stream).empty());
  EXPECT_EQ(store(3, "def"), Stored::stored);
  EXPECT_EQ(as_text(pool.contiguous(stream)), "");
  EXPECT_EQ(store(0, "abcd"), Stored::stored);
  EXPECT_EQ(as_text(pool.contiguous(stream)), "abcdef");
  EXPECT_EQ(store(2, "cdefgh"), Stored::stored);
  EXPECT_EQ(store(0, "abcdefgh"), Stored::stored);
  EXPECT_EQ(as_text(pool.contiguous(stream)), "abcdefgh");
  EXPECT_EQ(store(7, "xi"), Stored::conflict);
  EXPECT_EQ(store(1, "x"), Stored::conflict);
  EXPECT_EQ(as_text(pool.contiguous(stream)), "abcdefgh");
  EXPECT_EQ(store(kMaxStream - 1, "z"), Stored::stored);
  EXPECT_EQ(store(kMaxStream, "z"), Stored::too_long);
  EXPECT_EQ(store(kMaxStream - 1, "zz"), Stored::too_long);
  EXPECT_EQ(store(~std::uint64_t{0}, "z"), Stored::too_long);
  EXPECT_EQ(as_text(pool.contiguous(stream)), "abcdefgh");
  pool.release(stream);
  EXPECT_TRUE(pool.contiguous(stream).empty());
}

TEST(QuicParts, BuffersRunOut) {
  StreamPool pool(1);  // and four large ones
  std::vector<CryptoStream> streams(6);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(pool.store(streams[i], 0, as_bytes("a")), Stored::stored) << i;
  }
  EXPECT_EQ(pool.store(streams[5], 0, as_bytes("a")), Stored::no_room);
  EXPECT_EQ(pool.store(streams[5], 0, {}), Stored::stored);
  EXPECT_EQ(pool.store(streams[0], 5000, as_bytes("a")), Stored::no_room);
  pool.release(streams[1]);
  EXPECT_EQ(pool.store(streams[0], 5000, as_bytes("a")), Stored::stored);
  EXPECT_EQ(as_text(pool.contiguous(streams[0])), "a");
  EXPECT_EQ(pool.store(streams[5], 0, as_bytes("b")), Stored::stored);
}

// Against a map of bytes, with pieces that often overlap and seldom differ.
TEST(QuicParts, ReassemblyAgreesWithAMap) {
  std::mt19937 random(7);
  StreamPool pool(1);
  for (int round = 0; round < 300; ++round) {
    const std::size_t reach = round % 3 == 0 ? 9000 : 300;
    CryptoStream stream;
    std::map<std::size_t, char> expected;
    for (int step = 0; step < 60; ++step) {
      const std::size_t offset = random() % reach;
      std::string data;
      for (std::size_t i = 0; i < random() % 200; ++i) {
        data += static_cast<char>((offset + i) * 31 + (random() % 3000 == 0 ? 1 : 0));
      }
      bool differs = false;
      for (std::size_t i = 0; i < data.size(); ++i) {
        const auto known = expected.find(offset + i);
        differs = differs || (known != expected.end() && known->second != data[i]);
      }
      const Stored stored = pool.store(stream, offset, as_bytes(data));
      ASSERT_EQ(stored, differs ? Stored::conflict : Stored::stored);
      if (differs) break;
      for (std::size_t i = 0; i < data.size(); ++i) expected.emplace(offset + i, data[i]);
      std::string start;
      for (const auto& [at, byte] : expected) {
        if (at != start.size()) break;
        start += byte;
      }
      ASSERT_EQ(as_text(pool.contiguous(stream)), start);
    }
    pool.release(stream);
  }
}

}  // namespace
}  // namespace chatgate::proto::quic
