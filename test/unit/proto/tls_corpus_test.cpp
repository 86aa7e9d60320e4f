// Real captures: every labelled name of TLS over TCP is told, and fingerprints are those that
// FoxIO's own tools publish for the same captures.
#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <map>

#include "proto/tls.h"
#include "proto/tls_server.h"

#include "capture_streams.h"
#include "incremental.h"

namespace chatgate::proto::test {
namespace {

TEST(TlsCorpus, TellsEveryLabelledName) {
  const std::vector<Label> labels = read_labels(CHATGATE_CORPUS, "tls-");
  if (labels.empty()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  std::map<std::string, std::map<Way, Stream>> captures;
  for (const Label& label : labels) {
    if (!label.tcp) continue;
    if (!captures.contains(label.file)) {
      captures[label.file] = read_streams(CHATGATE_CORPUS "/pcaps/" + label.file);
    }
    auto& streams = captures[label.file];
    const bool by_server = label.evidence.starts_with("tls-cert=");
    const StreamParser& parser = by_server ? tls_server::kParser : tls::kParser;
    const Way way = by_server ? Way(label.way.second, label.way.first) : label.way;
    const std::vector<std::uint8_t> bytes = streams[way].bytes();
    const Outcome whole = run_whole(parser, bytes);
    const std::string expected = label.evidence.substr(label.evidence.find('=') + 1);
    EXPECT_EQ(std::count(whole.names.begin(), whole.names.end(), expected), 1)
        << label.file << ' ' << label.evidence << ": " << whole;
    EXPECT_EQ(run_in_steps(parser, bytes, 100), whole) << label.file << ' ' << label.evidence;
  }
  EXPECT_GT(labels.size(), 60u);
}

TEST(TlsCorpus, FingerprintsAreThosePublished) {
  struct Row {
    const char* file;
    std::uint16_t client_port;
    const char* name;
    const char* ja4;
  };
  const Row rows[] = {
      {"ja4/latest.pcapng", 52936, "pdx-col.eum-appdynamics.com",
       "t13d1516h2_8daaf6152771_e5627efa2ab1"},
      {"ja4/latest.pcapng", 52937, "discovery.cem.cloud.us",
       "t12d190800_d83cc789557e_7af1ed941c26"},
      {"ja4/latest.pcapng", 52938, "app.slack.com", "t13d1516h2_8daaf6152771_9b887d9acb53"},
      {"ja4/latest.pcapng", 52940, "ping-edge.smartscreen.microsoft.com",
       "t13d1516h2_8daaf6152771_e5627efa2ab1"},
      {"ja4/badcurveball.pcap", 55318, "bad.curveballtest.com",
       "t13d1615h2_46e7e9700bed_45f260be83e2"},
  };
  if (!std::ifstream(CHATGATE_CORPUS "/flows.csv")) {
    GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  }
  for (const Row& row : rows) {
    bool found = false;
    for (const auto& [way, stream] :
         read_streams(CHATGATE_CORPUS "/pcaps/" + std::string(row.file))) {
      if (way.first.second != row.client_port) continue;
      ParserState state;
      Facts facts;
      ASSERT_EQ(tls::feed(state, stream.bytes(), facts), ParseStatus::done) << row.name;
      EXPECT_EQ(names_of(facts), std::vector<std::string>{row.name});
      EXPECT_EQ(facts.hello.ja4_view(), row.ja4) << row.name;
      found = true;
    }
    EXPECT_TRUE(found) << row.name;
  }
}

}  // namespace
}  // namespace chatgate::proto::test
