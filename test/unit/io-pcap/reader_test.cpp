// Captures of every kind, whole, cut and damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

#include "files.h"

namespace chatgate::io {
namespace {

using namespace test;
using net::LinkType;
using testing::EndsWith;
using testing::HasSubstr;

constexpr std::uint64_t kSecond = 1'000'000'000;

std::string pcapng_sample(bool little) {
  return Builder(little)
      .section()
      .interface(1, 96)
      .packet(0, 1'500'000, "first packet")
      .block(5, "statistics of no interest")
      .packet(0, 2'000'001, "second", 600)
      .text();
}

TEST(Reader, PcapInEveryByteOrderAndPrecision) {
  struct Row {
    bool little;
    std::uint32_t magic;
    std::uint64_t time;
  };
  const Row rows[] = {{true, 0xa1b2c3d4, 7 * kSecond + 5000},
                      {false, 0xa1b2c3d4, 7 * kSecond + 5000},
                      {true, 0xa1b23c4d, 7 * kSecond + 5},
                      {false, 0xa1b23c4d, 7 * kSecond + 5}};
  const Folder folder;
  for (const Row& row : rows) {
    const auto text =
        Builder(row.little).pcap_header(1, row.magic).pcap_packet(7, 5, "abc", 60).text();
    const Outcome outcome = read_capture(folder.write("x.pcap", text));
    ASSERT_EQ(outcome.packets.size(), 1u);
    EXPECT_EQ(outcome.error, "");
    EXPECT_EQ(outcome.packets[0].bytes, "abc");
    EXPECT_EQ(outcome.packets[0].wire_length, 60u);
    EXPECT_EQ(outcome.packets[0].time, row.time);
    EXPECT_EQ(outcome.packets[0].number, 1u);
  }
}

TEST(Reader, PcapngInBothByteOrders) {
  const Folder folder;
  for (const bool little : {true, false}) {
    const Outcome outcome = read_capture(folder.write("x", pcapng_sample(little)));
    EXPECT_EQ(outcome.error, "");
    ASSERT_EQ(outcome.packets.size(), 2u);
    EXPECT_EQ(outcome.packets[0].bytes, "first packet");
    EXPECT_EQ(outcome.packets[0].time, 1'500'000'000u);
    EXPECT_EQ(outcome.packets[1].bytes, "second");
    EXPECT_EQ(outcome.packets[1].wire_length, 600u);
    EXPECT_EQ(outcome.packets[1].number, 2u);
  }
}

TEST(Reader, LinkTypes) {
  struct Row {
    std::uint16_t number;
    LinkType link;
  };
  const Row rows[] = {{1, LinkType::ethernet},          {113, LinkType::linux_cooked},
                      {276, LinkType::linux_cooked_v2}, {101, LinkType::raw_ip},
                      {228, LinkType::raw_ip},          {229, LinkType::raw_ip},
                      {0, LinkType::null_loopback},     {108, LinkType::null_loopback}};
  const Folder folder;
  for (const Row& row : rows) {
    const auto pcap = Builder().pcap_header(row.number).pcap_packet(1, 2, "abc").text();
    const auto pcapng = Builder().section().interface(row.number).packet(0, 1, "abc").text();
    for (const std::string& text : {pcap, pcapng}) {
      const Outcome outcome = read_capture(folder.write("x", text));
      ASSERT_EQ(outcome.packets.size(), 1u) << row.number << " " << outcome.error;
      EXPECT_EQ(outcome.packets[0].link, row.link) << row.number;
    }
  }
}

TEST(Reader, UnsupportedLinkTypeIsNamed) {
  const Folder folder;
  EXPECT_THAT(read_capture(folder.write("x", Builder().pcap_header(9).text())).error,
              EndsWith("/x: link type PPP is not supported, read are Ethernet, Linux cooked v1 and "
                       "v2, raw IP and null/loopback"));
  const auto mixed = Builder()
                         .section()
                         .interface(1)
                         .interface(104)
                         .packet(0, 1, "good")
                         .packet(1, 2, "bad")
                         .text();
  const Outcome outcome = read_capture(folder.write("y", mixed));
  EXPECT_EQ(outcome.packets.size(), 1u);
  EXPECT_THAT(outcome.error,
              HasSubstr("/y: packet 2 has link type C_HDLC, which is not supported"));
}

// What libpcap refuses: interfaces that differ; and a second section, which starts its own.
TEST(Reader, PcapngOfManyInterfacesAndSections) {
  const Folder folder;
  const auto text = Builder()
                        .section()
                        .interface(1, 65535)
                        .interface(0, 128)
                        .packet(1, 1, "loop")
                        .packet(0, 2, "ether")
                        .section()
                        .interface(101)
                        .packet(0, 3, "raw")
                        .text();
  const Outcome outcome = read_capture(folder.write("x", text));
  EXPECT_EQ(outcome.error, "");
  ASSERT_EQ(outcome.packets.size(), 3u);
  EXPECT_EQ(outcome.packets[0].link, LinkType::null_loopback);
  EXPECT_EQ(outcome.packets[1].link, LinkType::ethernet);
  EXPECT_EQ(outcome.packets[2].link, LinkType::raw_ip);
}

TEST(Reader, PcapngTimeResolutionsAndOffsets) {
  struct Row {
    std::uint8_t resolution;
    std::uint64_t units, nanoseconds;
  };
  const Row rows[] = {{0, 3, 3 * kSecond},
                      {3, 1500, 1'500'000'000},
                      {6, 1'500'000, 1'500'000'000},
                      {9, 1'234'567'891'234'567'890, 1'234'567'891'234'567'890},
                      {12, 1'500'000'000'000, 1'500'000'000},
                      {0x80 | 10, 1536, 1'500'000'000},
                      {0x80 | 32, std::uint64_t{3} << 31, 1'500'000'000}};
  const Folder folder;
  for (const Row& row : rows) {
    const auto options =
        Builder().u16(9).u16(1).u8(row.resolution).bytes(std::string(3, '\0')).u32(0).text();
    const auto text = Builder().section().interface(1, 0, options).packet(0, row.units, "x").text();
    const Outcome outcome = read_capture(folder.write("x", text));
    ASSERT_EQ(outcome.packets.size(), 1u);
    EXPECT_EQ(outcome.packets[0].time, row.nanoseconds) << int{row.resolution};
  }
  for (const bool little : {true, false}) {
    const std::uint32_t words[2] = {0, 100};
    const auto options =
        Builder(little).u16(14).u16(8).u32(words[little ? 1 : 0]).u32(words[little ? 0 : 1]).text();
    const auto text =
        Builder(little).section().interface(1, 0, options).packet(0, 1'000'000, "x").text();
    EXPECT_EQ(read_capture(folder.write("x", text)).packets.at(0).time, 101 * kSecond);
  }
}

TEST(Reader, PcapngSimpleAndObsoletePackets) {
  const Folder folder;
  const auto text =
      Builder()
          .section()
          .interface(1, 4)
          .packet(0, 5'000'000, "ab")
          .block(3, Builder().u32(9).bytes("abcd").text())
          .block(2, Builder().u16(0).u16(0).u32(0).u32(6'000'000).u32(3).u32(3).bytes("xyz").text())
          .text();
  const Outcome outcome = read_capture(folder.write("x", text));
  EXPECT_EQ(outcome.error, "");
  ASSERT_EQ(outcome.packets.size(), 3u);
  EXPECT_EQ(outcome.packets[1].bytes, "abcd");  // cut at the snap length
  EXPECT_EQ(outcome.packets[1].wire_length, 9u);
  EXPECT_EQ(outcome.packets[1].time, 5 * kSecond);  // it has none: that of the one before
  EXPECT_EQ(outcome.packets[2].bytes, "xyz");
  EXPECT_EQ(outcome.packets[2].time, 6 * kSecond);
}

TEST(Reader, NotACapture) {
  const Folder folder;
  EXPECT_THAT(read_capture(folder / "absent").error,
              EndsWith("/absent: cannot be read: No such file or directory"));
  EXPECT_THAT(read_capture(folder.write("e", "")).error,
              EndsWith("/e: not a capture: the file is empty"));
  EXPECT_THAT(read_capture(folder.write("t", "{ \"rules\": [] } and so on and on")).error,
              EndsWith("/t: not a pcap or pcapng capture"));
  EXPECT_THAT(read_capture(folder.write("s", "\xd4\xc3\xb2\xa1")).error,
              EndsWith("/s: not a capture: the file is shorter than a file header"));
  EXPECT_THAT(read_capture(folder.write("n", "\n\nlines of text")).error,
              EndsWith("/n: not a pcap or pcapng capture"));
  EXPECT_THAT(
      read_capture(folder.write("z", "\x1f\x8b\x08 and what gzip makes of it")).error,
      EndsWith("/z: not a pcap or pcapng capture, it looks compressed, decompress it first"));
  EXPECT_THAT(read_capture("/tmp").error, HasSubstr("cannot be read: Is a directory"));
}

// Cut at every byte: what came before is delivered, the cut is told unless it falls between two
// packets, and no other packet appears.
void cut_everywhere(const std::string& whole, std::vector<std::size_t> boundaries) {
  const Folder folder;
  const std::size_t packets = read_capture(folder.write("whole", whole)).packets.size();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Outcome outcome = read_capture(folder.write("cut", whole.substr(0, size)));
    EXPECT_LE(outcome.packets.size(), packets);
    const bool between = std::find(boundaries.begin(), boundaries.end(), size) != boundaries.end();
    EXPECT_EQ(outcome.error.empty(), between) << size << " " << outcome.error;
    if (outcome.opened && !between) {
      EXPECT_THAT(outcome.error, HasSubstr("the capture is cut off after " +
                                           std::to_string(outcome.packets.size()) + " packet"));
    }
  }
}

TEST(Reader, PcapCutAtEveryByte) {
  const Builder head = Builder().pcap_header(1);
  Builder one = head;
  one.pcap_packet(1, 2, "abcdef");
  Builder two = one;
  two.pcap_packet(1, 3, "gh");
  cut_everywhere(two.text(), {head.text().size(), one.text().size()});
}

TEST(Reader, PcapngCutAtEveryByte) {
  for (const bool little : {true, false}) {
    std::vector<std::size_t> boundaries;
    Builder all(little);
    all.section();
    boundaries.push_back(all.text().size());
    all.interface(1, 96);
    boundaries.push_back(all.text().size());
    all.packet(0, 1, "abcde");
    boundaries.push_back(all.text().size());
    all.block(5, "statistics");
    boundaries.push_back(all.text().size());
    all.packet(0, 2, "fgh");
    cut_everywhere(all.text(), boundaries);
  }
}

TEST(Reader, DamageIsToldAndKeepsWhatCameBefore) {
  struct Row {
    const char* what;
    std::string text;
    std::size_t packets;
    const char* error;
  };
  const Builder start = Builder().section().interface(1).packet(0, 1, "good");
  const auto with = [&](auto&& more) {
    Builder builder = start;
    more(builder);
    return builder.text();
  };
  const Row rows[] = {
      {"captured more than the block holds", with([](Builder& b) {
         b.block(6, Builder().u32(0).u32(0).u32(1).u32(99).u32(99).bytes("abcd").text());
       }),
       1, "damaged after packet 1"},
      {"interface that was not described", with([](Builder& b) { b.packet(7, 1, "x"); }), 1,
       "damaged after packet 1"},
      {"packet block too short", with([](Builder& b) { b.block(6, "1234"); }), 1,
       "damaged after packet 1"},
      {"lengths that differ", with([](Builder& b) { b.u32(6).u32(16).u32(0).u32(20); }), 1,
       "damaged after packet 1"},
      {"length that is no multiple of four", with([](Builder& b) { b.u32(6).u32(17); }), 1,
       "damaged after packet 1"},
      {"length beyond all measure", with([](Builder& b) { b.u32(6).u32(0x7ffffff0); }), 1,
       "damaged after packet 1"},
      {"section of a later format", with([](Builder& b) {
         b.block(0x0a0d0d0a, Builder().u32(0x1a2b3c4d).u16(2).u16(0).u32(0).u32(0).text());
       }),
       1, "damaged after packet 1"},
      {"pcap packet beyond all measure",
       Builder().pcap_header(1).pcap_packet(1, 1, "x").u32(1).u32(1).u32(0x420000).u32(1).text(), 1,
       "packet 2 is damaged"},
  };
  const Folder folder;
  for (const Row& row : rows) {
    const Outcome outcome = read_capture(folder.write("x", row.text));
    EXPECT_EQ(outcome.packets.size(), row.packets) << row.what;
    EXPECT_THAT(outcome.error, HasSubstr(row.error)) << row.what;
  }
}

TEST(Reader, SurvivesAnyBytes) {
  const Folder folder;
  std::mt19937 random(7);
  const std::string samples[] = {
      pcapng_sample(true), pcapng_sample(false),
      Builder().pcap_header(1).pcap_packet(1, 2, "abcdef").pcap_packet(3, 4, "gh").text()};
  for (int round = 0; round < 3000; ++round) {
    std::string text = samples[random() % 3];
    for (unsigned change = 1 + random() % 4; change > 0; --change) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    for (const Read& packet : read_capture(folder.write("x", text)).packets) {
      EXPECT_LE(packet.bytes.size(), text.size());
      EXPECT_LE(packet.bytes.size(), packet.wire_length);
    }
  }
}

}  // namespace
}  // namespace chatgate::io
