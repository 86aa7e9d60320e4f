// The self-test after a reload: silent over every policy there is, and loud where the workers use
// another one.

#include "explain/self_test.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "control/commands.h"

#include "effort.h"
#include "fake_gateway.h"

namespace chatgate::control::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;

// Everything that a policy can ask of a connection before its messages.
constexpr const char* kEverything = R"({
  "networks": { "inside": ["10.0.0.0/8", "fd00::/8"], "support": ["10.1.7.0/24", "!10.1.7.9"] },
  "times": { "always": { "days": "daily" }, "never": { "start": "2001-01-01", "end": "2001-01-02" } },
  "access": [ { "action": "deny", "from": "10.1.1.77" },
              { "action": "deny", "reset": true, "protocol": "tcp", "port": 25 },
              { "action": "deny", "protocol": "udp", "from": "!10.0.0.0/8", "port": "4000-4010" },
              { "action": "permit", "protocol": "tcp", "mac": "02:00:00:00:00:77" } ],
  "rules": [
    { "name": "outbound only", "application": "xmpp", "direction": "inbound", "action": "drop" },
    { "name": "one tag", "application": "xmpp", "vlan": [7, "100-110"], "action": "reset" },
    { "name": "one card", "application": "xmpp", "mac": "00:11:22:33:44:55", "action": "drop" },
    { "name": "second pair", "category": "im", "interface": 1, "action": "alert" },
    { "name": "by name", "server": ["chat.example.com", "=www.example.net"], "action": "reset" },
    { "name": "by address", "server": "203.0.113.0/24", "action": "drop" },
    { "name": "support", "application": ["whatsapp", "telegram"], "from": "support", "action": "allow" },
    { "name": "from v6", "application": "telegram", "from": "fd00:7::/64", "to": "2001:db8::/32",
      "action": "allow" },
    { "name": "now", "application": "telegram", "when": "always", "action": "reset" },
    { "name": "then", "application": "signal", "when": "never", "action": "allow" },
    { "name": "watched", "application": "discord", "monitor": true, "action": "reset" },
    { "name": "sure only", "category": "im", "confidence": "high", "action": "reset" } ],
  "tls": { "quic": "block", "encrypted_client_hello": "reset" },
  "evasion": { "proxies": "reset", "doh": "reset", "dot": "drop" },
  "http": { "max_uri_length": { "bytes": 100, "action": "reset" },
            "port_misuse": { "default": "reset" }, "protocol_violation": "reset" },
  "unclassified": "reset", "default": "alert" })";

LoadResult load_policy(const std::string& file, std::optional<std::string> text = {}) {
  LoadRequest request;
  request.policy_file = file;
  request.policy_text = std::move(text);
  request.catalogue_folder = CHATGATE_SOURCE "/policy/catalog";
  catalog::ApplicationRegistry registry;
  return load(request, registry);
}

std::string failures_of(const explain::SelfTest& test) {
  std::string text;
  for (const auto& each : test.failures) text += each.probe + ": " + each.why + "\n";
  return text;
}

explain::SelfTest test_itself(const engine::Snapshot& snapshot) {
  explain::SelfTestOptions options;
  options.longest = std::chrono::seconds(20);  // whatever else the machine does
  return explain::self_test(snapshot, std::make_shared<engine::Snapshot>(snapshot), options);
}

// A false alarm would take a good policy back: whatever policies the tree has, faulty ones too.
TEST(SelfTest, NoPolicyFailsThatIsInForce) {
  std::size_t tried = 0, seen = 0;
  for (const char* folder : {"/policy", "/test/audit", "/test/import/cases", "/test/scenario"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(std::string(CHATGATE_SOURCE) + folder)) {
      const fs::path& file = entry.path();
      if (file.extension() != ".json" || seen++ % test::attempts(1, 9) != 0) continue;
      const LoadResult loaded = load_policy(file.string());
      if (loaded.snapshot == nullptr) continue;  // no policy: a schema, an expectation
      ++tried;
      const explain::SelfTest test = test_itself(*loaded.snapshot);
      EXPECT_EQ(test.failed, 0u) << file << "\n" << failures_of(test);
      EXPECT_GT(test.probes, 60u) << file;
      EXPECT_LE(test.probes, 256u) << file;
    }
  }
  EXPECT_GT(tried, test::attempts(100u, 10u));
}

// A policy, and others that differ from it in one thing each, which must be found.
class Swapped : public ::testing::Test {
 protected:
  static const engine::Snapshot& meant() {
    static const LoadResult loaded = load_policy("policy.json", kEverything);
    return *loaded.snapshot;
  }
  // The policy with `text` in the place of `what`.
  static explain::SelfTest with(std::string_view what, std::string_view text) {
    std::string other = kEverything;
    const std::size_t at = other.find(what);
    if (at == other.npos) throw std::logic_error("no such text");
    other.replace(at, what.size(), text);
    const LoadResult loaded = load_policy("policy.json", other);
    if (loaded.snapshot == nullptr) throw std::logic_error(to_text(loaded.diagnostics));
    return explain::self_test(meant(), loaded.snapshot, {});
  }
};

TEST_F(Swapped, TheSamePolicyPassesAndInMonitorModeToo) {
  const explain::SelfTest test = test_itself(meant());
  EXPECT_EQ(test.failed, 0u) << failures_of(test);
  engine::Snapshot watching = meant();
  watching.mode_override = policy::Mode::monitor;
  EXPECT_EQ(test_itself(watching).failed, 0u) << failures_of(test_itself(watching));
}

TEST_F(Swapped, WhateverIsOtherwiseIsFound) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("deny", "from": "10.1.1.77")", R"("permit", "from": "10.1.1.78")"},
      {R"("reset": true, "protocol": "tcp", "port": 25)", R"("protocol": "tcp", "port": 26)"},
      {R"("port": "4000-4010")", R"("port": "5000-5010")"},
      {R"("direction": "inbound", "action": "drop")",
       R"("direction": "outbound", "action": "allow")"},
      {R"("vlan": [7, "100-110"])", R"("vlan": 8)"},
      {R"("00:11:22:33:44:55")", R"("00:11:22:33:44:56")"},
      {R"("interface": 1)", R"("interface": 2)"},
      {R"("chat.example.com", )", ""},
      {R"("203.0.113.0/24", "action": "drop")", R"("203.0.113.0/24", "action": "reset")"},
      {R"("from": "support", "action": "allow")", R"("from": "support", "action": "alert")"},
      {R"("when": "always", "action": "reset")", R"("when": "never", "action": "reset")"},
      {R"("monitor": true, )", ""},
      {R"("confidence": "high", "action": "reset")", R"("confidence": "high", "action": "drop")"},
      {R"("quic": "block")", R"("quic": "inspect")"},
      {R"("encrypted_client_hello": "reset")", R"("encrypted_client_hello": "allow")"},
      {R"("proxies": "reset")", R"("proxies": "inspect")"},
      {R"("bytes": 100)", R"("bytes": 5000)"},
      {R"("default": "alert")", R"("default": "allow")"}};
  for (const auto& [what, text] : cases) {
    EXPECT_GT(with(what, text).failed, 0u) << what << " -> " << text;
  }
}

TEST_F(Swapped, RulesInAnotherOrderAreFoundByName) {
  const explain::SelfTest test = with(
      R"({ "name": "outbound only", "application": "xmpp", "direction": "inbound", "action": "drop" },)",
      R"({ "name": "open", "category": "im", "action": "allow" },
              { "name": "outbound only", "application": "xmpp", "direction": "inbound", "action": "drop" },)");
  EXPECT_GT(test.failed, 100u);
  ASSERT_EQ(test.failures.size(), explain::SelfTest::kTold);
  EXPECT_EQ(test.failures[0].probe, "rule \"outbound only\"");
  EXPECT_EQ(test.failures[0].why, "expected drop by \"outbound only\", came allow by \"open\"");
}

TEST_F(Swapped, APolicyThatEnforcesNothingIsFound) {
  const LoadResult empty = load_policy("policy.json", "{ \"rules\": [] }");
  EXPECT_GT(explain::self_test(meant(), empty.snapshot, {}).failed, 100u);
  auto watching = std::make_shared<engine::Snapshot>(meant());
  watching->mode_override = policy::Mode::monitor;
  EXPECT_GT(explain::self_test(meant(), watching, {}).failed, 100u);
  // No application is known any more.
  auto nobody = std::make_shared<engine::Snapshot>(meant());
  nobody->catalogue = std::make_shared<catalog::Catalogue>(std::vector<catalog::Application>());
  EXPECT_GT(explain::self_test(meant(), nobody, {}).failed, 100u);
}

TEST_F(Swapped, WorkersThatDoNotReportItFail) {
  const explain::SelfTest silent = explain::self_test(meant(), nullptr, {});
  EXPECT_EQ(silent.failed, 1u);
  EXPECT_EQ(silent.failures[0].probe, "workers");
  auto before = std::make_shared<engine::Snapshot>(meant());
  ++before->generation;
  EXPECT_THAT(failures_of(explain::self_test(meant(), before, {})),
              HasSubstr("generation 2 in the place of 1"));
}

TEST_F(Swapped, ProbesAndTimeAreBounded) {
  std::string many = "{ \"rules\": [";
  for (int i = 0; i < 3000; ++i) {
    many += (i == 0 ? "" : ", ") + std::string("{ \"application\": \"xmpp\", \"from\": \"10.") +
            std::to_string(i / 250) + "." + std::to_string(i % 250) +
            ".0/24\", \"action\": \"drop\" }";
  }
  const LoadResult loaded = load_policy("policy.json", many + "] }");
  ASSERT_NE(loaded.snapshot, nullptr);
  const explain::SelfTest test = test_itself(*loaded.snapshot);
  EXPECT_EQ(test.failed, 0u) << failures_of(test);
  EXPECT_LE(test.probes, 256u);
  explain::SelfTestOptions options;
  options.longest = std::chrono::milliseconds(0);
  EXPECT_LE(explain::self_test(*loaded.snapshot, loaded.snapshot, options).probes, 1u);
}

// The commands of a gateway whose workers use what they like.
class SelfTestedReload : public ::testing::Test {
 protected:
  SelfTestedReload() {
    config_.source.state_folder = folder_.string();
    config_.source.policy_text = "the first";
    config_.audit = [this](std::string line) { audits_.push_back(Json::parse(line)["audit"]); };
    config_.load = [](const LoadRequest& request, catalog::ApplicationRegistry&) {
      LoadResult result;
      result.snapshot = small_snapshot(request.generation);
      result.sha256 = "ab12";
      result.text = "the next";
      return result;
    };
    commands_.emplace(io_, gateway_, registry_, config_);
  }
  ~SelfTestedReload() override { fs::remove_all(folder_); }

  Reply run(std::string_view line) {
    Reply answer;
    commands_->execute(line, Caller{}, [&](Reply reply) { answer = std::move(reply); });
    return answer;
  }
  // What was published, with its rules in the other order.
  std::shared_ptr<const engine::Snapshot> rules_swapped() const {
    auto other = std::make_shared<engine::Snapshot>(*gateway_.snapshot());
    policy::Policy::Content content;
    const auto rules = other->policy->rules();
    content.rules = {rules[1], rules[0]};
    for (std::size_t i = 0; i < content.rules.size(); ++i) {
      content.rules[i].id = RuleId(static_cast<RuleId::rep>(i));
    }
    other->policy = std::make_shared<policy::Policy>(std::move(content), *other->catalogue);
    return other;
  }

  const fs::path folder_ =
      fs::path(::testing::TempDir()) / ("chatgate-self-test-" + std::to_string(::getpid()));
  boost::asio::io_context io_;
  FakeGateway gateway_;
  catalog::ApplicationRegistry registry_;
  CommandsConfig config_;
  std::vector<Json> audits_;
  std::optional<Commands> commands_;
};

TEST_F(SelfTestedReload, SuccessIsToldWhereverAPolicyIs) {
  const Reply reply = run("policy reload");
  EXPECT_EQ(reply.status, kDone);
  EXPECT_GT(reply.result["self_test"]["probes"], 0);
  EXPECT_EQ(reply.result["self_test"]["failed"], 0);
  EXPECT_EQ(audits_.back()["self_test"], reply.result["self_test"]);
  EXPECT_EQ(run("show policy").result["self_test"], reply.result["self_test"]);
  EXPECT_THAT(run("show policy").text, HasSubstr("Self-test"));
}

TEST_F(SelfTestedReload, SwappedRulesAreFoundAndThePolicyBeforeComesBack) {
  const auto before = gateway_.snapshot();
  gateway_.workers_say = [this] { return rules_swapped(); };
  const Reply reply = run("policy reload");
  EXPECT_EQ(reply.status, kFailed);
  EXPECT_EQ(reply.result["ok"], false);
  EXPECT_EQ(reply.result["generation"], 3);
  EXPECT_GT(reply.result["self_test"]["failed"], 0);
  EXPECT_THAT(reply.text,
              HasSubstr("expected allow by \"our own chat\", came reset by \"no public IM\""));
  EXPECT_THAT(reply.error, HasSubstr("the policy before is in force again"));
  // It is the snapshot of before, under a generation that no flow has seen.
  EXPECT_EQ(gateway_.published, 2);
  EXPECT_EQ(gateway_.snapshot()->generation, 3u);
  EXPECT_EQ(gateway_.snapshot()->policy, before->policy);
  ASSERT_EQ(audits_.size(), 1u);
  EXPECT_EQ(audits_[0]["what"], "self-test failed");
  EXPECT_EQ(audits_[0]["sha256"], "ab12");
  EXPECT_EQ(audits_[0]["in_force"], before->sha256);
  EXPECT_EQ(audits_[0]["self_test"]["failures"][0]["probe"], "rule \"our own chat\"");
  // Neither kept to go back to, nor for the next start.
  EXPECT_EQ(run("show policy").result["kept"].size(), 1u);
  EXPECT_FALSE(fs::exists(folder_ / "last-good-policy.json"));
  gateway_.workers_say = nullptr;
  EXPECT_EQ(run("policy reload").result["generation"], 4);
  EXPECT_EQ(run("show policy").result["kept"].size(), 2u);
}

TEST_F(SelfTestedReload, ByForceItStaysAndIsToldOf) {
  gateway_.workers_say = [this] { return rules_swapped(); };
  const Reply reply = run("policy reload force");
  EXPECT_EQ(reply.status, kDone) << reply.error;
  EXPECT_EQ(reply.result["ok"], true);
  EXPECT_EQ(reply.result["forced"], true);
  EXPECT_GT(reply.result["self_test"]["failed"], 0);
  EXPECT_THAT(reply.text, HasSubstr("failed; it stays in force all the same"));
  EXPECT_EQ(gateway_.published, 1);
  EXPECT_EQ(gateway_.snapshot()->generation, 2u);
  ASSERT_EQ(audits_.size(), 1u);
  EXPECT_EQ(audits_[0]["what"], "policy loaded");
  EXPECT_EQ(audits_[0]["forced"], true);
  EXPECT_GT(audits_[0]["self_test"]["failed"], 0);
  EXPECT_EQ(run("show policy").result["kept"].size(), 2u);
  EXPECT_TRUE(fs::exists(folder_ / "last-good-policy.json"));
  // Where nothing fails there is nothing to force.
  gateway_.workers_say = nullptr;
  EXPECT_FALSE(run("policy reload force").result.contains("forced"));
  EXPECT_FALSE(audits_.back().contains("forced"));
}

TEST_F(SelfTestedReload, WhatIsInForceSinceTheStartIsTested) {
  EXPECT_FALSE(run("show policy").result.contains("self_test"));
  EXPECT_TRUE(commands_->test_start(Caller{}).passed());
  EXPECT_TRUE(audits_.empty());
  EXPECT_GT(run("show policy").result["self_test"]["probes"], 0);
  gateway_.workers_say = [this] { return rules_swapped(); };
  EXPECT_FALSE(commands_->test_start(Caller{}).passed());
  EXPECT_EQ(gateway_.published, 0);
  ASSERT_EQ(audits_.size(), 1u);
  EXPECT_EQ(audits_[0]["what"], "self-test failed");
  EXPECT_EQ(audits_[0]["sha256"], audits_[0]["in_force"]);
}

TEST_F(SelfTestedReload, WorkersThatKeepTheOldOneAreFound) {
  gateway_.workers_say = [] { return nullptr; };
  const Reply reply = run("policy reload");
  EXPECT_EQ(reply.status, kFailed);
  EXPECT_THAT(reply.text, HasSubstr("workers: they do not report the policy's generation"));
  EXPECT_EQ(gateway_.snapshot()->generation, 3u);
}

}  // namespace
}  // namespace chatgate::control::testing
