// Look-ups in tables of a size: flows, lists of names and addresses, rules. Keys are asked for at
// random, so that caches help as little as they do in traffic.

#include <benchmark/benchmark.h>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "catalog/catalogue.h"
#include "flow/flow_table.h"
#include "policy/policy.h"

#include "lists/list.h"
#include "lists/reader.h"

namespace chatgate::bench {
namespace {

constexpr std::size_t kAsked = 1u << 16;

IpAddress address(std::uint32_t host) {
  const std::uint8_t bytes[] = {
      static_cast<std::uint8_t>(host >> 24), static_cast<std::uint8_t>(host >> 16),
      static_cast<std::uint8_t>(host >> 8), static_cast<std::uint8_t>(host)};
  return IpAddress::from_v4(bytes);
}

// Calls `ask` with each of kAsked numbers below `size`, at random.
template <typename Ask>
void ask_at_random(benchmark::State& state, std::size_t size, const Ask& ask) {
  std::mt19937_64 random(1);
  std::vector<std::size_t> order(kAsked);
  for (std::size_t& each : order) each = random() % size;
  std::size_t at = 0, hits = 0;
  for (auto _ : state) {
    hits += ask(order[at++ % kAsked]) ? 1 : 0;
  }
  state.counters["hits"] = static_cast<double>(hits) / static_cast<double>(state.iterations());
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

flow::FlowKey key(std::size_t i) {
  flow::FlowKey key;
  key.low = address(0x0a000000u + static_cast<std::uint32_t>(i));
  key.high = address(0xc6120000u);
  key.low_port = 40000;
  key.high_port = 443;
  key.context = 1;
  return key;
}

// One at a time, without the prefetch that a burst makes: the whole wait for memory is seen.
void flow_look_up(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  const KeyedHash hash(3);
  flow::FlowTable table(count + count / 8, Tick());
  for (std::uint32_t i = 0; i < count; ++i) table.insert(key(i), flow::hash_key(hash, key(i)));
  ask_at_random(state, count, [&](std::size_t i) {
    return table.find(key(i), flow::hash_key(hash, key(i))).valid();
  });
  state.counters["bytes_a_flow"] = static_cast<double>(table.memory()) / table.capacity();
}
BENCHMARK(flow_look_up)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Arg(4'000'000);

// Two to four labels of lengths as in published lists of hosts, 20 characters on average.
std::string random_name(std::mt19937_64& random) {
  static constexpr const char* kTops[] = {".com", ".net", ".org", ".de", ".co.uk", ".ru", ".info"};
  std::string name;
  for (std::uint64_t labels = 1 + random() % 2; labels != 0; --labels) {
    for (std::uint64_t letters = 5 + random() % 9; letters != 0; --letters) {
      name += static_cast<char>('a' + random() % 26);
    }
    name += labels == 1 ? "" : ".";
  }
  return name + kTops[random() % std::size(kTops)];
}

lists::Lists list_of(benchmark::State& state, const std::string& text) {
  const SuffixHash::Key key;
  Diagnostics diagnostics;
  lists::ListReader reader;
  if (!reader.read(text, "made", diagnostics)) state.SkipWithError("the list is not read");
  auto list = std::make_shared<lists::List>(reader.finish(key));
  const auto beside = static_cast<double>(list->memory() - list->names.text_bytes());
  state.counters["bytes_an_entry"] = beside / static_cast<double>(list->entries());
  std::vector<lists::Lists::Entry> entries;
  entries.push_back({"made", std::move(list)});
  return lists::Lists(key, std::move(entries));
}

void name_look_up(benchmark::State& state, bool listed) {
  const auto count = static_cast<std::size_t>(state.range(0));
  std::mt19937_64 random(1);
  std::string hosts;
  std::vector<std::string> asked;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = random_name(random);
    hosts += "0.0.0.0 " + name + "\n";
    if (i < kAsked) asked.push_back(listed ? name : "www." + random_name(random));
  }
  const lists::Lists lists = list_of(state, hosts);
  ask_at_random(state, asked.size(), [&](std::size_t i) { return lists.of_name(asked[i]) != 0; });
}
BENCHMARK_CAPTURE(name_look_up, listed, true)->Arg(1'000)->Arg(1'000'000);
BENCHMARK_CAPTURE(name_look_up, unlisted, false)->Arg(1'000)->Arg(1'000'000);

// Within 2000::/3, as all that is routed: a /64, as providers give them.
IpAddress network_v6(std::mt19937_64& random) {
  char text[40];
  const auto group = [&] { return static_cast<unsigned>(random() & 0xffff); };
  std::snprintf(text, sizeof text, "%x:%x:%x:%x::", 0x2000 | (group() & 0x1fff), group(), group(),
                group());
  return IpAddress::parse(text).value();
}

void address_look_up(benchmark::State& state, bool v6) {
  std::mt19937_64 random(1);
  std::string ranges;
  std::vector<IpAddress> asked;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    asked.push_back(v6 ? network_v6(random)
                       : address(0x01000000u + static_cast<std::uint32_t>(random() % 0xd0000000u)));
    ranges += asked.back().to_string() + (v6 ? "/64\n" : i % 2 == 0 ? "\n" : "/28\n");
  }
  const lists::Lists lists = list_of(state, ranges);
  ask_at_random(state, asked.size(),
                [&](std::size_t i) { return lists.of_address(asked[i]) != 0; });
}
BENCHMARK_CAPTURE(address_look_up, v4, false)->Arg(100'000);
BENCHMARK_CAPTURE(address_look_up, v6, true)->Arg(100'000);

constexpr std::uint32_t kInside = 0x0a000000, kOutside = 0x64000000;
constexpr std::size_t kApplications = 100;

policy::AddressSet one_of(std::uint32_t base, std::size_t i, unsigned bits) {
  const Prefix prefix{address(base + (static_cast<std::uint32_t>(i) << (32 - bits))),
                      static_cast<std::uint8_t>(96 + bits)};
  return policy::AddressSet({prefix});
}

void shape_application(policy::Rule& rule, std::size_t i) {
  rule.applications = {ApplicationId(static_cast<std::uint16_t>(i % kApplications))};
  rule.from = one_of(kInside, i, 24);
}
void shape_client(policy::Rule& rule, std::size_t i) {
  rule.categories = {catalog::Category::im};
  rule.from = one_of(kInside, i, 24);
}
void shape_server(policy::Rule& rule, std::size_t i) {
  rule.from = one_of(kInside, 0, 8);
  rule.to = one_of(kOutside, i, 28);
}
void shape_nested(policy::Rule& rule, std::size_t i) {
  rule.from = one_of(kInside, i, 20 + i % 13);
  rule.to = one_of(kOutside, i, 16 + i % 17);
}
void shape_host(policy::Rule& rule, std::size_t i) {
  rule.from = one_of(kInside, i * 7, 32);
}

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

IpAddress within(const policy::AddressSet& set, std::uint32_t base, std::mt19937& random) {
  return set.any() ? address(base + random() % (1u << 24)) : set.ranges()[0].first;
}

// Each connection is one that a rule is for, chosen at random among all of them.
void decision(benchmark::State& state, void (*shape)(policy::Rule&, std::size_t)) {
  policy::Policy::Content content;
  for (std::size_t i = 0; i < static_cast<std::size_t>(state.range(0)); ++i) {
    policy::Rule rule;
    rule.id = RuleId(static_cast<std::uint16_t>(i));
    rule.name = "rule";
    rule.action = policy::Action::drop;
    shape(rule, i);
    content.rules.push_back(std::move(rule));
  }
  const policy::Policy policy(std::move(content), catalogue());
  std::mt19937 random(1);
  std::vector<policy::Connection> connections(4096);
  for (policy::Connection& connection : connections) {
    const policy::Rule& rule = policy.rules()[random() % policy.rules().size()];
    connection.im.application =
        rule.applications.empty()
            ? ApplicationId(static_cast<std::uint16_t>(random() % kApplications))
            : rule.applications[0];
    connection.client = within(rule.from, kInside, random);
    connection.server = within(rule.to, kOutside, random);
  }
  ask_at_random(state, connections.size(),
                [&](std::size_t i) { return policy.decide(connections[i]).rule.valid(); });
  state.counters["index_bytes"] = static_cast<double>(policy.memory());
}
#define CHATGATE_DECISION(shape) \
  BENCHMARK_CAPTURE(decision, shape, shape_##shape)->Arg(10)->Arg(1'000)->Arg(10'000)
CHATGATE_DECISION(application);
CHATGATE_DECISION(client);
CHATGATE_DECISION(server);
CHATGATE_DECISION(nested);
CHATGATE_DECISION(host);

}  // namespace
}  // namespace chatgate::bench
