// The access list in `show`, times that begin and end, policies to go back to, and the one on disk.

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "control/commands.h"
#include "control/last_good.h"

#include "fake_gateway.h"

namespace chatgate::control::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

// Commands over real loads of a policy that the test writes.
class PolicyState : public ::testing::Test {
 protected:
  PolicyState() {
    fs::create_directories(folder_ / "catalog");
    write("catalog/xmpp.json",
          R"({"id": "xmpp", "name": "XMPP", "category": "open-protocol", "status": "alive"})");
  }
  ~PolicyState() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  void start(const std::string& policy) {
    write("policy.json", policy);
    CommandsConfig config;
    config.source.policy_file = (folder_ / "policy.json").string();
    config.source.catalogue_folder = (folder_ / "catalog").string();
    config.source.state_folder = (folder_ / "state").string();
    config.source.now = now_;
    config.clock = [this] { return now_; };
    config.audit = [this](std::string line) { audits_.push_back(Json::parse(line)["audit"]); };
    const LoadResult loaded = load(config.source, registry_);
    ASSERT_NE(loaded.snapshot, nullptr);
    gateway_.publish(loaded.snapshot);
    config.source.policy_text = loaded.text;
    commands_ = std::make_unique<Commands>(io_, gateway_, registry_, config);
  }
  Reply run(std::string_view line) {
    Reply answer;
    commands_->execute(line, Caller{}, [&](Reply reply) { answer = std::move(reply); });
    return answer;
  }
  std::string action() const {
    return std::string(to_string(gateway_.snapshot()->policy->fallback()));
  }
  static std::string with_default(const std::string& action) {
    return R"({"rules": [{"application": "xmpp", "action": "allow"}], "default": ")" + action +
           "\"}";
  }

  const fs::path folder_ =
      fs::path(::testing::TempDir()) / ("chatgate-policy-state-" + std::to_string(::getpid()));
  Time now_ = from_seconds(1'795'464'000);  // 2026-11-23 20:00 UTC, a Monday
  boost::asio::io_context io_;
  FakeGateway gateway_;
  catalog::ApplicationRegistry registry_;
  std::vector<Json> audits_;
  std::unique_ptr<Commands> commands_;
};

TEST_F(PolicyState, AccessListPrintsAsOnAnAsaWithHits) {
  start(R"({"times": {"evening": {"from": "20:01", "to": "21:00", "zone": "UTC"}},
            "access": [{"action": "deny", "from": "10.1.1.5", "name": "quarantine"},
                       {"action": "deny", "protocol": "tcp", "port": 25, "when": "evening", "vlan": 7},
                       {"action": "permit"}],
            "rules": [{"action": "allow"}]})");
  gateway_.worker(0).add_access(1, RuleId(0));
  gateway_.worker(1).add_access(1, RuleId(0));
  gateway_.worker(1).add_access(1, RuleId(2));
  gateway_.worker(1).add_rule(1, RuleId(0));
  const Reply reply = run("show access-list");
  EXPECT_THAT(reply.text, HasSubstr("access-list chatgate; 3 elements; name hash: 0x"));
  EXPECT_THAT(
      reply.text,
      HasSubstr("access-list chatgate line 1 extended deny ip host 10.1.1.5 any (hitcnt=2) 0x"));
  EXPECT_THAT(reply.text, HasSubstr("line 2 extended deny tcp any any eq 25 vlan 7 time-range "
                                    "evening (hitcnt=0) (inactive) 0x"));
  EXPECT_THAT(reply.text, HasSubstr("line 3 extended permit ip any any (hitcnt=1) 0x"));
  EXPECT_EQ(reply.result["lines"][0]["hits"], 2);
  EXPECT_EQ(reply.result["lines"][0]["name"], "quarantine");
  EXPECT_EQ(reply.result["lines"][1]["active"], false);
  EXPECT_EQ(reply.result["lines"][1]["when"][0], "evening");
  EXPECT_EQ(run("clear counters").status, kDone);
  EXPECT_EQ(run("show access-list").result["lines"][0]["hits"], 0);
}

TEST_F(PolicyState, ATimeThatBeginsOrEndsIsPublishedOnce) {
  start(R"({"times": {"evening": {"from": "20:01", "to": "20:02", "zone": "UTC"}},
            "rules": [{"action": "drop", "when": "evening", "name": "late"}]})");
  gateway_.worker(0).add_rule(1, RuleId::none());
  EXPECT_FALSE(commands_->keep_time({}));
  now_.nanoseconds += 59'999'000'000;
  EXPECT_FALSE(commands_->keep_time({}));
  EXPECT_THAT(run("show service-policy").text, HasSubstr("drop (inactive), hits 0"));
  now_.nanoseconds += 1'000'000;
  EXPECT_TRUE(commands_->keep_time({}));
  EXPECT_FALSE(commands_->keep_time({}));
  EXPECT_EQ(gateway_.snapshot()->times, 1u);
  EXPECT_EQ(gateway_.snapshot()->generation, 2u);
  EXPECT_THAT(run("show service-policy").text, HasSubstr("drop, hits 0"));
  EXPECT_EQ(run("show service-policy").result["default"]["hits"], 1);  // hits go on
  now_.nanoseconds += 60'000'000'000;
  EXPECT_TRUE(commands_->keep_time({}));
  EXPECT_EQ(gateway_.snapshot()->times, 0u);
  ASSERT_EQ(audits_.size(), 2u);
  EXPECT_EQ(audits_[0]["what"], "times changed");
  EXPECT_EQ(audits_[0]["in_force"], Json::array({"evening"}));
  EXPECT_TRUE(audits_[1]["in_force"].empty());
}

TEST_F(PolicyState, RollbackGoesToThePolicyBeforeOrToANumberedOne) {
  start(with_default("allow"));
  EXPECT_EQ(run("policy rollback").status, kInvalid);  // there is none before
  write("policy.json", with_default("alert"));
  EXPECT_EQ(run("policy reload").status, kDone);
  write("policy.json", with_default("drop"));
  EXPECT_EQ(run("policy reload").status, kDone);
  EXPECT_EQ(action(), "drop");
  const Reply back = run("policy rollback");
  EXPECT_EQ(back.status, kDone);
  EXPECT_EQ(back.result["generation"], 4);
  EXPECT_EQ(action(), "alert");
  EXPECT_EQ(audits_.back()["what"], "policy rolled back");
  EXPECT_EQ(audits_.back()["sha256"], run("show policy").result["sha256"]);
  EXPECT_EQ(run("policy rollback generation 1").status, kDone);
  EXPECT_EQ(action(), "allow");
  const Reply unknown = run("policy rollback generation 77");
  EXPECT_EQ(unknown.status, kInvalid);
  EXPECT_THAT(unknown.text, HasSubstr("there is no such policy to go back to"));
  EXPECT_EQ(run("show policy").result["kept"].size(), 5u);
  // The file is as it was.
  EXPECT_EQ(run("policy reload").status, kDone);
  EXPECT_EQ(action(), "drop");
}

TEST_F(PolicyState, TheLastGoodPolicyIsOnDiskWhole) {
  start(with_default("allow"));
  const std::string state = (folder_ / "state").string();
  EXPECT_EQ(last_good(state), std::nullopt);
  write("policy.json", with_default("alert"));
  EXPECT_EQ(run("policy reload").status, kDone);
  EXPECT_EQ(last_good(state), with_default("alert"));
  write("policy.json", "{ \"rules\": [ { \"action\": \"explode\" } ] }");
  EXPECT_EQ(run("policy reload").status, kInvalid);
  EXPECT_EQ(last_good(state), with_default("alert"));
  LoadRequest request;
  request.policy_file = (folder_ / "policy.json").string();
  request.catalogue_folder = (folder_ / "catalog").string();
  request.policy_text = last_good(state);
  const LoadResult loaded = load(request, registry_);
  ASSERT_NE(loaded.snapshot, nullptr);
  EXPECT_EQ(loaded.snapshot->policy->fallback(), policy::Action::alert);
}

TEST_F(PolicyState, AStartWithTheLastGoodPolicyIsAnAuditEvent) {
  start(with_default("alert"));
  write("policy.json", "{ \"rules\": [ { \"action\": \"explode\" } ], \"defult\": \"drop\" }");
  LoadRequest request;
  request.policy_file = (folder_ / "policy.json").string();
  request.catalogue_folder = (folder_ / "catalog").string();
  const LoadResult bad = load(request, registry_);
  commands_->tell_last_good(bad.diagnostics, {});
  ASSERT_EQ(audits_.size(), 1u);
  EXPECT_EQ(audits_[0]["what"], "last good policy used");
  EXPECT_EQ(audits_[0]["policy"], request.policy_file);
  EXPECT_EQ(audits_[0]["sha256"], gateway_.snapshot()->sha256);
  ASSERT_EQ(audits_[0]["errors"].size(), 2u);
  EXPECT_EQ(audits_[0]["errors"][0]["line"], 1);
  EXPECT_EQ(audits_[0]["errors"][0]["message"], "unknown action \"explode\"");
}

TEST_F(PolicyState, DiffSaysInWordsWhatWouldChange) {
  start(R"({"rules": [{"name": "a", "application": "xmpp", "action": "allow"},
                      {"name": "b", "from": "10.0.0.0/8", "action": "drop"},
                      {"name": "c", "to": "192.0.2.1", "action": "reset", "log": true}]})");
  EXPECT_EQ(run("policy diff").text, "Nothing: it is the running policy.\n");
  write("policy.json",
        R"({"access": [{"name": "line", "action": "deny", "from": "10.9.9.9"}],
            "rules": [{"name": "c", "to": "192.0.2.1", "action": "drop"},
                      {"name": "a", "application": "xmpp", "action": "allow"},
                      {"name": "d", "category": "im", "action": "alert"}], "default": "drop"})");
  const Reply reply = run("policy diff");
  EXPECT_EQ(reply.text,
            "new: line, at place 1: entry deny ip host 10.9.9.9 any\n"
            "changed: rule \"c\", action drop instead of reset; no longer with log true\n"
            "moved: rule \"a\", down, behind others\n"
            "new: rule \"d\", at place 3: category im; action alert\n"
            "gone: rule \"b\", from 10.0.0.0/8; action drop\n"
            "changed: policy, default drop instead of allow\n");
  EXPECT_EQ(reply.result["changes"].size(), 6u);
  EXPECT_EQ(gateway_.snapshot()->generation, 1u);
  write("policy.json", "{");
  EXPECT_EQ(run("policy diff").status, kInvalid);
}

TEST_F(PolicyState, NothingIsKeptWithoutAFolderAndNothingLostWhereItCannotBe) {
  EXPECT_TRUE(keep_on_disk("", "x"));
  EXPECT_EQ(last_good(""), std::nullopt);
  write("file", "in the way");
  EXPECT_FALSE(keep_on_disk((folder_ / "file").string(), "x"));
  EXPECT_TRUE(keep_on_disk(folder_.string(), "first"));
  fs::create_directories(last_good_file(folder_.string()) + ".new");
  EXPECT_FALSE(keep_on_disk(folder_.string(), "second"));
  EXPECT_EQ(last_good(folder_.string()), "first");
}

TEST_F(PolicyState, ServersOfARuleAreShownThoughTheyAreNoApplications) {
  start(R"({"rules": [{"name": "not there", "server": "chat.example.com", "action": "reset"}]})");
  const auto learn = [&](const char* address, const char* name) {
    learn::ServerClaim claim;
    claim.name = name;
    claim.ttl = 300;
    claim.generation = 1;
    gateway_.learned.learn(*IpAddress::parse(address), claim, now_);
  };
  learn("203.0.113.80", "eu.chat.example.com");
  learn("203.0.113.81", "innocent.example.com");
  const Reply reply = run("show servers");
  EXPECT_EQ(reply.result["servers"].size(), 1u);
  EXPECT_EQ(reply.result["servers"][0]["rules"], "not there");
  EXPECT_THAT(reply.text, HasSubstr("203.0.113.80  eu.chat.example.com  not there"));
  learn("203.0.113.80", "other.example.com");  // shared now: the name decides nothing
  EXPECT_EQ(run("show servers").result["servers"].size(), 0u);
}

}  // namespace
}  // namespace chatgate::control::testing
