#include "policy/policy.h"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "catalog/catalogue.h"

#include "allocation_count.h"

namespace chatgate::policy {
namespace {

using catalog::Application;
using catalog::Catalogue;
using catalog::Category;

IpAddress address(const std::string& text) {
  return IpAddress::parse(text).value();
}

AddressSet set(const std::vector<std::string>& prefixes) {
  std::vector<Prefix> parsed;
  for (const std::string& each : prefixes) parsed.push_back(Prefix::parse(each).value());
  return AddressSet(std::move(parsed));
}

constexpr ApplicationId kXmpp(0), kWhatsapp(1), kTunnel(5), kOfAnotherCatalogue(3), kBeyond(900);

std::vector<Application> applications() {
  std::vector<Application> all(3);
  all[0].id = kXmpp;
  all[0].word = "xmpp";
  all[0].category = Category::open_protocol;
  all[1].id = kWhatsapp;
  all[1].word = "whatsapp";
  all[1].category = Category::mobile_messenger;
  all[2].id = kTunnel;
  all[2].word = "tunnel";
  all[2].category = Category::tunnel;
  return all;
}

class Decide : public testing::Test {
 protected:
  Rule& add(Action action) {
    Rule& rule = content_.rules.emplace_back();
    rule.id = RuleId(static_cast<std::uint16_t>(content_.rules.size() - 1));
    rule.name = "rule " + std::to_string(content_.rules.size());
    rule.action = action;
    return rule;
  }
  // "rule 2 drop log", or "default allow".
  std::string decide(ApplicationId application, const std::string& client = "10.0.0.1",
                     const std::string& server = "192.0.2.1") {
    const Policy policy(content_, catalogue_);
    Connection connection;
    connection.im.application = application;
    connection.client = address(client);
    connection.server = address(server);
    const Verdict verdict = policy.decide(connection);
    return std::string(policy.rule_name(verdict.rule)) + " " +
           std::string(to_string(verdict.action)) + (verdict.log ? " log" : "");
  }

  Policy::Content content_;
  const Catalogue catalogue_{applications()};
};

TEST_F(Decide, WithoutRulesTheDefaultDecides) {
  EXPECT_EQ(decide(kXmpp), "default allow");
  content_.fallback = Action::drop;
  EXPECT_EQ(decide(kXmpp), "default drop");
  EXPECT_EQ(decide(ApplicationId::none()), "default drop");
  content_.fallback = Action::alert;
  EXPECT_EQ(decide(kXmpp), "default alert log");
}

TEST_F(Decide, TheFirstMatchWins) {
  add(Action::allow).applications = {kXmpp};
  Rule& im = add(Action::reset);
  im.categories = {Category::im};
  im.log = true;
  add(Action::drop).applications = {kXmpp, kWhatsapp};
  EXPECT_EQ(decide(kXmpp), "rule 1 allow");
  EXPECT_EQ(decide(kWhatsapp), "rule 2 reset log");
  EXPECT_EQ(decide(kTunnel), "default allow");
  EXPECT_EQ(decide(ApplicationId::none()), "default allow");
}

TEST_F(Decide, ARuleAboutListsMatchesWhatIsInOneOfThem) {
  content_.lists = {"a", "b", "c"};
  Rule& two = add(Action::drop);
  two.lists = 0b110;
  Rule& mixed = add(Action::reset);
  mixed.lists = 0b001;
  mixed.applications = {kXmpp};
  const Policy policy(content_, catalogue_);
  EXPECT_EQ(policy.lists_in_rules(), 0b111u);
  const auto ask = [&](ApplicationId application, lists::Mask mask) {
    Connection connection;
    connection.im.application = application;
    connection.lists = mask;
    const Verdict verdict = policy.decide(connection);
    return std::string(to_string(verdict.action)) + " " +
           std::string(policy.list_name(verdict.list));
  };
  EXPECT_EQ(ask(kXmpp, 0), "allow ");
  EXPECT_EQ(ask(ApplicationId::none(), 0b100), "drop c");
  EXPECT_EQ(ask(kWhatsapp, 0b111), "drop b");
  EXPECT_EQ(ask(kXmpp, 0b001), "reset a");
  EXPECT_EQ(ask(kWhatsapp, 0b001), "allow ");
  EXPECT_EQ(ask(ApplicationId::none(), 0b001), "allow ");
}

// What the first packet of a connection to a listed server may be refused by.
TEST_F(Decide, OnlyWhatNothingCanChangeIsRefusedForSure) {
  const auto refused = [&](lists::Mask mask) {
    const Policy policy(content_, catalogue_);
    Connection connection;
    connection.client = address("10.0.0.1");
    connection.server = address("192.0.2.1");
    connection.lists = mask;
    const auto verdict = policy.refuses_surely(connection);
    return verdict ? std::string(policy.rule_name(verdict->rule)) : std::string("no");
  };
  content_.lists = {"a", "b"};
  EXPECT_EQ(refused(1), "no");
  add(Action::reset).lists = 1;
  EXPECT_EQ(refused(1), "rule 1");
  EXPECT_EQ(refused(2), "no");
  // A rule before it that may let it pass, by what is not known yet.
  content_.rules.clear();
  add(Action::allow).applications = {kXmpp};
  add(Action::reset).lists = 1;
  EXPECT_EQ(refused(1), "no");
  content_.rules[0].from = set({"10.9.0.0/16"});
  EXPECT_EQ(refused(1), "rule 2") << "not from there";
  content_.rules[0].from = AddressSet();
  content_.rules[0].action = Action::drop;
  EXPECT_EQ(refused(1), "rule 2") << "blocked either way";
  content_.rules[0].action = Action::allow;
  content_.rules[0].applications = {};
  content_.rules[0].lists = 2;
  EXPECT_EQ(refused(1), "no") << "its name may be in the other list";
  content_.rules[0].services = {catalog::Service::voice};
  EXPECT_EQ(refused(3), "no");
  // What holds at other times, or on another way, lets nothing pass now.
  content_.rules[0].when = 1;
  EXPECT_EQ(refused(3), "rule 2");
  content_.rules[0].when = 0;
  content_.rules[0].path.inside_opened = false;
  EXPECT_EQ(refused(3), "rule 2");
  content_.rules[0].path = {};
  content_.rules[0].action = Action::reset;
  EXPECT_EQ(refused(3), "rule 2");
  content_.rules[0].monitor = true;
  EXPECT_EQ(refused(3), "no") << "what is only watched is forwarded";
}

TEST_F(Decide, CategoriesCoverWhatLiesBelowThem) {
  add(Action::drop).categories = {Category::mobile_messenger, Category::tunnel};
  add(Action::reset).categories = {Category::im};
  EXPECT_EQ(decide(kWhatsapp), "rule 1 drop");
  EXPECT_EQ(decide(kTunnel), "rule 1 drop");
  EXPECT_EQ(decide(kXmpp), "rule 2 reset");
}

TEST_F(Decide, ApplicationsAndCategoriesTogetherAreAnyOf) {
  Rule& rule = add(Action::drop);
  rule.applications = {kXmpp};
  rule.categories = {Category::tunnel};
  EXPECT_EQ(decide(kXmpp), "rule 1 drop");
  EXPECT_EQ(decide(kTunnel), "rule 1 drop");
  EXPECT_EQ(decide(kWhatsapp), "default allow");
}

TEST_F(Decide, ARuleWithoutApplicationMatchesWhatIsNotRecognisedToo) {
  add(Action::allow).categories = {Category::open_protocol};
  add(Action::alert);
  EXPECT_EQ(decide(kXmpp), "rule 1 allow");
  EXPECT_EQ(decide(kWhatsapp), "rule 2 alert log");
  EXPECT_EQ(decide(ApplicationId::none()), "rule 2 alert log");
  // Numbers that this catalogue does not have: left over from an earlier one.
  EXPECT_EQ(decide(kOfAnotherCatalogue), "rule 2 alert log");
  EXPECT_EQ(decide(kBeyond), "rule 2 alert log");
}

TEST_F(Decide, FromAndToMustBothHold) {
  Rule& rule = add(Action::drop);
  rule.from = set({"10.1.0.0/16", "fd00::/8"});
  rule.to = set({"192.0.2.0/24"});
  Rule& other = add(Action::reset);
  other.applications = {kXmpp};
  other.to = set({"198.51.100.7"});
  EXPECT_EQ(decide(kXmpp, "10.1.2.3", "192.0.2.9"), "rule 1 drop");
  EXPECT_EQ(decide(ApplicationId::none(), "10.1.2.3", "192.0.2.9"), "rule 1 drop");
  EXPECT_EQ(decide(kXmpp, "10.2.0.0", "192.0.2.9"), "default allow");
  EXPECT_EQ(decide(kXmpp, "10.1.2.3", "192.0.3.0"), "default allow");
  EXPECT_EQ(decide(kXmpp, "192.0.2.9", "10.1.2.3"), "default allow");
  EXPECT_EQ(decide(kXmpp, "fdff::1", "192.0.2.0"), "rule 1 drop");
  EXPECT_EQ(decide(kXmpp, "10.9.9.9", "198.51.100.7"), "rule 2 reset");
  EXPECT_EQ(decide(kWhatsapp, "10.9.9.9", "198.51.100.7"), "default allow");
}

TEST_F(Decide, TakesNoMemory) {
  Rule& rule = add(Action::drop);
  rule.from = set({"10.1.0.0/16", "fd00::/8"});
  add(Action::reset).categories = {Category::im};
  const Policy policy(content_, catalogue_);
  Connection connection;
  connection.im.application = kXmpp;
  const std::size_t before = allocation_count();
  const Verdict verdict = policy.decide(connection);
  const std::size_t after = allocation_count();
  EXPECT_EQ(verdict.action, Action::reset);
  EXPECT_EQ(after, before);
  EXPECT_GT(before, 0u);  // the count works
}

// The candidate lists must answer as the rules read one after the other.
TEST_F(Decide, AgreesWithReadingTheRulesInOrder) {
  std::mt19937 random(11);
  const std::vector<ApplicationId> ids = {kXmpp, kWhatsapp, kTunnel, ApplicationId::none(),
                                          kBeyond};
  for (int round = 0; round < 200; ++round) {
    content_.rules.clear();
    for (unsigned i = random() % 12; i > 0; --i) {
      Rule& rule = add(static_cast<Action>(random() % 4));
      for (unsigned n = random() % 3; n > 0; --n) rule.applications.push_back(ids[random() % 3]);
      if (random() % 3 == 0) rule.categories.push_back(static_cast<Category>(random() % 15));
      if (random() % 2) rule.from = set({"10.0.0.0/" + std::to_string(8 + random() % 2 * 8)});
    }
    for (const ApplicationId id : ids) {
      for (const std::string client : {"10.0.0.1", "10.1.0.1", "11.0.0.1"}) {
        std::string expected = "default allow";
        for (const Rule& rule : content_.rules) {
          const Application* found = catalogue_.find(id);
          bool matches = rule.applications.empty() && rule.categories.empty();
          for (const ApplicationId each : rule.applications) matches |= found && each == id;
          for (const Category each : rule.categories) {
            matches |= found && catalog::covers(each, found->category);
          }
          if (!matches || !rule.from.contains(address(client))) continue;
          expected = rule.name + " " + std::string(to_string(rule.action)) +
                     (rule.action == Action::alert ? " log" : "");
          break;
        }
        ASSERT_EQ(decide(id, client), expected);
      }
    }
  }
}

TEST(AddressSet, Contains) {
  const struct {
    std::vector<std::string> prefixes;
    std::vector<std::string> inside, outside;
  } table[] = {
      {{}, {}, {"0.0.0.0", "::", "10.0.0.1"}},
      {{"10.0.0.0/8"},
       {"10.0.0.0", "10.255.255.255"},
       {"9.255.255.255", "11.0.0.0", "::", "::a00:1"}},
      {{"10.0.0.5"}, {"10.0.0.5"}, {"10.0.0.4", "10.0.0.6"}},
      {{"10.1.0.0/16", "10.0.0.0/16", "10.0.128.0/17", "12.0.0.0/8"},
       {"10.0.0.0", "10.0.255.255", "10.1.255.255", "12.3.4.5"},
       {"10.2.0.0", "11.255.255.255", "13.0.0.0"}},
      {{"0.0.0.0/0"}, {"0.0.0.0", "255.255.255.255"}, {"::", "::1", "2001:db8::1"}},
      {{"::/0"}, {"::", "2001:db8::1", "ffff::"}, {"0.0.0.0", "10.0.0.1", "255.255.255.255"}},
      {{"::/0", "0.0.0.0/0"}, {"::", "10.0.0.1", "ffff::"}, {}},
      {{"::/64"}, {"::", "::1"}, {"10.0.0.1", "0:0:0:1::"}},
      {{"fd00::/8", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
       {"fd00::", "fdff::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
       {"fc00::", "fe00::"}}};
  for (const auto& row : table) {
    const AddressSet tested = set(row.prefixes);
    EXPECT_EQ(tested.any(), row.outside.empty());
    for (const auto& each : row.inside) EXPECT_TRUE(tested.contains(address(each))) << each;
    for (const auto& each : row.outside) EXPECT_FALSE(tested.contains(address(each))) << each;
  }
}

TEST(AddressSet, RangesAreSortedAndJoined) {
  EXPECT_TRUE(AddressSet().any());
  EXPECT_TRUE(AddressSet().contains(address("10.0.0.1")));
  const AddressSet joined = set({"10.0.1.0/24", "10.0.0.0/24", "10.0.0.7", "10.0.3.0/24"});
  ASSERT_EQ(joined.ranges().size(), 2u);
  EXPECT_EQ(joined.ranges()[0].last, address("10.0.1.255"));
  EXPECT_EQ(joined.ranges()[1].first, address("10.0.3.0"));
}

TEST(Words, OfActionsAndModes) {
  for (const Action action : {Action::allow, Action::alert, Action::drop, Action::reset}) {
    EXPECT_EQ(parse_action(to_string(action)), action);
  }
  EXPECT_FALSE(parse_action("Reset"));
  EXPECT_FALSE(parse_action(""));
  EXPECT_EQ(to_string(Mode::enforce), "enforce");
  EXPECT_EQ(to_string(Mode::monitor), "monitor");
}

}  // namespace
}  // namespace chatgate::policy
