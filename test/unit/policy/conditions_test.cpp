// The keys of a rule beside who and what: `server`, `when`, the way of a packet, `monitor`; and
// what is said of rules that get in each other's way.

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "catalog/builder.h"
#include "catalog/catalogue.h"
#include "policy/loader.h"

namespace chatgate::policy {
namespace {

IpAddress address(const std::string& text) {
  return IpAddress::parse(text).value();
}

// A policy from its text, over a catalogue of two applications.
class Conditions : public testing::Test {
 protected:
  void load(const std::string& text, const std::string& file = "p") {
    Diagnostics diagnostics;
    catalog::CatalogueBuilder builder(diagnostics);
    builder.add("xmpp", {})->category = catalog::Category::open_protocol;
    catalog::Application* whatsapp = builder.add("whatsapp", {});
    whatsapp->category = catalog::Category::mobile_messenger;
    builder.add_name(*whatsapp, {"cdn.example", false, false, catalog::Service::any}, {});
    builder.add_address(*whatsapp, {*Prefix::parse("203.0.113.0/24"), false}, {});
    Draft draft = policy::load(text, file, builder, diagnostics);
    findings_.clear();
    for (const Diagnostic& each : diagnostics.all()) findings_.push_back(each.to_string());
    if (diagnostics.has_errors()) return;
    catalog::ApplicationRegistry registry;
    catalogue_ = std::make_unique<catalog::Catalogue>(builder.take(registry));
    policy_ = compile(std::move(draft), *catalogue_);
    connection_ = {};
    connection_.client = address("10.0.0.1");
    connection_.server = address("192.0.2.1");
  }
  std::string decide() const {
    const Verdict verdict = policy_->decide(connection_);
    return std::string(policy_->rule_name(verdict.rule)) + " " +
           std::string(to_string(verdict.action));
  }
  std::string decide_name(std::string_view name) {
    connection_.name = name;
    return decide();
  }
  bool at_once() const { return policy_->refuses_surely(connection_).has_value(); }

  std::vector<std::string> findings_;
  std::unique_ptr<catalog::Catalogue> catalogue_;
  std::shared_ptr<const Policy> policy_;
  Connection connection_;
};

TEST_F(Conditions, AServerIsKnownByItsNames) {
  load(R"({"rules": [{"server": ["chat.example.com", "=one.example"], "action": "reset"}]})");
  EXPECT_EQ(decide_name("chat.example.com"), "rule 1 reset");
  EXPECT_EQ(decide_name("eu.chat.example.com"), "rule 1 reset");
  EXPECT_EQ(decide_name("one.example"), "rule 1 reset");
  for (const char* other : {"", "example.com", "notchat.example.com", "chat.example.com.evil.net",
                            "www.one.example", "chat.example.co", "xchat.example.com"}) {
    EXPECT_EQ(decide_name(other), "default allow") << other;
  }
}

TEST_F(Conditions, AServerIsKnownByItsAddressOrWhatDnsTaughtOfIt) {
  load(
      R"({"rules": [{"server": ["chat.example.com", "192.0.2.0/28", "2001:db8::1"], "action": "drop"}]})");
  EXPECT_EQ(decide_name("innocent.example"), "rule 1 drop");
  connection_.by_address = false;  // a resolver that is asked
  EXPECT_EQ(decide(), "default allow");
  connection_.by_address = true;
  connection_.server = address("192.0.2.16");
  EXPECT_EQ(decide(), "default allow");
  connection_.learned_name = "chat.example.com";
  EXPECT_EQ(decide(), "rule 1 drop");
  connection_.learned_name = "other.example.com";
  EXPECT_EQ(decide(), "default allow");
  EXPECT_EQ(decide_name("192.0.2.3"), "rule 1 drop");  // CONNECT 192.0.2.3:443
  EXPECT_EQ(decide_name("192.0.2.33"), "default allow");
}

TEST_F(Conditions, AServerIsRefusedAtOnceOnlyWhereNoPayloadCouldSaveIt) {
  connection_ = {};
  load(R"({"rules": [{"server": "192.0.2.1", "action": "reset"}]})");
  EXPECT_TRUE(at_once());
  load(
      R"({"rules": [{"application": "xmpp", "action": "reset"}, {"server": "192.0.2.1", "action": "reset"}]})");
  EXPECT_TRUE(at_once());
  load(
      R"({"rules": [{"application": "xmpp", "action": "allow"}, {"server": "192.0.2.1", "action": "reset"}]})");
  EXPECT_FALSE(at_once());
  load(
      R"({"rules": [{"server": "ok.example.com", "action": "allow"}, {"server": "192.0.2.1", "action": "reset"}]})");
  EXPECT_FALSE(at_once());
  load(
      R"({"rules": [{"from": "10.0.0.9", "action": "allow"}, {"server": "192.0.2.1", "action": "reset"}]})");
  EXPECT_TRUE(at_once());
  load(R"({"rules": [{"server": "192.0.2.1", "application": "xmpp", "action": "reset"}]})");
  EXPECT_FALSE(at_once());
  load(
      R"({"rules": [{"application": "xmpp", "action": "reset", "monitor": true}, {"server": "192.0.2.1", "action": "reset"}]})");
  EXPECT_FALSE(at_once());
}

TEST_F(Conditions, RulesHoldAtTheirTimes) {
  load(R"({"times": {"a": {}, "b": {}, "c": {}},
           "rules": [{"when": ["a", "c"], "action": "drop"}, {"when": "b", "action": "reset"}]})");
  const std::string expected[] = {"default allow", "rule 1 drop", "rule 2 reset", "rule 1 drop",
                                  "rule 1 drop"};
  for (TimeSet times = 0; times < 5; ++times) {
    connection_.times = times;
    EXPECT_EQ(decide(), expected[times]) << times;
  }
}

TEST_F(Conditions, RulesAskForTheWayOfAPacket) {
  load(R"({"rules": [{"vlan": 100, "direction": "outbound", "action": "drop"},
                     {"mac": "00-11-22-33-44-55", "action": "reset"},
                     {"interface": [1, 2], "action": "alert"}]})");
  EXPECT_EQ(decide(), "default allow");
  connection_.circumstances.vlan = {100, 0};
  EXPECT_EQ(decide(), "rule 1 drop");
  connection_.circumstances.inside_opened = false;
  EXPECT_EQ(decide(), "default allow");
  connection_.circumstances.client_mac =
      policy_->macs().class_of({0x00, 0x11, 0x22, 0x33, 0x44, 0x55});
  EXPECT_EQ(decide(), "rule 2 reset");
  connection_.circumstances.client_mac =
      policy_->macs().class_of({0x00, 0x11, 0x22, 0x33, 0x44, 0x56});
  connection_.circumstances.pair = PairId(2);
  EXPECT_EQ(decide(), "rule 3 alert");
}

// What each evidence is worth, against what is asked for.
TEST_F(Conditions, WeakEvidenceIsToldOfAndNotBlocked) {
  using catalog::Evidence;
  const auto decided = [&](Evidence evidence) {
    connection_.im.application = catalogue_->find("xmpp")->id;
    connection_.im.evidence = evidence;
    const Verdict verdict = policy_->decide(connection_);
    EXPECT_EQ(verdict.watched.has_value(), verdict.action == Action::alert);
    return verdict.action;
  };
  constexpr Evidence kByConfidence[][2] = {{Evidence::port, Evidence::port},
                                           {Evidence::address, Evidence::learned_address},
                                           {Evidence::payload, Evidence::dns}};
  const std::string words[] = {"low", "medium", "high"};
  for (std::size_t least = 0; least < 3; ++least) {
    for (const bool of_rule : {false, true}) {
      const std::string key = R"("confidence": ")" + words[least] + R"(")";
      load(of_rule
               ? R"({"confidence": "high", "rules": [{"application": "xmpp", "action": "reset", )" +
                     key + "}]}"
               : "{" + key + R"(, "rules": [{"application": "xmpp", "action": "reset"}]})");
      for (std::size_t i = 0; i < 3; ++i) {
        for (const Evidence evidence : kByConfidence[i]) {
          EXPECT_EQ(decided(evidence), i < least ? Action::alert : Action::reset)
              << words[least] << " " << to_string(evidence);
        }
      }
    }
  }
  connection_.im = {};
  load(R"({"confidence": "high", "rules": [{"action": "drop"}]})");
  EXPECT_EQ(decide(), "rule 1 drop") << "nothing was recognised, so there is nothing to doubt";
}

TEST_F(Conditions, ARuleThatOnlyWatchesForwards) {
  load(
      R"({"rules": [{"application": "xmpp", "action": "reset", "monitor": true}, {"action": "drop"}]})");
  connection_.im.application = catalogue_->find("xmpp")->id;
  const Verdict verdict = policy_->decide(connection_);
  EXPECT_EQ(verdict.action, Action::alert);
  EXPECT_EQ(verdict.watched, Action::reset);
  EXPECT_TRUE(verdict.log);
  connection_.im.application = ApplicationId::none();
  EXPECT_EQ(policy_->decide(connection_).watched, std::nullopt);
  EXPECT_EQ(decide(), "rule 2 drop");
}

TEST_F(Conditions, UnclassifiedComesBehindTheRulesAndBeforeTheDefault) {
  load(R"({"default": "drop", "rules": [{"from": "10.0.0.9", "action": "allow"}]})");
  connection_.unclassified = true;
  EXPECT_EQ(decide(), "default drop");
  load(
      R"({"default": "drop", "unclassified": "alert", "rules": [{"from": "10.0.0.9", "action": "allow"}]})");
  EXPECT_EQ(decide(), "default drop");
  connection_.unclassified = true;
  EXPECT_EQ(decide(), "default alert");
  EXPECT_TRUE(policy_->decide(connection_).unclassified);
  connection_.client = address("10.0.0.9");
  EXPECT_EQ(decide(), "rule 1 allow");
}

TEST_F(Conditions, AddressesCanBeTakenOut) {
  load(R"({"networks": {"a": ["10.0.0.0/24", "!10.0.0.1"]},
           "rules": [{"from": "a", "action": "drop"}, {"from": ["!a", "!10.9.0.0/16"], "action": "alert"}]})");
  EXPECT_EQ(decide(), "rule 2 alert");
  connection_.client = address("10.0.0.2");
  EXPECT_EQ(decide(), "rule 1 drop");
  connection_.client = address("10.9.0.2");
  EXPECT_EQ(decide(), "default allow");
}

TEST_F(Conditions, NetworksComeFromFiles) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("chatgate-networks-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "support.txt") << "# who helps\n10.1.7.0/24\n\n  10.0.0.1 # one more\r\n";
  std::ofstream(folder / "wrong.txt") << "10.1.7.0/24\n10.1.7.1/24\n";
  const std::string policy = (folder / "policy.json").string();
  load(
      R"({"networks": {"support": {"file": "support.txt"}}, "rules": [{"from": "support", "action": "drop"}]})",
      policy);
  EXPECT_EQ(findings_, std::vector<std::string>{});
  EXPECT_EQ(decide(), "rule 1 drop");
  load(R"({"networks": {"a": {"file": "wrong.txt"}}, "rules": [{"from": "a", "action": "drop"}]})",
       policy);
  ASSERT_EQ(findings_.size(), 1u);
  EXPECT_EQ(findings_[0],
            (folder / "wrong.txt").string() +
                ":2:1: \"10.1.7.1/24\" has bits set behind its prefix length, did you "
                "mean \"10.1.7.0/24\"?");
  load(R"({"networks": {"a": {"file": "absent.txt"}}, "rules": [{"from": "a", "action": "drop"}]})",
       policy);
  ASSERT_EQ(findings_.size(), 1u);
  EXPECT_NE(findings_[0].find("absent.txt"), std::string::npos);
  std::filesystem::remove_all(folder);
}

struct Warned {
  const char* rules;
  std::vector<std::string> findings;
};

class Warnings : public Conditions, public testing::WithParamInterface<Warned> {};

TEST_P(Warnings, AreGiven) {
  load("{\"times\": {\"a\": {}, \"b\": {}}, \"rules\": [\n" + std::string(GetParam().rules) + "]}");
  EXPECT_EQ(findings_, GetParam().findings) << GetParam().rules;
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Warnings,
    testing::Values(
        Warned{
            R"({"from": "10.0.0.0/8", "action": "allow"}, {"from": "10.1.0.0/16", "action": "drop"})",
            {"p:2:44: warning: \"rule 2\" can never match: \"rule 1\" on line 2 allows all that it "
             "would block, move it up or remove it"}},
        Warned{
            R"({"from": "10.1.0.0/16", "action": "allow"}, {"from": "10.0.0.0/8", "action": "drop"})",
            {}},
        Warned{
            R"({"server": "a.example", "action": "allow"}, {"server": "a.example", "action": "drop"})",
            {"p:2:45: warning: \"rule 2\" contradicts \"rule 1\" on line 2, which matches the same "
             "and decides, remove one of them"}},
        Warned{
            R"({"server": "a.example", "action": "drop"}, {"server": "b.a.example", "action": "reset"})",
            {"p:2:44: warning: \"rule 2\" can never match: \"rule 1\" on line 2 decides all that "
             "it "
             "names, move it up or remove it"}},
        Warned{
            R"({"server": "=a.example", "action": "drop"}, {"server": "a.example", "action": "reset"})",
            {}},
        Warned{R"({"when": "a", "action": "drop"}, {"when": ["a", "b"], "action": "reset"})", {}},
        Warned{R"({"when": ["a", "b"], "action": "drop"}, {"when": "a", "action": "reset"})",
               {"p:2:41: warning: \"rule 2\" can never match: \"rule 1\" on line 2 decides all "
                "that it "
                "names, move it up or remove it"}},
        Warned{R"({"vlan": 1, "action": "drop"}, {"vlan": 2, "action": "reset"})", {}},
        Warned{R"({"login": "a", "action": "allow"}, {"login": "a", "action": "drop"})", {}},
        Warned{
            R"({"application": "xmpp", "service": ["voice", "video"], "action": "drop"},
{"application": "xmpp", "service": "video", "action": "alert"})",
            {"p:3:1: warning: \"rule 2\" can never match: \"rule 1\" on line 2 decides all that it "
             "names, move it up or remove it"}},
        Warned{R"({"server": "example", "action": "allow"})",
               {"p:2:12: \"example\" has one label only, it would cover every name below it"}},
        Warned{
            R"({"server": "cdn.example", "action": "allow"})",
            {"p:2:1: warning: \"rule 1\" opens more than it says: others too are behind the name "
             "\"cdn.example\" of \"whatsapp\", name the application as well, or narrower servers"}},
        // What an application needs that may pass is opened for it; what is above it is not.
        Warned{R"({"application": "whatsapp", "action": "allow"},
{"server": "cdn.example", "action": "allow"})",
               {}},
        Warned{
            R"({"application": "xmpp", "action": "allow"},
{"server": "cdn.example", "action": "allow"})",
            {"p:3:1: warning: \"rule 2\" opens more than it says: others too are behind the name "
             "\"cdn.example\" of \"whatsapp\", name the application as well, or narrower "
             "servers"}},
        Warned{R"({"to": "203.0.0.0/16", "action": "alert"})",
               {"p:2:1: warning: \"rule 1\" opens more than it says: others too are behind the "
                "addresses 203.0.113.0/24 of \"whatsapp\", name the application as well, or "
                "narrower servers"}},
        Warned{R"({"to": "203.0.0.0/16", "action": "drop"})", {}},
        Warned{R"({"to": "198.51.100.0/24", "action": "allow"})", {}},
        Warned{
            R"({"action": "alert", "monitor": true, "from": "10.0.0.1"})",
            {"p:2:32: warning: rule 1 only watches, and blocks nothing anyway, leave \"monitor\" "
             "out"}}));

}  // namespace
}  // namespace chatgate::policy
