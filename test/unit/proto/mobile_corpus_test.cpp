// Real captures: every labelled flow of these messengers is recognised by the packet that the table
// names, and nothing else in the corpus is taken for one of them.
#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "io/pcap/capture_reader.h"
#include "net/decode.h"
#include "proto/context.h"
#include "proto/parser.h"

#include "corpus_labels.h"

namespace chatgate::proto::test {
namespace {

namespace fs = std::filesystem;

bool is_mine(AppProto protocol) {
  constexpr AppProto kMine[] = {
      AppProto::mtproto, AppProto::whatsapp,  AppProto::mmtls, AppProto::loco,   AppProto::lwp,
      AppProto::steam,   AppProto::teamspeak, AppProto::skype, AppProto::viber,  AppProto::discord,
      AppProto::line,    AppProto::zoom,      AppProto::zalo,  AppProto::mumble, AppProto::tox};
  return std::find(std::begin(kMine), std::end(kMine), protocol) != std::end(kMine);
}

std::string name_of(const Facts& facts) {
  const std::string_view application = facts.messenger.application;
  return std::string(application.empty() ? to_string(facts.protocol) : application);
}

// One direction of a connection as the engine reads it: by sequence number, the first copy of a
// byte counts; each parser is asked until it is certain or says that it is not its own.
class Stream {
 public:
  void add(const net::Layers& layers, Bytes payload) {
    const bool syn = layers.has(net::tcp_flag::syn);
    if (!begun_) begin_ = layers.sequence + (syn ? 1 : 0);
    begun_ = true;
    if (!payload.empty()) {
      segments_.try_emplace(layers.sequence - begin_, payload.begin(), payload.end());
    }
    for (auto next = segments_.find(size()); next != segments_.end() && size() < kEnough;
         next = segments_.find(size())) {
      bytes_.insert(bytes_.end(), next->second.begin(), next->second.end());
    }
  }

  // The application that a parser names, empty while none does.
  std::string read(Context& context) {
    if (!application_.empty() || bytes_.empty()) return application_;
    const auto parsers = stream_parsers();
    for (std::size_t i = 0; i < parsers.size(); ++i) {
      if ((candidates_ >> i & 1) == 0) continue;
      const Probe probe = parsers[i].probe(bytes_);
      if (probe == Probe::unsure) continue;
      candidates_ &= ~(std::uint64_t{1} << i);
      if (probe == Probe::not_mine) continue;
      if (!is_mine(parsers[i].protocol)) {
        candidates_ = 0;
        break;
      }
      ParserState state;
      Facts facts;
      switch (parsers[i].read(state, bytes_, facts, context)) {
        case ParseStatus::done: return application_ = name_of(facts);
        case ParseStatus::need_more: candidates_ |= std::uint64_t{1} << i; break;
        case ParseStatus::malformed: return application_ = "malformed";
        default: break;
      }
    }
    return {};
  }

 private:
  static constexpr std::size_t kEnough = 4096;

  std::uint32_t size() const { return static_cast<std::uint32_t>(bytes_.size()); }

  bool begun_ = false;
  std::uint32_t begin_ = 0;
  std::map<std::uint32_t, std::vector<std::uint8_t>> segments_;
  std::vector<std::uint8_t> bytes_;
  std::uint64_t candidates_ = ~std::uint64_t{0};
  std::string application_;
};

// A flow's datagrams, in both directions; the first sender is the client.
class Datagrams {
 public:
  void read(const Way& way, Bytes payload, Context& context) {
    if (client_ == End{}) client_ = way.first;
    const Direction direction = way.first == client_ ? Direction::to_server : Direction::to_client;
    const auto parsers = datagram_parsers();
    if (followed_ != nullptr && hears(*followed_, direction, payload, context)) return;
    followed_ = nullptr;
    state_ = {};
    for (const DatagramParser& parser : parsers) {
      if (is_mine(parser.protocol)) {
        if (parser.probe(payload) == Probe::not_mine) continue;
        if (hears(parser, direction, payload, context)) return;
      } else if (parser.parse != nullptr) {
        Facts facts;
        if (parser.parse(payload, direction, facts) != ParseStatus::not_mine) return;
      }
    }
  }

  const std::set<std::string>& applications() const { return applications_; }
  const std::set<std::string>& services() const { return services_; }

 private:
  bool hears(const DatagramParser& parser, Direction direction, Bytes payload, Context& context) {
    Facts facts;
    const ParseStatus status = parser.read(state_, payload, direction, facts, context);
    if (status == ParseStatus::not_mine) return false;
    if (status == ParseStatus::done) {
      applications_.insert(name_of(facts));
      services_.emplace(to_string(facts.messenger.service));
    }
    followed_ = &parser;
    return true;
  }

  End client_;
  const DatagramParser* followed_ = nullptr;
  ParserState state_;
  std::set<std::string> applications_;
  std::set<std::string> services_;
};

struct Capture {
  explicit Capture(const std::string& file, std::size_t packets = ~std::size_t{0}) {
    static Context context(64);
    Diagnostics diagnostics;
    const auto reader = io::CaptureReader::open(CHATGATE_CORPUS "/pcaps/" + file, diagnostics);
    if (reader == nullptr) return;
    net::PacketView view;
    net::Layers layers;
    for (std::size_t number = 1;
         number <= packets && reader->next(view) == io::CaptureReader::Next::packet; ++number) {
      net::decode(view, layers);
      if (layers.outcome != net::Decoded::transport) continue;
      const Bytes payload = layers.payload_of(view);
      const Way way{{layers.source, layers.source_port},
                    {layers.destination, layers.destination_port}};
      if (layers.protocol == net::kTcp) {
        Stream& stream = streams[way];
        stream.add(layers, payload);
        const std::string application = stream.read(context);
        if (!application.empty()) found[flow(way)].insert(application);
      } else if (!payload.empty()) {
        Datagrams& flow_of = datagrams[flow(way)];
        flow_of.read(way, payload, context);
        for (const std::string& each : flow_of.applications()) found[flow(way)].insert(each);
        if (!flow_of.services().empty()) services[flow(way)] = flow_of.services();
      }
    }
  }

  static Way flow(const Way& way) {
    return way.first < way.second ? way : Way(way.second, way.first);
  }
  // How many flows of each application.
  std::map<std::string, int> counts() const {
    std::map<std::string, int> counts;
    for (const auto& [way, applications] : found) {
      for (const std::string& application : applications) ++counts[application];
    }
    return counts;
  }

  std::map<Way, Stream> streams;
  std::map<Way, Datagrams> datagrams;
  std::map<Way, std::set<std::string>> found;
  std::map<Way, std::set<std::string>> services;
};

// Flows that their payload names, and those of Telegram that were labelled by their addresses.
std::vector<Label> labels_of_mine() {
  const std::set<std::string> kEvidence = {"payload=wa-noise",     "payload=tgvoip-reflector",
                                           "payload=dingtalk-lwp", "payload=discord-ip-discovery",
                                           "payload=1337cafe",     "payload=ts2",
                                           "payload=zoom-udp-01",  "payload=zoom-p2p-1f02"};
  std::vector<Label> labels = read_labels(CHATGATE_CORPUS, "payload=");
  std::erase_if(labels, [&](const Label& label) { return !kEvidence.contains(label.evidence); });
  return labels;
}

bool corpus_is_there() {
  return fs::exists(CHATGATE_CORPUS "/pcaps");
}

TEST(MobileCorpus, RecognisesEveryLabelledFlowInTime) {
  if (!corpus_is_there()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  std::map<std::string, int> seen;
  for (const Label& label : labels_of_mine()) {
    Capture capture(label.file, label.packet);
    EXPECT_TRUE(capture.found[Capture::flow(label.way)].contains(label.app))
        << label.file << ' ' << label.packet << ' ' << label.app;
    ++seen[label.app];
  }
  const std::map<std::string, int> expected = {{"whatsapp", 88}, {"telegram", 12}, {"dingtalk", 1},
                                               {"discord", 36},  {"teamspeak", 1}, {"zoom", 10}};
  EXPECT_EQ(seen, expected);
}

TEST(MobileCorpus, TakesNothingElseForTheirs) {
  if (!corpus_is_there()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  const std::map<std::string, std::map<std::string, int>> expected = {
      {"ndpi-2021/steam.pcap", {{"steam", 55}}},
      {"ndpi/KakaoTalk_chat.pcap", {{"kakaotalk", 1}}},
      {"ndpi/dingtalk.pcap", {{"dingtalk", 1}}},
      {"ndpi/discord.pcapng", {{"discord", 33}}},
      {"ndpi/riotgames.pcapng", {{"discord", 2}}},
      {"ndpi/rtp.pcapng", {{"discord", 1}}},
      {"ndpi/telegram.pcap", {{"telegram", 12}}},
      {"ndpi/telegram_videocall.pcapng", {{"telegram", 7}}},
      {"ndpi/wa_voice.pcap", {{"whatsapp", 1}}},
      {"ndpi/whatsapp.pcap", {{"whatsapp", 86}}},
      {"ndpi/whatsapp_login_chat.pcap", {{"whatsapp", 1}}},
      {"ndpi/zoom2.pcap", {{"zoom", 3}}},
      {"ndpi/zoom_p2p.pcapng", {{"zoom", 4}}},
      {"sample-captures/SkypeIRC.pcap", {{"skype", 4}}},
      {"sample-captures/TeamSpeak2.pcap", {{"teamspeak", 1}}},
      {"zoom-analysis/zoom_test.pcap", {{"zoom", 3}}},
  };
  const fs::path root = CHATGATE_CORPUS "/pcaps";
  std::map<std::string, std::map<std::string, int>> found;
  std::size_t streams = 0;
  std::size_t flows = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    const std::string file = fs::relative(entry.path(), root).string();
    const Capture capture(file);
    streams += capture.streams.size();
    flows += capture.datagrams.size();
    if (!capture.found.empty()) found[file] = capture.counts();
  }
  EXPECT_EQ(found, expected);
  EXPECT_GT(streams, 3000u);
  EXPECT_GT(flows, 2000u);
}

}  // namespace
}  // namespace chatgate::proto::test
