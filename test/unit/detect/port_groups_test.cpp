// Rules by port: each port meets exactly the rules that name it, and the rules for any port.
#include "detect/port_groups.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace chatgate::detect {
namespace {

using Entries = std::vector<PortGroups::Entry>;
using Ranks = std::vector<std::uint32_t>;

PortSet ports(std::vector<PortSet::Range> ranges) {
  return PortSet::of(std::move(ranges));
}

Ranks of_port(const PortGroups& groups, std::uint16_t port) {
  const std::uint32_t group = groups.group_of(port);
  return group == PortGroups::kNone ? Ranks() : groups.groups()[group];
}

TEST(PortGroups, None) {
  const PortGroups groups{Entries()};
  EXPECT_TRUE(groups.any().empty());
  EXPECT_EQ(groups.group_of(80), PortGroups::kNone);
  EXPECT_EQ(PortGroups().group_of(0), PortGroups::kNone);
}

TEST(PortGroups, AnyAndOne) {
  const PortGroups groups(Entries{{0, PortSet::any()}, {1, ports({{5222, 5222}})}});
  EXPECT_EQ(groups.any(), Ranks{0});
  EXPECT_EQ(of_port(groups, 5222), Ranks{1});
  EXPECT_EQ(of_port(groups, 5221), Ranks());
  EXPECT_EQ(of_port(groups, 5223), Ranks());
}

TEST(PortGroups, EndsOfTheRange) {
  const PortGroups groups(Entries{{0, ports({{0, 0}})}, {1, ports({{65535, 65535}})}});
  EXPECT_EQ(of_port(groups, 0), Ranks{0});
  EXPECT_EQ(of_port(groups, 1), Ranks());
  EXPECT_EQ(of_port(groups, 65534), Ranks());
  EXPECT_EQ(of_port(groups, 65535), Ranks{1});
}

TEST(PortGroups, AListIsOneGroup) {
  const PortGroups groups(
      Entries{{0, ports({{80, 80}, {8000, 8080}, {3128, 3128}})}, {1, ports({{80, 80}})}});
  EXPECT_EQ(groups.groups().size(), 2u);
  EXPECT_EQ(of_port(groups, 80), (Ranks{0, 1}));
  EXPECT_EQ(of_port(groups, 3128), Ranks{0});
  EXPECT_EQ(groups.group_of(3128), groups.group_of(8080));
}

TEST(PortGroups, WideSetsAreForAnyPort) {
  const PortGroups groups(Entries{{0, ports({{1024, 65535}})},
                                  {1, ports({{80, 80}}).complement()},
                                  {2, ports({{100, 1123}})},
                                  {3, ports({{100, 1124}})}});
  EXPECT_EQ(groups.any(), (Ranks{0, 1, 3}));
  EXPECT_EQ(of_port(groups, 100), Ranks{2});
  EXPECT_EQ(of_port(groups, 1124), Ranks());
}

TEST(PortGroups, RandomSets) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    Entries entries;
    for (std::uint32_t rule = 0; rule < 40; ++rule) {
      std::vector<PortSet::Range> ranges;
      for (std::size_t i = random() % 3 + 1; i > 0; --i) {
        const auto first = static_cast<std::uint16_t>(random() % 300);
        ranges.push_back({first, static_cast<std::uint16_t>(first + random() % 20)});
      }
      entries.push_back({rule, ports(std::move(ranges))});
    }
    const PortGroups groups(entries);
    std::size_t copies = 0;
    for (const Ranks& group : groups.groups()) copies += group.size();
    EXPECT_LE(copies, PortGroups::kMaxCopies * entries.size());
    for (std::uint16_t port = 0; port < 330; ++port) {
      const Ranks found = of_port(groups, port);
      for (const PortGroups::Entry& entry : entries) {
        const bool any =
            std::find(groups.any().begin(), groups.any().end(), entry.rule) != groups.any().end();
        const bool here = std::find(found.begin(), found.end(), entry.rule) != found.end();
        EXPECT_EQ(here, !any && entry.ports.contains(port)) << seed << " " << port;
      }
    }
  }
}

// Ranges that all overlap would make a copy of each rule for each of the others.
TEST(PortGroups, MemoryIsBounded) {
  Entries entries;
  for (std::uint32_t rule = 0; rule < 2000; ++rule) {
    const auto first = static_cast<std::uint16_t>(rule);
    entries.push_back({rule, ports({{first, static_cast<std::uint16_t>(first + 700)}})});
  }
  const PortGroups groups(entries);
  EXPECT_EQ(groups.any().size(), 2000u);
  EXPECT_LT(groups.memory(), 100'000u);
}

}  // namespace
}  // namespace chatgate::detect
