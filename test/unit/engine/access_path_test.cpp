// The access list and the policy's times on the packet's way: what becomes of flows that stand when
// either changes.

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "wire.h"

namespace chatgate::engine {
namespace {

using policy::AccessEntry;
using telemetry::Counter;
using telemetry::EventType;
using telemetry::Reason;

AccessEntry line(Action action, std::vector<std::string> from = {}) {
  AccessEntry entry;
  entry.name = "line";
  entry.action = action;
  std::vector<Prefix> prefixes;
  for (const std::string& each : from) prefixes.push_back(*Prefix::parse(each));
  if (!from.empty()) entry.from = policy::AddressSet(std::move(prefixes));
  return entry;
}

struct Wanted {
  std::vector<AccessEntry> access = {};
  std::vector<policy::Rule> rules = {};
  policy::TimeSet times = 0;
  policy::Mode mode = policy::Mode::enforce;
};

std::shared_ptr<Snapshot> make(Wanted wanted, std::uint32_t generation = 1) {
  auto made = std::make_shared<Snapshot>();
  made->generation = generation;
  made->catalogue = catalogue();
  made->times = wanted.times;
  policy::Policy::Content content;
  content.mode = wanted.mode;
  content.access = std::move(wanted.access);
  content.rules = std::move(wanted.rules);
  for (std::size_t i = 0; i < content.rules.size(); ++i) {
    content.rules[i].id = RuleId(static_cast<std::uint16_t>(i));
  }
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  return made;
}

policy::Rule rule(Action action) {
  policy::Rule made;
  made.name = "a rule";
  made.action = action;
  return made;
}

TEST(AccessPath, ADeniedConnectionFallsSilentFromItsFirstPacket) {
  Wire wire(make({.access = {line(Action::drop, {kClient})}}));
  Talk talk(wire, 40000, 443);
  const Outcome first = talk.open();
  EXPECT_FALSE(first.forward);
  EXPECT_EQ(first.reason, Reason::access_list);
  EXPECT_TRUE(first.forged.empty());
  --talk.client_next;
  const Outcome again = wire.inside(talk.from_client(syn));
  EXPECT_FALSE(again.forward);
  EXPECT_EQ(again.reason, Reason::blocked_flow);
  EXPECT_TRUE(again.forged.empty());
  const auto alerts = wire.events(EventType::alert);
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0].im.evidence, catalog::Evidence::access_list);
  EXPECT_EQ(alerts[0].rule, RuleId(0));
  EXPECT_EQ(alerts[0].reason, Reason::access_list);
}

TEST(AccessPath, AResetAnswersAsAClosedPortDoes) {
  Wire wire(make({.access = {line(Action::reset)}}));
  Talk talk(wire, 40000, 443);
  const Outcome first = talk.open();
  EXPECT_FALSE(first.forward);
  ASSERT_EQ(first.forged.size(), 1u);
  const auto reset = first.to(Side::inside);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->flags, rst | ack);
  EXPECT_EQ(reset->acknowledgment, talk.client_next);
}

TEST(AccessPath, MonitorModeOnlyTells) {
  Wire wire(make({.access = {line(Action::drop)}, .mode = policy::Mode::monitor}));
  Talk talk(wire, 40000, 443);
  EXPECT_TRUE(talk.open().forward);
  EXPECT_EQ(wire.count(Counter::would_block), 1u);
  EXPECT_EQ(wire.events(EventType::alert).size(), 1u);
}

TEST(AccessPath, WhatStandsIsJudgedAnewWithTheNextPacket) {
  Wire wire(make({}));
  Talk talk(wire, 40000, 443);
  EXPECT_TRUE(talk.open().forward);
  EXPECT_TRUE(talk.client_says({1, 2, 3}).forward);
  wire.reload(make({.access = {line(Action::reset, {kClient})}}, 2));
  const Outcome stopped = talk.server_says("more");
  EXPECT_FALSE(stopped.forward);
  EXPECT_EQ(stopped.reason, Reason::access_list);
  EXPECT_TRUE(stopped.to(Side::inside) && stopped.to(Side::outside));
}

TEST(AccessPath, AFlowThatIsNotDecidedYetIsAskedAnewToo) {
  Wire wire(make({}));
  Talk talk(wire, 40000, 443);
  EXPECT_TRUE(talk.open().forward);
  wire.reload(make({.access = {line(Action::drop)}}, 2));
  EXPECT_FALSE(talk.client_says({0x16}).forward);
  // Questions to a resolver are never decided for good.
  Wire other(make({}));
  const auto question = [] {
    return Frame()
        .v4(kClient, kServer)
        .udp(5000, 53)
        .payload(std::string_view(
            "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01x\x00\x00\x01\x00\x01", 19));
  };
  EXPECT_TRUE(other.inside(question()).forward);
  other.reload(make({.access = {line(Action::drop)}}, 2));
  EXPECT_FALSE(other.inside(question()).forward);
}

TEST(AccessPath, WhatIsPermittedAgainIsInspectedFromItsBeginning) {
  policy::Rule reset = rule(Action::reset);
  reset.categories = {Category::im};
  Wire wire(make({.access = {line(Action::drop)}, .rules = {reset}}));
  Talk talk(wire, 40000, 1863, "203.0.113.5");
  EXPECT_FALSE(talk.open().forward);
  --talk.client_next;
  wire.reload(make({.rules = {reset}}, 2));
  const Outcome again = wire.inside(talk.from_client(syn));
  EXPECT_FALSE(again.forward);
  EXPECT_EQ(again.reason, Reason::policy_reset);  // by the server's address, not by the list
  Wire plain(make({.access = {line(Action::drop)}}));
  Talk other(plain, 40000, 443);
  EXPECT_FALSE(other.open().forward);
  --other.client_next;
  plain.reload(make({}, 2));
  EXPECT_TRUE(plain.inside(other.from_client(syn)).forward);
  EXPECT_EQ(plain.count(Counter::flows_created), 2u);
}

TEST(AccessPath, HitsAreCountedByLine) {
  auto counters = std::make_unique<telemetry::WorkerCounters>();
  Worker worker(Wire::small(), *counters, nullptr);
  const auto policy = make({.access = {line(Action::drop, {"10.9.9.9"}), line(Action::allow)}});
  auto result = std::make_unique<BurstResult>();
  for (std::uint16_t port = 1; port <= 3; ++port) {
    const Octets frame = Frame().v4(kClient, kServer).tcp(port, 80, syn).seq(1).build();
    net::PacketView view = test::view_of(frame, Side::inside);
    worker.process({&view, 1}, from_seconds(1000), *policy, *result);
    worker.process({&view, 1}, from_seconds(1000), *policy, *result);
  }
  EXPECT_EQ(counters->hits(1, telemetry::WorkerCounters::access_slot(RuleId(0))), 0u);
  EXPECT_EQ(counters->hits(1, telemetry::WorkerCounters::access_slot(RuleId(1))), 3u);
}

TEST(TimesPath, AWindowsEndStopsWhatItLetPass) {
  policy::Rule in_time = rule(Action::allow);
  in_time.when = 1;
  policy::Rule later = rule(Action::reset);
  const std::vector<policy::Rule> rules = {in_time, later};
  Wire wire(make({.rules = rules, .times = 1}));
  Talk talk(wire, 40000, 4444);
  EXPECT_TRUE(talk.open().forward);
  Octets noise(200);
  for (std::size_t i = 0; i < noise.size(); ++i) {
    noise[i] = static_cast<std::uint8_t>((i * 73 + 41) % 251 | 1);
  }
  EXPECT_TRUE(talk.client_says(noise).forward);
  EXPECT_TRUE(talk.client_says({1, 2, 3}).forward);
  wire.reload(make({.rules = rules}, 2));
  EXPECT_FALSE(talk.client_says({4, 5, 6}).forward);
  EXPECT_EQ(wire.count(Counter::flows_judged_anew), 1u);
}

// Lines and rules are numbered apart.
TEST(AccessPath, ADenialNamesNoListOfTheRuleWithItsNumber) {
  policy::Rule listed = rule(Action::alert);
  listed.lists = lists::bit(3);
  Wire wire(make({.access = {line(Action::drop, {kClient})}, .rules = {listed}}));
  Talk talk(wire, 40000, 443);
  talk.open();
  const auto alerts = wire.events(EventType::alert);
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_FALSE(alerts[0].list.valid());
}

}  // namespace
}  // namespace chatgate::engine
