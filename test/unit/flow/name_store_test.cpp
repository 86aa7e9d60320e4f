#include "flow/name_store.h"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatgate::flow {
namespace {

std::string read(const NameStore& store, NameIndex name) {
  NameStore::Buffer buffer;
  return std::string(store.read(name, buffer));
}

TEST(NameStore, EqualNamesShareOneEntry) {
  NameStore store(8);
  const NameIndex one = store.keep("chat.example.com");
  EXPECT_EQ(store.keep("chat.example.com"), one);
  EXPECT_EQ(store.blocks_in_use(), 1u);
  EXPECT_NE(store.keep("chat.example.org"), one);
  store.release(one);
  EXPECT_EQ(read(store, one), "chat.example.com");
  store.release(one);
  EXPECT_EQ(store.blocks_in_use(), 1u);
}

TEST(NameStore, LongNamesAreChainedAndCut) {
  NameStore store(16);
  const std::string longest(255, 'a');
  const NameIndex name = store.keep(longest);
  EXPECT_EQ(read(store, name), longest);
  EXPECT_EQ(store.blocks_in_use(), 5u);
  EXPECT_EQ(store.keep(longest + "b"), name);
}

TEST(NameStore, AFullStoreKeepsNothingAndBreaksNothing) {
  NameStore store(2);
  const NameIndex one = store.keep("one");
  EXPECT_TRUE(store.keep("two").valid());
  EXPECT_FALSE(store.keep("three").valid());
  EXPECT_FALSE(store.keep(std::string(100, 'x')).valid());
  EXPECT_FALSE(store.keep("").valid());
  store.release(NameIndex::none());
  store.release(one);
  EXPECT_TRUE(store.keep("three").valid());
}

TEST(NameStore, RandomUseReturnsEveryBlock) {
  std::mt19937 random(1);
  NameStore store(64);
  std::vector<std::pair<NameIndex, std::string>> held;
  for (int step = 0; step < 50000; ++step) {
    if (random() % 2 == 0) {
      const std::string name(1 + random() % 120, static_cast<char>('a' + random() % 26));
      const NameIndex index = store.keep(name);
      if (index.valid()) held.emplace_back(index, name);
    } else if (!held.empty()) {
      const std::size_t at = random() % held.size();
      ASSERT_EQ(read(store, held[at].first), held[at].second);
      store.release(held[at].first);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  for (const auto& [index, name] : held) store.release(index);
  EXPECT_EQ(store.blocks_in_use(), 0u);
}

// Names that a client can make up beforehand. One of each pair, in this order, gives 64 names of 48
// characters; under FNV-1a, which has been the hash, they share a bucket for one start in 256,
// whatever else is secret about it, since a character only ever meets the state's low byte.
TEST(NameStore, NobodyAimsAtOneBucket) {
  constexpr std::string_view kPairs[][2] = {{"g5guf9qc", "lxvn8c4t"}, {"rwubow19", "gowrgd5o"},
                                            {"ftfotp84", "gqp958n7"}, {"0ttuydut", "p9ovq5ot"},
                                            {"46cy5f1a", "dmh9gplh"}, {"fql95rz1", "dx4uimh3"}};
  std::vector<std::string> names(1);
  for (const auto& pair : kPairs) {
    std::vector<std::string> longer;
    for (const std::string& name : names) {
      for (const std::string_view part : pair) longer.push_back(name + std::string(part));
    }
    names = std::move(longer);
  }
  for (int start = 0; start < 2000; ++start) {
    NameStore store(128);
    for (const std::string& name : names) store.keep(name);
    ASSERT_EQ(store.blocks_in_use(), names.size());
    store.keep(names.front());  // shares its entry, unless too many others stand before it
    ASSERT_EQ(store.blocks_in_use(), names.size()) << start;
  }
}

}  // namespace
}  // namespace chatgate::flow
