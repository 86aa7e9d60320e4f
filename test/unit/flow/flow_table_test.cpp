#include "flow/flow_table.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <unordered_map>

namespace chatgate::flow {
namespace {

FlowKey key(std::uint32_t number) {
  FlowKey made;
  made.low.bytes[15] = static_cast<std::uint8_t>(number);
  made.high.bytes[15] = static_cast<std::uint8_t>(number >> 8);
  made.low_port = static_cast<std::uint16_t>(number >> 16);
  made.context = number * 2654435761u;
  return made;
}

FlowPacket key_of(const net::Layers& layers, PairId pair = PairId(0)) {
  FlowPacket packet;
  make_key(layers, pair, packet);
  return packet;
}

TEST(FlowKey, BothDirectionsShareOneKey) {
  net::Layers there;
  there.source = *IpAddress::parse("10.0.0.9");
  there.destination = *IpAddress::parse("10.0.0.5");
  there.source_port = 40000;
  there.destination_port = 443;
  there.protocol = net::kTcp;
  net::Layers back = there;
  std::swap(back.source, back.destination);
  std::swap(back.source_port, back.destination_port);
  const FlowPacket one = key_of(there);
  const FlowPacket other = key_of(back);
  EXPECT_EQ(one.key, other.key);
  EXPECT_NE(one.from_low, other.from_low);
  EXPECT_FALSE(key_of(there, PairId(1)).key == one.key);
  there.vlan[0] = 100;
  const FlowPacket tagged = key_of(there);
  EXPECT_FALSE(tagged.key == one.key);
  EXPECT_EQ(tagged.key.outer_vlan(), 100);
  EXPECT_TRUE(tagged.key.is_tcp());
}

// Each part of a key tells flows apart, in either half of an address.
TEST(FlowKey, EveryPartCounts) {
  net::Layers layers;
  layers.source = *IpAddress::parse("2001:db8::1");
  layers.destination = *IpAddress::parse("2001:db8:1::1");
  layers.source_port = 1;
  layers.destination_port = 2;
  const FlowKey base = key_of(layers).key;
  const KeyedHash hash(1);
  std::vector<FlowKey> others;
  for (const std::size_t byte : {0u, 7u, 8u, 15u}) {
    net::Layers other = layers;
    other.source.bytes[byte] ^= 0x10;
    others.push_back(key_of(other).key);
    other = layers;
    other.destination.bytes[byte] ^= 0x10;
    others.push_back(key_of(other).key);
  }
  net::Layers other = layers;
  other.source_port = 3;
  others.push_back(key_of(other).key);
  other = layers;
  other.tunnel_id = 9;
  others.push_back(key_of(other).key);
  others.push_back(key_of(layers, PairId(5)).key);
  for (const FlowKey& each : others) {
    EXPECT_FALSE(each == base);
    EXPECT_NE(hash_key(hash, each), hash_key(hash, base));
  }
  EXPECT_TRUE(key_of(layers).key == base);
}

// A flow between two ports of one address must still have two directions.
TEST(FlowKey, OneAddressWithItself) {
  net::Layers layers;
  layers.source_port = 5;
  layers.destination_port = 9;
  const FlowPacket there = key_of(layers);
  std::swap(layers.source_port, layers.destination_port);
  const FlowPacket back = key_of(layers);
  EXPECT_EQ(there.key, back.key);
  EXPECT_NE(there.from_low, back.from_low);
}

TEST(FlowTable, TakesAtMost128BytesAFlow) {
  const FlowTable table(1'000'000, Tick());
  EXPECT_LE(table.memory(), 1'000'000u * 128 + 64 * 1024);
}

// Random inserts, look-ups and erasures against the standard library's map.
TEST(FlowTable, BehavesAsAMap) {
  constexpr std::uint32_t kCapacity = 2000;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    std::mt19937_64 random(seed);
    const KeyedHash hash(seed);
    FlowTable table(kCapacity, Tick());
    std::unordered_map<std::uint32_t, FlowIndex> model;
    for (int step = 0; step < 60000; ++step) {
      const auto number = static_cast<std::uint32_t>(random() % 4000);
      const FlowKey wanted = key(number);
      const std::uint64_t hashed = hash_key(hash, wanted);
      const FlowIndex found = table.find(wanted, hashed);
      const auto expected = model.find(number);
      ASSERT_EQ(found.valid(), expected != model.end());
      if (found.valid()) {
        ASSERT_EQ(found, expected->second);
        ASSERT_TRUE(table.hot(found).key == wanted);
        if (random() % 2 == 0) {
          table.erase(found, hashed);
          model.erase(expected);
        }
      } else {
        const FlowIndex added = table.insert(wanted, hashed);
        ASSERT_EQ(added.valid(), model.size() < kCapacity);
        if (added.valid()) model[number] = added;
      }
      ASSERT_EQ(table.size(), model.size());
    }
    std::size_t in_use = 0;
    for (std::uint32_t i = 0; i < kCapacity; ++i) in_use += table.in_use(FlowIndex(i)) ? 1 : 0;
    EXPECT_EQ(in_use, model.size());
  }
}

// Keys that all share a home bucket fill its neighbours and are then refused, not lost.
TEST(FlowTable, ACrowdedBucketRefusesAndRecovers) {
  FlowTable table(4096, Tick());
  std::vector<FlowIndex> held;
  for (std::uint32_t number = 0;; ++number) {
    const FlowIndex flow = table.insert(key(number), 42);
    if (!flow.valid()) break;
    held.push_back(flow);
    ASSERT_EQ(table.find(key(number), 42), flow);
  }
  EXPECT_EQ(held.size(), 64u);
  for (const FlowIndex flow : held) table.erase(flow, 42);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_TRUE(table.insert(key(1), 42).valid());
}

// Deadlines against a sorted map: nothing early, nothing more than two wheel slots late.
TEST(FlowTable, TimersAreNeverEarlyAndHardlyLate) {
  constexpr std::uint32_t kFlows = 500;
  constexpr std::uint32_t kSlack = 2 * 1024 + 200;
  std::mt19937_64 random(3);
  const KeyedHash hash(3);
  FlowTable table(kFlows, Tick());
  std::map<std::uint32_t, std::uint32_t> deadline;  // by flow
  for (std::uint32_t i = 0; i < kFlows; ++i) {
    const FlowIndex flow = table.insert(key(i), hash_key(hash, key(i)));
    const auto ticks = static_cast<std::uint32_t>(random() % 100000);
    table.schedule(flow, Tick(), ticks);
    deadline[flow.value()] = ticks;
  }
  for (std::uint32_t now = 0; !deadline.empty(); now += 200) {
    ASSERT_LT(now, 1'000'000u);
    table.expire(Tick::from_raw(now), 1000, [&](FlowIndex flow) {
      ASSERT_TRUE(deadline.count(flow.value()));
      EXPECT_GE(now, deadline[flow.value()]);
      EXPECT_LE(now, deadline[flow.value()] + kSlack);
      if (random() % 4 == 0) {
        const auto more = static_cast<std::uint32_t>(random() % 100000);
        table.schedule(flow, Tick::from_raw(now), more);
        deadline[flow.value()] = now + more;
      } else {
        deadline.erase(flow.value());
        table.erase(flow, hash_key(hash, table.hot(flow).key));
      }
    });
  }
  EXPECT_EQ(table.size(), 0u);
}

TEST(FlowTable, ExpiryStopsAtItsLimit) {
  const KeyedHash hash(4);
  FlowTable table(100, Tick());
  for (std::uint32_t i = 0; i < 100; ++i) {
    table.schedule(table.insert(key(i), hash_key(hash, key(i))), Tick(), 1);
  }
  const auto erase = [&](FlowIndex flow) {
    table.erase(flow, hash_key(hash, table.hot(flow).key));
  };
  EXPECT_TRUE(table.expire(Tick::from_raw(10000), 30, erase));
  EXPECT_EQ(table.size(), 70u);
  EXPECT_FALSE(table.expire(Tick::from_raw(10000), 1000, erase));
  EXPECT_EQ(table.size(), 0u);
}

TEST(FlowTable, TheLeastWorthyNeighbourIsTheVictim) {
  const KeyedHash hash(5);
  FlowTable table(16, Tick());
  for (std::uint32_t i = 0; i < 16; ++i) table.insert(key(i), hash_key(hash, key(i)));
  const FlowIndex victim =
      table.victim([](FlowIndex flow) { return flow.value() == 11 ? 0u : 9u; });
  EXPECT_EQ(victim.value(), 11u);
  EXPECT_FALSE(FlowTable(16, Tick()).victim([](FlowIndex) { return 0u; }).valid());
}

}  // namespace
}  // namespace chatgate::flow
