// Rules about lists: by every kind of name, by addresses, and anew when a list changes.

#include <algorithm>
#include <gtest/gtest.h>

#include "dns_message.h"
#include "learn/learned_servers.h"
#include "wire.h"

namespace chatgate::engine {
namespace {

using namespace proto::test;
using telemetry::Event;
using telemetry::EventType;

constexpr const char* kResolver = "192.0.2.53";
constexpr const char* kListed = "198.51.100.7";
const SuffixHash::Key kKey(5);

struct ListSpec {
  std::vector<std::string> names;
  const char* addresses = nullptr;
};

struct ListRule {
  lists::Mask lists = 0;
  Action action = Action::reset;
  std::vector<ApplicationId> applications = {};
  std::vector<Category> categories = {};
};

std::shared_ptr<Snapshot> with_lists(std::vector<ListSpec> specs, std::vector<ListRule> rules,
                                     std::uint32_t generation = 1) {
  auto made = snapshot({}, generation);
  policy::Policy::Content content;
  std::vector<lists::Lists::Entry> entries;
  for (const ListSpec& spec : specs) {
    auto list = std::make_shared<lists::List>();
    lists::NameSet::Builder names;
    for (const std::string& name : spec.names) names.add(name, lists::kSelf | lists::kBelow);
    list->names = names.build(kKey);
    if (spec.addresses != nullptr) {
      const auto prefix = *Prefix::parse(spec.addresses);
      list->addresses = RangeSet<IpAddress>::of({{prefix.first(), prefix.last()}});
    }
    content.lists.push_back("list " + std::to_string(entries.size()));
    entries.push_back({content.lists.back(), std::move(list)});
  }
  for (const ListRule& spec : rules) {
    policy::Rule rule;
    rule.id = RuleId(static_cast<RuleId::rep>(content.rules.size()));
    rule.name = "rule " + std::to_string(content.rules.size() + 1);
    rule.lists = spec.lists;
    rule.action = spec.action;
    rule.applications = spec.applications;
    rule.categories = spec.categories;
    rule.log = true;
    content.rules.push_back(std::move(rule));
  }
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  made->lists = std::make_shared<lists::Lists>(kKey, std::move(entries));
  return made;
}

std::shared_ptr<Snapshot> bad_names(std::uint32_t generation = 1) {
  return with_lists({{{"bad.example"}, "198.51.100.0/24"}}, {{1}}, generation);
}

class ListsInPolicy : public ::testing::Test {
 protected:
  ListsInPolicy() { use(bad_names()); }

  void use(std::shared_ptr<const Snapshot> snapshot) {
    learned_ = std::make_unique<learn::LearnedServers>(1024, KeyedHash(1));
    WorkerConfig config = Wire::small();
    config.learned = learned_.get();
    wire_ = std::make_unique<Wire>(std::move(snapshot), config);
  }
  bool passes(Octets bytes, std::uint16_t port = 443, const char* server = kServer) {
    Talk talk(*wire_, next_port_++, port, server);
    return talk.open().forward && talk.client_says(std::move(bytes)).forward;
  }
  bool hello_passes(std::string_view name) { return passes(test::client_hello(name)); }
  bool request_passes(const std::string& host) {
    const std::string text = "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    return passes(Octets(text.begin(), text.end()), 80);
  }
  bool question_passes(std::string_view name) {
    return wire_
        ->inside(Frame()
                     .v4(kClient, kResolver)
                     .udp(40000, 53)
                     .payload(dns_header() + dns_question(dns_name(name), 1)))
        .forward;
  }
  Outcome answer(std::string_view name, std::string_view records, std::uint16_t count) {
    return wire_->outside(
        Frame()
            .v4(kResolver, kClient)
            .udp(53, 40000)
            .payload(dns_header({.id = 0x1234, .flags = 0x8180, .answers = count}) +
                     dns_question(dns_name(name), 1) + std::string(records)));
  }
  Event last_alert() {
    const auto events = wire_->events(EventType::alert);
    EXPECT_FALSE(events.empty());
    return events.empty() ? Event() : events.back();
  }

  std::unique_ptr<learn::LearnedServers> learned_;
  std::unique_ptr<Wire> wire_;
  std::uint16_t next_port_ = 50000;
};

TEST_F(ListsInPolicy, ANameOfNobodyIsBlockedByItsList) {
  EXPECT_FALSE(hello_passes("www.bad.example"));
  const Event event = last_alert();
  EXPECT_EQ(event.list, ListId(0));
  EXPECT_EQ(event.rule, RuleId(0));
  EXPECT_FALSE(event.im.known());
  EXPECT_EQ(event.im.evidence, catalog::Evidence::tls_sni);
  EXPECT_EQ(event.name_view(), "www.bad.example");
  EXPECT_FALSE(request_passes("bad.example:80"));
  EXPECT_EQ(last_alert().im.evidence, catalog::Evidence::http_host);
  EXPECT_FALSE(question_passes("a.b.bad.example"));
  EXPECT_EQ(last_alert().im.evidence, catalog::Evidence::dns);
  for (const char* innocent : {"notbad.example", "bad.example.net", "example", "good.example"}) {
    EXPECT_TRUE(hello_passes(innocent)) << innocent;
    EXPECT_TRUE(request_passes(innocent)) << innocent;
    EXPECT_TRUE(question_passes(innocent)) << innocent;
  }
  EXPECT_TRUE(wire_->events(EventType::alert).empty());
  EXPECT_TRUE(hello_passes(""));
}

TEST_F(ListsInPolicy, AListedServerIsRefusedAtItsFirstPacket) {
  Talk talk(*wire_, 41000, 443, kListed);
  const Outcome first = talk.open();
  EXPECT_FALSE(first.forward);
  EXPECT_TRUE(first.to(Side::inside));
  const Event event = last_alert();
  EXPECT_EQ(event.list, ListId(0));
  EXPECT_EQ(event.im.evidence, catalog::Evidence::address);
  EXPECT_FALSE(wire_->inside(Frame().v4(kClient, kListed).udp(41001, 9999).payload("x")).forward);
  EXPECT_FALSE(request_passes(kListed)) << "an address written as a name";
  EXPECT_TRUE(request_passes("198.51.101.7"));
  EXPECT_TRUE(Talk(*wire_, 41002, 443, "198.51.101.7").open().forward);
  EXPECT_FALSE(passes(test::client_hello("good.example"), 443, kListed));
}

// Who may be let pass by an earlier rule is heard first.
TEST_F(ListsInPolicy, AnEarlierRuleThatAllowsIsWaitedFor) {
  use(with_lists({{{}, "198.51.100.0/24"}}, {{0, Action::allow, {kXmpp}}, {1, Action::reset}}));
  EXPECT_TRUE(passes(test::client_hello("jabber.example"), 443, kListed));
  EXPECT_FALSE(passes(test::client_hello("other.example"), 443, kListed));
  EXPECT_TRUE(Talk(*wire_, 41000, 443, kListed).open().forward);
}

TEST_F(ListsInPolicy, ListAndApplicationMustBothHold) {
  use(with_lists({{{"g.whatsapp.net", "bad.example"}}}, {{1, Action::reset, {kWhatsapp}}}));
  EXPECT_FALSE(hello_passes("g.whatsapp.net"));
  EXPECT_EQ(last_alert().im.application, kWhatsapp);
  EXPECT_TRUE(hello_passes("web.whatsapp.net"));
  EXPECT_TRUE(hello_passes("bad.example"));
}

TEST_F(ListsInPolicy, RulesStayInTheirOrder) {
  use(with_lists({{{"good.whatsapp.net", "fine.example"}}},
                 {{1, Action::alert}, {0, Action::reset, {}, {Category::im}}}));
  EXPECT_TRUE(hello_passes("good.whatsapp.net"));
  const Event event = last_alert();
  EXPECT_EQ(event.rule, RuleId(0));
  EXPECT_EQ(event.list, ListId(0));
  EXPECT_EQ(event.im.application, kWhatsapp);
  EXPECT_FALSE(hello_passes("web.whatsapp.net"));
  EXPECT_FALSE(last_alert().list.valid()) << "that rule names no list";
  EXPECT_TRUE(hello_passes("fine.example"));
  EXPECT_EQ(last_alert().name_view(), "fine.example");
}

TEST_F(ListsInPolicy, TheListThatMatchedIsTold) {
  use(with_lists({{{"a.example"}}, {{"b.example"}}, {{"c.example"}}}, {{0b101}, {0b010}}));
  EXPECT_FALSE(hello_passes("c.example"));
  EXPECT_EQ(last_alert().list, ListId(2));
  EXPECT_FALSE(hello_passes("b.example"));
  EXPECT_EQ(last_alert().list, ListId(1));
  wire_->wait(120);
  std::vector<ListId> of_flows;
  for (const Event& event : wire_->events(EventType::flow)) of_flows.push_back(event.list);
  std::sort(of_flows.begin(), of_flows.end());
  EXPECT_EQ(of_flows, (std::vector<ListId>{ListId(1), ListId(2)}));
}

TEST_F(ListsInPolicy, AnAliasThatIsListedIsSeenThrough) {
  const std::string target = dns_name("tracker.bad.example");
  const std::string asked("\xc0\x0c", 2), address("\xc0\x00\x02\x50", 4);
  EXPECT_TRUE(question_passes("shop.example.org"));
  const Outcome outcome =
      answer("shop.example.org", dns_record(asked, 5, target) + dns_record(target, 1, address), 2);
  EXPECT_FALSE(outcome.forward);
  const Event event = last_alert();
  EXPECT_EQ(event.list, ListId(0));
  EXPECT_EQ(event.name_view(), "tracker.bad.example");
  EXPECT_TRUE(question_passes("shop.example.org"));
  EXPECT_TRUE(answer("shop.example.org", dns_record(asked, 1, address), 1).forward);
}

TEST_F(ListsInPolicy, AConnectionIsJudgedAnewWhenItsListChanges) {
  use(with_lists({{{"other.example"}}}, {{1}}));
  Talk talk(*wire_, 42000, 443);
  talk.open();
  EXPECT_TRUE(talk.client_says(test::client_hello("www.bad.example")).forward);
  talk.server_says("hello");
  auto next = std::make_shared<Snapshot>(*bad_names());
  next->generation = 2;
  wire_->reload(next);
  EXPECT_FALSE(talk.client_says(Octets(10, 'x')).forward);
  const Event event = last_alert();
  EXPECT_EQ(event.list, ListId(0));
  EXPECT_EQ(event.im.evidence, catalog::Evidence::tls_sni);
  EXPECT_EQ(event.name_view(), "www.bad.example");
}

TEST_F(ListsInPolicy, AnAddressIsKnownByTheNameThatLedThere) {
  const std::string asked("\xc0\x0c", 2), address("\xc0\x00\x02\x50", 4);  // 192.0.2.80
  use(with_lists({{{"nobody.example"}}}, {{1}}));
  EXPECT_TRUE(question_passes("www.bad.example"));
  EXPECT_TRUE(answer("www.bad.example", dns_record(asked, 1, address), 1).forward);
  EXPECT_TRUE(Talk(*wire_, 43000, 443, "192.0.2.80").open().forward);
  wire_->reload(bad_names(2));
  EXPECT_FALSE(Talk(*wire_, 43001, 443, "192.0.2.80").open().forward);
  EXPECT_EQ(last_alert().im.evidence, catalog::Evidence::learned_address);
  EXPECT_TRUE(Talk(*wire_, 43002, 443, "192.0.2.81").open().forward);
  // An address that another name shares decides nothing.
  EXPECT_TRUE(question_passes("www.good.example"));
  EXPECT_TRUE(answer("www.good.example", dns_record(asked, 1, address), 1).forward);
  EXPECT_TRUE(Talk(*wire_, 43003, 443, "192.0.2.80").open().forward);
}

TEST_F(ListsInPolicy, ASnapshotWithoutListsIsJudgedAsEver) {
  auto none = with_lists({{{"bad.example"}}}, {{1}});
  none->lists = nullptr;
  use(none);
  EXPECT_TRUE(hello_passes("bad.example"));
}

}  // namespace
}  // namespace chatgate::engine
