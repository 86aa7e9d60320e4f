#include "explain/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>

#include "../engine/wire.h"
#include "../proto/client_hello.h"
#include "explain/narrator.h"
#include "explain/native_sessions.h"
#include "explain/sayings.h"

namespace chatgate::explain {
namespace {

using engine::block_im;
using policy::Action;
using ::testing::Contains;
using ::testing::HasSubstr;

Description to(const char* server, std::uint16_t port, NameKind kind = NameKind::none,
               std::string name = {}) {
  Description description;
  description.ends.client = *IpAddress::parse(engine::kClient);
  description.ends.server = *IpAddress::parse(server);
  description.ends.client_port = 40000;
  description.ends.server_port = port;
  description.ends.tcp = kind != NameKind::quic_sni && kind != NameKind::dns;
  description.kind = kind;
  description.name = std::move(name);
  return description;
}

std::string result_of(const Explanation& told, std::string_view stage) {
  for (const Step& step : told.steps) {
    if (step.stage == stage) return step.result;
  }
  return {};
}

std::vector<Step> rules_of(const Explanation& told) {
  std::vector<Step> rules;
  for (const Step& step : told.steps) {
    if (step.stage == "rule") rules.push_back(step);
  }
  return rules;
}

TEST(Explain, ANameThatDecides) {
  const Explanation told =
      explain(block_im(), to("192.0.2.1", 443, NameKind::sni, "web.whatsapp.net"), {});
  EXPECT_EQ(told.application, "whatsapp");
  EXPECT_EQ(told.evidence, "tls-sni");
  EXPECT_EQ(told.action, Action::reset);
  EXPECT_EQ(told.rule, "rule 1");
  EXPECT_TRUE(told.stopped);
  EXPECT_THAT(result_of(told, "name"), HasSubstr("longest entry \"whatsapp.net\""));
  EXPECT_THAT(result_of(told, "enforcement"), HasSubstr("2 frames sent"));
  EXPECT_THAT(result_of(told, "without-it"), HasSubstr("no rule would match: allow"));
}

TEST(Explain, ASharedNameThatDoesNot) {
  const Explanation told =
      explain(block_im(), to("192.0.2.1", 443, NameKind::sni, "www.shared.example"), {});
  EXPECT_EQ(told.application, "unknown");
  EXPECT_EQ(told.rule, "default");
  EXPECT_FALSE(told.stopped);
  EXPECT_THAT(result_of(told, "name"), HasSubstr("shared with others"));
  EXPECT_THAT(result_of(told, "if-exclusive"), HasSubstr("whatsapp's alone: reset"));
}

TEST(Explain, MonitorModeStopsNothing) {
  const auto snapshot =
      engine::snapshot({{{}, {catalog::Category::im}, Action::reset}}, 1, policy::Mode::monitor);
  const Explanation told =
      explain(snapshot, to("192.0.2.1", 443, NameKind::quic_sni, "whatsapp.net"), {});
  EXPECT_EQ(told.action, Action::reset);
  EXPECT_EQ(told.evidence, "quic-sni");
  EXPECT_FALSE(told.stopped);
  EXPECT_THAT(result_of(told, "mode"), HasSubstr("forwarded"));
  EXPECT_EQ(result_of(told, "enforcement"), "forwarded");
}

TEST(Explain, TheFirstPacketIsRefusedForItsPort) {
  const Explanation told = explain(block_im(), to("192.0.2.1", 1863), {});
  EXPECT_EQ(told.application, "msn");
  EXPECT_EQ(told.evidence, "port");
  EXPECT_EQ(result_of(told, "protocol"), "");
  EXPECT_TRUE(told.stopped);
}

TEST(Explain, ADnsQuestionIsAnswered) {
  const Explanation told =
      explain(block_im(), to("192.0.2.53", 53, NameKind::dns, "whatsapp.net"), {});
  EXPECT_EQ(told.evidence, "dns");
  EXPECT_THAT(result_of(told, "enforcement"), HasSubstr("policy-answer"));
}

TEST(Explain, WhatIsLearnedOfAServerCounts) {
  const auto snapshot = block_im();
  learn::LearnedServers learned(64, KeyedHash(1));
  learn::ServerClaim claim;
  claim.application = engine::kWhatsapp;
  claim.name = "whatsapp.net";
  claim.ttl = 300;
  claim.generation = 1;
  StageOptions options;
  learned.learn(*IpAddress::parse("192.0.2.1"), claim, options.time);
  options.learned = &learned;
  const Explanation told = explain(snapshot, to("192.0.2.1", 443), options);
  EXPECT_EQ(told.evidence, "learned-address");
  EXPECT_EQ(told.application, "whatsapp");
  EXPECT_EQ(explain(snapshot, to("192.0.2.2", 443), options).application, "unknown");
}

// Each rule that does not match says why, and what decides is the one that does.
TEST(Explain, EachRuleSaysWhyItDoesNotMatch) {
  auto made = std::make_shared<engine::Snapshot>();
  made->catalogue = engine::catalogue();
  policy::Policy::Content content;
  const auto add = [&](Action action) -> policy::Rule& {
    policy::Rule& rule = content.rules.emplace_back();
    rule.id = RuleId(static_cast<std::uint16_t>(content.rules.size() - 1));
    rule.name = "rule " + std::to_string(content.rules.size());
    rule.action = action;
    return rule;
  };
  add(Action::allow).applications = {engine::kMsn};
  add(Action::allow).from = policy::AddressSet({*Prefix::parse("10.9.0.0/16")});
  add(Action::drop).to = policy::AddressSet({*Prefix::parse("198.51.100.0/24")});
  add(Action::drop).services = {catalog::Service::voice};
  add(Action::drop).categories = {catalog::Category::im};
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  Description description = to("192.0.2.1", 443);
  description.application = made->catalogue->find("whatsapp");
  description.service = catalog::Service::text_chat;
  const Explanation told = explain(made, description, {});
  const std::vector<Step> rules = rules_of(told);
  ASSERT_EQ(rules.size(), 5u);
  EXPECT_THAT(rules[0].result, HasSubstr("is not about whatsapp"));
  EXPECT_THAT(rules[1].result, HasSubstr("from, 10.0.0.1"));
  EXPECT_THAT(rules[2].result, HasSubstr("to, 192.0.2.1"));
  EXPECT_THAT(rules[3].result, HasSubstr("service, this is text-chat"));
  EXPECT_EQ(rules[4].result, "matches: drop");
  EXPECT_EQ(told.rule, "rule 5");
  EXPECT_EQ(told.service, "text-chat");
}

TEST(Explain, ControlsThatAreNoRulesAreNamed) {
  auto made = block_im();
  policy::Policy::Content content;
  content.controls.tls.quic = policy::Quic::block;
  content.controls.evasion.proxies = policy::Proxies::reset;
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  const Explanation told =
      explain(made, to("192.0.2.1", 443, NameKind::quic_sni, "innocent.example"), {});
  EXPECT_EQ(told.rule, "tls.quic");
  EXPECT_EQ(told.action, Action::reset);
  EXPECT_TRUE(told.stopped);
}

TEST(Explain, MistakesAreToldBeforeAnythingIsPlayed) {
  EXPECT_EQ(mistake_in(to("192.0.2.1", 443, NameKind::sni, "a.example")), "");
  EXPECT_THAT(mistake_in(to("2001:db8::1", 443)), HasSubstr("different versions"));
  EXPECT_THAT(mistake_in(to("192.0.2.1", 443, NameKind::sni, "a..b")), HasSubstr("no host name"));
  EXPECT_THAT(mistake_in(to("192.0.2.1", 443, NameKind::sni, std::string(64, 'a'))),
              HasSubstr("no host name"));
  Description description = to("192.0.2.1", 443, NameKind::sni, "a.example");
  description.ends.tcp = false;
  EXPECT_THAT(mistake_in(description), HasSubstr("over tcp"));
  description = to("192.0.2.1", 443);
  description.service = catalog::Service::voice;
  EXPECT_THAT(mistake_in(description), HasSubstr("application"));
}

TEST(Explain, JsonIsTheContracts) {
  const auto json = nlohmann::json::parse(
      to_json(explain(block_im(), to("192.0.2.1", 443, NameKind::sni, "whatsapp.net"), {})));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_THAT(keys, ::testing::UnorderedElementsAre("application", "service", "evidence", "action",
                                                    "rule", "steps", "needs", "also_used_by"));
  for (const auto& step : json["steps"]) {
    EXPECT_EQ(step.size(), 3u);
    EXPECT_TRUE(step.contains("stage") && step.contains("looked_at") && step.contains("result"));
  }
}

// ---- The engine beside it, asked by frames and read by its events.

struct Seen {
  Action action = Action::allow;
  RuleId rule;
  catalog::Classification im;
  bool stopped = false;
};

// Every rule logs, so what decides is in the last event, or nothing was recognised by a rule.
Seen run(const std::shared_ptr<const engine::Snapshot>& snapshot, const Description& description) {
  engine::Wire wire(snapshot);
  Seen seen;
  seen.action = snapshot->policy->fallback();
  const auto see = [&](const telemetry::Event& event) {
    seen.action = event.action;
    seen.rule = event.rule;
    seen.im = event.im;
  };
  const TalkEnds& ends = description.ends;
  const std::string server = ends.server.to_string();
  const auto payload = [&] {
    switch (description.kind) {
      case NameKind::sni: return tls_hello(description.name);
      case NameKind::quic_sni: return quic_initial(description.name);
      case NameKind::host: return http_request(description.name);
      case NameKind::dns: return dns_question(description.name, ends.tcp);
      case NameKind::none: break;
    }
    return noise(96);
  }();
  if (ends.tcp) {
    engine::Talk talk(wire, ends.client_port, ends.server_port, server.c_str());
    seen.stopped = !talk.open().forward;
    if (!seen.stopped) {
      for (const telemetry::Event& event : wire.events(telemetry::EventType::alert)) {
        // A question is judged by itself, whatever its connection was told to be.
        if (description.kind == NameKind::dns && policy::forwards(event.action)) continue;
        see(event);
      }
      seen.stopped = !talk.client_says(payload.bytes).forward;
    }
  } else {
    test::Frame frame;
    frame.v4(engine::kClient, server).udp(ends.client_port, ends.server_port);
    seen.stopped = !wire.inside(frame.payload(payload.bytes)).forward;
  }
  for (const telemetry::Event& event : wire.events(telemetry::EventType::alert)) see(event);
  // Told of by its address with the first packet: what it was decided to be is in its record.
  if (seen.stopped || seen.im.evidence != catalog::Evidence::address) return seen;
  wire.wait(7200);
  for (const telemetry::Event& event : wire.events(telemetry::EventType::flow)) {
    // Given up since, for its silence.
    if (!event.im.known() && event.action != snapshot->policy->fallback()) continue;
    see(event);
  }
  return seen;
}

std::shared_ptr<const engine::Snapshot> random_policy(std::mt19937& random) {
  const auto pick = [&](std::size_t below) { return random() % below; };
  auto made = std::make_shared<engine::Snapshot>();
  made->catalogue = engine::catalogue();
  policy::Policy::Content content;
  content.mode = pick(4) == 0 ? policy::Mode::monitor : policy::Mode::enforce;
  content.fallback = pick(5) == 0 ? Action::drop : Action::allow;
  constexpr catalog::Category kCategories[] = {
      catalog::Category::im, catalog::Category::legacy_im, catalog::Category::mobile_messenger,
      catalog::Category::open_protocol, catalog::Category::adware};
  const std::size_t rules = pick(6);
  for (std::size_t i = 0; i < rules; ++i) {
    policy::Rule rule;
    rule.id = RuleId(static_cast<std::uint16_t>(i));
    rule.name = "rule " + std::to_string(i + 1);
    if (pick(3) != 0) rule.applications = {ApplicationId(static_cast<std::uint16_t>(pick(4)))};
    if (pick(3) == 0) rule.categories = {kCategories[pick(std::size(kCategories))]};
    if (pick(4) == 0) {
      rule.from = policy::AddressSet({*Prefix::parse(pick(2) ? "10.0.0.0/8" : "172.16.0.0/12")});
    }
    if (pick(4) == 0) {
      rule.to = policy::AddressSet({*Prefix::parse(pick(2) ? "192.0.2.0/24" : "203.0.113.0/24")});
    }
    if (pick(6) == 0) rule.services = {pick(2) ? catalog::Service::login : catalog::Service::voice};
    rule.action = static_cast<Action>(pick(4));
    rule.log = true;
    content.rules.push_back(rule);
  }
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  return made;
}

Description random_description(std::mt19937& random) {
  constexpr const char* kNames[] = {"whatsapp.net",   "a.whatsapp.net", "www.shared.example",
                                    "jabber.example", "push.example",   "innocent.example",
                                    "notwhatsapp.net"};
  constexpr const char* kServers[] = {"192.0.2.1", "203.0.113.9", "198.51.100.1"};
  constexpr std::uint16_t kPorts[] = {443, 80, 5222, 5223, 1863, 53, 4000, 9999};
  const auto pick = [&](std::size_t below) { return random() % below; };
  Description description = to(kServers[pick(3)], kPorts[pick(std::size(kPorts))],
                               static_cast<NameKind>(pick(5)), kNames[pick(std::size(kNames))]);
  if (description.kind == NameKind::none) description.ends.tcp = pick(2) == 0;
  if (description.kind == NameKind::dns) {
    description.ends.server_port = 53;
    description.ends.tcp = pick(3) == 0;
  }
  return description;
}

// Rules and lines that ask for more than an application.
std::shared_ptr<engine::Snapshot> conditional_policy() {
  auto made = std::make_shared<engine::Snapshot>();
  made->catalogue = engine::catalogue();
  policy::Policy::Content content;
  content.times = policy::Times(std::vector<policy::NamedTime>{{"night", {}}});
  for (std::uint16_t i = 0; i < 3; ++i) {
    policy::Rule& rule = content.rules.emplace_back();
    rule.id = RuleId(i);
    rule.name = "rule " + std::to_string(i + 1);
    rule.action = Action::reset;
  }
  content.rules[0].when = 1;
  content.rules[1].path.vlans = {{7, 7}};
  content.rules[2].server = policy::ServerSet({"named.example"}, {}, {});
  policy::AccessEntry& line = content.access.emplace_back();
  line.name = "no telnet";
  line.ports = {{23, 23}};
  line.action = Action::drop;
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  return made;
}

TEST(Explain, TimesWaysServersAndTheAccessList) {
  const auto snapshot = conditional_policy();
  Description description = to("192.0.2.1", 443, NameKind::sni, "www.named.example");
  Explanation told = explain(snapshot, description, {});
  EXPECT_EQ(told.rule, "rule 3");
  EXPECT_TRUE(told.stopped);
  ASSERT_EQ(rules_of(told).size(), 3u);
  EXPECT_THAT(rules_of(told)[0].looked_at, HasSubstr("when night"));
  EXPECT_THAT(rules_of(told)[0].result, HasSubstr("when, none is in force"));
  EXPECT_THAT(rules_of(told)[1].result, HasSubstr("another way"));
  EXPECT_THAT(result_of(told, "access-list"), HasSubstr("no line matches"));

  description.name = "named.example.org";
  told = explain(snapshot, description, {});
  EXPECT_EQ(told.rule, "default");
  EXPECT_FALSE(told.stopped);
  EXPECT_THAT(rules_of(told)[2].result, HasSubstr("server"));

  description.ends.vlan = 7;
  EXPECT_EQ(explain(snapshot, description, {}).rule, "rule 2");
  description.ends.vlan = 8;
  EXPECT_EQ(explain(snapshot, description, {}).rule, "default");

  const auto night = conditional_policy();
  night->times = 1;
  EXPECT_EQ(explain(night, description, {}).rule, "rule 1");

  told = explain(snapshot, to("192.0.2.1", 23), {});
  EXPECT_EQ(told.rule, "no telnet");
  EXPECT_EQ(told.action, Action::drop);
  EXPECT_EQ(told.evidence, "access-list");
  EXPECT_TRUE(told.stopped);
  EXPECT_TRUE(rules_of(told).empty());
}

TEST(Explain, SaysWhatTheEngineDoesOverManyConnections) {
  std::mt19937 random(20261126);
  std::size_t decided = 0, stopped = 0;
  for (int i = 0; i < 1500; ++i) {
    const auto snapshot = random_policy(random);
    const Description description = random_description(random);
    const Seen seen = run(snapshot, description);
    const Explanation told = explain(snapshot, description, {});
    const std::string which = std::to_string(i) + "\n" + to_text(told);
    EXPECT_EQ(told.stopped, seen.stopped) << which;
    EXPECT_EQ(told.action, seen.action) << which;
    EXPECT_EQ(told.rule, snapshot->policy->rule_name(seen.rule)) << which;
    // The rules are told up to the one that decides, and no other of them matches.
    const std::vector<Step> rules = rules_of(told);
    for (std::size_t at = 0; at < rules.size(); ++at) {
      const bool last = seen.rule.valid() && at + 1 == rules.size();
      EXPECT_EQ(rules[at].result.starts_with("matches"), last) << which;
    }
    if (seen.rule.valid()) {
      ++decided;
      EXPECT_EQ(rules.size(), std::size_t{seen.rule.value()} + 1) << which;
      const auto* application = snapshot->catalogue->find(seen.im.application);
      EXPECT_EQ(told.application, application == nullptr ? "unknown" : application->word) << which;
    }
    stopped += seen.stopped;
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(decided, 300u);
  EXPECT_GT(stopped, 100u);
}

// What is told of an application without its bytes is what its bytes come to.
TEST(Explain, AnApplicationIsJudgedAsItsOwnProtocolIs) {
  const auto snapshot = block_im();
  const auto xmpp =
      std::find_if(native_sessions().begin(), native_sessions().end(),
                   [](const NativeSession& session) { return session.application == "xmpp"; });
  ASSERT_NE(xmpp, native_sessions().end());
  Stage stage(snapshot, {});
  const Description plain = to("192.0.2.1", 8443);
  Description described = plain;
  described.application = snapshot->catalogue->find("xmpp");
  std::vector<Saying> sayings;
  for (const NativeSession::Line& line : xmpp->lines) {
    sayings.push_back({line.from_client, synth::from_text(line.bytes)});
  }
  const Explanation spoken =
      narrate(*snapshot, stage.play({plain.ends, sayings}).entries, {WorkerId(1)});
  const Explanation told = explain(snapshot, described, {});
  EXPECT_EQ(spoken.application, "xmpp");
  EXPECT_EQ(told.application, spoken.application);
  EXPECT_EQ(told.evidence, spoken.evidence);
  EXPECT_EQ(told.action, spoken.action);
  EXPECT_EQ(told.rule, spoken.rule);
  EXPECT_EQ(told.stopped, spoken.stopped);
}

TEST(Explain, WhatAHelloOffersIsToldWhereItDecides) {
  const auto told_of = [](std::string_view extensions) {
    const auto snapshot = block_im();
    engine::Wire wire(snapshot);
    engine::TraceRequest request({}, 100);
    EXPECT_TRUE(wire.worker().mailbox().trace.post(request));
    engine::Talk talk(wire, 40000, 443);
    talk.open();
    talk.client_says(synth::from_text(proto::test::record(proto::test::hello(extensions))));
    return Narrator(*snapshot, request.published(), WorkerId(0)).tell();
  };
  using proto::test::alpns;
  const Explanation decided = told_of(alpns({"h2", "wa/1"}));
  EXPECT_EQ(result_of(decided, "alpn"), "whatsapp's alone, voice");
  EXPECT_EQ(result_of(decided, "recognised"), "whatsapp, voice, by payload");
  EXPECT_EQ(decided.action, Action::reset);
  const Explanation other = told_of(alpns({"h2", "wa/12"}));
  EXPECT_EQ(result_of(other, "alpn"), "");
  EXPECT_EQ(other.action, Action::allow);
}

TEST(Explain, ALiveFlowIsJudgedAsItsNextPacketWouldBe) {
  telemetry::Event flow;
  flow.protocol = net::kTcp;
  flow.client = *IpAddress::parse("10.0.0.1");
  flow.server = *IpAddress::parse("192.0.2.1");
  flow.server_port = 443;
  flow.app_proto = proto::AppProto::tls;
  flow.im = {engine::kWhatsapp, catalog::Service::any, catalog::Evidence::tls_sni};
  flow.set_name("whatsapp.net");
  const Explanation told = explain_flow(*block_im(), flow, {WorkerId(1)});
  EXPECT_EQ(told.application, "whatsapp");
  EXPECT_EQ(told.action, Action::reset);
  EXPECT_FALSE(told.stopped);
  flow.im.evidence = catalog::Evidence::learned_address;
  flow.name_size = 0;
  EXPECT_EQ(explain_flow(*block_im(), flow, {WorkerId(1)}).evidence, "learned-address");
}

}  // namespace
}  // namespace chatgate::explain
