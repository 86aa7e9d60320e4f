// Real captures: every flow of AIM, ICQ and QQ is recognised by the packet that the table names,
// and nothing else in the corpus is taken for one of these protocols.
#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "io/pcap/capture_reader.h"
#include "net/decode.h"
#include "proto/gadu_gadu.h"
#include "proto/icq.h"
#include "proto/oicq.h"
#include "proto/oscar.h"
#include "proto/oscar_peer.h"
#include "proto/sametime.h"

#include "corpus_labels.h"
#include "messenger_checks.h"

namespace chatgate::proto::test {
namespace {

namespace fs = std::filesystem;

const StreamParser* const kStreams[] = {
    &oscar::kParser,     &oft::kParser,       &odc::kParser,  &rendezvous_proxy::kParser,
    &gadu_gadu::kClient, &gadu_gadu::kServer, &oicq::kParser, &sametime::kParser};
const DatagramParser* const kDatagrams[] = {&icq::kParserOnPort, &icq::kParser,
                                            &oicq::kDatagramsOnPort, &oicq::kDatagrams};

std::vector<Label> labels_of_both() {
  return read_labels(CHATGATE_CORPUS, "payload=", {"oscar", "qq"});
}

// Calls `visit` with each packet that has TCP or UDP payload: its number, way and payload.
template <typename Visit>
void read_packets(const std::string& path, Visit visit) {
  Diagnostics diagnostics;
  const auto reader = io::CaptureReader::open(path, diagnostics);
  if (reader == nullptr) return;
  net::PacketView view;
  net::Layers layers;
  for (std::size_t number = 1; reader->next(view) == io::CaptureReader::Next::packet; ++number) {
    net::decode(view, layers);
    if (layers.outcome != net::Decoded::transport) continue;
    const Bytes payload = layers.payload_of(view);
    if (payload.empty()) continue;
    visit(number,
          Way{{layers.source, layers.source_port}, {layers.destination, layers.destination_port}},
          layers, payload);
  }
}

std::string capture(const std::string& file) {
  return CHATGATE_CORPUS "/pcaps/" + file;
}

bool takes(const DatagramParser& parser, const Way& way, Bytes payload) {
  const bool on_port = parser.server_port == 0 || parser.server_port == way.first.second ||
                       parser.server_port == way.second.second;
  return on_port && parser.probe(payload) == Probe::certain;
}

TEST(OscarCorpus, RecognisesEveryLabelledFlow) {
  const std::vector<Label> labels = labels_of_both();
  if (labels.empty()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  int streams = 0;
  int datagrams = 0;
  for (const Label& label : labels) {
    std::vector<std::uint8_t> stream;
    bool recognised = false;
    read_packets(capture(label.file),
                 [&](std::size_t number, const Way& way, const net::Layers& layers, Bytes payload) {
                   if (number > label.packet || way != label.way) return;
                   if (label.tcp && layers.protocol == net::kTcp) {
                     stream.insert(stream.end(), payload.begin(), payload.end());
                     recognised = oscar::kParser.probe(stream) == Probe::certain;
                   }
                   if (!label.tcp && layers.protocol == net::kUdp) {
                     recognised = takes(oicq::kDatagrams, way, payload) &&
                                  takes(oicq::kDatagramsOnPort, way, payload);
                   }
                 });
    EXPECT_TRUE(recognised) << label.file << ' ' << label.packet;
    ++(label.tcp ? streams : datagrams);
  }
  EXPECT_EQ(streams, 1);
  EXPECT_EQ(datagrams, 33);
}

TEST(OscarCorpus, ReadsASessionOfIcqBothWays) {
  const std::string path = capture("ndpi/Oscar.pcapng");
  if (!fs::exists(path)) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  std::map<bool, std::map<std::uint32_t, std::string>> segments;  // by whether from the server
  read_packets(path, [&](std::size_t, const Way& way, const net::Layers& layers, Bytes payload) {
    segments[way.first.second == 443].try_emplace(layers.sequence, as_text(payload));
  });
  std::map<bool, std::map<std::string, int>> counts;
  for (const auto& [from_server, pieces] : segments) {
    std::string stream;
    for (const auto& [sequence, piece] : pieces) stream += piece;
    const Lines lines =
        listen(oscar::kParser, from_server ? Direction::to_client : Direction::to_server,
               as_bytes(stream), {stream.size()})
            .lines;
    for (const std::string& line : lines) ++counts[from_server][line];
  }
  EXPECT_EQ(counts[false]["aim login client=Adium/1.5.10"], 1);
  EXPECT_EQ(counts[true]["- login"], 1);
  // Its user's number comes with the server's answer.
  int named = 0;
  int malformed = 0;
  int messages = 0;
  for (const auto& [from_server, lines] : counts) {
    for (const auto& [line, count] : lines) {
      if (line.starts_with("icq presence login=")) named += count;
      if (line == "malformed") malformed += count;
      messages += count;
    }
  }
  EXPECT_GE(named, 1);
  EXPECT_EQ(malformed, 0);
  EXPECT_GT(messages, 30);
}

TEST(OscarCorpus, TakesNothingElseForTheirOwn) {
  if (!fs::exists(CHATGATE_CORPUS "/pcaps")) {
    GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  }
  std::set<std::tuple<std::string, Way>> labelled;
  for (const Label& label : labels_of_both()) {
    labelled.insert({label.file, label.way});
    labelled.insert({label.file, Way(label.way.second, label.way.first)});
  }
  std::size_t streams_seen = 0;
  std::size_t datagrams_seen = 0;
  for (const auto& entry : fs::recursive_directory_iterator(CHATGATE_CORPUS "/pcaps")) {
    if (!entry.is_regular_file()) continue;
    const std::string file = fs::relative(entry.path(), CHATGATE_CORPUS "/pcaps").generic_string();
    std::map<Way, std::vector<std::uint8_t>> begins;
    read_packets(entry.path().string(),
                 [&](std::size_t number, const Way& way, const net::Layers& layers, Bytes payload) {
                   if (labelled.contains({file, way})) return;
                   if (layers.protocol == net::kUdp) {
                     ++datagrams_seen;
                     for (const DatagramParser* parser : kDatagrams) {
                       EXPECT_FALSE(takes(*parser, way, payload))
                           << file << ' ' << number << ' ' << to_string(parser->protocol);
                     }
                   }
                   if (layers.protocol != net::kTcp) return;
                   // As it began, and as each segment would be the begin of a stream.
                   std::vector<std::uint8_t>& begin = begins[way];
                   if (begin.size() < 4096)
                     begin.insert(begin.end(), payload.begin(), payload.end());
                   for (const StreamParser* parser : kStreams) {
                     EXPECT_NE(parser->probe(payload), Probe::certain)
                         << file << ' ' << number << ' ' << to_string(parser->protocol);
                   }
                 });
    for (const auto& [way, begin] : begins) {
      ++streams_seen;
      for (const StreamParser* parser : kStreams) {
        EXPECT_NE(parser->probe(begin), Probe::certain)
            << file << ' ' << to_string(parser->protocol);
      }
    }
  }
  EXPECT_GT(streams_seen, 3000u);
  EXPECT_GT(datagrams_seen, 15000u);
}

}  // namespace
}  // namespace chatgate::proto::test
