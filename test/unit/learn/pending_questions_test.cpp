#include "learn/pending_questions.h"

#include <functional>
#include <gtest/gtest.h>

namespace chatgate::learn {
namespace {

constexpr std::uint64_t kQuestion = 0x1122334455667788;
const Time kNow = from_seconds(1'795'000'000);

Time later(std::uint64_t nanoseconds) {
  return Time{kNow.nanoseconds + nanoseconds};
}

QuestionKey key() {
  QuestionKey result;
  result.client = *IpAddress::parse("10.0.0.1");
  result.resolver = *IpAddress::parse("192.0.2.53");
  result.client_port = 40000;
  result.resolver_port = 53;
  result.id = 0xcafe;
  return result;
}

TEST(PendingQuestions, TheFirstAnswerCounts) {
  PendingQuestions pending(64, KeyedHash(1));
  EXPECT_FALSE(pending.answered(key(), kQuestion, kNow));
  pending.remember(key(), kQuestion, kNow);
  EXPECT_TRUE(pending.answered(key(), kQuestion, kNow));
  EXPECT_FALSE(pending.answered(key(), kQuestion, kNow));
}

TEST(PendingQuestions, NothingButTheAnswerCounts) {
  const std::pair<const char*, std::function<void(QuestionKey&)>> changes[] = {
      {"client", [](QuestionKey& key) { key.client.bytes[15] ^= 1; }},
      {"resolver", [](QuestionKey& key) { key.resolver.bytes[15] ^= 1; }},
      {"client's port", [](QuestionKey& key) { ++key.client_port; }},
      {"resolver's port", [](QuestionKey& key) { ++key.resolver_port; }},
      {"id", [](QuestionKey& key) { ++key.id; }},
      {"transport", [](QuestionKey& key) { key.tcp = true; }},
      {"sides", [](QuestionKey& key) { std::swap(key.client, key.resolver); }},
  };
  for (const auto& [what, change] : changes) {
    PendingQuestions pending(1, KeyedHash(1));
    pending.remember(key(), kQuestion, kNow);
    QuestionKey other = key();
    change(other);
    EXPECT_FALSE(pending.answered(other, kQuestion, kNow)) << what;
    EXPECT_FALSE(pending.answered(key(), kQuestion + 1, kNow)) << what;
    EXPECT_TRUE(pending.answered(key(), kQuestion, kNow)) << what << ": a forgery ends no waiting";
  }
}

TEST(PendingQuestions, WaitsAWhile) {
  PendingQuestions pending(64, KeyedHash(1));
  pending.remember(key(), kQuestion, kNow);
  EXPECT_TRUE(pending.answered(key(), kQuestion, later(PendingQuestions::kPatience)));
  pending.remember(key(), kQuestion, kNow);
  EXPECT_FALSE(pending.answered(key(), kQuestion, later(PendingQuestions::kPatience + 1)));
  // Asked again under the same id, it waits anew.
  pending.remember(key(), kQuestion, kNow);
  pending.remember(key(), kQuestion, later(PendingQuestions::kPatience));
  EXPECT_TRUE(pending.answered(key(), kQuestion, later(2 * PendingQuestions::kPatience)));
  // The capture's or the machine's clock may begin at zero.
  pending.remember(key(), kQuestion, Time{0});
  EXPECT_TRUE(pending.answered(key(), kQuestion, Time{0}));
}

TEST(PendingQuestions, HoldsAsManyAsItHasPlaces) {
  PendingQuestions pending(1024, KeyedHash(1));
  for (std::uint16_t id = 0; id < 512; ++id) {
    QuestionKey each = key();
    each.id = id;
    pending.remember(each, kQuestion + id, kNow);
  }
  unsigned believed = 0;
  for (std::uint16_t id = 0; id < 512; ++id) {
    QuestionKey each = key();
    each.id = id;
    believed += pending.answered(each, kQuestion + id, kNow) ? 1 : 0;
  }
  EXPECT_GT(believed, 380u);  // the rest met another in their place: about 21 of 100
  EXPECT_LE(believed, 512u);
  EXPECT_EQ(pending.memory(), sizeof pending + 1024 * 24);
}

}  // namespace
}  // namespace chatgate::learn
