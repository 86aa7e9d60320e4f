// Every claim of the catalogue as traffic, through the whole engine: what an entry claims is
// recognised on each way that names, ports and addresses show themselves, stopped where the
// application is refused, untouched where it is not; and what is shared is nobody's.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include "catalog/registry.h"
#include "control/loader.h"
#include "proto/parser.h"
#include "telemetry/sink.h"

#include "frames.h"
#include "quic_builder.h"
#include "replay/replay.h"

namespace chatgate::replay {
namespace {

using catalog::Application;
using test::Frame;
using test::Octets;

enum class Path { tls, quic, host, dns, port, address, plain_dns };
constexpr const char* kEvidence[] = {"tls-sni", "quic-sni", "http-host", "dns",
                                     "port",    "address",  ""};

std::string text(const Octets& bytes) {
  return {bytes.begin(), bytes.end()};
}

// One conversation of a client with an address of its own.
struct Session {
  Path path = Path::tls;
  std::string claim;        // what is said: a name, a port, an address
  std::string application;  // whose claim it is
  bool exclusive = true;
  std::string client;
  std::vector<Octets> frames;
  std::size_t says = 0;  // which of them holds the claim, or the payload behind it
};

class Sessions {
 public:
  const std::vector<Session>& all() const { return all_; }

  void add_name(const Application& application, const catalog::ServerName& name) {
    const std::string host = name.label ? name.name + ".customer.example" : name.name;
    const auto begin = [&](Path path) {
      start(path, application, host, name.exclusive);
      return kServer;
    };
    tcp(begin(Path::tls), 443, text(test::client_hello(host)));
    const Octets hello = test::client_hello(host);
    const std::string message(hello.begin() + 5, hello.end());  // without the record's head
    udp(begin(Path::quic), 443, proto::test::initial(proto::test::crypto_frame(0, message)));
    tcp(begin(Path::host), 80, "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    udp(begin(Path::dns), 53, text(test::dns_query(host)));
  }

  // `refuted`: others use the port, and bytes that are not its owner's are taken for theirs.
  void add_port(const Application& application, const catalog::PortRange& range, bool refuted) {
    const bool is_tcp = range.transport == catalog::Transport::tcp;
    start(Path::port, application, (is_tcp ? "tcp/" : "udp/") + std::to_string(range.first),
          !refuted);
    (this->*(is_tcp ? &Sessions::tcp : &Sessions::udp))("192.0.2.77", range.first, kOpaque);
  }

  void add_address(const Application& application, const catalog::ServerAddress& address) {
    const std::string server = address.prefix.first().to_string();
    start(Path::address, application, server, address.exclusive);
    tcp(server, 443, kOpaque);
    if (!address.plain_dns) return;
    start(Path::plain_dns, application, server, false);
    udp(server, 53, text(test::dns_query("www.innocent.example")));
  }

 private:
  static constexpr const char* kServer = "192.0.2.9";
  // Bytes that no protocol begins with, and enough of them for every parser to see that.
  inline static const std::string kOpaque = [] {
    std::string bytes;
    for (int i = 0; i < 400; ++i) bytes += static_cast<char>((i * 89 + 201) % 251);
    return bytes;
  }();

  void start(Path path, const Application& application, const std::string& claim, bool exclusive) {
    all_.push_back({path, claim, application.word, exclusive, {}, {}, 0});
  }

  Frame between(const std::string& server, bool to_server) {
    Session& session = all_.back();
    const std::size_t n = all_.size();
    const bool v6 = server.find(':') != server.npos;
    session.client = v6 ? IpAddress::parse("fd00::" + std::to_string(n / 9000 + 1) + ":" +
                                           std::to_string(n % 9000 + 1))
                              ->to_string()
                        : "10." + std::to_string(n >> 16) + "." + std::to_string(n >> 8 & 255) +
                              "." + std::to_string(n & 255);
    const std::string& from = to_server ? session.client : server;
    const std::string& to = to_server ? server : session.client;
    Frame frame;
    return v6 ? frame.v6(from, to) : frame.v4(from, to);
  }

  void tcp(const std::string& server, std::uint16_t port, const std::string& says) {
    constexpr std::uint8_t kSyn = 2, kPush = 8;
    const auto out = [&] { return between(server, true); };
    const auto back = [&] { return between(server, false); };
    const auto length = static_cast<std::uint32_t>(says.size());
    std::vector<Octets>& frames = all_.back().frames;
    frames.push_back(out().tcp(40000, port, kSyn).seq(1000).build());
    frames.push_back(back().tcp(port, 40000, kSyn).seq(5000).ack(1001).build());
    frames.push_back(out().tcp(40000, port, 0).seq(1001).ack(5001).build());
    all_.back().says = frames.size();
    frames.push_back(out().tcp(40000, port, kPush).seq(1001).ack(5001).payload(says).build());
    frames.push_back(back().tcp(port, 40000, 0).seq(5001).ack(1001 + length).build());
  }

  void udp(const std::string& server, std::uint16_t port, const std::string& says) {
    all_.back().frames.push_back(between(server, true).udp(40000, port).payload(says).build());
  }

  std::vector<Session> all_;
};

// Keeps what alert events say of each client.
class Collector : public telemetry::Sink {
 public:
  struct Seen {
    std::string application, evidence;
  };
  explicit Collector(std::map<std::string, Seen>& seen) : Sink("collector"), seen_(&seen) {}
  bool take(std::string_view line) override {
    if (line.find("\"event_type\":\"alert\"") == line.npos) return true;
    const auto event = nlohmann::json::parse(line);
    const auto& im = event["im"];
    (*seen_)[event["src_ip"]] = {im.value("application", ""), im.value("evidence", "")};
    return true;
  }
  void flush() override {}
  void finish(std::chrono::milliseconds) override {}

 private:
  std::map<std::string, Seen>* seen_;
};

struct Outcome {
  std::map<std::string, Collector::Seen> seen;  // by client
  std::vector<std::set<std::size_t>> passed;    // frames, by session
};

constexpr const char* kWatched =
    "{\"category\": [\"im\", \"p2p-file\", \"tunnel\", \"evasion\", \"adware\"], "
    "\"action\": \"alert\", \"log\": true}]";

class CataloguePaths : public testing::Test {
 protected:
  CataloguePaths()
      : folder_(std::filesystem::temp_directory_path() /
                ("chatgate-paths-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    const auto snapshot = load(std::string("[") + kWatched);
    for (const Application& application : snapshot->catalogue->applications()) {
      applications_.push_back(application.word);
      for (const auto& name : application.names) sessions_.add_name(application, name);
      for (const auto& range : application.ports) {
        if (!range.is_default) continue;
        const bool tcp = range.transport == catalog::Transport::tcp;
        const bool shared = snapshot->catalogue->match_port(range.transport, range.first).shared;
        sessions_.add_port(application, range,
                           shared && proto::begins_recognisably(application.word, tcp));
      }
      for (const auto& address : application.addresses) {
        sessions_.add_address(application, address);
      }
    }
  }
  ~CataloguePaths() override { std::filesystem::remove_all(folder_); }

  std::shared_ptr<const engine::Snapshot> load(const std::string& rules) {
    const std::string file = (folder_ / "policy.json").string();
    std::ofstream(file) << "{\"rules\": " << rules << "}";
    const auto loaded = control::load({file, CHATGATE_SOURCE "/policy/catalog", 1}, registry_);
    EXPECT_FALSE(loaded.diagnostics.has_errors()) << rules;
    return loaded.snapshot;
  }

  // Plays the sessions for which `with` is true.
  template <typename With>
  Outcome play(const std::string& rules, With with) {
    Outcome outcome;
    outcome.passed.resize(sessions_.all().size());
    std::unordered_map<std::string, std::pair<std::size_t, std::size_t>> known;
    ReplayOptions options;
    options.inspections = 1u << 13;
    std::vector<std::unique_ptr<telemetry::Sink>> sinks;
    sinks.push_back(std::make_unique<Collector>(outcome.seen));
    Replay replay(options, load(rules), std::move(sinks), [&](const OutputFrame& frame) {
      if (frame.forged) return;
      const auto at = known.find(std::string(as_text(frame.bytes)));
      if (at != known.end()) outcome.passed[at->second.first].insert(at->second.second);
    });
    std::uint64_t now = 1'000'000'000;
    for (std::size_t s = 0; s < sessions_.all().size(); ++s) {
      const Session& session = sessions_.all()[s];
      if (!with(session)) continue;
      for (std::size_t f = 0; f < session.frames.size(); ++f) {
        known[text(session.frames[f])] = {s, f};
        net::PacketView view = test::view_of(session.frames[f]);
        view.time = Time{now += 50'000};
        replay.add(view);
      }
    }
    replay.finish();
    EXPECT_EQ(replay.events_lost(), 0u);
    return outcome;
  }

  static std::string told(const Session& session) {
    return session.application + " by " + session.claim + " (" +
           std::to_string(static_cast<int>(session.path)) + ")";
  }

  // Who asks for it is told whether encrypted DNS is allowed (docs/guide/dns.md).
  static bool is_canary(const Session& session) {
    return session.path == Path::dns && session.application == "icloud-private-relay";
  }

  bool all_passed(const Outcome& outcome, std::size_t s) const {
    return outcome.passed[s].size() == sessions_.all()[s].frames.size();
  }

  std::filesystem::path folder_;
  catalog::ApplicationRegistry registry_;
  std::vector<std::string> applications_;
  Sessions sessions_;
};

TEST_F(CataloguePaths, ClaimsAreRecognisedAndPassWhereAllowed) {
  const Outcome outcome = play(std::string("[") + kWatched, [](const Session&) { return true; });
  std::map<Path, unsigned> counted;
  for (std::size_t s = 0; s < sessions_.all().size(); ++s) {
    const Session& session = sessions_.all()[s];
    EXPECT_TRUE(all_passed(outcome, s)) << told(session);
    const auto seen = outcome.seen.find(session.client);
    const std::string application = seen == outcome.seen.end() ? "" : seen->second.application;
    if (!session.exclusive) {
      EXPECT_NE(application, session.application) << told(session) << " is shared";
      continue;
    }
    ++counted[session.path];
    EXPECT_EQ(application, session.application) << told(session);
    if (application.empty()) continue;
    EXPECT_EQ(seen->second.evidence, kEvidence[static_cast<int>(session.path)]) << told(session);
  }
  for (const Path path : {Path::tls, Path::quic, Path::host, Path::dns}) {
    EXPECT_GE(counted[path], 500u);
  }
  EXPECT_GE(counted[Path::port], 15u);
  EXPECT_GE(counted[Path::address], 50u);
}

// Each application refused alone: all that it claims is stopped, and nothing of anybody else's;
// what it shares least of all.
TEST_F(CataloguePaths, OneRefusedApplicationTouchesNoOther) {
  for (const std::string& refused : applications_) {
    std::set<std::string> others;  // one session of each way is enough
    const auto with = [&](const Session& session) {
      return session.application == refused || !session.exclusive ||
             others.insert(session.application + kEvidence[static_cast<int>(session.path)]).second;
    };
    const Outcome outcome = play("[{\"application\": \"" + refused +
                                     "\", \"action\": \"reset\", \"log\": true}, " + kWatched,
                                 with);
    others.clear();
    for (std::size_t s = 0; s < sessions_.all().size(); ++s) {
      const Session& session = sessions_.all()[s];
      if (!with(session) || (refused == "encrypted-dns" && is_canary(session))) continue;
      const auto seen = outcome.seen.find(session.client);
      const bool is_refused = seen != outcome.seen.end() && seen->second.application == refused;
      if (session.application == refused && session.exclusive) {
        EXPECT_TRUE(is_refused) << told(session);
        EXPECT_FALSE(outcome.passed[s].contains(session.says)) << told(session) << " passed";
      } else if (session.application == refused || session.exclusive) {
        EXPECT_FALSE(is_refused) << told(session) << " under " << refused;
        EXPECT_TRUE(all_passed(outcome, s)) << told(session) << " under " << refused;
      } else {
        // Shared by another, and perhaps the refused one's own.
        EXPECT_EQ(all_passed(outcome, s), !is_refused) << told(session) << " under " << refused;
      }
    }
  }
}

}  // namespace
}  // namespace chatgate::replay
