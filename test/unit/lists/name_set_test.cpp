#include "lists/name_set.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "allocation_count.h"
#include "lists/list.h"

namespace chatgate::lists {
namespace {

const SuffixHash::Key kKey(7);

NameSet set_of(const std::vector<std::pair<std::string, unsigned>>& entries) {
  NameSet::Builder builder;
  for (const auto& [name, meanings] : entries) EXPECT_TRUE(builder.add(name, meanings));
  return builder.build(kKey);
}

bool contains(const NameSet& set, std::string_view name) {
  return set.contains(HashedName(kKey, name));
}

// The same by looking for every suffix in a map.
bool model_contains(const std::map<std::string, unsigned>& model, const std::string& name) {
  bool found = false;
  for (std::size_t at = 0; at != std::string::npos;) {
    const auto entry = model.find(name.substr(at));
    const unsigned meanings = entry == model.end() ? 0 : entry->second;
    if ((meanings & (at == 0 ? kNotSelf : kNotBelow)) != 0) return false;
    found = found || (meanings & (at == 0 ? kSelf : kBelow)) != 0;
    const std::size_t dot = name.find('.', at);
    at = dot == std::string::npos ? dot : dot + 1;
  }
  return found;
}

TEST(NameSet, AnEmptySetHoldsNothing) {
  const NameSet none;
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(contains(none, "example.com"));
  EXPECT_FALSE(contains(none, ""));
  NameSet::Builder builder;
  const NameSet built = builder.build(kKey);
  EXPECT_FALSE(contains(built, "example.com"));
  EXPECT_EQ(built.size(), 0u);
}

TEST(NameSet, MatchesOnLabelBoundariesOnly) {
  const NameSet set = set_of({{"example.com", kSelf | kBelow},
                              {"only.example.net", kSelf},
                              {"below.example.org", kBelow},
                              {"zip", kSelf | kBelow}});
  for (const char* name : {"example.com", "a.example.com", "a.b.c.example.com", "only.example.net",
                           "x.below.example.org", "x.y.below.example.org", "zip", "any.zip"}) {
    EXPECT_TRUE(contains(set, name)) << name;
  }
  for (const char* name :
       {"", "com", "notexample.com", "example.com.evil.net", "example.co", "xample.com",
        ".example.co", "example.net", "a.only.example.net", "below.example.org", "example.org",
        "nobelow.example.org", "zipper", "unzip", "example.comx", "example.com.", "EXAMPLE.COM"}) {
    EXPECT_FALSE(contains(set, name)) << name;
  }
}

TEST(NameSet, ExceptionsWinHoweverLongTheyAre) {
  const NameSet set = set_of({{"example.com", kSelf | kBelow},
                              {"good.example.com", kNotSelf | kNotBelow},
                              {"bad.good.example.com", kSelf | kBelow},
                              {"example.net", kSelf | kBelow},
                              {"one.example.net", kNotSelf},
                              {"two.example.net", kNotBelow},
                              {"both.example.org", kSelf | kNotSelf}});
  EXPECT_TRUE(contains(set, "example.com"));
  EXPECT_TRUE(contains(set, "other.example.com"));
  EXPECT_FALSE(contains(set, "good.example.com"));
  EXPECT_FALSE(contains(set, "a.good.example.com"));
  EXPECT_FALSE(contains(set, "bad.good.example.com"));
  EXPECT_FALSE(contains(set, "one.example.net"));
  EXPECT_TRUE(contains(set, "a.one.example.net"));
  EXPECT_TRUE(contains(set, "two.example.net"));
  EXPECT_FALSE(contains(set, "a.two.example.net"));
  EXPECT_FALSE(contains(set, "both.example.org"));
}

TEST(NameSet, OneNameGivenOftenIsOneEntry) {
  std::vector<std::pair<std::string, unsigned>> entries(1000, {"example.com", kSelf});
  entries.push_back({"example.com", kBelow});
  entries.push_back({"example.net", kSelf});
  const NameSet set = set_of(entries);
  EXPECT_EQ(set.size(), 2u);
  EXPECT_EQ(set.text_bytes(), 22u);
  EXPECT_LT(set.memory(), 100u) << "made for what there is";
  EXPECT_TRUE(contains(set, "a.example.com"));
  EXPECT_TRUE(contains(set, "example.net"));
}

TEST(NameSet, NamesOfAnyLength) {
  std::string longest(63, 'a');
  while (longest.size() + 2 <= kMaxName) longest += ".b";
  ASSERT_EQ(longest.size(), 255u);
  const NameSet set = set_of({{longest, kSelf | kBelow}, {std::string(256, 'c'), kSelf}, {"", 3}});
  EXPECT_EQ(set.size(), 1u) << "what is empty or too long is no name";
  EXPECT_TRUE(contains(set, longest));
  EXPECT_FALSE(contains(set, longest.substr(1)));
  EXPECT_FALSE(contains(set, "x." + longest)) << "longer than a name can be";
  std::string dots(255, '.');
  EXPECT_FALSE(contains(set, dots));
  EXPECT_LE(HashedName(kKey, dots).labels(), kMaxLabels);
  EXPECT_EQ(HashedName(kKey, std::string(256, 'a')).labels(), 0u);
}

TEST(NameSet, AgreesWithAMap) {
  std::mt19937 random(1);
  const auto name = [&] {
    // Few letters and labels, so that suffixes meet often.
    std::string text;
    const unsigned labels = 1 + random() % 5;
    for (unsigned i = 0; i < labels; ++i) {
      if (i != 0) text += '.';
      const unsigned letters = 1 + random() % 2;
      for (unsigned j = 0; j < letters; ++j) text += static_cast<char>('a' + random() % 3);
    }
    return text;
  };
  for (int round = 0; round < 20; ++round) {
    std::map<std::string, unsigned> model;
    NameSet::Builder builder;
    const unsigned entries = 1 + random() % 300;
    for (unsigned i = 0; i < entries; ++i) {
      const std::string entry = name();
      const unsigned meanings = random() % 4 == 0 ? random() % 16 : 1 + random() % 3;
      model[entry] |= meanings;
      builder.add(entry, meanings);
    }
    const NameSet set = builder.build(kKey);
    EXPECT_EQ(set.size(), model.size());
    for (int i = 0; i < 2000; ++i) {
      const std::string asked = name();
      ASSERT_EQ(contains(set, asked), model_contains(model, asked)) << asked << " in " << round;
    }
  }
}

TEST(NameSet, AMillionNamesTakeWhatWasPromised) {
  constexpr std::size_t kMany = 1'000'000;
  NameSet::Builder builder;
  std::string text;
  for (std::size_t i = 0; i < kMany; ++i) {
    text = "host" + std::to_string(i * 7919) + ".example.com";
    ASSERT_TRUE(builder.add(text, kSelf | kBelow));
  }
  const NameSet set = builder.build(kKey);
  ASSERT_EQ(set.size(), kMany);
  const double beside = static_cast<double>(set.memory() - set.text_bytes()) / kMany;
  EXPECT_LE(beside, 32.0);
  std::size_t found = 0;
  for (std::size_t i = 0; i < kMany; i += 97) {
    text = "a.host" + std::to_string(i * 7919) + ".example.com";
    found += contains(set, text) ? 1 : 0;
    text = "host" + std::to_string(i * 7919 + 1) + ".example.com";
    EXPECT_FALSE(contains(set, text)) << text;
  }
  EXPECT_EQ(found, (kMany + 96) / 97);
}

// Characters that are added together come to what they come to one by one, at every length.
TEST(SuffixHash, IsTheSameInOnePieceAndInMany) {
  std::string text;
  for (unsigned i = 0; i < 255; ++i) {
    text.push_back(static_cast<char>(i * 37));
    SuffixHash slowly(kKey);
    for (std::size_t at = text.size(); at-- > 0;) slowly.add(text[at]);
    EXPECT_EQ(SuffixHash::of(kKey, text), slowly.value()) << text.size();
    SuffixHash in_two(kKey);
    in_two.add(std::string_view(text).substr(i / 3));
    in_two.add(std::string_view(text).substr(0, i / 3));
    EXPECT_EQ(in_two.value(), slowly.value()) << text.size();
  }
}

TEST(SuffixHash, FindsWhereLabelsBegin) {
  const auto begins = [](std::string_view name, std::size_t most = 9) {
    std::vector<std::size_t> all;
    SuffixHash::each_label(kKey, name, most, [&](std::uint64_t hash, std::size_t at) {
      EXPECT_EQ(hash, SuffixHash::of(kKey, name.substr(at))) << name << " from " << at;
      all.push_back(at);
    });
    return all;
  };
  using Places = std::vector<std::size_t>;
  EXPECT_EQ(begins(""), Places());
  EXPECT_EQ(begins("a"), Places({0}));
  EXPECT_EQ(begins("www.example.org"), Places({12, 4, 0}));
  EXPECT_EQ(begins("www.example.org", 2), Places({12, 4}));
  EXPECT_EQ(begins("."), Places({0}));
  EXPECT_EQ(begins("a."), Places({0}));
  EXPECT_EQ(begins(".a"), Places({1, 0}));
  EXPECT_EQ(begins("a..b"), Places({3, 2, 0}));
  EXPECT_EQ(begins(".."), Places({1, 0}));
}

TEST(SuffixHash, HashesEverySuffixAndDependsOnItsKey) {
  const std::string name = "a.bc.def";
  const HashedName hashed(kKey, name);
  ASSERT_EQ(hashed.labels(), 3u);
  EXPECT_EQ(hashed.hash(0), SuffixHash::of(kKey, "def"));
  EXPECT_EQ(hashed.hash(1), SuffixHash::of(kKey, "bc.def"));
  EXPECT_EQ(hashed.hash(2), SuffixHash::of(kKey, name));
  EXPECT_NE(hashed.hash(2), SuffixHash::of(SuffixHash::Key(8), name));
  EXPECT_NE(SuffixHash::of(SuffixHash::Key(), name), SuffixHash::of(SuffixHash::Key(), name));
  EXPECT_NE(SuffixHash::of(kKey, std::string(1, '\0')), SuffixHash::of(kKey, ""));
}

std::shared_ptr<const List> list_of(std::vector<std::pair<std::string, unsigned>> names,
                                    const char* address = nullptr) {
  auto list = std::make_shared<List>();
  list->names = set_of(names);
  if (address != nullptr) {
    const auto prefix = *Prefix::parse(address);
    list->addresses = RangeSet<IpAddress>::of({{prefix.first(), prefix.last()}});
  }
  return list;
}

TEST(Lists, SayWhichListsANameAndAnAddressAreIn) {
  const Lists lists(kKey, {{"one", list_of({{"example.com", kSelf | kBelow}})},
                           {"two", list_of({{"a.example.com", kSelf}}, "192.0.2.0/24")},
                           {"three", list_of({}, "2001:db8::/32")}});
  EXPECT_EQ(lists.of_name("example.com"), 0b001u);
  EXPECT_EQ(lists.of_name("a.example.com"), 0b011u);
  EXPECT_EQ(lists.of_name("example.org"), 0u);
  EXPECT_EQ(lists.of_name("192.0.2.9"), 0b010u);
  EXPECT_EQ(lists.of_name("2001:db8::1"), 0b100u);
  EXPECT_EQ(lists.of_name("192.0.3.9"), 0u);
  EXPECT_EQ(lists.of_address(*IpAddress::parse("192.0.2.255")), 0b010u);
  EXPECT_EQ(lists.of_address(*IpAddress::parse("192.0.3.0")), 0u);
  EXPECT_EQ(lists.find("three"), ListId(2));
  EXPECT_FALSE(lists.find("four").valid());
  EXPECT_EQ(first(0b110), ListId(1));
  EXPECT_FALSE(first(0).valid());

  const Lists other = lists.with(ListId(0), list_of({{"example.org", kSelf}}));
  EXPECT_EQ(other.of_name("example.org"), 0b001u);
  EXPECT_EQ(other.of_name("a.example.com"), 0b010u);
  EXPECT_EQ(lists.of_name("example.com"), 0b001u) << "the old table is as it was";
}

TEST(Lists, LookUpsTakeNothingFromTheHeap) {
  const Lists lists(kKey, {{"one", list_of({{"example.com", kSelf | kBelow}}, "10.0.0.0/8")}});
  const std::size_t before = allocation_count();
  Mask seen = 0;
  for (const char* name : {"www.example.com", "10.1.2.3", "2001:db8::9", "elsewhere.org"}) {
    seen |= lists.of_name(name);
  }
  seen |= lists.of_address(*IpAddress::parse("10.9.9.9"));
  EXPECT_EQ(allocation_count(), before);
  EXPECT_EQ(seen, 1u);
}

}  // namespace
}  // namespace chatgate::lists
