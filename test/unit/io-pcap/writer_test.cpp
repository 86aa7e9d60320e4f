// What is written is read again the same, and every failure is one line.
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/pcap/capture_writer.h"

#include "files.h"

namespace chatgate::io {
namespace {

using namespace test;
using net::LinkType;
using testing::EndsWith;

constexpr LinkType kAll[] = {LinkType::ethernet, LinkType::linux_cooked, LinkType::linux_cooked_v2,
                             LinkType::raw_ip, LinkType::null_loopback};
constexpr Time kTime{1'795'464'000'123'456'789};

TEST(Writer, EveryLinkTypeComesBack) {
  const Folder folder;
  for (const char* name : {"x.pcap", "x.pcapng"}) {
    for (const LinkType link : kAll) {
      Diagnostics findings;
      const auto writer = CaptureWriter::open(folder / name, findings);
      ASSERT_TRUE(writer);
      for (const std::string_view frame : {"", "a", "abcd", "abcdefg"}) {
        EXPECT_TRUE(writer->write(as_bytes(frame), 99, link, kTime, findings));
      }
      EXPECT_TRUE(writer->close(findings));
      const Outcome outcome = read_capture(folder / name);
      EXPECT_EQ(outcome.error, "");
      ASSERT_EQ(outcome.packets.size(), 4u);
      EXPECT_EQ(outcome.packets[3].bytes, "abcdefg");
      EXPECT_EQ(outcome.packets[3].wire_length, 99u);
      EXPECT_EQ(outcome.packets[3].link, link);
      EXPECT_EQ(outcome.packets[3].time, kTime.nanoseconds);
    }
  }
}

TEST(Writer, PcapngHoldsManyLinkTypes) {
  const Folder folder;
  Diagnostics findings;
  const auto writer = CaptureWriter::open(folder / "x.pcapng", findings);
  for (int round = 0; round < 2; ++round) {
    for (const LinkType link : kAll) writer->write(as_bytes("abc"), 3, link, kTime, findings);
  }
  EXPECT_TRUE(writer->close(findings));
  const Outcome outcome = read_capture(folder / "x.pcapng");
  ASSERT_EQ(outcome.packets.size(), 10u);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(outcome.packets[i].link, kAll[i % 5]);
}

// What is said beside the bytes does not stand in the way of a reader, and is there.
TEST(Writer, PcapngHoldsNotes) {
  const Folder folder;
  Diagnostics findings;
  const auto writer = CaptureWriter::open(folder / "x.pcapng", findings);
  for (std::size_t size = 0; size < 9; ++size) {
    const std::string comment(size, 'c');
    const CaptureNote note{size % 2 == 0 ? "inside" : "outside", Direction::outbound, comment};
    EXPECT_TRUE(writer->write(as_bytes(std::string_view("abcdefgh").substr(0, size)), 99,
                              LinkType::ethernet, kTime, findings, note));
  }
  EXPECT_TRUE(writer->close(findings));
  const Outcome outcome = read_capture(folder / "x.pcapng");
  EXPECT_EQ(outcome.error, "");
  ASSERT_EQ(outcome.packets.size(), 9u);
  for (std::size_t size = 0; size < 9; ++size) {
    EXPECT_EQ(outcome.packets[size].bytes, std::string("abcdefgh").substr(0, size));
    EXPECT_EQ(outcome.packets[size].time, kTime.nanoseconds);
  }
}

// An option's length has 16 bits; a longer text is cut, and not within a character.
TEST(Pcapng, ACommentIsCutAtACharacter) {
  std::string text(65534, 'c');
  text += "\xc3\xa9";
  PcapngBlocks blocks;
  std::string out;
  blocks.add(out, {}, {as_bytes("x"), 1, kTime, Direction::unknown, text});
  std::uint16_t length = 0;
  // Behind the interface (32 bytes: no names), the packet's head (28), its padded bytes, the code.
  std::memcpy(&length, out.data() + 32 + 28 + 4 + 2, sizeof length);
  EXPECT_EQ(length, 65534u);
  EXPECT_EQ(out.size() % 4, 0u);
}

TEST(Writer, PcapRefusesASecondLinkType) {
  const Folder folder;
  Diagnostics findings;
  const auto writer = CaptureWriter::open(folder / "x.pcap", findings);
  EXPECT_TRUE(writer->write(as_bytes("abc"), 3, LinkType::ethernet, kTime, findings));
  EXPECT_FALSE(writer->write(as_bytes("abc"), 3, LinkType::raw_ip, kTime, findings));
  EXPECT_FALSE(writer->write(as_bytes("abc"), 3, LinkType::ethernet, kTime, findings));
  EXPECT_FALSE(writer->close(findings));
  ASSERT_EQ(findings.error_count(), 1u);
  EXPECT_THAT(findings.all()[0].to_string(),
              EndsWith("/x.pcap: packet 2 has link type RAW, and a pcap file holds one link type "
                       "only, name the file .pcapng"));
}

TEST(Writer, NoPacketsIsAnEmptyCapture) {
  const Folder folder;
  for (const char* name : {"x.pcap", "x.pcapng"}) {
    Diagnostics findings;
    EXPECT_TRUE(CaptureWriter::open(folder / name, findings)->close(findings));
    const Outcome outcome = read_capture(folder / name);
    EXPECT_TRUE(outcome.opened);
    EXPECT_EQ(outcome.error, "");
    EXPECT_TRUE(outcome.packets.empty());
  }
}

TEST(Writer, FailuresAreTold) {
  Diagnostics findings;
  EXPECT_FALSE(CaptureWriter::open("/nonexistent/x.pcap", findings));
  EXPECT_EQ(findings.all().back().to_string(),
            "/nonexistent/x.pcap: cannot be written: No such file or directory");
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  const auto writer = CaptureWriter::open("/dev/full", findings);
  ASSERT_TRUE(writer);
  writer->write(as_bytes("abc"), 3, LinkType::ethernet, kTime, findings);
  EXPECT_FALSE(writer->close(findings));
  EXPECT_EQ(findings.all().back().to_string(),
            "/dev/full: cannot be written: No space left on device");
}

}  // namespace
}  // namespace chatgate::io
