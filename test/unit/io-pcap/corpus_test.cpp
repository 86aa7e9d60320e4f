// Every capture of the corpus is read to its end, with as many packets as its table says.
#include <gtest/gtest.h>
#include <map>

#include "files.h"

namespace chatgate::io {
namespace {

using namespace test;

struct Exception {
  std::size_t packets;
  const char* error;  // must occur in the message
};

// What cannot be read whole, and why.
const std::map<std::string, Exception> kExceptions = {
    {"ndpi/fuzz-2021-10-13.pcap", {1, "cut off after 1 packet"}},
    {"pcaps/http-fault-post.pcap", {25, "cut off after 25 packets"}},
    {"suricata-verify/bug-1450-04_tls_DER-incomplete-header.pcap", {6, "packet 7 is damaged"}},
};

std::vector<std::string> columns(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

TEST(Corpus, EveryCaptureIsRead) {
  std::ifstream table(CHATGATE_CORPUS "/corpus.csv");
  if (!table) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  std::string line;
  std::getline(table, line);
  const auto header = columns(line);
  const auto column = [&](const char* name) {
    return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
  };
  const std::size_t file = column("file"), packets = column("packets"), link = column("link_type");
  std::size_t files = 0;
  while (std::getline(table, line)) {
    const auto cells = columns(line);
    ASSERT_GT(cells.size(), link) << line;
    const Outcome outcome = read_capture(CHATGATE_CORPUS "/pcaps/" + cells[file]);
    ++files;
    if (cells[link] == "PPP" || cells[link] == "C_HDLC") {
      EXPECT_NE(outcome.error.find("link type " + cells[link]), std::string::npos) << cells[file];
    } else if (const auto known = kExceptions.find(cells[file]); known != kExceptions.end()) {
      EXPECT_EQ(outcome.packets.size(), known->second.packets) << cells[file];
      EXPECT_NE(outcome.error.find(known->second.error), std::string::npos) << outcome.error;
    } else {
      EXPECT_EQ(outcome.error, "") << cells[file];
      EXPECT_EQ(outcome.packets.size(), std::stoul(cells[packets])) << cells[file];
    }
  }
  EXPECT_GT(files, 100u);
}

}  // namespace
}  // namespace chatgate::io
