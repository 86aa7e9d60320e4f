// Every row of the table against every kind of server, with its innocent twin; and random attempts.

#include <gtest/gtest.h>
#include <random>

#include "effort.h"
#include "table.h"
#include "verdict.h"

namespace chatgate::test {
namespace {

void expect_held(const Row& row, const Path& path) {
  const RowVerdict verdict = judge_row(row, path);
  const std::string name = std::string(row.id) + " " + row.what + (path.v6 ? " over IPv6" : "") +
                           " in " + path.tunnel.to_string();
  EXPECT_EQ(verdict.leaks, 0u) << name;
  EXPECT_EQ(verdict.damaged, 0u) << name;
  EXPECT_EQ(verdict.wrong, "") << name;
}

TEST(Evasion, NoRowReachesAnyServerAndNoInnocentTwinIsDamaged) {
  for (const Row& row : rows()) {
    for (const bool v6 : {false, true}) {
      if (!row.out_of_reach() && row.plays_over(v6)) expect_held(row, {v6, {}});
    }
  }
}

TEST(Evasion, NorInsideOfEncapsulations) {
  using E = net::Encapsulation;
  const std::vector<Layer> layers = {{E::pppoe},
                                     {E::mpls, Outer::v4, 1},
                                     {E::gre, Outer::v4, 7},
                                     {E::ip_in_ip, Outer::v6},
                                     {E::gtp_u, Outer::v4, 1},
                                     {E::vxlan, Outer::v4, 77},
                                     {E::teredo}};
  std::size_t number = 0;  // of the attempt: each row in turn of the layers where not in all
  for (const Row& row : rows()) {
    if (row.out_of_reach() || row.own_path) continue;
    for (const Layer& layer : layers) {
      for (const bool v6 : {false, true}) {
        if (!row.plays_over(v6) || (layer.kind == E::teredo && !v6)) continue;
        if (++number % attempts(1u, 9u) == 0) expect_held(row, {v6, Tunnel({layer})});
      }
    }
  }
}

// Without a gateway the rows do reach a server: otherwise they would prove nothing.
TEST(Evasion, TheTricksWorkWhereNobodyWatches) {
  std::size_t reached = 0, played = 0;
  for (const Row& row : rows()) {
    for (const bool v6 : {false, true}) {
      if (row.out_of_reach() || !row.plays_over(v6)) continue;
      ++played;
      reached += arrives_unwatched(row, v6) ? 1 : 0;
    }
  }
  EXPECT_GE(reached, played * 8 / 10);
}

// One random attempt: the hello in random pieces, orders and copies, with fakes of every kind.
class Attempt {
 public:
  Attempt(std::uint64_t seed, bool with_fakes) : random_(seed), with_fakes_(with_fakes) {}

  // Some of what carries the session was in fragments.
  bool cut_outside() const { return cut_outside_; }

  // Either version of IP, inside of up to two encapsulations.
  Path path() {
    Path path;
    path.v6 = random_() % 2 == 0;
    std::vector<Layer> layers;
    Octets carried = Frame().v4("10.0.0.1", "192.0.2.1").build();
    if (path.v6) carried = Frame().v6("2001:0:c633:6401::1", "2001:db8::1").build();
    for (auto wanted = random_() % 3; wanted != 0; --wanted) {
      const Layer layer = {static_cast<net::Encapsulation>(random_() % 7),
                           random_() % 2 == 0 ? Outer::v4 : Outer::v6,
                           static_cast<std::uint32_t>(random_())};
      if (!layer.can_hold(carried)) continue;
      layers.push_back(layer);
      carried = Tunnel({layer}).wrap(carried, net::Side::inside);
    }
    path.tunnel = Tunnel(std::move(layers));
    return path;
  }

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
      const bool in_fragments = random_() % 4 == 0 && size > 24;
      if (in_fragments) piece.fragments({24}, random_() % 2 == 0);
      if (session.v6() && random_() % 8 == 0) piece.extension(random_() % 2 == 0 ? 0 : 60);
      // No innocent has fragments within fragments.
      if (random_() % 8 == 0 && (with_fakes_ || !in_fragments)) {
        piece.cut_outside(8 * (1 + random_() % 12));
        cut_outside_ = true;
      }
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
  bool with_fakes_, cut_outside_ = false;
};

constexpr std::uint64_t kSeeds = attempts(100'000u, 2'000u);

// What the gateway made itself came to the end that it was for, in what that end takes it from. A
// reset is not asked for where the blocked packet may have come in fragments of its carrier.
void expect_told(const Session& session, std::uint64_t blocked, std::uint64_t seed) {
  const std::string name = "seed " + std::to_string(seed) + (session.v6() ? " over IPv6" : "") +
                           " in " + session.path().tunnel.to_string();
  ASSERT_EQ(session.told().wrong, "") << name;
  ASSERT_EQ(session.strange(), 0u) << name;
  if (blocked == 0) return;
  ASSERT_GE(session.told().server, 1u) << name;
  ASSERT_GE(session.told().client, 1u) << name;
}

TEST(Evasion, RandomAttemptsNeverReachTheServer) {
  const std::string blocked = hello_for(kBlockedName), decoy = hello_for(kDecoyName);
  auto gateway = std::make_unique<Gateway>();
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    if (seed % 500 == 0) gateway = std::make_unique<Gateway>();
    const std::uint64_t before = gateway->count(telemetry::Reason::policy_reset);
    Attempt attempt(seed, true);
    Session session(*gateway, kOverlaps[seed % kOverlaps.size()],
                    static_cast<std::uint16_t>(10000 + seed % 500), attempt.path());
    attempt.play(session, blocked, decoy);
    ASSERT_FALSE(names_blocked(session.server().stream()))
        << "seed " << seed << " in " << session.path().tunnel.to_string();
    const std::uint64_t blocks = gateway->count(telemetry::Reason::policy_reset) - before;
    expect_told(session, attempt.cut_outside() ? 0 : blocks, seed);
    if (HasFatalFailure()) return;
  }
}

TEST(Evasion, RandomSegmentationsOfInnocentsArriveWhole) {
  const std::string allowed = hello_for(kAllowedName);
  auto gateway = std::make_unique<Gateway>();
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    if (seed % 500 == 0) gateway = std::make_unique<Gateway>();
    Attempt attempt(seed, false);
    Session session(*gateway, kOverlaps[seed % kOverlaps.size()],
                    static_cast<std::uint16_t>(10000 + seed % 500), attempt.path());
    attempt.play(session, allowed, allowed);
    ASSERT_EQ(session.server().stream(), allowed)
        << "seed " << seed << " in " << session.path().tunnel.to_string();
    expect_told(session, 0, seed);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace chatgate::test
