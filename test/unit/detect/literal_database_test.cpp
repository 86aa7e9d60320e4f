// The library finds what a plain search finds, each literal once.
#include "detect/literal_database.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <set>

#include "plain_search.h"

namespace chatgate::detect {
namespace {

int note(unsigned literal, unsigned long long, unsigned long long, unsigned, void* context) {
  static_cast<std::vector<unsigned>*>(context)->push_back(literal);
  return 0;
}

// Ascending.
std::vector<unsigned> found_in(const LiteralDatabase& database, const std::string& text) {
  ScanScratch scratch;
  EXPECT_TRUE(scratch.fit(database));
  const auto clone = scratch.clone();
  EXPECT_EQ(clone->memory(), scratch.memory());
  std::vector<unsigned> found;
  database.scan(as_bytes(text), *clone, note, &found);
  std::sort(found.begin(), found.end());
  return found;
}

std::shared_ptr<const LiteralDatabase> database_of(const std::vector<Literal>& literals) {
  DatabaseCache cache{""};
  std::string error;
  auto database = LiteralDatabase::make(literals, cache, error);
  EXPECT_EQ(error, "");
  return database;
}

TEST(LiteralDatabase, EachOnce) {
  const std::vector<Literal> literals{{"a", false}, {"aa", false}, {"b", false}};
  const auto database = database_of(literals);
  EXPECT_EQ(found_in(*database, std::string(8000, 'a')), (std::vector<unsigned>{0, 1}));
  EXPECT_EQ(found_in(*database, ""), std::vector<unsigned>());
  EXPECT_EQ(database->longest(), 2u);
  EXPECT_GT(database->memory(), 0u);
}

TEST(LiteralDatabase, AsAPlainSearch) {
  constexpr std::string_view kBytes("aAbB\0\xff/.", 8);
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const auto bytes = [&](std::size_t most) {
      std::string text;
      for (std::size_t i = 1 + random() % most; i > 0; --i)
        text += kBytes[random() % kBytes.size()];
      return text;
    };
    std::set<Literal> made;
    for (std::size_t i = 1 + random() % 40; i > 0; --i) {
      made.insert({bytes(random() % 5 == 0 ? 32 : 5), random() % 2 == 0});
    }
    const std::vector<Literal> literals(made.begin(), made.end());
    const auto database = database_of(literals);
    for (int round = 0; round < 20; ++round) {
      const std::string text = bytes(80);
      std::vector<unsigned> expected;
      for (unsigned i = 0; i < literals.size(); ++i) {
        if (contains(text, literals[i])) expected.push_back(i);
      }
      ASSERT_EQ(found_in(*database, text), expected) << seed;
    }
  }
}

}  // namespace
}  // namespace chatgate::detect
