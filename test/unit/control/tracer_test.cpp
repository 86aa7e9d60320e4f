// packet-tracer, explain flow and trace, with a real worker behind the gateway.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>

#include "engine/worker.h"

#include "fake_gateway.h"
#include "synth/frames.h"

namespace chatgate::control::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The first worker is real; the other one only has a mailbox, which it never looks into.
class TracedGateway : public FakeGateway {
 public:
  TracedGateway() : worker_(config(), counters_, nullptr) {}

  std::vector<engine::Mailbox*> mailboxes() override {
    return {&worker_.mailbox(), FakeGateway::mailboxes()[1]};
  }

  void send(const synth::Frame& frame) {
    const synth::Octets bytes = frame.build();
    const net::PacketView view = synth::view_of(bytes);
    worker_.process({&view, 1}, from_seconds(kNow), *snapshot(), *result_);
  }
  void tick_worker() { worker_.tick(from_seconds(kNow), *snapshot()); }

 private:
  static engine::WorkerConfig config() {
    engine::WorkerConfig config;
    config.flows = 64;
    config.inspections = 16;
    return config;
  }

  telemetry::WorkerCounters counters_;
  engine::Worker worker_;
  std::unique_ptr<engine::BurstResult> result_ = std::make_unique<engine::BurstResult>();
};

class TracerTest : public ::testing::Test {
 protected:
  TracerTest() {
    config.flow_patience = std::chrono::milliseconds(30);
    config.clock = [] { return from_seconds(kNow); };
    commands.emplace(io, gateway, registry, config);
  }

  Reply run(std::string_view line, uid_t uid = 0) {
    std::optional<Reply> reply;
    commands->execute(line, Caller{uid, 1, "/"}, [&](Reply result) { reply = std::move(result); });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!reply && std::chrono::steady_clock::now() < deadline) {
      gateway.tick_worker();
      io.restart();
      io.run_one_for(std::chrono::milliseconds(5));
    }
    if (!reply) throw std::runtime_error("no answer came");
    return *reply;
  }

  // Of one client port after another.
  static synth::Frame datagram(unsigned number, const char* server = "203.0.113.1") {
    const auto port = static_cast<std::uint16_t>(20000 + number);
    return synth::Frame().v4("10.1.1.5", server).udp(port, 9999).payload("hello");
  }

  boost::asio::io_context io;
  TracedGateway gateway;
  catalog::ApplicationRegistry registry;
  CommandsConfig config;
  std::optional<Commands> commands;
};

TEST_F(TracerTest, PacketTracerAsksTheRunningPolicy) {
  const Reply reply = run("packet-tracer input inside tcp 10.1.1.5 40000 203.0.113.1 443", 12345);
  EXPECT_EQ(reply.status, kDone) << reply.error;
  EXPECT_EQ(reply.result["application"], "unknown");
  EXPECT_EQ(reply.result["action"], "allow");
  EXPECT_EQ(reply.result["rule"], "default");
  EXPECT_THAT(reply.text, HasSubstr("Phase: 1\nType: INPUT\nResult: ALLOW\n"));
  EXPECT_THAT(reply.text, HasSubstr("\nAction: allow\n"));

  const Reply whatsapp = run(
      "packet-tracer input inside tcp 10.1.1.5 40000 203.0.113.1 443 application whatsapp service "
      "text-chat");
  EXPECT_EQ(whatsapp.result["rule"], "no public IM");
  EXPECT_EQ(whatsapp.result["service"], "text-chat");
  EXPECT_THAT(whatsapp.text, HasSubstr("\nAction: drop\n"));
}

TEST_F(TracerTest, PacketTracerKnowsWhatTheGatewayHasLearned) {
  learn::ServerClaim claim;
  claim.application = kTelegram;
  claim.name = "telegram.example";
  claim.ttl = 300;
  claim.generation = 1;
  gateway.learned.learn(*IpAddress::parse("203.0.113.40"), claim, from_seconds(kNow));
  const Reply known = run("packet-tracer input inside tcp 10.1.1.5 40000 203.0.113.40 443");
  EXPECT_EQ(known.result["application"], "telegram");
  EXPECT_EQ(known.result["evidence"], "learned-address");
  EXPECT_EQ(
      run("packet-tracer input inside tcp 10.1.1.5 40000 203.0.113.41 443").result["application"],
      "unknown");
}

TEST_F(TracerTest, PacketTracerKnowsWhatASessionHasAnnounced) {
  proto::ExpectedFlow announced;
  announced.address = *IpAddress::parse("203.0.113.50");
  announced.port = 7000;
  announced.tcp = true;
  announced.service = catalog::Service::file_transfer;
  gateway.expected.expect(announced, kTelegram, from_seconds(kNow));
  const Reply file = run("packet-tracer input inside tcp 10.1.1.5 40000 203.0.113.50 7000");
  EXPECT_EQ(file.result["application"], "telegram");
  EXPECT_EQ(file.result["service"], "file-transfer");
  EXPECT_EQ(file.result["rule"], "no public IM");
  // Another port, another transport, and after it has run out.
  for (const char* line : {"packet-tracer input inside tcp 10.1.1.5 40000 203.0.113.50 7001",
                           "packet-tracer input inside udp 10.1.1.5 40000 203.0.113.50 7000"}) {
    EXPECT_EQ(run(line).result["application"], "unknown") << line;
  }
  // Of a flow that stands, too; announced after it had begun.
  gateway.send(datagram(1));
  announced.address = *IpAddress::parse("203.0.113.1");
  announced.port = 9999;
  announced.tcp = false;
  gateway.expected.expect(announced, kTelegram, from_seconds(kNow));
  const Reply flows = run("show flows");
  const std::string id = std::to_string(flows.result["flows"][0]["flow_id"].get<std::uint64_t>());
  EXPECT_EQ(run("explain flow " + id).result["rule"], "no public IM");
}

TEST_F(TracerTest, PacketTracerComesByADeviceFromAHardwareAddress) {
  auto other = std::make_shared<engine::Snapshot>(*small_snapshot(2));
  policy::Policy::Content content;
  policy::Rule rule;
  rule.id = RuleId(0);
  rule.name = "one card";
  rule.action = policy::Action::drop;
  rule.path.macs = {{0, 0x11, 0x22, 0x33, 0x44, 0x55}};
  rule.path.pairs = {PairId(1)};
  content.rules = {rule};
  other->policy = std::make_shared<policy::Policy>(std::move(content), *other->catalogue);
  gateway.publish(other);
  const std::string begin = "packet-tracer input inside tcp 10.1.1.5 40000 203.0.113.1 443 ";
  EXPECT_EQ(run(begin + "mac 00:11:22:33:44:55 interface 1").result["rule"], "one card");
  EXPECT_EQ(run(begin + "mac 0011.2233.4455 interface 1").result["rule"], "one card");
  EXPECT_EQ(run(begin + "mac 00:11:22:33:44:56 interface 1").result["rule"], "default");
  EXPECT_EQ(run(begin + "mac 00:11:22:33:44:55").result["rule"], "default");
  EXPECT_EQ(run(begin + "interface 1").result["rule"], "default");
  EXPECT_THAT(run(begin + "mac 00:11:22").error, HasSubstr("no hardware address"));
  EXPECT_EQ(run(begin + "interface 8").status, kInvalid);
}

TEST_F(TracerTest, PacketTracerFromOutsideAndOverUdp) {
  const Reply outside =
      run("packet-tracer input outside udp 203.0.113.1 40000 10.1.1.5 443 sni a.example vlan 7");
  EXPECT_EQ(outside.status, kDone) << outside.error;
  EXPECT_THAT(outside.text, HasSubstr("udp 203.0.113.1:40000 to 10.1.1.5:443, vlan 7"));
  EXPECT_THAT(outside.text, HasSubstr("comes in from outside"));
  EXPECT_THAT(outside.text, HasSubstr("quic, a whole message, names \"a.example\""));
}

TEST_F(TracerTest, WrongConnectionsAreRefusedInWords) {
  const auto error_of = [&](std::string_view line) {
    const Reply reply = run(line);
    EXPECT_EQ(reply.status, kInvalid) << line;
    return reply.error;
  };
  EXPECT_THAT(error_of("packet-tracer input inside tcp 10.1.1.256 1 10.0.0.1 1"),
              HasSubstr("no address"));
  EXPECT_THAT(error_of("packet-tracer input inside tcp 10.1.1.5 0 10.0.0.1 1"),
              HasSubstr("not a number"));
  EXPECT_THAT(error_of("packet-tracer input inside tcp 10.1.1.5 1 10.0.0.1"),
              HasSubstr("not a whole command"));
  EXPECT_THAT(error_of("packet-tracer input inside tcp 10.1.1.5 1 2001:db8::1 1"),
              HasSubstr("different versions"));
  EXPECT_THAT(error_of("packet-tracer input inside tcp 10.1.1.5 1 10.0.0.1 1 sni a..b"),
              HasSubstr("no host name"));
  EXPECT_THAT(error_of("packet-tracer input inside tcp 10.1.1.5 1 10.0.0.1 1 sni a.b dns c.d"),
              HasSubstr("one name first"));
  EXPECT_THAT(
      error_of("packet-tracer input inside tcp 10.1.1.5 1 10.0.0.1 1 application xmpp service tex"),
      HasSubstr("unknown service"));
  EXPECT_THAT(error_of("explain flow x"), HasSubstr("no flow's identifier"));
  EXPECT_EQ(run("packet-tracer input inside tcp 10.1.1.5 ?").result["help"][0]["word"],
            "<1-65535>");
}

TEST_F(TracerTest, ALiveFlowIsFoundByItsIdentifier) {
  gateway.send(datagram(1));
  gateway.send(datagram(2));
  const Reply flows = run("show flows");
  ASSERT_EQ(flows.result["flows"].size(), 2u);
  const auto& flow = flows.result["flows"][1];
  const std::string id = std::to_string(flow["flow_id"].get<std::uint64_t>());
  for (const char* command : {"explain flow ", "packet-tracer flow "}) {
    const Reply reply = run(command + id);
    EXPECT_EQ(reply.status, kDone) << reply.error;
    EXPECT_EQ(reply.result["rule"], "default");
    EXPECT_THAT(
        reply.text,
        HasSubstr("udp 10.1.1.5:" + std::to_string(flow["src_port"].get<unsigned>()) + " to"));
  }
  EXPECT_EQ(run("explain flow 1").status, kFailed);
}

TEST_F(TracerTest, ATraceIsShownPacketByPacket) {
  EXPECT_THAT(run("show trace").text, HasSubstr("Nothing was traced"));
  const Reply begun = run("trace match udp host 203.0.113.1 port 9999 2");
  EXPECT_EQ(begun.status, kDone) << begun.error;
  EXPECT_EQ(begun.result["workers"], 2);
  gateway.send(datagram(1, "203.0.113.2"));
  EXPECT_TRUE(run("show trace").result["packets"].empty());
  gateway.send(datagram(1));
  EXPECT_THAT(run("show trace").text, HasSubstr("1 packet of 2, more may come"));
  gateway.send(datagram(1));
  gateway.send(datagram(1));
  const Reply shown = run("show trace", 12345);
  EXPECT_EQ(shown.result["running"], false);
  ASSERT_EQ(shown.result["packets"].size(), 2u);
  std::vector<std::string> stages;
  for (const auto& step : shown.result["packets"][0]["steps"]) stages.push_back(step["stage"]);
  EXPECT_EQ(stages.front(), "decode");
  EXPECT_EQ(stages.back(), "disposition");
  EXPECT_THAT(shown.text, HasSubstr("from inside, udp 10.1.1.5:20001 to 203.0.113.1:9999"));
  EXPECT_THAT(shown.text, Not(HasSubstr(" \n")));
}

TEST_F(TracerTest, ANewTraceTakesThePlaceOfTheOneBefore) {
  EXPECT_EQ(run("trace 5").result["workers"], 2);
  gateway.send(datagram(1));
  // The second worker never gives its request back, and is left out.
  const Reply next = run("trace tcp 5");
  EXPECT_EQ(next.result["workers"], 1);
  EXPECT_THAT(next.text, HasSubstr("1 worker did not take the trace in time"));
  gateway.send(datagram(2));
  EXPECT_TRUE(run("show trace").result["packets"].empty());
  EXPECT_EQ(run("trace stop").status, kDone);
  gateway.send(synth::Frame().v4("10.1.1.5", "203.0.113.1").tcp(1, 443, net::tcp_flag::syn));
  EXPECT_TRUE(run("show trace").result["packets"].empty());
}

TEST_F(TracerTest, OnlyTheOwnerMayTrace) {
  EXPECT_EQ(run("trace 5", 12345).status, kFailed);
  EXPECT_EQ(run("trace").status, kInvalid);
  EXPECT_EQ(run("trace tcp udp 5").status, kInvalid);
  EXPECT_EQ(run("trace 501").status, kInvalid);
}

TEST_F(TracerTest, ATraceThatIsJustBeginningIsLeftAlone) {
  std::optional<Reply> first, second;
  commands->execute("trace 5", Caller{0, 1, "/"}, [&](Reply reply) { first = std::move(reply); });
  commands->execute("trace tcp 5", Caller{0, 1, "/"},
                    [&](Reply reply) { second = std::move(reply); });
  for (int i = 0; i < 1000 && !(first && second); ++i) {
    gateway.tick_worker();
    io.restart();
    io.run_one_for(std::chrono::milliseconds(5));
  }
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->status, kDone);
  EXPECT_EQ(second->status, kFailed);
  gateway.send(datagram(1));
  EXPECT_EQ(run("show trace").result["packets"].size(), 1u);
}

}  // namespace
}  // namespace chatgate::control::testing
