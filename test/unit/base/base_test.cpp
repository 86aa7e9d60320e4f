#include <array>
#include <fstream>
#include <gtest/gtest.h>
#include <malloc.h>
#include <set>
#include <thread>

#include "base/address.h"
#include "base/cursor.h"
#include "base/diagnostic.h"
#include "base/keyed_hash.h"
#include "base/spsc_ring.h"
#include "base/time.h"

namespace chatgate {
namespace {

TEST(Address, ReadsAndWritesBothFamilies) {
  for (const char* text : {"10.1.2.3", "255.255.255.255", "::1", "2001:db8::5", "fe80::1"}) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
  }
  EXPECT_TRUE(IpAddress::parse("10.1.2.3")->is_v4());
  EXPECT_FALSE(IpAddress::parse("::1")->is_v4());
}

TEST(Address, RefusesWhatIsNone) {
  for (const char* text :
       {"", "10.1.2", "10.1.2.256", "10.1.2.3:80", "::1%eth0", "10.0.0.0/8", "x"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("10.1.2.3\0x", 10)));
}

TEST(Prefix, ContainsItsRangeAndNothingElse) {
  const Prefix ten = *Prefix::parse("10.0.0.0/8");
  EXPECT_TRUE(ten.contains(*IpAddress::parse("10.255.255.255")));
  EXPECT_FALSE(ten.contains(*IpAddress::parse("11.0.0.0")));
  EXPECT_FALSE(ten.contains(*IpAddress::parse("a00::1")));
  EXPECT_EQ(ten.last().to_string(), "10.255.255.255");
  EXPECT_EQ(ten.to_string(), "10.0.0.0/8");
  EXPECT_EQ(Prefix::parse("fd00::/8")->to_string(), "fd00::/8");
  EXPECT_EQ(Prefix::parse("192.0.2.1")->to_string(), "192.0.2.1/32");
  EXPECT_TRUE(Prefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("203.0.113.9")));
  EXPECT_FALSE(Prefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("2001:db8::1")));
}

TEST(Prefix, HostBitsAreRefusedOrReported) {
  EXPECT_FALSE(Prefix::parse("10.0.0.1/8"));
  bool set = false;
  EXPECT_EQ(Prefix::parse("10.0.0.1/8", &set)->to_string(), "10.0.0.0/8");
  EXPECT_TRUE(set);
  for (const char* text :
       {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/8/8", "/8", "::/129"}) {
    EXPECT_FALSE(Prefix::parse(text)) << text;
  }
}

TEST(Cursor, FailsOnceAndStaysFailed) {
  const std::uint8_t bytes[] = {1, 2, 3, 0, 4, 9};
  Cursor cursor(bytes);
  EXPECT_EQ(cursor.be16(), 0x0102);
  EXPECT_EQ(cursor.u8(), 3);
  EXPECT_EQ(cursor.be32(), 0u);
  EXPECT_FALSE(cursor.ok());
  EXPECT_EQ(cursor.u8(), 0);
  EXPECT_EQ(cursor.remaining(), 0u);
  EXPECT_TRUE(cursor.take(0).empty());
}

TEST(Cursor, AFieldThatIsTooLongFailsBothCursors) {
  const std::uint8_t bytes[] = {0, 3, 1, 2};
  Cursor cursor(bytes);
  const Cursor field = cursor.sub16();
  EXPECT_FALSE(field.ok());
  EXPECT_FALSE(cursor.ok());
}

TEST(Diagnostic, NamesPlaceFaultAndRemedy) {
  Diagnostics found;
  found.error({"policy.json", 3, 7}, "unknown key \"aplication\"", "did you mean \"application\"?");
  found.warning({"policy.json", 0, 0}, "no rules");
  EXPECT_EQ(found.all()[0].to_string(),
            "policy.json:3:7: unknown key \"aplication\", did you mean \"application\"?");
  EXPECT_EQ(found.all()[1].to_string(), "policy.json: warning: no rules");
  EXPECT_EQ(found.error_count(), 1u);
}

TEST(Diagnostic, IsOneLineWhateverTheFileSays) {
  Diagnostics found;
  found.error({"a\nb.json", 1, 2}, "unknown key \"x\n\x1b[2J\"", "did you mean\r\"y\"?");
  EXPECT_EQ(found.all()[0].message, "unknown key \"x\\x0a\\x1b[2J\"");
  EXPECT_EQ(found.all()[0].to_string(),
            "a\\x0ab.json:1:2: unknown key \"x\\x0a\\x1b[2J\", did you mean\\x0d\"y\"?");
}

TEST(Diagnostic, SuggestsOnlyWhatIsClose) {
  constexpr std::string_view words[] = {"allow", "drop", "reset", "alert"};
  EXPECT_EQ(closest("alow", words), "allow");
  EXPECT_EQ(closest("rseet", words), "reset");
  EXPECT_EQ(closest("permit", words), "");
  EXPECT_EQ(suggestion("permit", words), "one of allow, drop, reset, alert");
  EXPECT_EQ(suggestion("RESET", words), "did you mean \"reset\"?");
  EXPECT_EQ(suggestion("permit", std::span(words).first(1)), "only allow");
}

TEST(Tick, ComparesOverTheWrapAround) {
  const Tick before = Tick::from_raw(0xfffffff0);
  const Tick after = Tick::from_raw(0x10);
  EXPECT_EQ(after.since(before), 0x20u);
  EXPECT_EQ(before.since(after), 0u);
  EXPECT_GE(Tick(from_seconds(31)).since(Tick(from_seconds(0))), Tick::from_seconds(29));
}

TEST(KeyedHash, DependsOnEveryWordAndOnTheSecret) {
  const KeyedHash one(1), other(2);
  KeyedHash::Words words{};
  const std::uint64_t empty = one(words);
  EXPECT_NE(empty, other(words));
  for (std::size_t i = 0; i < words.size(); ++i) {
    KeyedHash::Words changed = words;
    changed[i] = 1;
    EXPECT_NE(one(changed), empty) << i;
  }
  EXPECT_EQ(one(words), KeyedHash(1)(words));
}

TEST(KeyedHash, HasASecretOfItsOwnWhereNoSeedIsGiven) {
  std::set<std::uint64_t> values;
  for (int i = 0; i < 100; ++i) values.insert(KeyedHash()(KeyedHash::Words{}));
  EXPECT_EQ(values.size(), 100u);
}

// Sequential keys, as a port scan makes them, must spread over buckets.
TEST(KeyedHash, SpreadsSequentialKeys) {
  const KeyedHash hash(7);
  constexpr std::size_t kBuckets = 1024, kKeys = 64 * kBuckets;
  std::vector<unsigned> count(kBuckets);
  for (std::size_t key = 0; key < kKeys; ++key) {
    ++count[(hash({0, 0, 0, 0, key, 0}) >> 32) * kBuckets >> 32];
  }
  // Poisson with a mean of 64: ten standard deviations are 80.
  for (const unsigned filled : count) EXPECT_LT(filled, 64u + 80u);
}

TEST(SpscRing, RefusesWhenFullAndKeepsOrder) {
  SpscRing<int> ring(4);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(i));
  EXPECT_FALSE(ring.push(4));
  for (int i = 0; i < 4; ++i) {
    ASSERT_NE(ring.front(), nullptr);
    EXPECT_EQ(*ring.front(), i);
    ring.pop();
  }
  EXPECT_EQ(ring.front(), nullptr);
}

TEST(SpscRing, ReservedRecordsAreAsNew) {
  struct Record {
    int value = 5;
  };
  SpscRing<Record> ring(1);
  for (int round = 0; round < 2; ++round) {
    Record* record = ring.reserve();
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->value, 5);
    record->value = 6;
    ring.commit();
    EXPECT_EQ(ring.reserve(), nullptr);
    EXPECT_EQ(ring.front()->value, 6);
    ring.pop();
  }
}

TEST(SpscRing, TouchedBeforeUseItIsStillEmpty) {
  SpscRing<int> ring(4);
  ring.touch();
  EXPECT_EQ(ring.front(), nullptr);
  EXPECT_TRUE(ring.push(7));
  ASSERT_NE(ring.front(), nullptr);
  EXPECT_EQ(*ring.front(), 7);
}

// What is never written to takes no memory: a replay of ten packets has a ring for as many events
// as its table has flows.
TEST(SpscRing, TakesMemoryWhenItIsWrittenTo) {
  mallopt(M_PERTURB, 0);  // Meson has malloc write to all that it gives
  struct Record {
    std::array<std::uint64_t, 512> words;
  };
  const auto resident = [] {
    std::ifstream file("/proc/self/statm");
    long size = 0, pages = 0;
    file >> size >> pages;
    return pages;
  };
  const long before = resident();
  SpscRing<Record> ring(std::size_t{1} << 14);  // 64 MiB
  ASSERT_TRUE(ring.push(Record{}));
  EXPECT_LT(resident() - before, 4096);
  ring.touch();
  EXPECT_GT(resident() - before, 8192);
}

TEST(SpscRing, LosesNothingBetweenTwoThreads) {
  SpscRing<int> ring(64);
  constexpr int kCount = 200000;
  std::thread producer([&] {
    for (int i = 0; i < kCount;) {
      if (ring.push(i)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  int wrong = 0;
  for (int expected = 0; expected < kCount;) {
    if (const int* value = ring.front()) {
      wrong += *value != expected ? 1 : 0;
      ring.pop();
      ++expected;
    } else {
      std::this_thread::yield();
    }
  }
  producer.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace chatgate
