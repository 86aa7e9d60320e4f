// Events as lines: EVE's names, absent keys left out, nothing claimed that did not happen.
#include "telemetry/eve.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace chatgate::telemetry {
namespace {

using nlohmann::json;

constexpr std::uint64_t kNoon = 1'795'464'000'123'456'789;  // 2026-11-23T20:00:00.123456789Z

class Names final : public EventNames {
 public:
  std::string_view application(ApplicationId id) const override {
    return id == ApplicationId(7) ? "whatsapp" : "";
  }
  std::string_view category(ApplicationId id) const override {
    return id == ApplicationId(7) ? "mobile-messenger" : "";
  }
  std::string_view rule(RuleId id) const override {
    return id.valid() ? "no public IM" : "default";
  }
  std::string_view list(ListId list) const override {
    return list == ListId(1) ? "web-im" : std::string_view{};
  }
  std::optional<SignatureText> signature(SignatureId id) const override {
    if (id != SignatureId(5)) return std::nullopt;
    return SignatureText{1, 9100001, 12, 2, "Skype log-in", "policy-violation"};
  }
};

Event tls_event() {
  Event event;
  event.protocol = 6;
  event.app_proto = proto::AppProto::tls;
  event.pair = PairId(0);
  event.time = Time{kNoon};
  event.flow_id = 12345;
  event.packet_number = 4;
  event.generation = 1;
  event.client = *IpAddress::parse("10.0.0.5");
  event.server = *IpAddress::parse("192.0.2.9");
  event.client_port = 40000;
  event.server_port = 443;
  event.im = {ApplicationId(7), catalog::Service::text_chat, catalog::Evidence::tls_sni};
  event.action = policy::Action::reset;
  event.rule = RuleId(4);
  event.reason = Reason::policy_reset;
  event.decided_at = 4;
  event.set_name("web.whatsapp.com");
  return event;
}

json format(const Event& event, EveOptions options = {}) {
  EveFormatter formatter(std::move(options));
  const Names names;
  std::string line;
  formatter.append(line, event, {&names, true});
  EXPECT_EQ(line.back(), '\n');
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return json::parse(line);
}

TEST(Timestamp, IsUtcInMicroseconds) {
  std::string text;
  append_timestamp(text, Time{kNoon});
  EXPECT_EQ(text, "2026-11-23T20:00:00.123456+0000");
  text.clear();
  append_timestamp(text, Time{0});
  EXPECT_EQ(text, "1970-01-01T00:00:00.000000+0000");
}

// The first is from the specification's baseline; both directions give the same.
TEST(CommunityId, MatchesPublishedVectors) {
  const auto client = *IpAddress::parse("128.232.110.120");
  const auto server = *IpAddress::parse("66.35.250.204");
  EXPECT_EQ(community_id(client, 34855, server, 80, 6), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(community_id(server, 80, client, 34855, 6), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  const auto dns_client = *IpAddress::parse("192.168.1.52");
  const auto dns_server = *IpAddress::parse("8.8.8.8");
  EXPECT_EQ(community_id(dns_client, 54585, dns_server, 53, 17), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
}

TEST(CommunityId, OrdersByPortWhereAddressesAreEqual) {
  const auto here = *IpAddress::parse("::1");
  EXPECT_EQ(community_id(here, 5000, here, 80, 6), community_id(here, 80, here, 5000, 6));
  EXPECT_NE(community_id(here, 5000, here, 80, 6), community_id(here, 5000, here, 80, 17));
}

TEST(Eve, AlertHoldsEverything) {
  Event event = tls_event();
  event.vlan_count = 2;
  event.vlan = {100, 20};
  EveOptions options{"gateway1", {{"af_packet:eth0", "af_packet:eth1"}}};
  EXPECT_EQ(format(event, options), json::parse(R"({
    "timestamp": "2026-11-23T20:00:00.123456+0000", "flow_id": 12345,
    "in_iface": "af_packet:eth0", "event_type": "alert", "vlan": [100, 20],
    "src_ip": "10.0.0.5", "src_port": 40000, "dest_ip": "192.0.2.9", "dest_port": 443,
    "proto": "TCP", "app_proto": "tls", "pcap_cnt": 4,
    "community_id": "1:1PL8z/HtIpdTuJGbTg4iDRG9Nw0=",
    "alert": {"action": "blocked", "gid": 1000, "signature_id": 5, "rev": 1,
              "signature": "no public IM", "category": "mobile-messenger", "severity": 2},
    "verdict": {"action": "drop", "reject": ["tcp-reset"]},
    "im": {"application": "whatsapp", "category": "mobile-messenger", "service": "text-chat",
           "evidence": "tls-sni", "confidence": "high", "name": "web.whatsapp.com", "action": "reset",
           "rule": "no public IM", "decided_at": 4},
    "host": "gateway1"})"));
}

TEST(Eve, TheListThatARuleMatchedByIsNamed) {
  Event event = tls_event();
  EXPECT_FALSE(format(event)["im"].contains("list"));
  event.im = {ApplicationId::none(), catalog::Service::any, catalog::Evidence::tls_sni};
  event.list = ListId(1);
  const json im = format(event)["im"];
  EXPECT_EQ(im["application"], "unknown");
  EXPECT_EQ(im["rule"], "no public IM");
  EXPECT_EQ(im["list"], "web-im");
  EXPECT_EQ(im["evidence"], "tls-sni");
  EXPECT_EQ(im["name"], "web.whatsapp.com");
}

TEST(Eve, AlertOfASignatureIsItsRules) {
  Event event = tls_event();
  event.signature = SignatureId(5);
  event.im.evidence = catalog::Evidence::signature;
  const json alert = format(event)["alert"];
  EXPECT_EQ(alert["gid"], 1);
  EXPECT_EQ(alert["signature_id"], 9100001);
  EXPECT_EQ(alert["rev"], 12);
  EXPECT_EQ(alert["signature"], "Skype log-in");
  EXPECT_EQ(alert["category"], "policy-violation");
  EXPECT_EQ(alert["severity"], 2);
  EXPECT_EQ(format(event)["im"]["evidence"], "signature");
  event.signature = SignatureId(6);  // of another generation
  EXPECT_EQ(format(event)["alert"]["gid"], kPolicyGid);
}

TEST(Eve, LeavesAbsentKeysOut) {
  Event event = tls_event();
  event.app_proto = proto::AppProto::unknown;
  event.packet_number = 0;
  event.decided_at = 0;
  event.name_size = 0;
  event.im = {};
  event.rule = RuleId::none();
  event.action = policy::Action::allow;
  const json line = format(event);
  for (const char* key : {"vlan", "in_iface", "app_proto", "pcap_cnt", "host"}) {
    EXPECT_FALSE(line.contains(key)) << key;
  }
  EXPECT_EQ(line["im"], json::parse(R"({"application": "unknown", "action": "allow"})"));
}

TEST(Eve, InterfaceIsTheOneThePacketCameInBy) {
  Event event = tls_event();
  event.arrived_by = net::Side::outside;
  const EveOptions options{{}, {{"a", "b"}}};
  EXPECT_EQ(format(event, options)["in_iface"], "b");
  event.pair = PairId(1);
  EXPECT_FALSE(format(event, options).contains("in_iface"));
}

// Where no rule decided, what the connection did stands in a rule's place.
TEST(Eve, SaysWhatAConnectionDid) {
  for (std::size_t i = 0; i < reasons().size(); ++i) {
    Event event = tls_event();
    event.reason = static_cast<Reason>(i);
    EXPECT_EQ(format(event)["alert"]["signature"], "no public IM");
    event.rule = RuleId::none();
    const bool conduct = is_conduct(event.reason);
    EXPECT_EQ(format(event)["alert"]["signature"], conduct ? reasons()[i].help : "default");
  }
  for (const Reason reason : {Reason::evasion, Reason::incomplete, Reason::tcp_urgent,
                              Reason::port_misuse, Reason::http_uri, Reason::dns_length}) {
    EXPECT_TRUE(is_conduct(reason));
  }
  for (const Reason reason : {Reason::none, Reason::policy_reset, Reason::blocked_flow,
                              Reason::signature, Reason::transmit_full}) {
    EXPECT_FALSE(is_conduct(reason));
  }
}

struct VerdictRow {
  const char* what;
  policy::Action action;
  policy::Mode mode;
  std::uint8_t protocol;
  Reason reason;
  const char* alert_action;
  const char* verdict;
};

class EveVerdict : public testing::TestWithParam<VerdictRow> {};

TEST_P(EveVerdict, Says) {
  Event event = tls_event();
  event.action = GetParam().action;
  event.mode = GetParam().mode;
  event.protocol = GetParam().protocol;
  event.reason = GetParam().reason;
  const json line = format(event);
  EXPECT_EQ(line["alert"]["action"], GetParam().alert_action);
  EXPECT_EQ(line["verdict"], json::parse(GetParam().verdict));
  EXPECT_EQ(line["im"]["action"], to_string(GetParam().action));
  EXPECT_EQ(line["proto"], GetParam().protocol == 6 ? "TCP" : "UDP");
}

using policy::Action;
using policy::Mode;

INSTANTIATE_TEST_SUITE_P(
    Rows, EveVerdict,
    testing::Values(VerdictRow{"reset", Action::reset, Mode::enforce, 6, Reason::policy_reset,
                               "blocked", R"({"action":"drop","reject":["tcp-reset"]})"},
                    VerdictRow{"drop", Action::drop, Mode::enforce, 6, Reason::policy_drop,
                               "blocked", R"({"action":"drop"})"},
                    VerdictRow{"udp", Action::reset, Mode::enforce, 17, Reason::policy_drop,
                               "blocked", R"({"action":"drop"})"},
                    VerdictRow{"answer", Action::reset, Mode::enforce, 17, Reason::policy_answer,
                               "blocked", R"({"action":"drop","reject":["dns-answer"]})"},
                    VerdictRow{"alert", Action::alert, Mode::enforce, 6, Reason::none, "allowed",
                               R"({"action":"alert"})"},
                    VerdictRow{"logged allow", Action::allow, Mode::enforce, 6, Reason::none,
                               "allowed", R"({"action":"pass"})"},
                    VerdictRow{"monitored reset", Action::reset, Mode::monitor, 6, Reason::none,
                               "allowed", R"({"action":"alert"})"},
                    VerdictRow{"monitored drop", Action::drop, Mode::monitor, 17,
                               Reason::policy_drop, "allowed", R"({"action":"alert"})"}),
    [](const auto& row) {
      std::string name = row.param.what;
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

TEST(Eve, FlowHoldsCountsAndTimes) {
  Event event = tls_event();
  event.type = EventType::flow;
  event.action = policy::Action::allow;
  event.packets_to_server = 10;
  event.packets_to_client = 12;
  event.bytes_to_server = 1000;
  event.bytes_to_client = 20000;
  event.first_seen = Time{kNoon};
  event.last_seen = Time{kNoon + 3'999'999'999};
  event.state = FlowState::established;
  event.end = FlowEnd::evicted;
  const json line = format(event);
  EXPECT_EQ(line["event_type"], "flow");
  EXPECT_EQ(line["flow"], json::parse(R"({
    "pkts_toserver": 10, "pkts_toclient": 12, "bytes_toserver": 1000, "bytes_toclient": 20000,
    "start": "2026-11-23T20:00:00.123456+0000", "end": "2026-11-23T20:00:04.123456+0000",
    "age": 3, "state": "established", "reason": "forced"})"));
  EXPECT_EQ(line["im"]["application"], "whatsapp");
  EXPECT_FALSE(line.contains("alert"));
}

TEST(Eve, FlowWordsAreEves) {
  Event event = tls_event();
  event.type = EventType::flow;
  const std::pair<FlowState, const char*> states[] = {{FlowState::fresh, "new"},
                                                      {FlowState::established, "established"},
                                                      {FlowState::closed, "closed"}};
  for (const auto& [state, word] : states) {
    event.state = state;
    EXPECT_EQ(format(event)["flow"]["state"], word);
  }
  const std::pair<FlowEnd, const char*> ends[] = {{FlowEnd::timeout, "timeout"},
                                                  {FlowEnd::closed, "closed"},
                                                  {FlowEnd::evicted, "forced"},
                                                  {FlowEnd::shutdown, "shutdown"}};
  for (const auto& [end, word] : ends) {
    event.end = end;
    EXPECT_EQ(format(event)["flow"]["reason"], word);
  }
}

TEST(Eve, ProtocolEventsHaveSuricatasShape) {
  Event event = tls_event();
  event.type = EventType::tls;
  EXPECT_EQ(format(event)["tls"], json::parse(R"({"sni": "web.whatsapp.com"})"));
  event.type = EventType::http;
  EXPECT_EQ(format(event)["http"], json::parse(R"({"hostname": "web.whatsapp.com"})"));
  event.type = EventType::dns;
  EXPECT_EQ(format(event)["dns"],
            json::parse(R"({"type": "query", "rrname": "web.whatsapp.com"})"));
  EXPECT_FALSE(format(event).contains("im"));
}

TEST(Eve, HostileNameStaysOneValidLine) {
  Event event = tls_event();
  event.set_name("\"},\n{\"\xff\xc0\x80\\");
  EXPECT_EQ(format(event)["im"]["name"], "\"},\n{\"\\xff\\xc0\\x80\\");
}

TEST(Eve, LongestNameFits) {
  Event event = tls_event();
  event.set_name(std::string(300, 'a'));
  EXPECT_EQ(format(event)["im"]["name"], std::string(255, 'a'));
}

TEST(Eve, RulesOfAnotherGenerationAreNotNamed) {
  EveFormatter formatter({});
  const Names names;
  std::string line;
  formatter.append(line, tls_event(), {&names, false});
  const json parsed = json::parse(line);
  EXPECT_EQ(parsed["im"]["application"], "whatsapp");
  EXPECT_FALSE(parsed["im"].contains("rule"));
  EXPECT_EQ(parsed["alert"]["signature"], "");
}

TEST(Eve, WithoutAnyNamesApplicationsAreUnknown) {
  EveFormatter formatter({});
  std::string line;
  formatter.append(line, tls_event(), {});
  EXPECT_EQ(json::parse(line)["im"]["application"], "unknown");
}

}  // namespace
}  // namespace chatgate::telemetry
