// Real captures: every hello that their table counts is read, every labelled name is told, and no
// other protocol is taken for QUIC.
#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "io/pcap/capture_reader.h"
#include "net/decode.h"

#include "quic_flow.h"

namespace chatgate::proto::quic {
namespace {

using namespace test;

using Row = std::map<std::string, std::string>;

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> row(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      row.emplace_back();
    } else {
      row.back() += c;
    }
  }
  return row;
}

std::vector<Row> table(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  const auto header = cells(line);
  std::vector<Row> rows;
  while (std::getline(file, line)) {
    const auto row = cells(line);
    for (rows.emplace_back(); rows.back().size() < std::min(header.size(), row.size());) {
      rows.back().emplace(header[rows.back().size()], row[rows.back().size()]);
    }
  }
  return rows;
}

struct Outcome {
  std::multiset<std::string> names;
  int hellos = 0;
  int malformed = 0;
  int flows = 0;     // taken for QUIC
  int answered = 0;  // whose hello was followed by Handshake packets of the server
};

struct Tracked {
  ParserState state;
  bool malformed = false;
  bool quic = false;
  bool answered = false;
  std::optional<std::pair<IpAddress, std::uint16_t>> client;
};

Outcome read(const std::string& path, Connections& connections) {
  Outcome outcome;
  Diagnostics diagnostics;
  const auto reader = io::CaptureReader::open(path, diagnostics);
  if (reader == nullptr) return outcome;
  using End = std::pair<IpAddress, std::uint16_t>;
  std::map<std::pair<End, End>, Tracked> flows;
  net::PacketView view;
  net::Layers layers;
  while (reader->next(view) == io::CaptureReader::Next::packet) {
    net::decode(view, layers);
    if (layers.outcome != net::Decoded::transport || layers.protocol != net::kUdp) continue;
    const End source(layers.source, layers.source_port);
    const End destination(layers.destination, layers.destination_port);
    Tracked& flow = flows[std::minmax(source, destination)];
    if (!flow.client) flow.client = source;
    if (flow.malformed) continue;
    const Direction direction =
        *flow.client == source ? Direction::to_server : Direction::to_client;
    Facts facts;
    const ParseStatus status =
        connections.feed(flow.state, layers.payload_of(view), direction, facts);
    if (status != ParseStatus::not_mine && !flow.quic) ++outcome.flows;
    flow.quic = flow.quic || status != ParseStatus::not_mine;
    if (status == ParseStatus::done && facts.has_hello) ++outcome.hellos;
    if (status == ParseStatus::done && facts.next == Next::opaque && !flow.answered) {
      flow.answered = true;
      ++outcome.answered;
    }
    if (status == ParseStatus::malformed) ++outcome.malformed;
    flow.malformed = status == ParseStatus::malformed;
    for (std::string& name : names_of(facts)) outcome.names.insert(std::move(name));
  }
  for (auto& [key, flow] : flows) connections.release(flow.state);
  EXPECT_EQ(connections.sessions_in_use(), 0u);
  return outcome;
}

// Where this differs from the table, and why.
struct Exception {
  int hellos = 0;     // more than the table has
  int flows = 0;      // that are QUIC and have no hello
  int malformed = 0;  // flows
};
const std::map<std::string, Exception> kExceptions = {
    // The second hello, after a version negotiation, is no repetition of the first.
    {"ndpi/quic-28.pcap", {.hellos = 1}},
    {"ndpi/quic-mvfst-22_decryption_error.pcap", {.flows = 1}},
    {"ndpi/quic_cc_ack.pcapng", {.flows = 2}},  // of connections that began before
    {"zeek/quic_383379789-decrypt-crash.pcap", {.flows = 1}},
    // Versions that are not read.
    {"ndpi/quic-mvfst-exp.pcap", {.flows = 1, .malformed = 1}},
    {"ndpi/quic_q50.pcap", {.flows = 1, .malformed = 1}},
    {"ndpi/quic_t50.pcap", {.flows = 1, .malformed = 1}},
    // Made with a packet number that no end can make sense of.
    {"pcapflowlab/quic_quic_initial_ack_wrong_pkn_1.pcap", {.malformed = 1}},
};

TEST(QuicCorpus, EveryHelloIsReadAndNothingElseIsQuic) {
  const auto captures = table(CHATGATE_CORPUS "/corpus.csv");
  if (captures.empty()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  int hellos = 0;
  int answered = 0;
  Connections connections(512);
  std::map<std::string, std::multiset<std::string>> names;
  for (const Row& row : captures) {
    const std::string& file = row.at("file");
    SCOPED_TRACE(file);
    const Outcome outcome = read(CHATGATE_CORPUS "/pcaps/" + file, connections);
    const auto known = kExceptions.find(file);
    const Exception except = known == kExceptions.end() ? Exception{} : known->second;
    EXPECT_EQ(outcome.hellos, std::atoi(row.at("quic_hellos").c_str()) + except.hellos);
    EXPECT_EQ(outcome.malformed, except.malformed);
    const int flows = outcome.hellos == 0 ? outcome.flows : 0;
    EXPECT_EQ(flows, except.flows);
    hellos += outcome.hellos;
    answered += outcome.answered;
    names[file] = outcome.names;
  }
  EXPECT_GT(hellos, 100);
  EXPECT_GT(answered, 10);
  for (const Row& row : table(CHATGATE_CORPUS "/flows.csv")) {
    constexpr std::string_view kEvidence = "quic-sni=";
    if (!row.at("evidence").starts_with(kEvidence)) continue;
    EXPECT_TRUE(names[row.at("file")].contains(row.at("evidence").substr(kEvidence.size())))
        << row.at("file") << ' ' << row.at("evidence");
  }
}

}  // namespace
}  // namespace chatgate::proto::quic
