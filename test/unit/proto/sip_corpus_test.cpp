// Real captures: telephony over SIP is recognised and never called a messenger, and no other
// traffic is taken for it.
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "proto/context.h"
#include "proto/msrp.h"
#include "proto/sip.h"

#include "capture_streams.h"
#include "corpus_labels.h"

namespace chatgate::proto::test {
namespace {

std::vector<std::string> captures() {
  std::vector<std::string> files;
  for (const auto& cells : read_table(CHATGATE_CORPUS "/corpus.csv")) {
    const std::string& file = cells[0];
    if (std::ifstream(CHATGATE_CORPUS "/pcaps/" + file)) files.push_back(file);
  }
  return files;
}

// What is said in a file, message by message, with how often.
struct Said {
  std::map<std::string, int> services;
  std::set<std::string> applications;
  std::set<End> announced;
  std::set<Way> others;  // datagrams that are no SIP
  std::set<std::string> logins;
  std::size_t streams = 0;
  std::size_t datagrams = 0;

  void take(const Facts& facts) {
    ++services[std::string(to_string(facts.messenger.service))];
    applications.emplace(facts.messenger.application);
    if (!facts.messenger.login.empty()) logins.emplace(facts.messenger.login.view());
    for (std::size_t i = 0; i < facts.messenger.expected_count; ++i) {
      const ExpectedFlow& flow = facts.messenger.expected[i];
      announced.insert({flow.address, flow.port});
    }
  }
  int messages() const {
    int all = 0;
    for (const auto& [service, count] : services) all += count;
    return all;
  }
};

void read_streams_of(const std::string& path, Said& said) {
  for (const auto& [way, stream] : read_streams(path)) {
    const std::vector<std::uint8_t> bytes = stream.bytes();
    ++said.streams;
    EXPECT_NE(msrp::probe(bytes), Probe::certain) << path;
    if (sip::probe(bytes) != Probe::certain) continue;
    ParserState state;
    for (std::size_t at = 0; at < bytes.size(); at += state.offset + state.skip) {
      state.offset = 0;
      state.skip = 0;
      Facts facts;
      const ParseStatus status = sip::feed(state, Bytes(bytes).subspan(at), facts);
      if (status != ParseStatus::done && status != ParseStatus::piece) break;
      if (status == ParseStatus::done) said.take(facts);
    }
  }
}

void read_datagrams_of(const std::string& path, Said& said) {
  static Context context(16);
  Diagnostics diagnostics;
  const auto reader = io::CaptureReader::open(path, diagnostics);
  if (reader == nullptr) return;
  net::PacketView view;
  net::Layers layers;
  while (reader->next(view) == io::CaptureReader::Next::packet) {
    net::decode(view, layers);
    if (layers.outcome != net::Decoded::transport || layers.protocol == net::kTcp) continue;
    const Bytes payload = layers.payload_of(view);
    ++said.datagrams;
    if (sip::probe_datagram(payload) != Probe::certain) {
      said.others.insert(
          {{layers.source, layers.source_port}, {layers.destination, layers.destination_port}});
      continue;
    }
    ParserState state;
    Facts facts;
    EXPECT_EQ(sip::parse(state, payload, Direction::to_server, facts, context), ParseStatus::done);
    said.take(facts);
  }
}

Said read_file(const std::string& file) {
  Said said;
  read_streams_of(CHATGATE_CORPUS "/pcaps/" + file, said);
  read_datagrams_of(CHATGATE_CORPUS "/pcaps/" + file, said);
  return said;
}

TEST(SipCorpus, KnowsEveryCaptureOfItAndNoMessengerAmongThem) {
  const std::vector<std::string> files = captures();
  if (files.empty()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  // Others count more in three: messages that ICMP quotes, first lines that a fuzzer has broken,
  // and fragments within tunnels.
  const std::map<std::string, int> expected = {{"arkime/arkime_synthetic.pcap", 4},
                                               {"bruteshark/h223-over-rtp.pcap", 7},
                                               {"bruteshark/sip-rtp-dvi4.pcap", 12},
                                               {"bruteshark/sip-rtp-g711.pcap", 10},
                                               {"bruteshark/sip-rtp-g722.pcap", 6},
                                               {"bruteshark/sip-rtp-gsm.pcap", 6},
                                               {"ipfixprobe/sip.pcap", 40},
                                               {"ndpi/fuzz-2006-06-26-2594.pcap", 42},
                                               {"ndpi/sip_hello.pcapng", 8},
                                               {"open5gs/volte.pcapng", 34},
                                               {"sample-captures/nb6-startup.pcap", 4},
                                               {"suricata-verify/sip-method_sip.pcap", 81},
                                               {"suricata-verify/sip-options-method.pcap", 2},
                                               {"zeek/sip_sip-junk-before-request.pcap", 1}};
  std::map<std::string, int> found;
  std::size_t streams = 0;
  std::size_t datagrams = 0;
  for (const std::string& file : files) {
    const Said said = read_file(file);
    streams += said.streams;
    datagrams += said.datagrams;
    if (said.messages() == 0) continue;
    found[file] = said.messages();
    EXPECT_EQ(said.applications, std::set<std::string>{""}) << file;
  }
  EXPECT_EQ(found, expected);
  EXPECT_GT(streams, 3000u);
  EXPECT_GT(datagrams, 10000u);
}

TEST(SipCorpus, AnnouncesTheMediaThatFollow) {
  if (captures().empty()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  for (const std::string name : {"dvi4", "g711", "g722", "gsm"}) {
    const std::string file = "bruteshark/sip-rtp-" + name + ".pcap";
    const Said call = read_file(file);
    EXPECT_EQ(call.services.count("voice"), 1u) << file;
    EXPECT_FALSE(call.others.empty()) << file;
    for (const Way& way : call.others) {
      EXPECT_TRUE(call.announced.contains(way.first) && call.announced.contains(way.second))
          << file << ' ' << way.first.first.to_string() << ':' << way.first.second << " to "
          << way.second.first.to_string() << ':' << way.second.second;
    }
  }
}

TEST(SipCorpus, NamesWhoSignsOn) {
  if (captures().empty()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  const Said phone = read_file("suricata-verify/sip-method_sip.pcap");
  EXPECT_TRUE(phone.logins.contains("voi18063@sip.cybercity.dk"));
  EXPECT_GT(phone.services.at("login"), 10);
}

}  // namespace
}  // namespace chatgate::proto::test
