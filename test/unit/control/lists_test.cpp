// Lists from their files into a running gateway: loaded, read anew, refused, shown.

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/list_loader.h"

#include "fake_gateway.h"

namespace chatgate::control::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ListCommands : public ::testing::Test {
 protected:
  ListCommands() {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "catalog");
    fs::create_directories(folder_ / "lists");
    write("catalog/xmpp.json",
          "{\"id\": \"xmpp\", \"name\": \"XMPP\", \"category\": \"open-protocol\", \"status\": "
          "\"alive\"}");
    write("lists/bad.txt", "bad.example\n||worse.example^\n||some.example^$popup\nno name\n");
    write("lists/nets.txt", "192.0.2.0/24\n");
    policy("\"lists/bad.txt\"");
    config.source.policy_file = path("policy.json");
    config.source.catalogue_folder = path("catalog");
    config.clock = [] { return from_seconds(1'795'000'000); };
    config.audit = [this](std::string line) { audits.push_back(Json::parse(line)["audit"]); };
  }
  ~ListCommands() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void policy(const std::string& file) const {
    write("policy.json",
          "{\"lists\": {\"bad\": {\"file\": " + file +
              "},\n\"nets\": {\"files\": [\"lists/nets.txt\"]}},\n"
              "\"rules\": [{\"list\": [\"bad\", \"nets\"], \"action\": \"drop\", \"log\": true}]}");
  }
  Commands& commands() {
    if (!commands_) commands_ = std::make_unique<Commands>(io, gateway, registry, config);
    return *commands_;
  }
  Reply run(std::string_view line, uid_t uid = 0) {
    Reply reply;
    commands().execute(line, Caller{uid, 1, "/"}, [&](Reply result) { reply = std::move(result); });
    return reply;
  }
  bool holds(std::string_view name) const { return gateway.snapshot()->lists->of_name(name) != 0; }
  std::uint32_t generation() const { return gateway.snapshot()->generation; }

  const fs::path folder_ = fs::path(::testing::TempDir()) / "chatgate-lists-test";
  boost::asio::io_context io;
  FakeGateway gateway;
  catalog::ApplicationRegistry registry;
  CommandsConfig config;
  std::vector<Json> audits;
  std::unique_ptr<Commands> commands_;
};

TEST_F(ListCommands, WhatWorkersDoNotEnforceIsTakenBack) {
  ASSERT_EQ(run("policy reload").status, kDone);
  const auto before = gateway.snapshot();
  write("lists/bad.txt", "other.example\n");
  gateway.workers_say = [&] { return before; };
  const Reply reply = run("list reload bad");
  EXPECT_EQ(reply.status, kFailed);
  EXPECT_THAT(reply.error, HasSubstr("the workers did not enforce what was read"));
  EXPECT_GT(reply.result["self_test"]["failed"], 0);
  EXPECT_EQ(reply.result["lists"][0]["accepted"], false);
  EXPECT_EQ(reply.result["lists"][0]["changed"], false);
  EXPECT_TRUE(holds("bad.example"));
  EXPECT_FALSE(holds("other.example"));
  EXPECT_EQ(generation(), before->generation + 2);
  ASSERT_GE(audits.size(), 2u);
  EXPECT_EQ(audits[audits.size() - 2]["what"], "self-test failed");
  EXPECT_EQ(audits.back()["what"], "list refused");
  gateway.workers_say = nullptr;
  const Reply again = run("list reload bad");
  EXPECT_EQ(again.status, kDone) << again.error;
  EXPECT_EQ(again.result["self_test"]["failed"], 0);
  EXPECT_TRUE(holds("other.example"));
}

TEST_F(ListCommands, APolicyBringsItsLists) {
  EXPECT_EQ(run("show lists").text, "The policy has no lists.\n");
  EXPECT_EQ(run("list reload").text, "The policy has no lists.\n");
  const Reply loaded = run("policy reload");
  ASSERT_EQ(loaded.status, kDone) << loaded.text;
  EXPECT_THAT(loaded.text, HasSubstr("lists/bad.txt:4:1: warning: \"no\" and what follows is no"));
  EXPECT_EQ(loaded.result["lists"].size(), 2u);
  EXPECT_TRUE(holds("www.bad.example"));
  EXPECT_TRUE(holds("192.0.2.9"));
  EXPECT_FALSE(holds("some.example"));
  EXPECT_THAT(run("show service-policy").text, HasSubstr("match list bad, nets\n"));
  EXPECT_GT(run("show memory").result["lists_bytes"], 0);

  gateway.worker(0).add_list(generation(), ListId(0));
  gateway.worker(1).add_list(generation(), ListId(0));
  const Reply shown = run("show lists");
  const Json& bad = shown.result["lists"][0];
  EXPECT_EQ(bad["list"], "bad");
  EXPECT_EQ(bad["entries"], 2);
  EXPECT_EQ(bad["lines"], (Json{{"taken", 2}, {"skipped", 1}, {"refused", 1}}));
  EXPECT_EQ(bad["state"], "loaded");
  EXPECT_EQ(bad["hits"], 2);
  EXPECT_EQ(bad["files"][0]["file"], path("lists/bad.txt"));
  EXPECT_EQ(bad["files"][0]["sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(shown.result["lists"][1]["addresses"], 1);
  EXPECT_THAT(shown.text, HasSubstr("List  Entries  Skipped  Refused"));
  EXPECT_THAT(shown.text, HasSubstr(path("lists/nets.txt") + "\n"));
}

TEST_F(ListCommands, OneListIsReadAnewAndNothingElse) {
  run("policy reload");
  const auto before = gateway.snapshot();
  gateway.worker(0).add_list(generation(), ListId(0));
  gateway.worker(0).add_rule(generation(), RuleId(0));
  write("lists/bad.txt", "new.example\n");
  write("lists/nets.txt", "198.51.100.0/24\n");
  audits.clear();
  const Reply reply = run("list reload bad");
  EXPECT_EQ(reply.status, kDone);
  EXPECT_EQ(reply.text, "List bad is in force: 1 entry\n");
  EXPECT_EQ(generation(), before->generation + 1) << "so that flows are judged anew";
  EXPECT_EQ(gateway.snapshot()->policy, before->policy);
  EXPECT_EQ(gateway.snapshot()->catalogue, before->catalogue);
  EXPECT_TRUE(holds("new.example"));
  EXPECT_FALSE(holds("bad.example"));
  EXPECT_TRUE(holds("192.0.2.9")) << "the other list is as it was";
  EXPECT_EQ(run("show lists").result["lists"][0]["hits"], 1) << "the policy is the same";
  EXPECT_EQ(run("show service-policy").result["rules"][0]["hits"], 1);
  ASSERT_EQ(audits.size(), 1u);
  EXPECT_EQ(audits[0]["what"], "list loaded");
  EXPECT_EQ(audits[0]["list"], "bad");
  EXPECT_EQ(audits[0]["entries"], 1);
  EXPECT_EQ(audits[0]["files"][0]["sha256"].get<std::string>().size(), 64u);

  EXPECT_EQ(run("list reload").text,
            "List bad is unchanged: 1 entry\n"
            "List nets is in force: 1 entry\n");
  EXPECT_TRUE(holds("198.51.100.9"));
  const std::uint32_t last = generation();
  EXPECT_EQ(run("list reload").result["lists"][1]["changed"], false);
  EXPECT_EQ(generation(), last) << "nothing has changed";
}

TEST_F(ListCommands, AListThatFailsKeepsItsLastContent) {
  run("policy reload");
  const std::uint32_t before = generation();
  audits.clear();
  write("lists/bad.txt", "<html>\nnot found\n");
  const Reply refused = run("list reload bad");
  EXPECT_EQ(refused.status, kInvalid);
  EXPECT_EQ(refused.error, "1 list could not be read, what was in force stays");
  EXPECT_THAT(refused.text, HasSubstr("no line of it is an entry of a list"));
  EXPECT_THAT(refused.text, HasSubstr("List bad could not be read, and keeps what it held at "));
  EXPECT_TRUE(holds("bad.example"));
  EXPECT_EQ(generation(), before);
  ASSERT_EQ(audits.size(), 1u);
  EXPECT_EQ(audits[0]["what"], "list refused");
  EXPECT_THAT(audits[0]["error"].get<std::string>(), HasSubstr("bad.txt: no line of it"));
  Reply shown = run("show lists");
  EXPECT_EQ(shown.result["lists"][0]["state"], "stale");
  EXPECT_EQ(shown.result["lists"][1]["state"], "loaded");
  EXPECT_THAT(shown.text, HasSubstr("bad could not be read anew: "));

  // The same when the whole policy is loaded again: its other parts are taken up.
  fs::remove(folder_ / "lists/bad.txt");
  write("lists/nets.txt", "203.0.113.0/24\n");
  audits.clear();
  const Reply policy = run("policy reload");
  EXPECT_EQ(policy.status, kDone);
  EXPECT_THAT(policy.text, HasSubstr("bad.txt: warning: cannot be read: No such file"));
  EXPECT_THAT(policy.text, HasSubstr("the list \"bad\" could not be read anew, what it held"));
  EXPECT_TRUE(holds("bad.example"));
  EXPECT_TRUE(holds("203.0.113.9"));
  ASSERT_EQ(audits.size(), 2u);
  EXPECT_EQ(audits[0]["what"], "policy loaded");
  EXPECT_EQ(audits[1]["what"], "list refused");
  EXPECT_EQ(run("show lists").result["lists"][0]["state"], "stale");

  write("lists/bad.txt", "bad.example\n");
  EXPECT_EQ(run("list reload bad").status, kDone);
  EXPECT_EQ(run("show lists").result["lists"][0]["state"], "loaded");
}

TEST_F(ListCommands, WithoutAnOlderContentAFileThatFailsIsAnError) {
  fs::remove(folder_ / "lists/bad.txt");
  const Reply first = run("policy reload");
  EXPECT_EQ(first.status, kInvalid);
  EXPECT_THAT(first.text, HasSubstr("lists/bad.txt: cannot be read: No such file or directory"));
  EXPECT_EQ(generation(), 1u);

  write("lists/bad.txt", "bad.example\n");
  EXPECT_EQ(run("policy reload").status, kDone);
  policy("\"lists/elsewhere.txt\"");
  EXPECT_EQ(run("policy reload").status, kInvalid) << "another file is another list";
  EXPECT_EQ(run("policy check").status, kInvalid);
}

TEST_F(ListCommands, AnUnchangedListIsJudgedAsUnchangedOnlyIfItStands) {
  run("policy reload");
  write("lists/bad.txt", "");
  EXPECT_EQ(run("list reload bad").status, kInvalid) << "an empty file is no list";
  EXPECT_TRUE(holds("bad.example"));
}

TEST_F(ListCommands, NamesAreCompletedAndOnlyTheOwnerMayReload) {
  run("policy reload");
  EXPECT_THAT(run("list reload ?").text, HasSubstr("bad"));
  EXPECT_EQ(run("list reload bed").error, "unknown list \"bed\"");
  EXPECT_EQ(run("list reload bed").remedy, "did you mean \"bad\"?");
  EXPECT_EQ(run("list reload bad", 12345).status, kFailed);
  EXPECT_EQ(run("show lists", 12345).status, kDone);
}

}  // namespace
}  // namespace chatgate::control::testing
