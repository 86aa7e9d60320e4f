// What endpoints make of what the fragment cache lets out, over many seeds.
#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>
#include <string>

#include "net/fragment_cache.h"

#include "effort.h"
#include "trains.h"

namespace chatgate::net {
namespace {

using test::Octets;
using test::Piece;

using Random = std::mt19937_64;

std::uint32_t below(Random& random, std::size_t bound) {
  return static_cast<std::uint32_t>(random() % bound);
}
bool chance(Random& random, std::uint32_t percent) {
  return below(random, 100) < percent;
}

Octets random_bytes(Random& random, std::size_t size) {
  Octets bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

// The datagram cut at random multiples of eight.
std::vector<Piece> cut(Random& random, const FragmentKey& key, const Octets& datagram,
                       std::size_t longest) {
  std::vector<Piece> pieces;
  for (std::size_t at = 0; at < datagram.size();) {
    const std::size_t size = 8 * (1 + below(random, longest / 8));
    const std::size_t end = std::min(at + size, datagram.size());
    pieces.push_back({key, static_cast<std::uint32_t>(at), end != datagram.size(),
                      Octets(datagram.begin() + static_cast<std::ptrdiff_t>(at),
                             datagram.begin() + static_cast<std::ptrdiff_t>(end))});
    at = end;
  }
  return pieces;
}

// Random datagrams of several hosts, cut anyhow and sent in any order, woven into each other with
// copies among them: each is judged once, as it was before it was cut.
TEST(FragmentCacheModel, AnyCutInAnyOrderGivesTheDatagramBack) {
  for (std::uint64_t seed = 1; seed <= chatgate::test::attempts(1500u, 150u); ++seed) {
    Random random(seed);
    FragmentCache cache({}, KeyedHash(seed));
    std::map<std::uint32_t, Octets> datagrams;
    std::vector<Piece> pieces;
    for (std::uint32_t id = 0; id < 5; ++id) {
      FragmentKey key = test::fragment_key(chance(random, 50) ? 6 : 4, id);
      key.source.bytes[15] = static_cast<std::uint8_t>(id % 2);
      datagrams[id] = random_bytes(random, 100 + below(random, chance(random, 10) ? 60000 : 3000));
      const std::size_t longest = std::max<std::size_t>(datagrams[id].size() / 20, 16);
      auto train = cut(random, key, datagrams[id], std::min<std::size_t>(longest, 1900));
      if (train.size() > 64) continue;
      if (train.size() < 2) continue;
      if (chance(random, 30)) train.push_back(train[below(random, train.size())]);
      pieces.insert(pieces.end(), train.begin(), train.end());
    }
    std::shuffle(pieces.begin(), pieces.end(), random);
    std::set<std::uint32_t> judged, sent;
    for (const Piece& piece : pieces) {
      sent.insert(piece.key.id);
      const auto added = cache.add(piece.fragment(), Tick());
      if (added.outcome != FragmentOutcome::complete) continue;
      const Bytes payload = cache.whole().bytes.subspan(piece.key.ip_version == 6 ? 40 : 20);
      ASSERT_TRUE(std::ranges::equal(payload, datagrams[piece.key.id])) << "seed " << seed;
      ASSERT_TRUE(judged.insert(piece.key.id).second) << "seed " << seed;
      cache.release_forwarded(added.datagram, Tick());
    }
    ASSERT_EQ(judged, sent) << "seed " << seed;
    ASSERT_EQ(cache.in_use().frames, 0u);
  }
}

// Who wins where a new fragment overlaps an old one.
enum class Overlap { first, last, bsd, linux_old, windows };

class Endpoint {
 public:
  explicit Endpoint(Overlap overlap) : overlap_(overlap) {}

  // The datagram that this fragment completes; empty where none.
  Octets receive(const Piece& piece, std::uint64_t now_ms) {
    if (now_ms >= since_ + 60'000) clear();
    if (owners_.empty()) since_ = now_ms;
    const auto end = static_cast<std::uint32_t>(piece.begin + piece.bytes.size());
    if (owners_.size() < end) {
      owners_.resize(end);
      bytes_.resize(end);
    }
    for (std::uint32_t at = piece.begin; at < end; ++at) {
      Owner& owner = owners_[at];
      if (owner.end != 0 && !replaces(piece.begin, end, owner)) continue;
      owner = {piece.begin, end};
      bytes_[at] = piece.bytes[at - piece.begin];
    }
    if (!piece.more) total_ = end;
    const auto covered = [](const Owner& owner) { return owner.end != 0; };
    if (total_ == 0 || owners_.size() < total_) return {};
    if (!std::all_of(owners_.begin(), owners_.begin() + total_, covered)) return {};
    Octets whole(bytes_.begin(), bytes_.begin() + total_);
    clear();
    return whole;
  }

 private:
  struct Owner {
    std::uint32_t begin = 0, end = 0;
  };

  bool replaces(std::uint32_t begin, std::uint32_t end, const Owner& owner) const {
    switch (overlap_) {
      case Overlap::first: return false;
      case Overlap::last: return true;
      case Overlap::bsd: return begin < owner.begin;
      case Overlap::linux_old: return begin <= owner.begin;
      case Overlap::windows: return begin < owner.begin && end > owner.end;
    }
    return false;
  }

  void clear() {
    owners_.clear();
    bytes_.clear();
    total_ = 0;
  }

  Overlap overlap_;
  std::uint64_t since_ = 0;
  std::vector<Owner> owners_;
  Octets bytes_;
  std::uint32_t total_ = 0;
};

struct Tally {
  std::uint64_t judged = 0, delivered = 0, foreign = 0;
};

enum class Gateway { cache, cache_without_memory, none };

// An evader sends datagrams of two contents under few identifications: cut, shuffled, copied, with
// pieces changed, moved, cut short or of the other content. Some of what leaves the gateway is lost
// on the way, as the evader likes. What an endpoint delivers must have been judged and forwarded.
class Contest {
 public:
  Contest(std::uint64_t seed, Gateway gateway)
      : random_(seed), gateway_(gateway), cache_(limits(gateway), KeyedHash(seed)) {
    version_ = chance(random_, 50) ? 6 : 4;
  }

  Tally run() {
    for (int round = 0; round < 12; ++round) {
      const std::uint32_t id = below(random_, 2);
      for (const Piece& piece : train(id)) {
        send(piece);
        now_ms_ += below(random_, 20);
      }
      if (chance(random_, 30)) now_ms_ += below(random_, 3000);
      if (chance(random_, 10)) now_ms_ += below(random_, 70'000);
      cache_.expire(tick(), 4);
    }
    return tally_;
  }

 private:
  static FragmentLimits limits(Gateway gateway) {
    FragmentLimits limits;
    limits.datagrams = 8;
    limits.frames = 64;
    limits.remembered = 64;
    if (gateway == Gateway::cache_without_memory) limits.remember_seconds = 0;
    return limits;
  }

  Tick tick() const { return Tick(Time{now_ms_ * 1'000'000}); }

  Octets content(std::size_t size) { return test::pattern(below(random_, 2), 0, size); }

  std::vector<Piece> train(std::uint32_t id) {
    const std::size_t size = 48 + 8 * below(random_, 3) + below(random_, 8);
    const FragmentKey key = test::fragment_key(version_, id);
    auto pieces = cut(random_, key, content(size), 32);
    if (chance(random_, 50)) std::shuffle(pieces.begin(), pieces.end(), random_);
    if (chance(random_, 60)) return pieces;
    std::vector<Piece> tricks;
    for (Piece& piece : pieces) {
      if (!chance(random_, 10)) tricks.push_back(piece);
      if (!chance(random_, 40)) continue;
      Piece trick = piece;
      const std::uint32_t end = static_cast<std::uint32_t>(piece.begin + piece.bytes.size());
      if (chance(random_, 50)) trick.begin -= std::min(trick.begin, 8 * below(random_, 3));
      const std::uint32_t new_end = end + 8 * below(random_, 3);
      const Octets other = content(new_end);
      trick.bytes.assign(other.begin() + trick.begin, other.end());
      if (chance(random_, 20)) trick.more = !trick.more;
      tricks.insert(tricks.begin() + below(random_, tricks.size() + 1), trick);
    }
    return tricks;
  }

  void send(const Piece& piece) {
    if (piece.begin == 0 && !piece.more) return;  // no fragment
    if (gateway_ == Gateway::none) return deliver(piece);
    const Fragment fragment = piece.fragment();
    sent_.push_back(piece);
    Fragment numbered = fragment;
    numbered.packet.number = sent_.size();
    const auto added = cache_.add(numbered, tick());
    if (added.outcome != FragmentOutcome::complete) return;
    ++tally_.judged;
    const Bytes payload = cache_.whole().bytes.subspan(version_ == 6 ? 40 : 20);
    if (chance(random_, 30)) return cache_.release_dropped(added.datagram, tick());
    forwarded_.emplace(as_text(payload));
    cache_.for_each_frame(added.datagram, [&](const PacketView& frame) {
      const Piece& came = sent_[frame.number - 1];
      came.fragment();
      EXPECT_TRUE(std::ranges::equal(frame.bytes, came.frame));
      deliver(came);
    });
    cache_.release_forwarded(added.datagram, tick());
  }

  void deliver(const Piece& piece) {
    if (chance(random_, 15)) return;  // lost on the way
    for (std::size_t i = 0; i < kOverlaps.size(); ++i) {
      auto& endpoint = endpoints_.try_emplace({i, piece.key.id}, kOverlaps[i]).first->second;
      const Octets whole = endpoint.receive(piece, now_ms_);
      if (whole.empty()) continue;
      ++tally_.delivered;
      if (!expected(whole)) ++tally_.foreign;
    }
  }

  // Judged and forwarded; where nobody judges, one of the two contents unmixed.
  bool expected(const Octets& whole) const {
    if (gateway_ != Gateway::none) return forwarded_.contains(std::string(as_text(whole)));
    return whole == test::pattern(0, 0, whole.size()) || whole == test::pattern(1, 0, whole.size());
  }

  static constexpr std::array kOverlaps = {Overlap::first, Overlap::last, Overlap::bsd,
                                           Overlap::linux_old, Overlap::windows};
  Random random_;
  Gateway gateway_;
  FragmentCache cache_;
  std::uint8_t version_ = 4;
  std::uint64_t now_ms_ = 0;
  std::vector<Piece> sent_;
  std::map<std::pair<std::size_t, std::uint32_t>, Endpoint> endpoints_;
  std::set<std::string> forwarded_;
  Tally tally_;
};

Tally contests(Gateway gateway, std::uint64_t seeds) {
  Tally sum;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Tally one = Contest(seed, gateway).run();
    sum.judged += one.judged;
    sum.delivered += one.delivered;
    sum.foreign += one.foreign;
    if (gateway == Gateway::cache) {
      EXPECT_EQ(one.foreign, 0u) << "seed " << seed;
    }
  }
  return sum;
}

TEST(FragmentCacheModel, NoEndpointObtainsWhatWasNotJudged) {
  constexpr std::uint64_t kSeeds = chatgate::test::attempts(20'000u, 1'500u);
  const Tally tally = contests(Gateway::cache, kSeeds);
  EXPECT_EQ(tally.foreign, 0u);
  EXPECT_GT(tally.judged, kSeeds);
  EXPECT_GT(tally.delivered, kSeeds);
}

// The contest is one: without the gateway the evader wins, and without its memory of forwarded
// keys too, by what was lost on the way.
TEST(FragmentCacheModel, TheEvaderWinsWithoutTheCache) {
  EXPECT_GT(contests(Gateway::none, 300).foreign, 300u);
  EXPECT_GT(contests(Gateway::cache_without_memory, 1000).foreign, 0u);
}

}  // namespace
}  // namespace chatgate::net
