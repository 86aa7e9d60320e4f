// The report's parts: times, bounded counts, steps over time, escaping, and files that are damaged.
#include "report/report.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <zlib.h>

#include "report/event_file.h"
#include "report/html.h"

namespace chatgate::report {
namespace {

struct TimeRow {
  const char* text;
  std::uint64_t second;  // 0: refused
};

TEST(ReportTime, IsReadOrRefused) {
  const TimeRow rows[] = {
      {"2026-11-23", 1'795'392'000},
      {"2026-11-23T20:00", 1'795'464'000},
      {"2026-11-23 20:00", 1'795'464'000},
      {"2026-11-23T20:00:03", 1'795'464'003},
      {"2026-11-23T20:00:03Z", 1'795'464'003},
      {"2026-11-23T20:00:03.500000+0000", 1'795'464'003},
      {"2024-02-29", 1'709'164'800},
      {"", 0},
      {"2026", 0},
      {"2026-13-01", 0},
      {"2026-02-29", 0},
      {"2026-11-23T", 0},
      {"2026-11-23T24:00", 0},
      {"2026-11-23T20", 0},
      {"2026-11-23T20:60", 0},
      {"2026-11-23T20:00:03+0200", 0},
      {"2026-11-23T20:00x", 0},
      {"-026-11-23", 0},
      {"1969-12-31", 0},
      {"23.11.2026", 0},
  };
  for (const TimeRow& row : rows) {
    const auto time = parse_time(row.text);
    EXPECT_EQ(time ? time->nanoseconds / 1'000'000'000 : 0, row.second) << row.text;
  }
  EXPECT_EQ(parse_time("2026-11-23T20:00:03.5")->nanoseconds % 1'000'000'000, 500'000'000u);
  EXPECT_EQ(moment_of(1'795'464'003), "2026-11-23 20:00:03 UTC");
}

TEST(ReportNames, AreBoundedAndTheRestIsCounted) {
  Names names;
  for (std::size_t i = 0; i < Names::kMost + 5; ++i) ++names["n" + std::to_string(i)].flows;
  ++names["n0"].blocked;
  EXPECT_EQ(names.size(), Names::kMost);
  EXPECT_EQ(names.others().flows, 5u);
  const auto top = names.top(2);
  ASSERT_EQ(top.size(), 2u);
  EXPECT_EQ(top[0].name, "n0");
  ++names[std::string(5000, 'x')].flows;
  EXPECT_EQ(names.others().flows, 6u);
}

TEST(ReportNames, LongOneIsCutBetweenCharacters) {
  Names names;
  std::string umlauts;
  for (int i = 0; i < 300; ++i) umlauts += "\xc3\xa4";
  ++names["x" + umlauts].flows;
  const std::string_view kept = names.top(1)[0].name;
  EXPECT_LE(kept.size(), Names::kLongest);
  EXPECT_EQ(kept.back(), '\xa4');
}

TEST(ReportTimeline, LosesNothingWhateverTheOrder) {
  for (const bool forwards : {true, false}) {
    Timeline timeline;
    constexpr std::uint64_t kDays = 90;
    for (std::uint64_t i = 0; i < kDays * 24; ++i) {
      const std::uint64_t hour = forwards ? i : kDays * 24 - 1 - i;
      timeline.add(1'795'392'000 + hour * 3600, {1, 2, 3});
      ASSERT_LE(timeline.steps().size(), Timeline::kMost);
    }
    Timeline::Step sum;
    for (const auto& step : timeline.steps()) {
      sum.blocked += step.blocked;
      sum.allowed += step.allowed;
      sum.events += step.events;
    }
    EXPECT_EQ(sum.blocked, kDays * 24);
    EXPECT_EQ(sum.allowed, 2 * kDays * 24);
    EXPECT_EQ(sum.events, 3 * kDays * 24);
    EXPECT_LE(timeline.first(), 1'795'392'000u);
    EXPECT_GT(timeline.first() + timeline.width(), 1'795'392'000u);
  }
}

TEST(ReportHtml, NothingFromOutsideIsMarkup) {
  EXPECT_EQ(escaped("<script>\"'&"), "&lt;script&gt;&quot;&#39;&amp;");
  EXPECT_EQ(escaped("a\nb\x7f"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(escaped("\xe2\x80\xae"
                    "txt\xe2\x81\xa9"),
            "\xef\xbf\xbdtxt\xef\xbf\xbd");
  EXPECT_EQ(escaped("\xe2\x82\xac \xe2\x80\x99"), "\xe2\x82\xac \xe2\x80\x99");
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

class ReportFile : public testing::Test {
 protected:
  ReportFile() {
    std::string name = (std::filesystem::temp_directory_path() / "chatgate-report-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~ReportFile() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& bytes) {
    std::ofstream(folder_ / "f", std::ios::binary | std::ios::trunc) << bytes;
    return (folder_ / "f").string();
  }
  // Lines as "NUMBER:TEXT", damages as "NUMBER!WHAT".
  std::vector<std::string> read(const std::string& bytes) {
    std::vector<std::string> seen;
    EXPECT_TRUE(read_lines(write(bytes), {[&](std::string_view line, std::uint64_t number) {
                                            seen.push_back(std::to_string(number) + ":" +
                                                           std::string(line.substr(0, 9)));
                                          },
                                          [&](std::uint64_t number, std::string_view what) {
                                            seen.push_back(std::to_string(number) + "!" +
                                                           std::string(what));
                                          }}));
    return seen;
  }

  std::filesystem::path folder_;
};

using Seen = std::vector<std::string>;

TEST_F(ReportFile, LinesAreCountedAsTheyStand) {
  EXPECT_EQ(read(""), Seen{});
  EXPECT_EQ(read("a\n\nb\r\nc"), (Seen{"1:a", "3:b", "4:c"}));
  EXPECT_EQ(read(std::string(kLongestLine, 'x') + "\na\n"), (Seen{"1:xxxxxxxxx", "2:a"}));
  EXPECT_EQ(read(std::string(kLongestLine + 1, 'x') + "\na\n"),
            (Seen{"1!the line is too long", "2:a"}));
}

TEST_F(ReportFile, CompressedOneIsReadAndSaysWhereItBreaksOff) {
  std::string text;
  for (int i = 1000; i < 9000; ++i) text += std::to_string(i * 7919 % 100'003) + "\n";
  const std::string path = (folder_ / "g.gz").string();
  gzFile out = gzopen(path.c_str(), "wb");
  gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
  gzclose(out);
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(read(bytes), read(text));
  const Seen half = read(bytes.substr(0, bytes.size() / 2));
  ASSERT_FALSE(half.empty());
  EXPECT_TRUE(half.back().ends_with("!the file is damaged or breaks off here"));
  EXPECT_GT(half.size(), 1000u);
}

TEST_F(ReportFile, WhatIsNotThereIsSaid) {
  EXPECT_FALSE(read_lines((folder_ / "none").string(), {}));
  EXPECT_FALSE(read_lines(folder_.string(), {}));
}

TEST(ReportTally, EveryDamagedLineIsCountedWithItsPlace) {
  Tally tally({});
  const char* damaged[] = {"",
                           "{",
                           "[]",
                           "null",
                           "{}",
                           R"({"timestamp":"x","event_type":"flow"})",
                           R"({"timestamp":5,"event_type":"flow"})",
                           R"({"timestamp":"2026-11-23T20:00:00Z"})",
                           R"({"timestamp":"2026-11-23T20:00:00Z","event_type":"fl)"};
  std::uint64_t number = 0;
  for (const char* line : damaged) tally.add(line, "f", ++number);
  EXPECT_EQ(tally.damages.kept.size(), number);
  EXPECT_EQ(tally.damages.kept.back().line, number);
  for (int i = 0; i < 100; ++i) tally.add("{", "f", ++number);
  EXPECT_EQ(tally.damages.kept.size() + tally.damages.more, number);
  EXPECT_TRUE(tally.types.empty());
}

TEST(ReportTally, ValuesOfTheWrongKindAreAsIfAbsent) {
  Tally tally({});
  tally.add(R"({"timestamp":"2026-11-23T20:00:00Z","event_type":"alert","alert":7,"im":[1],)"
            R"("src_ip":{},"dest_port":"x"})",
            "f", 1);
  tally.add(R"({"timestamp":"2026-11-23T20:00:00Z","event_type":"stats","stats":{"events":)"
            R"({"lost":-5}}})",
            "f", 2);
  EXPECT_TRUE(tally.damages.kept.empty());
  EXPECT_EQ(tally.total.allowed, 1u);
  EXPECT_EQ(tally.events_lost, 0u);
}

TEST(ReportTally, NestingWithoutEndIsOneDamagedLine) {
  Tally tally({});
  tally.add(std::string(500'000, '['), "f", 1);
  EXPECT_EQ(tally.damages.kept.size(), 1u);
}

}  // namespace
}  // namespace chatgate::report
