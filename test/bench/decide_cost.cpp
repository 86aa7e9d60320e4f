// What a decision costs with few rules and with many: ninja test/bench/decide-cost.
//
// Policies of several shapes. Each connection is one that a rule is for, chosen at random among all
// of them, so that the index does not stay in the first-level cache.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "catalog/catalogue.h"
#include "policy/policy.h"

namespace {

using namespace chatgate;
using namespace chatgate::policy;

constexpr std::size_t kApplications = 100;
constexpr std::size_t kConnections = 4096;

catalog::Catalogue catalogue() {
  std::vector<catalog::Application> all(kApplications);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].id = ApplicationId(static_cast<std::uint16_t>(i));
    all[i].word = "application-" + std::to_string(i);
    all[i].category =
        i % 2 == 0 ? catalog::Category::mobile_messenger : catalog::Category::team_chat;
  }
  return catalog::Catalogue(std::move(all));
}

IpAddress address(std::uint32_t host) {
  const std::uint8_t bytes[] = {
      static_cast<std::uint8_t>(host >> 24), static_cast<std::uint8_t>(host >> 16),
      static_cast<std::uint8_t>(host >> 8), static_cast<std::uint8_t>(host)};
  return IpAddress::from_v4(bytes);
}

AddressSet one_of(std::uint32_t base, std::size_t i, unsigned bits) {
  const Prefix prefix{address(base + (static_cast<std::uint32_t>(i) << (32 - bits))),
                      static_cast<std::uint8_t>(96 + bits)};
  return AddressSet({prefix});
}

constexpr std::uint32_t kInside = 0x0a000000, kOutside = 0x64000000;

struct Shape {
  const char* name;
  void (*shape)(Rule& rule, std::size_t i, std::size_t count);
};

const Shape kShapes[] = {
    {"an application each",
     [](Rule& rule, std::size_t i, std::size_t) {
       rule.applications = {ApplicationId(static_cast<std::uint16_t>(i % kApplications))};
       rule.from = one_of(kInside, i, 24);
     }},
    {"a client's network each",
     [](Rule& rule, std::size_t i, std::size_t) {
       rule.categories = {catalog::Category::im};
       rule.from = one_of(kInside, i, 24);
     }},
    {"one network, a server each",
     [](Rule& rule, std::size_t i, std::size_t) {
       rule.from = one_of(kInside, 0, 8);
       rule.to = one_of(kOutside, i, 28);
     }},
    {"both ends, nested networks",
     [](Rule& rule, std::size_t i, std::size_t) {
       rule.from = one_of(kInside, i, 20 + i % 13);
       rule.to = one_of(kOutside, i, 16 + i % 17);
     }},
    {"a host each",
     [](Rule& rule, std::size_t i, std::size_t) { rule.from = one_of(kInside, i * 7, 32); }},
};

IpAddress within(const AddressSet& set, std::uint32_t base, std::mt19937& random) {
  return set.any() ? address(base + random() % (1u << 24)) : set.ranges()[0].first;
}

double nanoseconds(const Policy& policy, std::mt19937& random) {
  std::vector<Connection> connections(kConnections);
  for (Connection& connection : connections) {
    const Rule& rule = policy.rules()[random() % policy.rules().size()];
    connection.im.application =
        rule.applications.empty()
            ? ApplicationId(static_cast<std::uint16_t>(random() % kApplications))
            : rule.applications[0];
    connection.client = within(rule.from, kInside, random);
    connection.server = within(rule.to, kOutside, random);
  }
  std::size_t matched = 0;
  const auto round = [&] {
    for (const Connection& connection : connections) {
      matched += policy.decide(connection).rule.valid() ? 1 : 0;
    }
  };
  round();
  double best = 1e9;
  for (int run = 0; run < 15; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    round();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
    best = std::min(best, taken.count() / kConnections);
  }
  if (matched == 0) std::printf("nothing matched\n");
  return best;
}

}  // namespace

int main() {
  const catalog::Catalogue applications = catalogue();
  std::printf("%-28s %8s %12s %12s\n", "rules", "number", "ns/decision", "index bytes");
  for (const Shape& shape : kShapes) {
    for (const std::size_t count : {10u, 1000u, 10000u}) {
      Policy::Content content;
      for (std::size_t i = 0; i < count; ++i) {
        Rule rule;
        rule.id = RuleId(static_cast<std::uint16_t>(i));
        rule.name = "rule";
        rule.action = Action::drop;
        shape.shape(rule, i, count);
        content.rules.push_back(std::move(rule));
      }
      const Policy policy(std::move(content), applications);
      std::mt19937 random(1);
      std::printf("%-28s %8zu %12.1f %12zu\n", shape.name, count, nanoseconds(policy, random),
                  policy.memory());
    }
  }
}
