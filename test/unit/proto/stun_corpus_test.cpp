// Real captures: the realms that are in them are told, and nothing else is taken for STUN.
#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

#include "io/pcap/capture_reader.h"
#include "net/decode.h"
#include "proto/stun.h"

#include "incremental.h"

namespace chatgate::proto::stun {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  std::set<std::string> realms = {};
  int datagrams = 0;
  int segments = 0;  // of TCP that begin with a message
  int malformed = 0;

  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  for (const std::string& realm : outcome.realms) out << '"' << realm << "\" ";
  return out << outcome.datagrams << " datagrams, " << outcome.segments << " segments, "
             << outcome.malformed << " malformed";
}

void read_datagram(Bytes payload, Outcome& outcome) {
  Facts facts;
  const ParseStatus status = parse(payload, Direction::to_server, facts);
  if (status == ParseStatus::not_mine) return;
  ++outcome.datagrams;
  if (status == ParseStatus::malformed) ++outcome.malformed;
  for (std::string& realm : test::names_of(facts)) outcome.realms.insert(std::move(realm));
}

void read_segment(Bytes payload, Outcome& outcome) {
  if (probe(payload) != Probe::certain) return;
  ++outcome.segments;
  const test::Outcome read = test::run_whole(kParser, payload);
  if (read.status == ParseStatus::malformed) ++outcome.malformed;
  outcome.realms.insert(read.names.begin(), read.names.end());
}

Outcome read(const std::string& path) {
  Outcome outcome;
  Diagnostics diagnostics;
  const auto reader = io::CaptureReader::open(path, diagnostics);
  if (reader == nullptr) return outcome;
  net::PacketView view;
  net::Layers layers;
  while (reader->next(view) == io::CaptureReader::Next::packet) {
    net::decode(view, layers);
    if (layers.outcome != net::Decoded::transport) continue;
    const Bytes payload = layers.payload_of(view);
    if (layers.protocol == net::kUdp) read_datagram(payload, outcome);
    if (layers.protocol == net::kTcp) read_segment(payload, outcome);
  }
  return outcome;
}

// Captures that hold messages, with what was counted apart from the parser.
const std::map<std::string, Outcome> kExpected = {
    {"arkime/arkime_synthetic.pcap", {.realms = {"example.com"}, .datagrams = 2}},
    {"arkime/stun.pcap", {.realms = {"realm01"}, .datagrams = 1}},
    {"ml-based-network-traffic-classifier/example.pcap",
     {.realms = {"realm08", "realm10", "rtcmedia"}, .datagrams = 292}},
    {"ndpi-2021/hangout.pcap", {.datagrams = 19}},
    {"ndpi-2025/signal_multiparty.pcapng", {.datagrams = 6}},
    {"ndpi-2025/signal_videocall_multiparty.pcapng", {.datagrams = 22}},
    {"ndpi/geforcenow.pcapng", {.datagrams = 4}},
    {"ndpi/lru_ipv6_caches.pcapng", {.datagrams = 33}},
    {"ndpi/skype-conference-call.pcap", {.datagrams = 14}},
    // One with a wrong FINGERPRINT is not among them.
    {"ndpi/stun.pcapng",
     {.realms = {"apps-host.com", "turn.l.google.com", "turner.facebook"},
      .datagrams = 120,
      .segments = 19}},
    {"ndpi/stun_dtls_rtp.pcapng",
     {.realms = {"turn.l.google.com"}, .datagrams = 4, .segments = 39}},
    {"ndpi/stun_dtls_rtp_unidir.pcapng", {.datagrams = 43}},
    {"ndpi/stun_dtls_unidirectional_server.pcapng", {.datagrams = 4}},
    {"ndpi/stun_msteams_unidir.pcapng", {.datagrams = 4}},
    {"ndpi/stun_signal.pcapng", {.realms = {"signal.org"}, .datagrams = 300}},
    {"ndpi/stun_tcp_multiple_msgs_same_pkt.pcapng", {.segments = 4}},
    {"ndpi/stun_wa_call.pcapng", {.datagrams = 184}},
    {"ndpi/stun_zoom.pcapng", {.datagrams = 24}},
    {"ndpi/telegram_videocall.pcapng", {.realms = {"telegram.org"}, .datagrams = 130}},
    {"ndpi/wa_video.pcap", {.datagrams = 120}},
    {"ndpi/wa_voice.pcap", {.datagrams = 71}},
    {"networktrafficanalyzers/whatsAppCallRejected.pcapng", {.datagrams = 25}},
    {"networktrafficanalyzers/whatsappCall.pcapng", {.datagrams = 60}},
};

TEST(StunCorpus, EveryRealmIsReadAndNothingElseIsStun) {
  const fs::path captures = CHATGATE_CORPUS "/pcaps";
  if (!fs::exists(captures)) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  std::size_t seen = 0;
  for (const auto& entry : fs::recursive_directory_iterator(captures)) {
    if (!entry.is_regular_file()) continue;
    const std::string file = fs::relative(entry.path(), captures).string();
    const auto known = kExpected.find(file);
    if (known != kExpected.end()) ++seen;
    EXPECT_EQ(read(entry.path().string()), known == kExpected.end() ? Outcome{} : known->second)
        << file;
  }
  EXPECT_EQ(seen, kExpected.size());
}

}  // namespace
}  // namespace chatgate::proto::stun
