#include "policy/access.h"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "catalog/builder.h"
#include "catalog/catalogue.h"
#include "policy/candidates.h"
#include "policy/loader.h"

#include "allocation_count.h"

namespace chatgate::policy {
namespace {

IpAddress address(const std::string& text) {
  return IpAddress::parse(text).value();
}

AddressSet set(const std::vector<std::string>& prefixes) {
  std::vector<Prefix> parsed;
  for (const std::string& each : prefixes) parsed.push_back(Prefix::parse(each).value());
  return AddressSet(std::move(parsed));
}

TEST(AddressSets, LoseWhatIsTakenOut) {
  const AddressSet left = set({"10.0.0.0/8"}).without(set({"10.1.0.0/16", "10.255.255.255"}));
  EXPECT_TRUE(left.contains(address("10.0.255.255")));
  EXPECT_FALSE(left.contains(address("10.1.0.0")));
  EXPECT_FALSE(left.contains(address("10.1.255.255")));
  EXPECT_TRUE(left.contains(address("10.2.0.0")));
  EXPECT_TRUE(left.contains(address("10.255.255.254")));
  EXPECT_FALSE(left.contains(address("10.255.255.255")));
  EXPECT_FALSE(left.contains(address("11.0.0.0")));
  const AddressSet outside = AddressSet().without(set({"10.0.0.0/8"}));
  EXPECT_FALSE(outside.any());
  EXPECT_FALSE(outside.contains(address("10.9.9.9")));
  EXPECT_TRUE(outside.contains(address("9.255.255.255")));
  EXPECT_TRUE(outside.contains(address("2001:db8::1")));
  EXPECT_TRUE(set({"10.0.0.0/8"}).without(AddressSet()).ranges().empty());
  EXPECT_TRUE(AddressSet().without(set({})).any());
  EXPECT_EQ(set({"10.0.0.0/8"}).without(set({"192.0.2.0/24"})).ranges().size(), 1u);
}

TEST(AddressSets, ArePrefixesAgain) {
  const AddressSet left = set({"10.0.0.0/29"}).without(set({"10.0.0.0", "10.0.0.6"}));
  std::vector<std::string> words;
  for (const Prefix& prefix : left.prefixes()) words.push_back(prefix.to_string());
  EXPECT_EQ(words,
            (std::vector<std::string>{"10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.7/32"}));
  const AddressSet all = set({"::/0", "0.0.0.0/0"});
  EXPECT_TRUE(all.any());
  EXPECT_EQ(all.prefixes().size(), 2u);
  EXPECT_TRUE(AddressSet(all.prefixes()).any());
}

// A random set of addresses within 10.0.0.0/22, so that sets meet.
AddressSet random_set(std::mt19937& random) {
  const unsigned kind = random() % 8;
  if (kind == 0) return {};
  std::vector<Prefix> prefixes;
  for (unsigned i = 0; i <= random() % 3; ++i) {
    const std::uint8_t bytes[] = {10, 0, static_cast<std::uint8_t>(random() % 4),
                                  static_cast<std::uint8_t>(random())};
    Prefix prefix{IpAddress::from_v4(bytes), static_cast<std::uint8_t>(118 + random() % 11)};
    prefix.address = prefix.first();
    prefixes.push_back(prefix);
  }
  return AddressSet(std::move(prefixes));
}

TEST(Candidates, AreAllThatCouldMatchInTheirOrder) {
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    const std::size_t count = random() % 200;
    std::vector<AddressSet> from, to;
    for (std::size_t i = 0; i < count; ++i) {
      from.push_back(random_set(random));
      to.push_back(random_set(random));
    }
    std::vector<CandidateIndex::Entry> entries;
    for (std::size_t i = 0; i < count; ++i) {
      entries.push_back({static_cast<Position>(i), &from[i], &to[i]});
    }
    const CandidateIndex index(entries);
    for (int question = 0; question < 200; ++question) {
      const auto any = [&random] {
        const std::uint8_t bytes[] = {10, 0, static_cast<std::uint8_t>(random() % 5),
                                      static_cast<std::uint8_t>(random())};
        return IpAddress::from_v4(bytes);
      };
      const IpAddress client = any(), server = any();
      CandidateWalk walk;
      walk.add(index, client, server);
      std::vector<Position> given;
      while (const auto position = walk.next()) {
        EXPECT_TRUE(given.empty() || given.back() < *position);
        given.push_back(*position);
      }
      for (std::size_t i = 0; i < count; ++i) {
        if (!from[i].contains(client) || !to[i].contains(server)) continue;
        EXPECT_NE(std::find(given.begin(), given.end(), i), given.end());
      }
    }
  }
}

TEST(Candidates, OfManyNarrowEntriesAreFew) {
  std::vector<AddressSet> sets;
  for (unsigned i = 0; i < 10000; ++i) {
    const std::uint8_t bytes[] = {10, static_cast<std::uint8_t>(i >> 8),
                                  static_cast<std::uint8_t>(i), 1};
    sets.push_back(AddressSet({Prefix{IpAddress::from_v4(bytes), 128}}));
  }
  const AddressSet support = set({"172.16.0.0/12"});
  std::vector<CandidateIndex::Entry> entries;
  // All share their clients, so that they stand under their servers.
  for (unsigned i = 0; i < sets.size(); ++i) {
    entries.push_back({static_cast<Position>(i), &support, &sets[i]});
  }
  const CandidateIndex index(entries);
  CandidateWalk walk;
  const std::size_t before = allocation_count();
  walk.add(index, address("172.16.0.1"), address("10.0.9.1"));
  EXPECT_EQ(walk.next(), 9);
  EXPECT_EQ(walk.next(), std::nullopt);
  EXPECT_EQ(allocation_count(), before);
  EXPECT_LT(index.memory(), 4u << 20);
}

// The access list of a policy's text.
class Access : public testing::Test {
 protected:
  const AccessList& load(const std::string& access, const std::string& rest = "") {
    Diagnostics diagnostics;
    catalog::CatalogueBuilder builder(diagnostics);
    Draft draft = policy::load(
        "{" + rest + "\"rules\": [{\"action\": \"allow\"}], \"access\": " + access + "}", "p",
        builder, diagnostics);
    for (const Diagnostic& each : diagnostics.all()) {
      if (each.severity == Severity::error) ADD_FAILURE() << each.to_string();
      warnings_.push_back(each.message);
    }
    policy_ = compile(std::move(draft), catalogue_);
    return policy_->access();
  }
  // "permit 1", "drop 2", "reset 3", or "none".
  std::string ask(std::uint8_t protocol, const std::string& client, const std::string& server,
                  std::uint16_t port = 0, Circumstances way = {}, TimeSet times = 0) {
    const AccessId line = policy_->access().first_match(
        {protocol, address(client), address(server), port, way, times});
    if (!line.valid()) return "none";
    const AccessEntry& entry = policy_->access()[line];
    return (entry.permits() ? "permit" : std::string(to_string(entry.action))) + " " +
           std::to_string(line.value() + 1);
  }

  std::vector<std::string> warnings_;
  const catalog::Catalogue catalogue_{{}};
  std::shared_ptr<const Policy> policy_;
};

constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kGre = 47, kIcmp6 = 58;

TEST_F(Access, TheFirstLineThatMatchesDecides) {
  load(R"([{"action": "deny", "from": "10.1.1.5"},
           {"action": "permit", "protocol": "tcp", "to": "any", "port": "443"},
           {"action": "deny", "protocol": ["tcp", "udp"], "port": [25, "6000-6010"], "reset": true},
           {"action": "permit", "protocol": "udp", "to": "192.0.2.0/24"},
           {"action": "deny", "protocol": 47}])");
  EXPECT_EQ(ask(kTcp, "10.1.1.5", "192.0.2.1", 443), "drop 1");
  EXPECT_EQ(ask(kIcmp, "10.1.1.5", "192.0.2.1"), "drop 1");
  EXPECT_EQ(ask(kTcp, "10.1.1.6", "192.0.2.1", 443), "permit 2");
  EXPECT_EQ(ask(kTcp, "192.0.2.1", "10.1.1.5", 80), "none");  // the opener counts
  EXPECT_EQ(ask(kUdp, "10.1.1.6", "192.0.2.1", 443), "permit 4");
  EXPECT_EQ(ask(kTcp, "10.1.1.6", "192.0.2.1", 25), "reset 3");
  EXPECT_EQ(ask(kTcp, "10.1.1.6", "192.0.2.1", 24), "none");
  EXPECT_EQ(ask(kUdp, "10.1.1.6", "192.0.2.1", 6000), "reset 3");
  EXPECT_EQ(ask(kUdp, "10.1.1.6", "192.0.2.1", 6010), "reset 3");
  EXPECT_EQ(ask(kUdp, "10.1.1.6", "192.0.2.1", 6011), "permit 4");
  EXPECT_EQ(ask(kUdp, "10.1.1.6", "192.0.3.1", 6011), "none");
  EXPECT_EQ(ask(kGre, "10.1.1.6", "192.0.2.1"), "drop 5");
  EXPECT_EQ(ask(kIcmp, "10.1.1.6", "192.0.2.1"), "none");
}

TEST_F(Access, WordsForProtocolsHoldBothFamilies) {
  load(R"([{"action": "deny", "protocol": "icmp"}])");
  EXPECT_EQ(ask(kIcmp, "10.0.0.1", "10.0.0.2"), "drop 1");
  EXPECT_EQ(ask(kIcmp6, "fd00::1", "fd00::2"), "drop 1");
  EXPECT_EQ(ask(kTcp, "10.0.0.1", "10.0.0.2", 1), "none");
}

TEST_F(Access, PortsWithoutAProtocolAreOfBoth) {
  load(R"([{"action": "deny", "port": 53}])");
  EXPECT_EQ(ask(kTcp, "10.0.0.1", "10.0.0.2", 53), "drop 1");
  EXPECT_EQ(ask(kUdp, "10.0.0.1", "10.0.0.2", 53), "drop 1");
  EXPECT_EQ(ask(kIcmp, "10.0.0.1", "10.0.0.2", 53), "none");
}

TEST_F(Access, KnowsWhetherItConcernsMoreThanTcpAndUdp) {
  EXPECT_FALSE(load(R"([{"action": "deny", "protocol": ["tcp", "udp"]}])").concerns_others());
  EXPECT_FALSE(load(R"([{"action": "deny", "port": 5}])").concerns_others());
  EXPECT_TRUE(load(R"([{"action": "deny", "protocol": "esp"}])").concerns_others());
  EXPECT_TRUE(load(R"([{"action": "deny", "from": "10.0.0.1"}])").concerns_others());
}

TEST_F(Access, LinesHoldAtTheirTimesOnly) {
  load(R"([{"action": "deny", "when": "b"}])",
       R"("times": {"a": {}, "b": {"from": "08:00", "to": "09:00"}}, )");
  EXPECT_EQ(ask(kTcp, "10.0.0.1", "10.0.0.2", 1, {}, 1), "none");
  EXPECT_EQ(ask(kTcp, "10.0.0.1", "10.0.0.2", 1, {}, 2), "drop 1");
}

TEST_F(Access, LinesAskForTheWayOfAPacket) {
  load(R"([{"action": "deny", "vlan": [7, "100-110"]},
           {"action": "deny", "mac": ["00:11:22:33:44:55", "0011.2233.4466"], "reset": true},
           {"action": "deny", "interface": 1, "direction": "inbound"}])");
  Circumstances way;
  EXPECT_EQ(ask(kTcp, "10.0.0.1", "10.0.0.2", 1, way), "none");
  way.vlan = {99, 110};
  EXPECT_EQ(ask(kTcp, "10.0.0.1", "10.0.0.2", 1, way), "drop 1");
  way.vlan = {99, 111};
  EXPECT_EQ(ask(kTcp, "10.0.0.1", "10.0.0.2", 1, way), "none");
  way.client_mac = policy_->macs().class_of({0x00, 0x11, 0x22, 0x33, 0x44, 0x66});
  EXPECT_EQ(ask(kTcp, "10.0.0.1", "10.0.0.2", 1, way), "reset 2");
  way.client_mac = policy_->macs().class_of({0x00, 0x11, 0x22, 0x33, 0x44, 0x67});
  EXPECT_EQ(ask(kTcp, "10.0.0.1", "10.0.0.2", 1, way), "none");
  way.pair = PairId(1);
  EXPECT_EQ(ask(kTcp, "10.0.0.1", "10.0.0.2", 1, way), "none");
  way.inside_opened = false;
  EXPECT_EQ(ask(kTcp, "10.0.0.1", "10.0.0.2", 1, way), "drop 3");
}

TEST_F(Access, PrintsAsAnAsaDoes) {
  const auto& entries = load(R"([{"action": "deny", "from": "10.1.1.5"},
               {"action": "permit", "protocol": "tcp", "from": "10.0.0.0/8", "to": "a", "port": 443},
               {"action": "permit", "protocol": "udp", "port": "5000-5010", "log": true},
               {"action": "permit"}])",
                             R"("networks": {"a": ["192.0.2.0/24", "198.51.100.0/24"]}, )")
                            .entries();
  EXPECT_EQ(entries[0].text, "deny ip host 10.1.1.5 any");
  EXPECT_EQ(entries[1].text, "permit tcp 10.0.0.0 255.0.0.0 object-group a eq 443");
  EXPECT_EQ(entries[2].text, "permit udp any any range 5000 5010 log");
  EXPECT_EQ(entries[3].text, "permit ip any any");
  EXPECT_TRUE(warnings_.empty());  // a last permit is how such lists end
}

TEST_F(Access, WarnsOfLinesBehindTheLast) {
  load(R"([{"action": "permit"}, {"action": "deny", "from": "10.0.0.1"}])");
  EXPECT_EQ(warnings_,
            std::vector<std::string>{"\"access line 2\" can never match: the line before "
                                     "it on 1 decides everything"});
}

}  // namespace
}  // namespace chatgate::policy
