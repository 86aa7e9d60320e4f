#include "control/commands.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_gateway.h"

namespace chatgate::control::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class CommandsTest : public ::testing::Test {
 protected:
  static constexpr uid_t kOwner = 64000, kOther = 64001;

  CommandsTest() {
    config.source.policy_file = "/etc/chatgate/policy.json";
    config.source.catalogue_folder = "/usr/share/chatgate/catalog";
    config.owner = kOwner;
    config.host = "gw1";
    config.flow_patience = std::chrono::milliseconds(60);
    config.clock = [] { return from_seconds(kNow); };
    config.audit = [this](std::string line) { audits.push_back(Json::parse(line)); };
    config.load = [this](const LoadRequest& request, catalog::ApplicationRegistry&) {
      requests.push_back(request);
      LoadResult result = next_load;
      if (!result.diagnostics.has_errors()) {
        result.snapshot = small_snapshot(request.generation, loaded_mode);
        result.rule_count = 2;
      }
      result.sha256 = "ab12";
      return result;
    };
  }

  Commands& commands() {
    if (!commands_) commands_ = std::make_unique<Commands>(io, gateway, registry, config);
    return *commands_;
  }

  Reply run(std::string_view line, uid_t uid = 0) {
    std::optional<Reply> reply;
    commands().execute(line, Caller{uid, 1, "/srv/admin"},
                       [&](Reply result) { reply = std::move(result); });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!reply && std::chrono::steady_clock::now() < deadline) {
      gateway.tick();
      io.restart();
      io.run_one_for(std::chrono::milliseconds(5));
    }
    if (!reply) throw std::runtime_error("no answer came");
    return *reply;
  }

  boost::asio::io_context io;
  FakeGateway gateway;
  catalog::ApplicationRegistry registry;
  CommandsConfig config;
  LoadResult next_load;
  policy::Mode loaded_mode = policy::Mode::enforce;
  std::vector<LoadRequest> requests;
  std::vector<Json> audits;
  std::unique_ptr<Commands> commands_;
};

TEST_F(CommandsTest, EveryShowAnswersWithTextAndFacts) {
  for (const char* line :
       {"show version", "show interfaces", "show workers", "show counters", "show applications",
        "show policy", "show service-policy", "show access-list", "show flows", "show servers",
        "show dns-cache", "show lists", "show asp drop", "show memory"}) {
    const Reply reply = run(line, kOther);
    EXPECT_EQ(reply.status, kDone) << line;
    EXPECT_FALSE(reply.text.empty()) << line;
    EXPECT_TRUE(reply.text.ends_with('\n')) << line;
    EXPECT_THAT(reply.text, Not(HasSubstr(" \n"))) << line;
    EXPECT_FALSE(reply.result.empty()) << line;
  }
}

TEST_F(CommandsTest, InterfacesReadAsOnAFirewall) {
  const Reply reply = run("show interfaces");
  EXPECT_THAT(reply.text, HasSubstr("Interface af_packet:eth0 \"inside\" of pair 0 is up\n"
                                    "  net_af_packet, 10 Gbit/s, MAC 02:00:00:00:00:01, MTU 1500\n"
                                    "  12 packets input"));
  EXPECT_THAT(reply.text,
              HasSubstr("\"outside\" of pair 0 is down\n  net_af_packet, speed not known"));
  EXPECT_EQ(reply.result["interfaces"][0]["in"]["packets"], 12);
}

TEST_F(CommandsTest, WorkersSayWhoIsStuckAndHowBusy) {
  const Reply reply = run("show workers");
  EXPECT_THAT(reply.text, HasSubstr("running   25%"));
  EXPECT_THAT(reply.text, HasSubstr("STUCK"));
  EXPECT_EQ(reply.result["workers"][1]["alive"], false);
}

TEST_F(CommandsTest, CountersSumWorkersUntilTheyAreCleared) {
  gateway.worker(0).add(telemetry::Counter::packets, 3);
  gateway.worker(1).add(telemetry::Counter::packets, 4);
  EXPECT_EQ(run("show counters").result["counters"]["packets"], 7);
  const Reply each = run("sh counters work");
  EXPECT_EQ(each.result["workers"][1]["packets"], 4);
  EXPECT_THAT(each.text, HasSubstr("Counter             Worker 0  Worker 1  All  What it counts\n"
                                   "packets                    3         4    7  frames received"));
  EXPECT_THAT(each.text, HasSubstr("Last clearing: never"));

  EXPECT_EQ(run("clear counters", kOwner).status, kDone);
  const Reply cleared = run("show counters");
  EXPECT_EQ(cleared.result["counters"]["packets"], 0);
  EXPECT_EQ(cleared.result["cleared"]["uid"], kOwner);
  EXPECT_THAT(cleared.text, HasSubstr("Last clearing: 2026-11-18 11:06:40 UTC by uid 64000"));
  ASSERT_EQ(audits.size(), 1u);
  EXPECT_EQ(audits[0]["audit"]["what"], "counters cleared");
}

TEST_F(CommandsTest, ApplicationsCountWhatWasAllowedAndBlocked) {
  gateway.worker(0).add_application(kWhatsapp.value(), catalog::Evidence::tls_sni, true);
  gateway.worker(1).add_application(kWhatsapp.value(), catalog::Evidence::dns, true);
  gateway.worker(1).add_application(kWhatsapp.value(), catalog::Evidence::tls_sni, false);
  const Reply all = run("show applications");
  EXPECT_EQ(all.result["applications"].size(), 3u);
  EXPECT_EQ(all.result["applications"][1]["blocked"], 2);
  const Reply seen = run("show applications seen");
  EXPECT_EQ(seen.result["applications"].size(), 1u);
  EXPECT_THAT(seen.text, HasSubstr("whatsapp     WhatsApp  mobile-messenger        1        2\n"));
  const Json by = run("show applications whatsapp").result["application"]["by_evidence"];
  EXPECT_EQ(by, (Json{{"tls-sni", {{"allowed", 1}, {"blocked", 1}}},
                      {"dns", {{"allowed", 0}, {"blocked", 1}}}}));
  run("clear counters");
  EXPECT_THAT(run("show applications seen").text, HasSubstr("No application was seen.\n"));
  gateway.worker(1).add_application(kWhatsapp.value(), catalog::Evidence::dns, true);
  EXPECT_THAT(run("show applications whatsapp").text,
              HasSubstr("  Allowed 0, blocked 1\n    Evidence  Allowed  Blocked\n"
                        "    dns             0        1\n"));
}

TEST_F(CommandsTest, OneApplicationIsToldWithAllThatIsKnownOfIt) {
  gateway.worker(1).add_application(kXmpp.value(), catalog::Evidence::payload, true);
  const Reply reply = run("show app xmpp");
  EXPECT_EQ(reply.text,
            "Application xmpp: XMPP, open-protocol, shut-down since 2030\n"
            "  Names that are its own\n"
            "    jabber.example\n"
            "  Ports that mean it\n"
            "    tcp/5222-5223, used by others too: never refused before payload\n"
            "  Addresses that are its own\n"
            "    192.0.2.128/25\n"
            "  Shared names, which decide nothing\n"
            "    *.mail.jabber.example\n"
            "  ALPN that its clients alone offer\n"
            "    xmpp-client, xmpp-files\n"
            "  Protocols that are read\n"
            "    xmpp\n"
            "  Snort rules that name it\n"
            "    7, 8\n"
            "  Services that can be told apart\n"
            "    voice: partly, in clear\n"
            "  What it needs\n"
            "    telegram: bridges\n"
            "    udp/5353 or udp/5354: finding peers\n"
            "  Limits\n"
            "    Any\\x1bport.\n"
            "  What a rule that is too wide breaks\n"
            "    Mail.\n"
            "  Allowed 0, blocked 1\n"
            "    Evidence  Allowed  Blocked\n"
            "    payload         0        1\n");
  const Json& told = reply.result["application"];
  EXPECT_EQ(told["application"], "xmpp");
  EXPECT_EQ(told["names"][0]["match"], "exact");
  EXPECT_EQ(told["names"][0]["use"], (Json{"login", "chat"}));
  EXPECT_EQ(told["names"][1]["exclusive"], false);
  EXPECT_EQ(told["alpn"][1], (Json{{"id", "xmpp-files"}, {"service", "file-transfer"}}));
  EXPECT_EQ(told["needs"][0]["application"], "telegram");
  EXPECT_EQ(told["needs"][0]["service"], "text-chat");
  EXPECT_EQ(told["needs"][1]["or"], (Json{"udp/5354"}));
  EXPECT_EQ(told["services"][0]["separable"], "partly");
  EXPECT_EQ(told["blocked"], 1);
  EXPECT_EQ(run("show applications xmp").status, kInvalid);
  EXPECT_EQ(run("show applications se").result["applications"].size(), 1u);
  EXPECT_EQ(run("show applications whatsapp").text,
            "Application whatsapp: WhatsApp, mobile-messenger, unknown\n  Allowed 0, blocked 0\n");
}

TEST_F(CommandsTest, ServicePolicyPrintsRulesInOrderWithHits) {
  gateway.worker(0).add_rule(1, RuleId(1));
  gateway.worker(1).add_rule(1, RuleId(1));
  gateway.worker(1).add_rule(1, RuleId::none());
  const Reply reply = run("show service-policy");
  EXPECT_EQ(reply.text,
            "Global policy:\n"
            "  Service-policy: /etc/chatgate/policy.json, generation 1, mode enforce\n"
            "    Rule 1: our own chat\n"
            "      match application xmpp\n"
            "      match from 10.0.0.0/8\n"
            "      allow, hits 0\n"
            "    Rule 2: no public IM\n"
            "      match category im\n"
            "      reset log, hits 2\n"
            "    Default\n"
            "      allow, hits 1\n"
            "\n"
            "Last clearing: never\n");
  EXPECT_EQ(reply.result["rules"][1]["hits"], 2);
  EXPECT_EQ(reply.result["rules"][0]["match"]["from"][0], "10.0.0.0/8");
  EXPECT_EQ(reply.result["default"]["hits"], 1);
}

TEST_F(CommandsTest, ServicesTextsAndSnortRulesAreShown) {
  auto next = std::make_shared<engine::Snapshot>(*small_snapshot(1));
  policy::Policy::Content content;
  policy::Rule rule;
  rule.id = RuleId(0);
  rule.name = "no programs";
  rule.services = {catalog::Service::file_transfer};
  std::string error;
  rule.texts = {{policy::TextField::filename, {*policy::Pattern::compile("\\.exe$", error)}}};
  rule.action = policy::Action::drop;
  content.rules = {rule};
  next->policy = std::make_shared<policy::Policy>(std::move(content), *next->catalogue);
  Diagnostics findings;
  next->signatures = detect::Signatures::compile(
      detect::parse_rules("alert tcp any any -> any any (content:\"x\"; sid:1;)\n"
                          "alert tcp any any -> any any (contnt:\"x\"; sid:2;)\n",
                          "a.rules"),
      {}, findings);
  gateway.publish(next);
  const Reply policy = run("show service-policy");
  EXPECT_NE(policy.text.find("      match service file-transfer\n"
                             "      match filename \\.exe$\n"),
            std::string::npos)
      << policy.text;
  const Reply shown = run("show policy");
  EXPECT_EQ(shown.result["signatures"]["loaded"], 1);
  EXPECT_EQ(shown.result["signatures"]["refused"], 1);
  EXPECT_NE(shown.text.find("1, 1 refused"), std::string::npos) << shown.text;
  EXPECT_GT(run("show memory").result["signatures_bytes"], 1000);
}

TEST_F(CommandsTest, AspDropPrintsEveryReason) {
  gateway.worker(0).add(telemetry::Reason::policy_reset, 12);
  const Reply reply = run("show asp drop");
  EXPECT_THAT(reply.text, HasSubstr("Frame drop:\n  the policy drops this connection"));
  EXPECT_THAT(reply.text,
              ::testing::ContainsRegex("resets this connection +\\(policy-reset\\) +12\n"));
  EXPECT_EQ(reply.result["reasons"].size(), telemetry::kReasonCount - 1);
}

TEST_F(CommandsTest, ReloadPublishesTheNextGeneration) {
  gateway.worker(0).add_rule(1, RuleId(1));
  loaded_mode = policy::Mode::monitor;
  next_load.diagnostics.warning({"/etc/chatgate/policy.json", 3, 5}, "rule 2 can never match");
  const Reply reply = run("policy reload", kOwner);
  EXPECT_EQ(reply.status, kDone);
  EXPECT_EQ(gateway.published, 1);
  EXPECT_EQ(gateway.snapshot()->generation, 2u);
  EXPECT_THAT(reply.text,
              ::testing::StartsWith(
                  "/etc/chatgate/policy.json:3:5: warning: rule 2 can never match\n"
                  "Policy /etc/chatgate/policy.json is in force: generation 2, 2 rules, mode "
                  "monitor (was enforce)\nSelf-test: 3 probes in "));
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].generation, 2u);
  EXPECT_EQ(requests[0].policy_file, "/etc/chatgate/policy.json");
  EXPECT_EQ(run("show service-policy").result["rules"][1]["hits"], 0);
  ASSERT_EQ(audits.size(), 1u);
  EXPECT_EQ(audits[0]["audit"]["self_test"]["failed"], 0);
  audits[0]["audit"].erase("self_test");
  EXPECT_EQ(audits[0],
            Json::parse(R"({"timestamp":"2026-11-18T11:06:40.000000+0000","event_type":"audit",
      "host":"gw1","audit":{"what":"policy loaded","uid":64000,"pid":1,
      "policy":"/etc/chatgate/policy.json","sha256":"ab12","generation":2,"rules":2,
      "signatures":0,"mode":"monitor"}})"));
}

TEST_F(CommandsTest, ReloadOfABadPolicyChangesNothingAndTellsAll) {
  next_load.diagnostics.error({"p.json", 2, 3}, "unknown key \"rulez\"", "did you mean \"rules\"?");
  next_load.diagnostics.error({"p.json", 9, 1}, "unknown application \"icp\"");
  const auto before = gateway.snapshot();
  const Reply reply = run("policy reload");
  EXPECT_EQ(reply.status, kInvalid);
  EXPECT_EQ(reply.error, "nothing was changed because of 2 errors");
  EXPECT_EQ(reply.text,
            "p.json:2:3: unknown key \"rulez\", did you mean \"rules\"?\n"
            "p.json:9:1: unknown application \"icp\"\n");
  EXPECT_EQ(reply.result["ok"], false);
  EXPECT_EQ(reply.result["errors"][1]["line"], 9);
  EXPECT_EQ(gateway.published, 0);
  EXPECT_EQ(gateway.snapshot(), before);
  ASSERT_EQ(audits.size(), 1u);
  EXPECT_EQ(audits[0]["audit"]["what"], "policy refused");
  EXPECT_EQ(audits[0]["audit"]["errors"].size(), 2u);
  EXPECT_EQ(audits[0]["audit"]["generation"], 1);

  next_load = {};  // corrected
  EXPECT_EQ(run("policy reload").result["generation"], 2);
}

TEST_F(CommandsTest, ARefusedPolicysWordsTakeNoNumbers) {
  config.load = [](const LoadRequest&, catalog::ApplicationRegistry& words) {
    for (int i = 0; i < 1000; ++i) words.intern("word" + std::to_string(i));
    LoadResult result;
    result.diagnostics.error({}, "wrong");
    return result;
  };
  run("policy reload");
  EXPECT_EQ(registry.intern("mine"), ApplicationId(0));
}

TEST_F(CommandsTest, CheckUsesNothing) {
  const std::string folder = ::testing::TempDir();
  std::ofstream(folder + "/checked.json") << "{}";
  const Reply good = run("policy check " + folder + "/checked.json");
  EXPECT_EQ(good.status, kDone);
  EXPECT_THAT(good.text, HasSubstr("checked.json is valid: 2 rules"));
  EXPECT_EQ(good.result["sha256"], "ab12");
  EXPECT_EQ(run("policy check " + folder + "/absent.json").status, kInvalid);
  const Reply device = run("policy check /dev/zero");
  EXPECT_EQ(device.status, kInvalid);
  EXPECT_THAT(device.text, HasSubstr("/dev/zero: this is not a file"));
  EXPECT_THAT(run("policy check x.json").text, HasSubstr("/srv/admin/x.json: there is no such"));
  EXPECT_EQ(requests.size(), 1u) << "only the file that exists was loaded";
  EXPECT_EQ(gateway.published, 0);
  EXPECT_TRUE(audits.empty());
}

TEST_F(CommandsTest, ModeIsPublishedAndTheNextReloadBringsThePolicysOwn) {
  gateway.worker(0).add_rule(1, RuleId(1));
  EXPECT_EQ(run("mode monitor").text,
            "Mode is now monitor (by command; the policy says enforce)\n");
  EXPECT_EQ(gateway.snapshot()->mode(), policy::Mode::monitor);
  EXPECT_EQ(gateway.snapshot()->policy->mode(), policy::Mode::enforce);
  EXPECT_EQ(gateway.snapshot()->generation, 2u);
  EXPECT_THAT(run("show policy").text, HasSubstr("monitor (by command; the policy says enforce)"));
  EXPECT_EQ(run("show service-policy").result["rules"][1]["hits"], 1) << "the rules are the same";

  EXPECT_EQ(run("mode monitor").text,
            "Mode is already monitor (by command; the policy says enforce)\n");
  EXPECT_EQ(gateway.published, 1);
  EXPECT_EQ(run("mode enforce").text, "Mode is now enforce\n");
  EXPECT_FALSE(gateway.snapshot()->mode_override);
  run("mode monitor");
  EXPECT_THAT(run("policy reload").text, HasSubstr("mode enforce (was monitor)"));
  EXPECT_EQ(gateway.snapshot()->mode(), policy::Mode::enforce);
  EXPECT_EQ(audits.back()["audit"]["what"], "policy loaded");
  EXPECT_EQ(audits[0]["audit"]["what"], "mode changed");
  EXPECT_EQ(audits[0]["audit"]["mode"], "monitor");
}

TEST_F(CommandsTest, OnlyRootAndTheOwnerMayChange) {
  for (const char* line : {"policy reload", "mode monitor", "mode enforce", "clear counters",
                           "clear dns-cache", "policy check /etc/shadow"}) {
    const Reply refused = run(line, kOther);
    EXPECT_EQ(refused.status, kFailed) << line;
    EXPECT_THAT(refused.error, HasSubstr("is for root or uid 64000 only")) << line;
    EXPECT_NE(run(line, kOwner).error, refused.error) << line;
    EXPECT_NE(run(line, 0).error, refused.error) << line;
  }
  EXPECT_EQ(run("policy check", kOther).status, kInvalid) << "may look: there is no such file here";
  EXPECT_THAT(run("policy check", kOther).text, HasSubstr("/etc/chatgate/policy.json: "));
}

TEST_F(CommandsTest, ARefusalNamesTheOwnerWhereThereIsAName) {
  config.owner_name = "chatgate";
  const Reply refused = run("mode monitor", kOther);
  EXPECT_THAT(refused.error, HasSubstr("is for root or chatgate only"));
  EXPECT_THAT(refused.remedy, HasSubstr("run chatgatectl as root or chatgate"));
}

TEST_F(CommandsTest, HelpStandsAtAnyPlace) {
  EXPECT_THAT(run("?").text, HasSubstr("  show           what the gateway is, has and does\n"));
  EXPECT_THAT(run("sh fl?").text, HasSubstr("  flows  connections"));
  EXPECT_THAT(run("show flows ?").text, HasSubstr("  <cr>\n"));
  EXPECT_THAT(run("show flows application ?").text, HasSubstr("telegram"));
  EXPECT_THAT(run("shwo ?").remedy, HasSubstr("did you mean \"show\"?"));
  EXPECT_THAT(run("show z?").error, HasSubstr("no word begins with \"z\""));
  EXPECT_EQ(run("no capture ?").error, "nothing can stand here now");  // there are no captures
}

TEST_F(CommandsTest, FlowsComeFromAllWorkersTheLastActiveFirst) {
  gateway.add_flow(0, flow_to("203.0.113.1", kXmpp, policy::Action::allow, 5));
  telemetry::Event blocked = flow_to("2001:db8::1", kWhatsapp, policy::Action::reset, 2);
  blocked.set_name("web.whatsapp.com\x1b[2J");
  gateway.add_flow(1, blocked);
  gateway.add_flow(1, flow_to("203.0.113.2", kTelegram, policy::Action::reset, 9));

  const Reply all = run("show flows");
  EXPECT_EQ(
      all.text,
      "3 flows\n"
      "Proto  Client          Server             Application  Evidence  Name                    "
      " Action  Rule              Age     Idle  Packets  Bytes\n"
      "tcp    10.1.1.5:40000  [2001:db8::1]:443  whatsapp     tls-sni   web.whatsapp.com\\x1b[2J "
      " reset   no public IM  0:01:00  0:00:02        5   1000\n"
      "tcp    10.1.1.5:40000  203.0.113.1:443    xmpp         tls-sni   -                       "
      " allow   our own chat  0:01:00  0:00:05        5   1000\n"
      "tcp    10.1.1.5:40000  203.0.113.2:443    telegram     tls-sni   -                       "
      " reset   no public IM  0:01:00  0:00:09        5   1000\n");
  EXPECT_EQ(all.result["flows"][0]["dest_ip"], "2001:db8::1");
  EXPECT_EQ(all.result["flows"][0]["rule"], "no public IM");

  EXPECT_EQ(run("show flows blocked").result["matching"], 2);
  EXPECT_EQ(run("show flows application telegram").result["matching"], 1);
  EXPECT_EQ(run("show flows blocked application xmpp").text, "0 flows\n");
  const Reply one = run("show flows limit 1");
  EXPECT_EQ(one.result["flows"].size(), 1u);
  EXPECT_THAT(one.text, HasSubstr("3 flows, the 1 last active are shown\n"));
  EXPECT_THAT(one.text, HasSubstr("2001:db8::1"));
}

TEST_F(CommandsTest, AFlowOfAnEarlierPolicyNamesNoWrongRule) {
  gateway.add_flow(0, flow_to("203.0.113.1", kXmpp, policy::Action::allow, 5));
  run("policy reload");
  EXPECT_EQ(run("show flows").result["flows"][0]["rule"], "of generation 1");
}

TEST_F(CommandsTest, AWorkerThatDoesNotAnswerIsNamedAndAskedAgainLater) {
  gateway.add_flow(0, flow_to("203.0.113.1", kXmpp, policy::Action::allow, 5));
  gateway.add_flow(1, flow_to("203.0.113.2", kXmpp, policy::Action::allow, 5));
  gateway.silent = 1;
  const Reply part = run("show flows");
  EXPECT_EQ(part.status, kDone);
  EXPECT_EQ(part.result["silent_workers"], Json::parse("[1]"));
  EXPECT_THAT(part.text, HasSubstr("Worker 1 did not answer in time"));
  EXPECT_THAT(run("show flows").text, HasSubstr("Worker 1 did not")) << "still at the first one";
  gateway.silent.reset();
  gateway.tick();  // answers the old request
  EXPECT_EQ(run("show flows").result["flows"].size(), 2u);
}

TEST_F(CommandsTest, QuestionsAtTheSameTimeAreAnsweredInTurn) {
  gateway.add_flow(0, flow_to("203.0.113.1", kXmpp, policy::Action::allow, 5));
  std::vector<std::size_t> limits;
  for (const std::size_t limit : {1u, 5u, 9u}) {
    commands().execute("show flows limit " + std::to_string(limit), Caller{},
                       [&limits, limit](const Reply& reply) {
                         EXPECT_EQ(reply.result["matching"], 1);
                         limits.push_back(limit);
                       });
  }
  EXPECT_EQ(run("show flows").result["matching"], 1);
  EXPECT_THAT(limits, ElementsAre(1, 5, 9));
}

TEST_F(CommandsTest, TheClockMayBeSetBack) {
  Time now = from_seconds(kNow);
  config.clock = [&now] { return now; };
  run("show version");
  now = from_seconds(kNow - 100);
  EXPECT_EQ(run("show version").result["uptime_seconds"], 0);
}

TEST_F(CommandsTest, ANumberThatWorkersHaveUsedIsNotGivenToAnotherApplication) {
  config.load = [](const LoadRequest& request, catalog::ApplicationRegistry& numbers) {
    LoadResult result;
    numbers.intern("zulu");
    result.snapshot = small_snapshot(request.generation);
    return result;
  };
  gateway.workers_say = [] { return nullptr; };
  EXPECT_EQ(run("policy reload").status, kFailed);  // taken back, after it was in force
  EXPECT_EQ(gateway.published, 2);
  EXPECT_NE(registry.intern("another"), ApplicationId(0));
}

TEST_F(CommandsTest, APolicyThatCannotBeKeptOnTheDiskIsToldOf) {
  config.source.state_folder = "/dev/null/state";
  const Reply reply = run("policy reload force");
  EXPECT_EQ(reply.status, kDone);
  EXPECT_THAT(reply.text, HasSubstr("/dev/null/state: warning: cannot keep the policy here"));
}

}  // namespace
}  // namespace chatgate::control::testing
