// What is written is read again the same, and every failure is one line.
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
