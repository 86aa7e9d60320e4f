// Snort rules in the packet's way: what they are shown, and what their matches do.

#include <gtest/gtest.h>

#include "detect/parser.h"

#include "wire.h"

namespace chatgate::engine {
namespace {

using telemetry::Counter;
using telemetry::EventType;
using telemetry::Reason;

// The rules beside a policy. Metadata of theirs names applications of wire.h.
std::shared_ptr<Snapshot> with_rules(const std::string& text,
                                     std::shared_ptr<Snapshot> made = snapshot({})) {
  detect::RuleSet set = detect::parse_rules(text, "test.rules");
  EXPECT_FALSE(set.findings.has_errors()) << set.findings.all()[0].to_string();
  Diagnostics findings;
  made->signatures = detect::Signatures::compile(std::move(set), {}, findings);
  EXPECT_FALSE(findings.has_errors()) << findings.all()[0].to_string();
  for (const detect::Rule& rule : made->signatures->rules()) {
    const catalog::Application* application = made->catalogue->find(rule.chatgate_application);
    made->signature_meanings.push_back(
        application == nullptr
            ? catalog::Classification()
            : catalog::Classification{
                  application->id,
                  catalog::parse_service(rule.chatgate_service).value_or(catalog::Service::any),
                  catalog::Evidence::signature});
  }
  return made;
}

std::vector<std::uint32_t> sids(Wire& wire, const Snapshot& snapshot) {
  std::vector<std::uint32_t> found;
  for (const telemetry::Event& event : wire.events(EventType::alert)) {
    const detect::Rule* rule = snapshot.signatures->find(event.signature);
    if (rule != nullptr) found.push_back(rule->sid);
  }
  return found;
}

using Sids = std::vector<std::uint32_t>;

Octets text(std::string_view bytes) {
  return test::from_text(std::string(bytes));
}

TEST(SignaturePath, AlertsAndForwards) {
  const auto rules = with_rules(
      R"(alert tcp any any -> any any (msg:"hop"; content:"ZAP|00 01|"; sid:1; rev:3;))");
  Wire wire(rules);
  Talk talk(wire, 40000, 9999);
  talk.open();
  EXPECT_TRUE(talk.client_says(test::from_text(std::string("ZAP\0\1rest", 9))).forward);
  const auto events = wire.events(EventType::alert);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].action, Action::alert);
  EXPECT_EQ(rules->signatures->find(events[0].signature)->rev, 3u);
  EXPECT_EQ(wire.count(Counter::signature_hits), 1u);
}

TEST(SignaturePath, MatchesAcrossSegmentsHoweverCut) {
  const std::string message = "HELLO alpha, this is beta and gamma";
  const auto rules = with_rules(
      "alert tcp any any -> any any (content:\"alpha\"; content:\"gamma\"; distance:5; "
      "content:!\"delta\"; sid:1;)\n"
      "alert tcp any any -> any any (content:\"HELLO\"; depth:5; sid:2;)\n"
      "alert tcp any any -> any any (content:\"nothing\"; sid:3;)");
  for (std::size_t cut = 1; cut < message.size(); ++cut) {
    Wire wire(rules);
    Talk talk(wire, 40000, 9999);
    talk.open();
    talk.client_says(text(message.substr(0, cut)));
    talk.client_says(text(message.substr(cut)));
    talk.server_says("answer");
    Sids found = sids(wire, *rules);
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, (Sids{1, 2})) << cut;
  }
}

TEST(SignaturePath, DropFallsSilentAndRejectResetsBoth) {
  for (const char* action : {"drop", "reject"}) {
    Wire wire(with_rules(std::string(action) +
                         " tcp any any -> any any (content:\"forbidden\"; sid:1;)"));
    Talk talk(wire, 40000, 9999);
    talk.open();
    EXPECT_TRUE(talk.client_says(text("something for")).forward);
    const Outcome outcome = talk.client_says(text("bidden"));
    EXPECT_FALSE(outcome.forward);
    EXPECT_EQ(outcome.reason, Reason::signature) << action;
    EXPECT_EQ(outcome.forged.size(), *action == 'd' ? 0u : 2u);
    EXPECT_FALSE(talk.server_says("too late").forward);
    const auto events = wire.events(EventType::alert);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].action, *action == 'd' ? Action::drop : Action::reset);
  }
}

TEST(SignaturePath, ItsApplicationMeetsThePolicy) {
  const std::string rule =
      "alert tcp any any -> any any (msg:\"msn\"; content:\"VER 1 MSNP\"; depth:10; sid:7; "
      "metadata: chatgate_application msn, chatgate_service login;)";
  const auto blocking = with_rules(rule, block_im());
  Wire wire(blocking);
  Talk talk(wire, 40000, 9999);
  talk.open();
  const Outcome outcome = talk.client_says(text("VER 1 MSNP8 CVR0\r\n"));
  EXPECT_FALSE(outcome.forward);
  EXPECT_EQ(outcome.reason, Reason::policy_reset);
  EXPECT_EQ(outcome.forged.size(), 2u);
  const auto events = wire.events(EventType::alert);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].im.application, kMsn);
  EXPECT_EQ(events[0].im.service, catalog::Service::login);
  EXPECT_EQ(events[0].im.evidence, catalog::Evidence::signature);
  EXPECT_EQ(events[0].action, Action::reset);
  EXPECT_EQ(events[0].rule, RuleId(0));

  // Under a policy that allows it, it is an alert and the flow is known.
  const auto allowing = with_rules(rule, snapshot({{{kMsn}, {}, Action::allow, false}}));
  Wire open(allowing);
  Talk other(open, 40001, 9999);
  other.open();
  EXPECT_TRUE(other.client_says(text("VER 1 MSNP8 CVR0\r\n")).forward);
  open.worker().shut_down(open.now(), *allowing);
  const auto flows = open.events(EventType::flow);
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].im.application, kMsn);
}

TEST(SignaturePath, PassLeavesTheFlowAlone) {
  const auto rules = with_rules(
      "pass tcp any any -> any any (content:\"trusted\"; sid:1;)\n"
      "drop tcp any any -> any any (content:\"forbidden\"; sid:2;)");
  Wire wire(rules);
  Talk talk(wire, 40000, 9999);
  talk.open();
  EXPECT_TRUE(talk.client_says(text("trusted client")).forward);
  talk.server_says("welcome");
  EXPECT_TRUE(talk.client_says(text("forbidden words")).forward);
  EXPECT_TRUE(wire.events(EventType::alert).empty());
}

TEST(SignaturePath, HttpBuffersOfEveryRequest) {
  const auto rules = with_rules(
      "alert http any any -> any any (http.uri; content:\"/gateway.dll\"; sid:1;)\n"
      "alert tcp any any -> any any (content:\"POST\"; http_method; content:\"secret\"; "
      "http_client_body; sid:2;)\n"
      "alert http any any -> any any (http.stat_code; content:\"404\"; sid:3;)");
  Wire wire(rules);
  Talk talk(wire, 40000, 8080);
  talk.open();
  talk.client_says(
      text("GET /index.html HTTP/1.1\r\nHost: a.example\r\n\r\n"
           "GET /%67ateway.dll?x=1 HTTP/1.1\r\nHost: a.example\r\n\r\n"));
  EXPECT_EQ(sids(wire, *rules), Sids{1});
  talk.server_says("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(sids(wire, *rules), Sids{3});
  talk.client_says(text("POST /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nsec"));
  EXPECT_EQ(sids(wire, *rules), Sids{});
  talk.client_says(text("ret"));
  EXPECT_EQ(sids(wire, *rules), Sids{2});
  talk.client_says(text("tail"));
  EXPECT_EQ(sids(wire, *rules), Sids{});
}

TEST(SignaturePath, NamesOfTlsAndDns) {
  const auto rules = with_rules(
      "alert tls any any -> any any (tls.sni; content:\"chat.example\"; endswith; sid:1;)\n"
      "alert udp any any -> any 53 (dns.query; content:\"chat.example\"; sid:2;)\n"
      "drop dns any any -> any any (dns.query; content:\"never.example\"; sid:3;)");
  Wire wire(rules);
  Talk talk(wire, 40000, 443);
  talk.open();
  EXPECT_TRUE(talk.client_says(test::client_hello("www.chat.example")).forward);
  EXPECT_EQ(sids(wire, *rules), Sids{1});
  const auto ask = [&](const char* name) {
    return wire.inside(Frame().v4(kClient, kServer).udp(5555, 53).payload(test::dns_query(name)));
  };
  EXPECT_TRUE(ask("www.chat.example").forward);
  EXPECT_EQ(sids(wire, *rules), Sids{2});
  EXPECT_FALSE(ask("never.example").forward);
  EXPECT_TRUE(ask("ever.example").forward) << "one question has nothing to do with the next";
}

TEST(SignaturePath, PacketsDatagramsAndIcmp) {
  const auto rules = with_rules(
      "alert tcp any any -> any 9999 (flags:S; sid:1;)\n"
      "alert udp any any -> any any (content:\"|de ad|\"; depth:2; dsize:<10; sid:2;)\n"
      "drop icmp any any -> any any (itype:8; content:\"tunnel\"; sid:3;)");
  Wire wire(rules);
  Talk talk(wire, 40000, 9999);
  talk.open();
  EXPECT_EQ(sids(wire, *rules), Sids{1});
  wire.inside(Frame().v4(kClient, kServer).udp(5555, 7777).payload(Octets{0xde, 0xad, 1}));
  EXPECT_EQ(sids(wire, *rules), Sids{2});
  wire.inside(Frame().v4(kClient, kServer).udp(5556, 7777).payload(Octets{0xbe, 0xad, 1}));
  EXPECT_EQ(sids(wire, *rules), Sids{});
  const Octets ping = {8, 0, 0, 0, 0, 1, 0, 1, 't', 'u', 'n', 'n', 'e', 'l'};
  EXPECT_FALSE(wire.inside(Frame().v4(kClient, kServer).protocol(1).payload(ping)).forward);
  EXPECT_EQ(sids(wire, *rules), Sids{3});
  const Octets harmless = {8, 0, 0, 0, 0, 1, 0, 1, 'a', 'b', 'c'};
  EXPECT_TRUE(wire.inside(Frame().v4(kClient, kServer).protocol(1).payload(harmless)).forward);
}

// The words are cut between two fragments; what nobody forbids goes on as it came.
TEST(SignaturePath, IcmpInFragmentsIsReadWhole) {
  const auto rules = with_rules(
      "drop icmp any any -> any any (content:\"tunnel\"; sid:3;)\n"
      "drop icmp any any -> any any (content:\"nel\"; sid:4;)");
  Wire wire(rules);
  std::uint64_t dropped = 0;
  for (const bool v6 : {false, true}) {
    const auto part = [&](std::string_view text, std::uint16_t offset, std::uint32_t id) {
      Octets payload = offset != 0
                           ? Octets()
                           : Octets{v6 ? std::uint8_t{128} : std::uint8_t{8}, 0, 0, 0, 0, 1, 0, 1};
      payload.insert(payload.end(), text.begin(), text.end());
      const Frame frame = v6 ? Frame().v6("fd00::5", "2001:db8::9") : Frame().v4(kClient, kServer);
      return Frame(frame).protocol(v6 ? 58 : 1).payload(payload).fragment(offset, offset == 0, id);
    };
    const std::uint64_t forwarded = wire.count(Counter::forwarded);
    wire.inside(part("12345tun", 0, 1));
    EXPECT_FALSE(wire.inside(part("nel", 16, 1)).forward);
    EXPECT_EQ(sids(wire, *rules), (Sids{3, 4})) << v6;
    EXPECT_EQ(wire.count(Reason::signature), ++dropped) << "one a datagram";
    EXPECT_EQ(wire.count(Counter::forwarded), forwarded);
    wire.inside(part("12345tun", 0, 2));
    wire.inside(part("nen", 16, 2));
    EXPECT_EQ(sids(wire, *rules), Sids{}) << v6;
    EXPECT_EQ(wire.count(Counter::forwarded), forwarded + 2);
  }
}

TEST(SignaturePath, FlowbitsHoldOverTurns) {
  const auto rules = with_rules(
      "alert tcp any any -> any any (flow:to_server; content:\"LOGIN\"; flowbits:set,in; "
      "flowbits:noalert; sid:1;)\n"
      "alert tcp any any -> any any (flow:to_client; content:\"OK\"; flowbits:isset,in; sid:2;)");
  Wire wire(rules);
  Talk talk(wire, 40000, 9999);
  talk.open();
  talk.client_says(text("HELLO"));
  talk.server_says("OK");
  EXPECT_EQ(sids(wire, *rules), Sids{});
  talk.client_says(text("LOGIN"));
  talk.server_says("OK");
  EXPECT_EQ(sids(wire, *rules), Sids{2});
}

TEST(SignaturePath, AFlowIsKeptOnlyAsLongAsRulesListen) {
  const auto rules = with_rules("alert tcp any any -> any 9999 (content:\"needle\"; sid:1;)");
  Wire wire(rules);
  // No rule for this port: the first message decides.
  Talk other(wire, 40001, 7000);
  other.open();
  // Until 64 bytes are there they may be Telegram's obfuscated ones.
  other.client_says(text("\x01\x02\x03\x04" + std::string(100, 'a')));
  other.server_says("\x05\x06\x07\x08" + std::string(100, 'b'));
  wire.inside(other.from_client(0).ack(other.server_next));
  EXPECT_EQ(wire.count(Counter::inspections_active), 0u);

  Talk talk(wire, 40000, 9999);
  talk.open();
  const std::string block(1024, 'x');
  for (unsigned i = 0; i < 40; ++i) {
    talk.client_says(text(block));
    talk.server_says(block);
  }
  wire.inside(talk.from_client(0).ack(talk.server_next));
  EXPECT_EQ(wire.count(Counter::inspections_active), 0u) << "64 KiB are enough";
  talk.client_says(text("needle"));
  EXPECT_EQ(sids(wire, *rules), Sids{});
}

TEST(SignaturePath, MonitorModeOnlyTells) {
  Wire wire(with_rules("reject tcp any any -> any any (content:\"forbidden\"; sid:1;)",
                       snapshot({}, 1, policy::Mode::monitor)));
  Talk talk(wire, 40000, 9999);
  talk.open();
  EXPECT_TRUE(talk.client_says(text("forbidden")).forward);
  EXPECT_EQ(wire.count(Counter::would_block), 1u);
  EXPECT_EQ(wire.events(EventType::alert).size(), 1u);
}

TEST(SignaturePath, OtherRulesByAReload) {
  Wire wire(with_rules("alert tcp any any -> any any (content:\"first\"; sid:1;)"));
  Talk talk(wire, 40000, 9999);
  talk.open();
  talk.client_says(text("quiet"));
  talk.server_says("answer");
  const auto next =
      with_rules("drop tcp any any -> any any (content:\"second\"; sid:2;)", snapshot({}, 2));
  wire.reload(next);
  EXPECT_TRUE(talk.client_says(text("first")).forward);
  talk.server_says("answer");
  EXPECT_FALSE(talk.client_says(text("second")).forward);
}

// What a rule makes of the end of a flow can stop nothing any more, and is told all the same.
TEST(SignaturePath, ADropThatOnlyTheEndOfAFlowBringsIsTold) {
  for (const bool silent : {true, false}) {
    const auto rules =
        with_rules("drop tcp any any -> any any (content:\"tail\"; isdataat:!1,relative; sid:1;)");
    Wire wire(rules);
    Talk talk(wire, 40000, 9999);
    talk.open();
    EXPECT_TRUE(talk.client_says(text("the tail")).forward);
    EXPECT_EQ(sids(wire, *rules), Sids{});
    if (silent) {
      wire.wait(2 * 3600);
    } else {
      wire.worker().shut_down(wire.now(), *rules);
    }
    EXPECT_EQ(sids(wire, *rules), Sids{1});
    EXPECT_EQ(wire.count(Counter::flows_active), 0u);
  }
}

// The rule that drops is the last that is heard: with its segment so much has been said that the
// flow is no longer kept for rules.
TEST(SignaturePath, MonitorModeWhereTheLastThingThatIsHeardIsDropped) {
  const auto rules = with_rules("drop tcp any any -> any any (content:\"needle\"; sid:1;)",
                                snapshot({}, 1, policy::Mode::monitor));
  Wire wire(rules);
  Talk talk(wire, 40000, 9999);
  talk.open();
  const std::string words(1400, 'x');
  for (std::uint64_t said = 0; said + 2 * words.size() < RuleSession::kMaxSaid;
       said += 2 * words.size()) {
    EXPECT_TRUE(talk.client_says(text(words)).forward);
    EXPECT_TRUE(talk.server_says(words).forward);
  }
  EXPECT_TRUE(talk.client_says(text("needle" + words)).forward);
  EXPECT_TRUE(talk.server_says("needle" + words).forward);
  EXPECT_TRUE(talk.client_says(text("needle" + words)).forward);
  EXPECT_FALSE(sids(wire, *rules).empty());
}

}  // namespace
}  // namespace chatgate::engine
