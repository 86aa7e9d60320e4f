// Every row of the table against every kind of server, with its innocent twin; and random attempts.

#include <cstdlib>
#include <gtest/gtest.h>
#include <random>

#include "table.h"
#include "verdict.h"

namespace chatgate::test {
namespace {

TEST(Evasion, NoRowReachesAnyServerAndNoInnocentTwinIsDamaged) {
  for (const Row& row : rows()) {
    const RowVerdict verdict = judge_row(row);
    EXPECT_EQ(verdict.leaks, 0u) << row.id << " " << row.what;
    EXPECT_EQ(verdict.damaged, 0u) << row.id << " " << row.what;
  }
}

// Without a gateway the rows do reach a server: otherwise they would prove nothing.
TEST(Evasion, TheTricksWorkWhereNobodyWatches) {
  std::size_t reached = 0;
  for (const Row& row : rows()) {
    for (const Overlap overlap : kOverlaps) {
      Gateway gateway;
      gateway.open_wide();
      Session session(gateway, overlap, 40000);
      row.play(session, hello_for(kBlockedName), hello_for(kDecoyName));
      if (names_blocked(session.server().stream())) {
        ++reached;
        break;
      }
    }
  }
  EXPECT_GE(reached, rows().size() * 8 / 10);
}

// One random attempt: the hello in random pieces, orders and copies, with fakes of every kind.
class Attempt {
 public:
  Attempt(std::uint64_t seed, bool with_fakes) : random_(seed), with_fakes_(with_fakes) {}

  void play(Session& session, const std::string& text, const std::string& decoy) {
    session.open();
    const std::size_t pieces = 1 + random_() % 12;
    std::vector<std::pair<std::size_t, std::size_t>> plan;
    for (std::size_t i = 0; i < pieces; ++i) {
      const std::size_t begin = random_() % text.size();
      plan.emplace_back(begin, 1 + random_() % (text.size() - begin));
    }
    // Whatever is missing is sent in the end, in order.
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t count = 1 + random_() % (text.size() - at);
      plan.emplace_back(at, count);
      at += count;
    }
    if (random_() % 2 == 0) std::shuffle(plan.begin(), plan.end(), random_);
    for (const auto& [begin, count] : plan) {
      if (with_fakes_ && random_() % 3 == 0) fake(session, begin, decoy.substr(begin, count));
      Piece piece = session.data(begin, text.substr(begin, count));
      const std::size_t size = 20 + std::min(count, text.size() - begin);
      if (random_() % 4 == 0 && size > 24) piece.fragments({24}, random_() % 2 == 0);
      piece.send();
    }
    // Honest losses are made good.
    for (int again = 0; again < 3 && session.server().stream().size() < text.size(); ++again) {
      const std::size_t at = session.server().stream().size();
      session.data(at, text.substr(at)).send();
    }
  }

 private:
  void fake(Session& session, std::size_t begin, std::string bytes) {
    Piece piece = session.data(begin, std::move(bytes));
    switch (random_() % 9) {
      case 0: piece.ttl(static_cast<std::uint8_t>(1 + random_() % Session::kHops)); break;
      case 1: piece.bad_checksum(); break;
      case 2: piece.shift(-static_cast<std::int32_t>(random_() % 100000)); break;
      case 3: piece.acknowledges(static_cast<std::int32_t>(random_() % 200000) - 100000); break;
      case 4: piece.flags(static_cast<std::uint8_t>(random_() % 64)); break;
      case 5: piece.options({19, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}); break;
      case 6: piece.bad_ip_checksum(); break;
      case 7: piece.options({3, 1}); break;
      default: break;  // simply another version of the same bytes
    }
    piece.send();
  }

  std::mt19937_64 random_;
  bool with_fakes_;
};

std::uint64_t seeds() {
  const char* wanted = std::getenv("CHATGATE_EVASION_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 20000;
}

TEST(Evasion, RandomAttemptsNeverReachTheServer) {
  const std::string blocked = hello_for(kBlockedName), decoy = hello_for(kDecoyName);
  auto gateway = std::make_unique<Gateway>();
  for (std::uint64_t seed = 0; seed < seeds(); ++seed) {
    if (seed % 500 == 0) gateway = std::make_unique<Gateway>();
    Session session(*gateway, kOverlaps[seed % kOverlaps.size()],
                    static_cast<std::uint16_t>(10000 + seed % 500));
    Attempt(seed, true).play(session, blocked, decoy);
    ASSERT_FALSE(names_blocked(session.server().stream())) << "seed " << seed;
  }
}

TEST(Evasion, RandomSegmentationsOfInnocentsArriveWhole) {
  const std::string allowed = hello_for(kAllowedName);
  auto gateway = std::make_unique<Gateway>();
  for (std::uint64_t seed = 0; seed < seeds(); ++seed) {
    if (seed % 500 == 0) gateway = std::make_unique<Gateway>();
    Session session(*gateway, kOverlaps[seed % kOverlaps.size()],
                    static_cast<std::uint16_t>(10000 + seed % 500));
    Attempt(seed, false).play(session, allowed, allowed);
    ASSERT_EQ(session.server().stream(), allowed) << "seed " << seed;
  }
}

}  // namespace
}  // namespace chatgate::test
