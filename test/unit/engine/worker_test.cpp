// The packet's way, driven frame by frame: what goes on, what is dropped, what is forged.

#include "engine/worker.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalogue.h"
#include "policy/policy.h"

#include "frames.h"

namespace chatgate::engine {
namespace {

using catalog::Category;
using catalog::Transport;
using net::Side;
using net::tcp_flag::ack;
using net::tcp_flag::fin;
using net::tcp_flag::psh;
using net::tcp_flag::rst;
using net::tcp_flag::syn;
using policy::Action;
using test::Frame;
using test::Octets;

constexpr const char* kClient = "10.0.0.1";
constexpr const char* kServer = "192.0.2.1";

const ApplicationId kXmpp(0), kWhatsapp(1), kMsn(2), kPush(3);

std::shared_ptr<const catalog::Catalogue> catalogue() {
  std::vector<catalog::Application> all(4);
  const auto set = [&](ApplicationId id, const char* word, Category category) -> auto& {
    catalog::Application& application = all[id.value()];
    application.id = id;
    application.word = word;
    application.name = word;
    application.category = category;
    return application;
  };
  set(kXmpp, "xmpp", Category::open_protocol).ports = {
      {Transport::tcp, 5222, 5222, catalog::Service::login, true, false},
      {Transport::tcp, 5223, 5223, catalog::Service::login, true, true}};
  all[0].names = {{"jabber.example", false, true, catalog::Service::any}};
  set(kWhatsapp, "whatsapp", Category::mobile_messenger).names = {
      {"whatsapp.net", false, true, catalog::Service::any},
      {"shared.example", false, false, catalog::Service::any}};
  all[1].ports = {{Transport::tcp, 5222, 5222, catalog::Service::any, false, false}};
  set(kMsn, "msn", Category::legacy_im).ports = {
      {Transport::tcp, 1863, 1863, catalog::Service::any, true, false},
      {Transport::udp, 4000, 4000, catalog::Service::any, true, false}};
  all[2].addresses = {{*Prefix::parse("203.0.113.0/24"), true}};
  // Not a messenger: nothing in the policy names its category.
  set(kPush, "push", Category::adware).names = {
      {"push.example", false, true, catalog::Service::any}};
  return std::make_shared<catalog::Catalogue>(std::move(all));
}

struct RuleSpec {
  std::vector<ApplicationId> applications;
  std::vector<Category> categories;
  Action action;
  bool log = true;
};

std::shared_ptr<Snapshot> snapshot(std::vector<RuleSpec> rules, std::uint32_t generation = 1,
                                   policy::Mode mode = policy::Mode::enforce) {
  auto made = std::make_shared<Snapshot>();
  made->generation = generation;
  made->catalogue = catalogue();
  policy::Policy::Content content;
  content.mode = mode;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    policy::Rule rule;
    rule.id = RuleId(static_cast<std::uint16_t>(i));
    rule.name = "rule " + std::to_string(i + 1);
    rule.applications = rules[i].applications;
    rule.categories = rules[i].categories;
    rule.action = rules[i].action;
    rule.log = rules[i].log;
    content.rules.push_back(rule);
  }
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  return made;
}

std::shared_ptr<Snapshot> block_im(std::uint32_t generation = 1) {
  return snapshot({{{}, {Category::im}, Action::reset}}, generation);
}

// What one frame came to.
struct Outcome {
  bool forward = false;
  telemetry::Reason reason = telemetry::Reason::none;
  std::vector<ForgedFrame> forged;

  // The forged frame that left by `side`, decoded.
  std::optional<net::Layers> to(Side side) const {
    for (const ForgedFrame& frame : forged) {
      if (frame.out != side) continue;
      EXPECT_TRUE(test::checksums_right(frame.bytes()));
      net::PacketView view;
      view.bytes = frame.bytes();
      view.wire_length = frame.size;
      net::Layers layers;
      net::decode(view, layers);
      return layers;
    }
    return std::nullopt;
  }
};

class Wire {
 public:
  explicit Wire(std::shared_ptr<const Snapshot> policy, WorkerConfig config = small())
      : policy_(std::move(policy)), worker_(config, *counters_, &events_) {}

  static WorkerConfig small() {
    WorkerConfig config;
    config.flows = 64;
    config.inspections = 16;
    config.hash = KeyedHash(1);
    config.protocol_events = true;
    return config;
  }

  Outcome send(const Octets& frame, Side side) {
    net::PacketView view = test::view_of(frame, side);
    view.number = ++number_;
    view.time = now_;
    auto result = std::make_unique<BurstResult>();
    worker_.process({&view, 1}, now_, *policy_, *result);
    Outcome outcome{result->dispositions[0].forward, result->dispositions[0].reason, {}};
    for (const ForgedFrame& forged : result->forged_frames()) outcome.forged.push_back(forged);
    return outcome;
  }
  Outcome inside(Frame frame) { return send(frame.build(), Side::inside); }
  Outcome outside(Frame frame) { return send(frame.build(), Side::outside); }

  void wait(unsigned seconds) {
    for (unsigned i = 0; i < seconds; ++i) {
      now_.nanoseconds += 1'000'000'000;
      worker_.tick(now_, *policy_);
    }
  }
  void reload(std::shared_ptr<const Snapshot> policy) { policy_ = std::move(policy); }
  std::uint64_t count(telemetry::Counter counter) const { return counters_->get(counter); }
  std::uint64_t count(telemetry::Reason reason) const { return counters_->get(reason); }
  Worker& worker() { return worker_; }
  Time now() const { return now_; }

  std::vector<telemetry::Event> events(telemetry::EventType type) {
    std::vector<telemetry::Event> found;
    while (const telemetry::Event* event = events_.front()) {
      if (event->type == type) found.push_back(*event);
      events_.pop();
    }
    return found;
  }

 private:
  std::shared_ptr<const Snapshot> policy_;
  std::unique_ptr<telemetry::WorkerCounters> counters_ =
      std::make_unique<telemetry::WorkerCounters>();
  telemetry::EventRing events_{256};
  Worker worker_;
  Time now_ = from_seconds(1'700'000'000);
  std::uint64_t number_ = 0;
};

// A TCP conversation with the numbers kept right.
class Talk {
 public:
  Talk(Wire& wire, std::uint16_t client_port, std::uint16_t server_port,
       const char* server = kServer)
      : wire_(wire), client_port_(client_port), server_port_(server_port), server_(server) {}

  Frame from_client(std::uint8_t flags) const {
    return Frame().v4(kClient, server_).tcp(client_port_, server_port_, flags).seq(client_next);
  }
  Frame from_server(std::uint8_t flags) const {
    return Frame().v4(server_, kClient).tcp(server_port_, client_port_, flags).seq(server_next);
  }

  Outcome open() {
    const Outcome outcome = wire_.inside(from_client(syn));
    ++client_next;
    if (!outcome.forward) return outcome;
    wire_.outside(from_server(syn).ack(client_next));
    ++server_next;
    wire_.inside(from_client(0).ack(server_next));
    return outcome;
  }
  Outcome client_says(Octets bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const Outcome outcome =
        wire_.inside(from_client(psh).ack(server_next).payload(std::move(bytes)));
    if (outcome.forward) client_next += size;
    return outcome;
  }
  Outcome server_says(std::string_view text) {
    const Outcome outcome = wire_.outside(from_server(psh).ack(client_next).payload(text));
    if (outcome.forward) server_next += static_cast<std::uint32_t>(text.size());
    return outcome;
  }

  std::uint32_t client_next = 0xfffffffe;  // wraps around within the handshake
  std::uint32_t server_next = 5000;

 private:
  Wire& wire_;
  std::uint16_t client_port_, server_port_;
  const char* server_;
};

TEST(Worker, InnocentTlsGoesThroughUntouched) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  EXPECT_TRUE(talk.open().forward);
  EXPECT_TRUE(talk.client_says(test::client_hello("www.example.com")).forward);
  EXPECT_TRUE(talk.server_says("anything").forward);
  EXPECT_TRUE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);  // decided before
  EXPECT_EQ(wire.count(telemetry::Counter::forged), 0u);
  EXPECT_TRUE(wire.events(telemetry::EventType::alert).empty());
}

TEST(Worker, ABlockedNameResetsBothEndsWithTheNextExpectedByte) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  const Outcome outcome = talk.client_says(test::client_hello("g.WhatsApp.net."));
  EXPECT_FALSE(outcome.forward);
  EXPECT_EQ(outcome.reason, telemetry::Reason::policy_reset);
  ASSERT_EQ(outcome.forged.size(), 2u);
  const auto client = outcome.to(Side::inside), server = outcome.to(Side::outside);
  ASSERT_TRUE(client && server);
  EXPECT_EQ(client->flags, rst | ack);
  EXPECT_EQ(client->sequence, talk.server_next);
  EXPECT_EQ(client->acknowledgment, talk.client_next);
  EXPECT_EQ(server->flags, rst | ack);
  EXPECT_EQ(server->sequence, talk.client_next);
  EXPECT_EQ(server->source.to_string(), kClient);

  const auto alerts = wire.events(telemetry::EventType::alert);
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0].im.application, kWhatsapp);
  EXPECT_EQ(alerts[0].im.evidence, catalog::Evidence::tls_sni);
  EXPECT_EQ(alerts[0].name_view(), "g.whatsapp.net");
  EXPECT_EQ(alerts[0].client.to_string(), kClient);
  EXPECT_EQ(alerts[0].decided_at, 4u);
  EXPECT_EQ(alerts[0].rule, RuleId(0));
}

TEST(Worker, TheResetIsExactWhenEarlierSegmentsHadPassed) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  const Octets hello = test::client_hello("web.whatsapp.net", 2000);
  const std::uint32_t start = talk.client_next;
  EXPECT_TRUE(talk.client_says(Octets(hello.begin(), hello.begin() + 1000)).forward);
  const Outcome outcome = talk.client_says(Octets(hello.begin() + 1000, hello.end()));
  EXPECT_FALSE(outcome.forward);
  ASSERT_TRUE(outcome.to(Side::outside));
  EXPECT_EQ(outcome.to(Side::outside)->sequence, start + 1000);
}

// The server waits at the hole, so that is where its reset must be.
TEST(Worker, TheResetIsExactWhenTheEndCameFirst) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  const Octets hello = test::client_hello("web.whatsapp.net");
  const std::uint32_t start = talk.client_next;
  talk.client_next = start + 20;
  EXPECT_TRUE(talk.client_says(Octets(hello.begin() + 20, hello.end())).forward);
  talk.client_next = start;
  const Outcome outcome = talk.client_says(Octets(hello.begin(), hello.begin() + 20));
  EXPECT_FALSE(outcome.forward);
  ASSERT_TRUE(outcome.to(Side::outside));
  EXPECT_EQ(outcome.to(Side::outside)->sequence, start);
}

TEST(Worker, ABlockedFlowStaysBlocked) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  talk.client_says(test::client_hello("g.whatsapp.net"));
  const Outcome again = talk.client_says(test::client_hello("g.whatsapp.net"));
  EXPECT_FALSE(again.forward);
  EXPECT_EQ(again.reason, telemetry::Reason::blocked_flow);
  ASSERT_TRUE(again.to(Side::inside));
  EXPECT_EQ(again.to(Side::inside)->sequence, talk.server_next);
  const Outcome server = talk.server_says("data on its way");
  EXPECT_FALSE(server.forward);
  ASSERT_TRUE(server.to(Side::outside));
  EXPECT_EQ(server.to(Side::outside)->sequence, talk.client_next);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).size(), 1u);
  // However often an end repeats itself, it is not answered for ever.
  std::size_t answers = 0;
  for (int i = 0; i < 100; ++i) answers += talk.server_says("x").forged.size();
  EXPECT_LE(answers, 16u);
}

TEST(Worker, NothingIsSentForAReset) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  talk.client_says(test::client_hello("g.whatsapp.net"));
  const Outcome outcome = wire.inside(talk.from_client(rst));
  EXPECT_FALSE(outcome.forward);
  EXPECT_TRUE(outcome.forged.empty());
}

TEST(Worker, ARefusedSynIsAnsweredToTheClientOnly) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 1863);
  const Outcome outcome = talk.open();
  EXPECT_FALSE(outcome.forward);
  ASSERT_EQ(outcome.forged.size(), 1u);
  const auto client = outcome.to(Side::inside);
  ASSERT_TRUE(client);
  EXPECT_EQ(client->flags, rst | ack);
  EXPECT_EQ(client->sequence, 0u);
  EXPECT_EQ(client->acknowledgment, talk.client_next);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).at(0).im.evidence, catalog::Evidence::port);
}

TEST(Worker, ARepeatedSynIsAnsweredAgainButToldOnce) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 1863);
  wire.inside(talk.from_client(syn));
  const Outcome again = wire.inside(talk.from_client(syn));
  EXPECT_FALSE(again.forward);
  EXPECT_EQ(again.forged.size(), 1u);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).size(), 1u);
  talk.client_next += 1000;  // another attempt
  EXPECT_EQ(wire.inside(talk.from_client(syn)).forged.size(), 1u);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).size(), 1u);
}

TEST(Worker, APortThatAnAllowedApplicationUsesTooIsNotRefused) {
  Wire wire(
      snapshot({{{kWhatsapp}, {}, Action::allow, false}, {{}, {Category::im}, Action::reset}}));
  Talk talk(wire, 40000, 5222);
  EXPECT_TRUE(talk.open().forward);
  EXPECT_TRUE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);
  Talk other(wire, 40001, 5222);
  EXPECT_TRUE(other.open().forward);
  EXPECT_FALSE(other.client_says(test::from_text("<?xml version='1.0'?><stream:stream")).forward);
}

TEST(Worker, ASharedPortWaitsForPayload) {
  Wire wire(block_im());
  Talk push(wire, 40000, 5223);
  EXPECT_TRUE(push.open().forward);
  EXPECT_TRUE(push.client_says(test::client_hello("courier.push.example")).forward);
  Talk chat(wire, 40001, 5223);
  EXPECT_TRUE(chat.open().forward);
  EXPECT_FALSE(chat.client_says(test::client_hello("unknown.example")).forward);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).at(0).im.evidence, catalog::Evidence::port);
}

TEST(Worker, AServerAddressIsRefusedOnAnyPort) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 8443, "203.0.113.7");
  EXPECT_FALSE(talk.open().forward);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).at(0).im.evidence, catalog::Evidence::address);
}

TEST(Worker, ASharedNameNeverDecides) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  EXPECT_TRUE(talk.client_says(test::client_hello("cdn.shared.example")).forward);
}

TEST(Worker, HttpHostIsRead) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 80);
  talk.open();
  EXPECT_FALSE(
      talk.client_says(test::from_text("GET / HTTP/1.1\r\nhOsT:mmg.whatsapp.net:80\r\n\r\n"))
          .forward);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).at(0).im.evidence,
            catalog::Evidence::http_host);
  Talk innocent(wire, 40001, 80);
  innocent.open();
  EXPECT_TRUE(
      innocent
          .client_says(test::from_text("GET /?whatsapp.net HTTP/1.1\r\nHost: a.example\r\n\r\n"))
          .forward);
}

TEST(Worker, AServerThatSpeaksFirstDoesNotEndTheLooking) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 2525);
  talk.open();
  EXPECT_TRUE(talk.server_says("220 mail.example ESMTP\r\n").forward);
  EXPECT_FALSE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);
  const auto alerts = wire.events(telemetry::EventType::alert);
  ASSERT_EQ(alerts.size(), 1u);
}

TEST(Worker, DropIsSilent) {
  Wire wire(snapshot({{{}, {Category::im}, Action::drop}}));
  Talk talk(wire, 40000, 443);
  talk.open();
  const Outcome outcome = talk.client_says(test::client_hello("g.whatsapp.net"));
  EXPECT_FALSE(outcome.forward);
  EXPECT_TRUE(outcome.forged.empty());
  EXPECT_EQ(outcome.reason, telemetry::Reason::policy_drop);
  EXPECT_TRUE(talk.server_says("x").forged.empty());
}

TEST(Worker, MonitorForwardsWhatItWouldBlock) {
  Wire wire(snapshot({{{}, {Category::im}, Action::reset}}, 1, policy::Mode::monitor));
  Talk talk(wire, 40000, 1863);
  EXPECT_TRUE(talk.open().forward);
  EXPECT_TRUE(talk.client_says(test::from_text("VER 1 MSNP8 CVR0\r\n")).forward);
  EXPECT_EQ(wire.count(telemetry::Counter::would_block), 1u);
  EXPECT_EQ(wire.count(telemetry::Counter::blocked), 0u);
  EXPECT_EQ(wire.count(telemetry::Counter::forged), 0u);
  const auto alerts = wire.events(telemetry::EventType::alert);
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0].mode, policy::Mode::monitor);
}

TEST(Worker, DnsQuestionsAreAnsweredOneByOne) {
  Wire wire(block_im());
  const auto query = [](const char* name) {
    return Frame().v4(kClient, kServer).udp(5353, 53).payload(test::dns_query(name));
  };
  EXPECT_TRUE(wire.inside(query("www.example.com")).forward);
  const Outcome blocked = wire.inside(query("web.WhatsApp.net"));
  EXPECT_FALSE(blocked.forward);
  EXPECT_EQ(blocked.reason, telemetry::Reason::policy_answer);
  ASSERT_EQ(blocked.forged.size(), 1u);
  const auto answer = blocked.to(Side::inside);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->source_port, 53);
  const Bytes frame = blocked.forged[0].bytes();
  const std::uint8_t* message = &frame[answer->payload];
  EXPECT_EQ(load_be16(message), 0x1234);
  EXPECT_EQ(message[3] & 0x0f, 3);
  EXPECT_TRUE(wire.inside(query("www.example.com")).forward);
  EXPECT_EQ(wire.count(telemetry::Counter::dns_questions), 3u);
  EXPECT_EQ(wire.events(telemetry::EventType::dns).size(), 3u);
}

TEST(Worker, DnsOverTcpIsAnsweredInTheStream) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 53);
  talk.open();
  const auto framed = [](const char* name) {
    Octets message = test::dns_query(name);
    message.insert(message.begin(), {0, static_cast<std::uint8_t>(message.size())});
    return message;
  };
  EXPECT_TRUE(talk.client_says(framed("www.example.com")).forward);
  EXPECT_TRUE(talk.client_says(framed("mail.example.com")).forward);
  const std::uint32_t size = static_cast<std::uint32_t>(framed("g.whatsapp.net").size());
  const Outcome blocked = talk.client_says(framed("g.whatsapp.net"));
  EXPECT_FALSE(blocked.forward);
  const auto client = blocked.to(Side::inside), server = blocked.to(Side::outside);
  ASSERT_TRUE(client && server);
  EXPECT_EQ(client->flags, ack | psh | fin);
  EXPECT_EQ(client->sequence, talk.server_next);
  EXPECT_EQ(client->acknowledgment, talk.client_next + size);
  EXPECT_GT(client->payload_size, 12);
  EXPECT_EQ(server->flags, rst | ack);
  EXPECT_EQ(server->sequence, talk.client_next);
}

TEST(Worker, UdpOnADefaultPortIsDropped) {
  Wire wire(block_im());
  const Frame datagram = Frame().v4(kClient, kServer).udp(5000, 4000).payload("\x02icq");
  EXPECT_FALSE(wire.inside(datagram).forward);
  EXPECT_FALSE(wire.inside(datagram).forward);
  EXPECT_EQ(wire.count(telemetry::Reason::blocked_flow), 1u);
  EXPECT_TRUE(wire.inside(Frame().v4(kClient, kServer).udp(4000, 5000).payload("x")).forward);
}

TEST(Worker, AReloadReachesEstablishedFlows) {
  Wire wire(snapshot({{{}, {Category::im}, Action::allow, false}}));
  Talk talk(wire, 40000, 443);
  talk.open();
  EXPECT_TRUE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);
  EXPECT_TRUE(talk.server_says("hello").forward);
  wire.reload(block_im(2));
  const Outcome outcome = talk.server_says("more");
  EXPECT_FALSE(outcome.forward);
  ASSERT_EQ(outcome.forged.size(), 2u);
  EXPECT_EQ(outcome.to(Side::inside)->sequence, talk.server_next);
  EXPECT_EQ(outcome.to(Side::outside)->sequence, talk.client_next);
  EXPECT_EQ(wire.events(telemetry::EventType::alert).size(), 1u);
  EXPECT_EQ(wire.count(telemetry::Counter::flows_judged_anew), 1u);
}

TEST(Worker, AReloadFreesWhatWasDropped) {
  Wire wire(snapshot({{{}, {Category::im}, Action::drop}}));
  Talk talk(wire, 40000, 443);
  talk.open();
  EXPECT_FALSE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);
  wire.reload(snapshot({{{}, {Category::im}, Action::allow}}, 2));
  EXPECT_TRUE(talk.client_says(test::client_hello("g.whatsapp.net")).forward);
}

TEST(Worker, AnUndecidedFlowIsJudgedByThePolicyInForceAtItsEnd) {
  Wire wire(snapshot({{{}, {Category::im}, Action::allow}}));
  Talk talk(wire, 40000, 443);
  talk.open();
  const Octets hello = test::client_hello("g.whatsapp.net");
  talk.client_says(Octets(hello.begin(), hello.begin() + 30));
  wire.reload(block_im(2));
  EXPECT_FALSE(talk.client_says(Octets(hello.begin() + 30, hello.end())).forward);
}

TEST(Worker, ANewConnectionOnTheSamePortsIsLookedAtAfresh) {
  Wire wire(block_im());
  Talk first(wire, 40000, 443);
  first.open();
  EXPECT_TRUE(first.client_says(test::client_hello("www.example.com")).forward);
  wire.inside(first.from_client(fin).ack(first.server_next));
  wire.outside(first.from_server(fin).ack(first.client_next + 1));
  Talk second(wire, 40000, 443);
  second.client_next = 777777;
  second.server_next = 99;
  EXPECT_TRUE(second.open().forward);
  EXPECT_FALSE(second.client_says(test::client_hello("g.whatsapp.net")).forward);
  EXPECT_EQ(wire.events(telemetry::EventType::flow).size(), 1u);
}

TEST(Worker, AContradictingCopyIsDroppedAndChangesNothing) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  const Octets hello = test::client_hello("g.whatsapp.net");
  Octets innocent = test::client_hello("g.whatsapq.net");
  const Octets first(hello.begin(), hello.begin() + 60);
  talk.client_says(first);
  talk.client_next -= 60;
  innocent.resize(70);
  innocent[50] ^= 1;
  const Outcome conflict = talk.client_says(innocent);
  EXPECT_FALSE(conflict.forward);
  EXPECT_EQ(conflict.reason, telemetry::Reason::overlap_conflict);
  talk.client_next += 60;
  EXPECT_FALSE(talk.client_says(Octets(hello.begin() + 60, hello.end())).forward);
  EXPECT_EQ(wire.count(telemetry::Counter::blocked), 1u);
}

TEST(Worker, FlowsEndWithAnEventIfTheyHeldPayload) {
  Wire wire(block_im());
  Talk silent(wire, 40000, 443), talking(wire, 40001, 443);
  silent.open();
  talking.open();
  talking.client_says(test::client_hello("www.example.com"));
  talking.server_says("hello");
  wire.inside(talking.from_client(fin).ack(talking.server_next));
  wire.outside(talking.from_server(fin).ack(talking.client_next + 1));
  wire.wait(60);
  const auto flows = wire.events(telemetry::EventType::flow);
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].client_port, 40001);
  EXPECT_EQ(flows[0].packets_to_server, 4u);
  EXPECT_EQ(flows[0].packets_to_client, 3u);
  EXPECT_EQ(flows[0].state, telemetry::FlowState::closed);
  EXPECT_EQ(flows[0].end, telemetry::FlowEnd::closed);
  EXPECT_EQ(flows[0].name_view(), "www.example.com");
  EXPECT_EQ(wire.count(telemetry::Counter::flows_active), 0u);
}

TEST(Worker, AHelloThatNeverEndsIsJudgedByWhatIsKnown) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 5223);
  talk.open();
  const Octets hello = test::client_hello("unknown.example");
  talk.client_says(Octets(hello.begin(), hello.begin() + 20));
  EXPECT_EQ(wire.count(telemetry::Counter::inspections_active), 1u);
  wire.wait(40);
  EXPECT_EQ(wire.count(telemetry::Counter::inspections_active), 0u);
  EXPECT_EQ(wire.count(telemetry::Counter::inspection_limit), 1u);
  EXPECT_FALSE(talk.client_says(Octets(hello.begin() + 20, hello.end())).forward);
}

TEST(Worker, ASynFloodPushesOutOnlyItself) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  talk.client_says(test::client_hello("www.example.com"));
  for (std::uint16_t port = 1; port < 2000; ++port) {
    EXPECT_TRUE(wire.inside(Frame().v4(kClient, kServer).tcp(port, 443, syn)).forward);
  }
  EXPECT_EQ(wire.count(telemetry::Counter::flows_active), 64u);
  EXPECT_EQ(wire.count(telemetry::Reason::flow_table_full), 0u);
  wire.events(telemetry::EventType::flow);
  talk.client_says(test::from_text("more"));
  wire.reload(block_im(2));
  talk.client_says(test::from_text("more"));
  EXPECT_EQ(wire.count(telemetry::Counter::flows_judged_anew), 1u) << "the talking flow was lost";
}

TEST(Worker, AFullTableIsOpenOrClosedAsConfigured) {
  for (const OnFailure mode : {OnFailure::open, OnFailure::closed}) {
    WorkerConfig config = Wire::small();
    config.on_failure = mode;
    Wire wire(block_im(), config);
    for (std::uint16_t port = 1; port <= 64; ++port) {
      Talk talk(wire, port, 443);
      talk.open();
      talk.client_says(test::client_hello("www.example.com"));
    }
    const Outcome outcome = wire.inside(Frame().v4(kClient, kServer).tcp(999, 443, syn));
    EXPECT_EQ(outcome.forward, mode == OnFailure::open);
    EXPECT_EQ(wire.count(telemetry::Reason::flow_table_full), 1u);
  }
}

TEST(Worker, ExhaustedInspectionsAreOpenOrClosedAsConfigured) {
  for (const OnFailure mode : {OnFailure::open, OnFailure::closed}) {
    WorkerConfig config = Wire::small();
    config.on_failure = mode;
    Wire wire(block_im(), config);
    const Octets hello = test::client_hello("www.example.com");
    Outcome last;
    for (std::uint16_t port = 1; port <= 17; ++port) {
      Talk talk(wire, port, 443);
      talk.open();
      last = talk.client_says(Octets(hello.begin(), hello.begin() + 20));
    }
    EXPECT_EQ(last.forward, mode == OnFailure::open);
    EXPECT_EQ(wire.count(telemetry::Reason::inspection_exhausted), 1u);
  }
}

TEST(Worker, WhatIsNotTransportPasses) {
  Wire wire(block_im());
  EXPECT_TRUE(
      wire.send(test::from_hex("ffffffffffff 020000000001 0806 0001"), Side::inside).forward);
  EXPECT_TRUE(wire.send({1, 2, 3}, Side::outside).forward);
  EXPECT_TRUE(wire.inside(Frame().v4(kClient, kServer).protocol(47).payload("gre")).forward);
  EXPECT_EQ(wire.count(telemetry::Counter::undecodable), 1u);
  EXPECT_EQ(wire.count(telemetry::Counter::not_transport), 2u);
}

TEST(Worker, TheSameTupleInTwoVlansIsTwoFlows) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  const Octets hello = test::client_hello("g.whatsapp.net");
  EXPECT_FALSE(talk.client_says(hello).forward);
  const Outcome tagged = wire.inside(Frame().vlan(100).v4(kClient, kServer).tcp(40000, 443, syn));
  EXPECT_TRUE(tagged.forward);
}

TEST(Worker, FlowsAreShownOnRequest) {
  Wire wire(block_im());
  Talk blocked(wire, 40000, 443), open(wire, 40001, 443);
  blocked.open();
  blocked.client_says(test::client_hello("g.whatsapp.net"));
  open.open();
  FlowQuery query;
  query.blocked_only = true;
  query.flows.resize(4);
  ASSERT_TRUE(wire.worker().mailbox().post(query));
  wire.wait(1);
  ASSERT_TRUE(query.done);
  EXPECT_EQ(query.found, 1u);
  EXPECT_EQ(query.flows[0].client_port, 40000);
  EXPECT_EQ(query.flows[0].action, Action::reset);
}

// A capture that jumps by months must neither stop timers nor keep old flows.
TEST(Worker, ALeapInTimeEndsWhatWasBefore) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 443);
  talk.open();
  wire.wait(1);
  FlowQuery query;
  for (const std::uint64_t days : {40u, 400u}) {
    net::PacketView none;
    auto result = std::make_unique<BurstResult>();
    wire.worker().tick(Time{wire.now().nanoseconds + days * 86400 * 1'000'000'000}, *block_im());
    EXPECT_EQ(wire.count(telemetry::Counter::flows_active), 0u);
  }
}

TEST(Owner, IsTheSameForBothDirectionsAndFragments) {
  const KeyedHash hash(3);
  const auto owned = [&](const Octets& frame) { return owner(test::view_of(frame), hash, 7); };
  std::array<unsigned, 7> count{};
  for (int i = 0; i < 250; ++i) {
    const std::string client = "10.0.0." + std::to_string(i);
    const auto there = owned(Frame().v4(client, kServer).tcp(1, 2, syn).build());
    EXPECT_EQ(owned(Frame().v4(kServer, client).tcp(2, 1, ack).build()), there);
    EXPECT_EQ(owned(Frame().v4(kServer, client).udp(2, 1).fragment(8, true).build()), there);
    ++count[there.value()];
  }
  for (const unsigned share : count) EXPECT_GT(share, 10u);
  EXPECT_EQ(owned(test::from_hex("ffffffffffff 020000000001 0806 0001")), WorkerId(0));
}

}  // namespace
}  // namespace chatgate::engine
