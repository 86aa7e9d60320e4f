// The sample packets of RFC 9001 appendix A, RFC 9369 appendix A, and draft 29's.
#include "proto/quic_crypto.h"

#include <array>
#include <gtest/gtest.h>

#include "quic_builder.h"
#include "quic_samples.h"

namespace chatgate::proto::quic {
namespace {

using namespace test;

TEST(QuicCrypto, KeysOfTheSamples) {
  for (const Sample& sample : kSamples) {
    SCOPED_TRACE(sample.name);
    for (const auto& [sender, expected] : {std::pair{Sender::client, sample.client_keys},
                                           std::pair{Sender::server, sample.server_keys}}) {
      InitialKeys keys;
      test_crypto().derive(*find_version(sample.version), as_bytes(from_hex(kSampleDestination)),
                           sender, keys);
      EXPECT_EQ(to_hex(keys.key), expected.key);
      EXPECT_EQ(to_hex(keys.iv), expected.iv);
      if (expected.header.empty()) continue;
      EXPECT_EQ(to_hex(keys.header), expected.header);
    }
  }
}

// Sealed it is the packet of the RFC: its last bytes are the tag over all of it.
TEST(QuicCrypto, SampleIsSealedAndOpened) {
  for (const Sample& sample : kSamples) {
    SCOPED_TRACE(sample.name);
    const std::string datagram = sample_datagram(sample);
    ASSERT_EQ(datagram.size(), 1200u);
    const std::string hex = to_hex(as_bytes(datagram));
    EXPECT_EQ(hex.substr(0, sample.begin.size()), sample.begin);
    EXPECT_EQ(hex.substr(hex.size() - sample.end.size()), sample.end);

    PacketWalker walker(as_bytes(datagram));
    Packet packet;
    ASSERT_TRUE(walker.next(packet));
    EXPECT_EQ(packet.type, PacketType::initial);
    EXPECT_EQ(to_hex(packet.destination), kSampleDestination);
    InitialKeys keys;
    test_crypto().derive(*packet.version, packet.destination, Sender::client, keys);
    std::array<std::uint8_t, 1500> plain;
    const auto opened = test_crypto().open(keys, packet, 0, plain);
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->number, 2u);
    EXPECT_EQ(as_text(opened->payload), sample_frames(sample));
    EXPECT_FALSE(walker.next(packet));
  }
}

TEST(QuicCrypto, ServerSampleOpensByTheServersKeys) {
  const std::string datagram = from_hex(
      "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c6979755478"
      "0b"
      "b38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb"
      "19"
      "fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee");
  PacketWalker walker(as_bytes(datagram));
  Packet packet;
  ASSERT_TRUE(walker.next(packet));
  std::array<std::uint8_t, 200> plain;
  for (const Sender sender : {Sender::client, Sender::server}) {
    InitialKeys keys;
    test_crypto().derive(*packet.version, as_bytes(from_hex(kSampleDestination)), sender, keys);
    const auto opened = test_crypto().open(keys, packet, 0, plain);
    ASSERT_EQ(opened.has_value(), sender == Sender::server);
    if (!opened) continue;
    EXPECT_EQ(opened->number, 1u);
    EXPECT_EQ(to_hex(opened->payload).substr(0, 34), "02000000000600405a020000560303eefc");
  }
}

TEST(QuicCrypto, EveryChangedBitIsNoticed) {
  const std::string good = packet({.token = "tok"}, "\x01\x01\x01\x01");
  InitialKeys keys;
  test_crypto().derive(*find_version(kVersion1), as_bytes("destinat"), Sender::client, keys);
  std::array<std::uint8_t, 1500> plain;
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    PacketWalker walker(as_bytes(bad));
    Packet packet;
    if (!walker.next(packet)) continue;
    EXPECT_FALSE(test_crypto().open(keys, packet, 0, plain)) << bit;
  }
}

// RFC 9000 appendix A.3: a number is sent in part, and means the one nearest to what is expected.
TEST(QuicCrypto, PacketNumbers) {
  struct Case {
    std::uint64_t number;
    std::size_t size;
    std::uint64_t expected;
  };
  for (const Case& c :
       {Case{0, 1, 0}, Case{255, 1, 200}, Case{256, 1, 200}, Case{0xa82f9b32, 2, 0xa82f30eb},
        Case{65541, 2, 65530}, Case{65536, 3, 65530}, Case{0x80000000, 4, 0},
        Case{(std::uint64_t{1} << 62) - 1, 4, (std::uint64_t{1} << 62) - 2}}) {
    const std::string datagram =
        packet({.number = c.number, .number_size = c.size}, "\x01\x01\x01\x01");
    InitialKeys keys;
    test_crypto().derive(*find_version(kVersion1), as_bytes("destinat"), Sender::client, keys);
    PacketWalker walker(as_bytes(datagram));
    Packet packet;
    ASSERT_TRUE(walker.next(packet));
    std::array<std::uint8_t, 100> plain;
    const auto opened = test_crypto().open(keys, packet, c.expected, plain);
    ASSERT_TRUE(opened.has_value()) << c.number;
    EXPECT_EQ(opened->number, c.number);
  }
}

}  // namespace
}  // namespace chatgate::proto::quic
