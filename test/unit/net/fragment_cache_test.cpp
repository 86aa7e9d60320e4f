#include "net/fragment_cache.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <numeric>
#include <sstream>

#include "net/decode.h"

#include "frames.h"
#include "trains.h"

namespace chatgate::net {
namespace {

using test::Octets;
using test::Piece;

constexpr std::array<const char*, kFragmentLosses> kWords = {
    "none",    "cut_short",    "empty",     "odd_size", "too_long",  "tiny_first", "nested",
    "overlap", "end",          "duplicate", "refused",  "id_reused", "verdict",    "timed",
    "evicted", "source_share", "too_many",  "frame",    "no_room"};

std::string word(const FragmentCache::Added& added) {
  switch (added.outcome) {
    case FragmentOutcome::held: return "held";
    case FragmentOutcome::complete: return "complete";
    case FragmentOutcome::atomic: return "atomic";
    case FragmentOutcome::dropped: return kWords[static_cast<std::size_t>(added.loss)];
  }
  return "?";
}

std::uint64_t lost(const FragmentCache& cache, FragmentLoss loss) {
  return cache.counters().lost[static_cast<std::size_t>(loss)];
}

// Every frame that was added is somewhere.
void expect_all_accounted(const FragmentCache& cache) {
  const auto& counters = cache.counters();
  const auto all_lost =
      std::accumulate(counters.lost.begin(), counters.lost.end(), std::uint64_t{0});
  EXPECT_EQ(counters.added, counters.forwarded + all_lost + cache.in_use().frames);
}

Tick after_ms(std::uint64_t milliseconds) {
  return Tick(Time{milliseconds * 1'000'000});
}

// A train in words: `BEGIN-END` is a fragment, `+` after it says that more follow, `~` before it
// that its bytes are others; `#N` goes on under another identification, `N:` after it at N
// milliseconds; `drop` has the next complete datagram judged so.
struct Row {
  const char* name;
  const char* train;
  const char* v4;
  const char* v6 = v4;  // where it differs
};

class Trains : public testing::TestWithParam<std::uint8_t> {
 protected:
  std::string run(const std::string& train, std::uint8_t protocol = kUdp) {
    FragmentCache cache({}, KeyedHash(1));
    std::istringstream words(train);
    std::string outcomes;
    std::vector<Octets> held;
    Piece piece;
    piece.key = test::fragment_key(GetParam(), 1);
    piece.key.protocol = protocol;
    std::uint64_t now = 0;
    bool drop = false;
    for (std::string token; words >> token;) {
      if (token == "drop") {
        drop = true;
      } else if (token[0] == '#') {
        piece.key.id = static_cast<std::uint32_t>(std::stoul(token.substr(1)));
      } else if (token.back() == ':') {
        now = std::stoul(token);
      } else {
        read(token, piece);
        const auto added = cache.add(piece.fragment(), after_ms(now));
        outcomes += (outcomes.empty() ? "" : " ") + word(added);
        if (added.outcome != FragmentOutcome::complete) continue;
        check_whole(cache, piece);
        if (drop) cache.release_dropped(added.datagram, after_ms(now));
        if (!drop) cache.release_forwarded(added.datagram, after_ms(now));
        drop = false;
      }
    }
    expect_all_accounted(cache);
    return outcomes;
  }

 private:
  static void read(const std::string& token, Piece& piece) {
    const bool other = token[0] == '~';
    std::size_t dash = 0;
    piece.begin = static_cast<std::uint32_t>(std::stoul(token.substr(other ? 1 : 0), &dash));
    const std::string rest = token.substr(dash + (other ? 2 : 1));
    piece.more = rest.back() == '+';
    piece.bytes = test::pattern(other ? 2 : 1, piece.begin, std::stoul(rest));
  }

  void check_whole(const FragmentCache& cache, const Piece& last) const {
    const std::size_t header = GetParam() == 6 ? 40 : 20;
    const Bytes payload = cache.whole().bytes.subspan(header);
    const auto expected = test::pattern(1, 0, payload.size());
    EXPECT_EQ(Octets(payload.begin(), payload.end()), expected);
    EXPECT_EQ(cache.whole().pair, last.key.pair);
  }
};

const Row kRows[] = {
    {"in order", "0-24+ 24-48+ 48-50", "held held complete"},
    {"reversed", "48-50 24-48+ 0-24+", "held held complete"},
    {"last in the middle", "24-48+ 48-50 0-24+", "held held complete"},
    {"two trains woven", "0-24+ #2 24-30 #1 24-30 #2 0-24+", "held held complete complete"},
    {"no fragment at all", "0-30", "atomic"},
    {"atomic amid a train", "0-24+ 0-30 24-30", "held atomic complete"},
    {"exact copy", "0-24+ 0-24+ 24-30", "held duplicate complete"},
    {"exact copy of the last", "24-30 24-30 0-24+", "held duplicate complete"},
    {"exact copy, other bytes", "0-24+ ~0-24+ 24-30", "held overlap refused"},
    {"other bytes first", "~8-24+ 0-24+ 24-30", "held overlap refused"},
    {"equal, over the left edge", "8-32+ 0-16+ 32-40", "held held complete",
     "held overlap refused"},
    {"equal, over the right edge", "0-24+ 16-40+ 40-48", "held held complete",
     "held overlap refused"},
    {"equal, containing", "8-24+ 0-32+ 32-40", "held held complete", "held overlap refused"},
    {"equal, contained", "0-32+ 8-24+ 32-40", "held duplicate complete", "held overlap refused"},
    {"equal, same start", "0-32+ 0-24+ 32-40", "held duplicate complete", "held overlap refused"},
    {"equal, over two", "0-24+ 24-48+ 8-40+ 48-50", "held held duplicate complete",
     "held held overlap refused"},
    {"equal, over a hole", "0-24+ 32-48+ 8-40+ 48-50", "held held held complete",
     "held held overlap refused"},
    {"equal over the left edge, then other bytes", "8-24+ 0-16+ ~0-8+ 24-30",
     "held held overlap refused", "held overlap refused refused"},
    {"other bytes over the left edge", "8-32+ ~0-16+ 32-40", "held overlap refused"},
    {"other bytes over the right edge", "0-24+ ~16-40+ 40-48", "held overlap refused"},
    {"other bytes, containing", "8-24+ ~0-32+ 32-40", "held overlap refused"},
    {"other bytes, contained", "0-32+ ~8-24+ 32-40", "held overlap refused"},
    {"last fragment over what is held", "0-24+ ~16-40", "held overlap"},
    {"held last fragment, then over it", "16-40 ~0-24+", "held overlap"},
    {"hole, then an end that closes nothing", "0-24+ 32-40 24-32+", "held held complete"},
    {"last within what is held", "0-48+ 24-40", "held end"},
    {"two ends, longer", "24-40 40-56 0-24+", "held end refused"},
    {"two ends, shorter", "40-56 24-40 0-24+", "held end refused"},
    {"bytes beyond the end", "24-40 40-48+ 0-24+", "held end refused"},
    {"more must follow the end", "24-40 32-40+ 0-24+", "held end refused"},
    {"no payload", "0-24+ 24-24+ 24-30", "held empty complete"},
    {"odd size", "0-25+ 24-30", "odd_size refused"},
    {"odd size of the last is usual", "0-24+ 24-25", "held complete"},
    {"the longest", "0-65472+ 65472-65515", "frame refused"},
    {"too long", "0-24+ 65512-65532 24-32+", "held too_long refused"},
    {"beyond all length", "65528-65592", "too_long"},
    {"same id after it was forwarded", "0-24+ 24-30 0-24+ ~0-24+",
     "held complete id_reused id_reused"},
    {"forwarded is long remembered", "0-24+ 24-30 61000: ~24-30", "held complete id_reused"},
    {"forwarded is forgotten", "0-24+ 24-30 63000: 0-24+ 24-30", "held complete held complete"},
    {"dropped stays dropped", "drop 0-24+ 24-30 24-30 0-24+", "held complete refused refused"},
    {"dropped is forgotten", "drop 0-24+ 24-30 2100: 0-24+ 24-30", "held complete held complete"},
    {"poison persists", "0-24+ ~0-24+ 1900: 0-24+ 24-30", "held overlap refused refused"},
    {"poison times out", "0-24+ ~0-24+ 2100: 0-24+ 24-30", "held overlap held complete"},
    {"poison is of one datagram", "0-24+ ~0-24+ #2 0-24+ 24-30", "held overlap held complete"},
    {"slow train", "0-24+ 1900: 24-30", "held complete"},
    {"too slow a train", "0-24+ 2100: 24-30 0-24+", "held held complete"},
    {"time counts from the first", "0-24+ 1500: 24-48+ 2100: 48-50", "held held held"},
};

TEST_P(Trains, EachFragmentHasItsOutcome) {
  for (const Row& row : kRows) {
    EXPECT_EQ(run(row.train), GetParam() == 6 ? row.v6 : row.v4) << row.name;
  }
}

// The first fragment of TCP must hold the ports and flags, the rest is the judge's.
TEST_P(Trains, TinyFirstFragments) {
  EXPECT_EQ(run("0-16+ 16-40", kTcp), "tiny_first refused");
  EXPECT_EQ(run("16-40 0-16+", kTcp), "held tiny_first");
  EXPECT_EQ(run("0-8+ 8-40", kTcp), "tiny_first refused");
  EXPECT_EQ(run("0-24+ 24-40", kTcp), "held complete");
  EXPECT_EQ(run("0-8+ 8-40", kUdp), "held complete");
}

INSTANTIATE_TEST_SUITE_P(Net, Trains, testing::Values(4, 6),
                         [](const auto& version) { return "IPv" + std::to_string(version.param); });

// The header chain of an IPv6 datagram must be within its first fragment (RFC 7112).
TEST(FragmentCache, Ipv6HeaderChains) {
  const auto outcome = [](std::uint8_t next, const char* hex, std::size_t size) {
    FragmentCache cache({}, KeyedHash(1));
    Piece piece;
    piece.key = test::fragment_key(6, 1);
    piece.key.protocol = next;
    piece.more = true;
    piece.bytes = test::from_hex(hex);
    piece.bytes.resize(size);
    return word(cache.add(piece.fragment(), Tick()));
  };
  EXPECT_EQ(outcome(60, "11 00 0000 00000000", 16), "held");        // options, UDP
  EXPECT_EQ(outcome(60, "06 00 0000 00000000", 24), "tiny_first");  // options, 16 bytes of TCP
  EXPECT_EQ(outcome(60, "06 00 0000 00000000", 32), "held");
  EXPECT_EQ(outcome(60, "11 03 0000 00000000", 24), "tiny_first");  // options end beyond it
  EXPECT_EQ(outcome(60, "11 00 0000 00000000", 8), "tiny_first");   // nothing after them
  EXPECT_EQ(outcome(51, "11 04 0000 00000000", 32), "held");        // 24 bytes of authentication
  EXPECT_EQ(outcome(51, "06 04 0000 00000000", 32), "tiny_first");
  EXPECT_EQ(outcome(44, "11 00 0000 00000000", 32), "nested");
  EXPECT_EQ(outcome(60, "2c 00 0000 00000000", 32), "nested");
  EXPECT_EQ(outcome(60, "3c 00 0000 00000000 3c 00 0000 00000000 3c", 24), "tiny_first");
  EXPECT_EQ(outcome(59, "", 8), "held");  // no next header
  std::string nine;
  for (int i = 0; i < 8; ++i) nine += "3c 00 0000 00000000";
  EXPECT_EQ(outcome(60, nine.c_str(), 200), "tiny_first");
}

// IPv4 has the protocol in its key; IPv6 takes it from the first fragment.
TEST(FragmentCache, WhatTellsDatagramsApart) {
  using Change = void (*)(FragmentKey&);
  const Change changes[] = {
      [](FragmentKey& key) { key.source.bytes[15] ^= 1; },
      [](FragmentKey& key) { key.destination.bytes[15] ^= 1; },
      [](FragmentKey& key) { key.id ^= 1; },
      [](FragmentKey& key) { key.encapsulation = 9; },
      [](FragmentKey& key) { key.vlan[0] = 100; },
      [](FragmentKey& key) { key.vlan[1] = 100; },
      [](FragmentKey& key) { key.pair = PairId(1); },
      [](FragmentKey& key) { key.side = Side::outside; },
      [](FragmentKey& key) { key.protocol = kTcp; },
  };
  for (const std::uint8_t version : {std::uint8_t{4}, std::uint8_t{6}}) {
    for (const Change& change : changes) {
      FragmentCache cache({}, KeyedHash(1));
      Piece first{test::fragment_key(version, 1), 0, true, test::pattern(1, 0, 24)};
      Piece last{first.key, 24, false, test::pattern(1, 24, 40)};
      Piece stranger = last;
      change(stranger.key);
      EXPECT_EQ(word(cache.add(first.fragment(), Tick())), "held");
      const bool same = version == 6 && stranger.key.protocol != last.key.protocol;
      EXPECT_EQ(word(cache.add(stranger.fragment(), Tick())), same ? "complete" : "held");
      if (same) {
        EXPECT_EQ(cache.whole().bytes[6], kUdp);
      } else {
        EXPECT_EQ(word(cache.add(last.fragment(), Tick())), "complete");
      }
    }
  }
}

// The whole datagram reads as one packet, and the frames come back as they came.
TEST(FragmentCache, TheWholeIsAPacket) {
  for (const bool v6 : {false, true}) {
    FragmentCache cache({}, KeyedHash(1));
    Octets segment = test::from_hex("9c40 0035 0040 0000");
    segment.resize(64, 0x61);
    FragmentKey key = test::fragment_key(v6 ? 6 : 4, 7);
    Piece last{key, 40, false, Octets(segment.begin() + 40, segment.end())};
    Piece first{key, 0, true, Octets(segment.begin(), segment.begin() + 40)};
    Fragment fragment = last.fragment();
    fragment.packet.number = 11;
    const Octets came_first(fragment.packet.bytes.begin(), fragment.packet.bytes.end());
    EXPECT_EQ(word(cache.add(fragment, Tick())), "held");
    fragment = first.fragment();
    fragment.packet.number = 12;
    fragment.hop_limit = 57;
    const auto added = cache.add(fragment, Tick());
    ASSERT_EQ(added.outcome, FragmentOutcome::complete);

    Layers layers;
    decode(cache.whole(), layers);
    EXPECT_EQ(layers.outcome, Decoded::transport);
    EXPECT_EQ(layers.source, key.source);
    EXPECT_EQ(layers.destination, key.destination);
    EXPECT_EQ(layers.source_port, 40000);
    EXPECT_EQ(layers.destination_port, 53);
    EXPECT_EQ(layers.payload_size, 56);
    EXPECT_EQ(cache.whole().bytes[v6 ? 7 : 8], 57);
    EXPECT_EQ(cache.whole().number, 12u);

    std::vector<std::uint64_t> numbers;
    cache.for_each_frame(added.datagram, [&](const PacketView& frame) {
      numbers.push_back(frame.number);
      if (numbers.size() == 1) {
        EXPECT_EQ(Octets(frame.bytes.begin(), frame.bytes.end()), came_first);
      }
    });
    EXPECT_EQ(numbers, (std::vector<std::uint64_t>{11, 12}));
    // Complete and not yet released: its key takes nothing more, and time does not end it.
    EXPECT_EQ(word(cache.add(last.fragment(), Tick())), "id_reused");
    EXPECT_FALSE(cache.expire(after_ms(60'000), 10));
    EXPECT_EQ(cache.in_use().frames, 2u);
    cache.release_forwarded(added.datagram, after_ms(60'000));
    EXPECT_EQ(cache.in_use().frames, 0u);
    EXPECT_EQ(cache.in_use().sources, 0u);
    expect_all_accounted(cache);
  }
}

TEST(FragmentCache, TheLongestDatagram) {
  FragmentLimits limits;
  limits.frame_bytes = 65535;
  limits.frames = 4;
  for (const std::uint8_t version : {std::uint8_t{4}, std::uint8_t{6}}) {
    const std::uint32_t most = version == 6 ? 65495 : 65515;
    for (const std::uint32_t size : {most, most + 1}) {
      FragmentCache cache(limits, KeyedHash(1));
      Piece first{test::fragment_key(version, 1), 0, true, test::pattern(1, 0, 32000)};
      Piece last{first.key, 32000, false, test::pattern(1, 32000, size)};
      cache.add(first.fragment(), Tick());
      EXPECT_EQ(word(cache.add(last.fragment(), Tick())), size == most ? "complete" : "too_long");
      if (size == most) {
        EXPECT_EQ(cache.whole().bytes.size(), 65535u);
      }
    }
    // Options of one fragment count, whichever comes first.
    for (const bool longer_first : {false, true}) {
      FragmentCache cache(limits, KeyedHash(1));
      Piece last{test::fragment_key(version, 1), 32000, false, test::pattern(1, 32000, most)};
      Piece first{last.key, 0, true, test::pattern(1, 0, 32000)};
      Fragment longer = first.fragment();
      longer.header_size = static_cast<std::uint16_t>(longer.header_size + 8);
      EXPECT_EQ(word(cache.add(longer_first ? longer : last.fragment(), Tick())), "held");
      EXPECT_EQ(word(cache.add(longer_first ? last.fragment() : longer, Tick())), "too_long");
    }
  }
}

TEST(FragmentCache, BytesThatACaptureDidNotKeep) {
  FragmentCache cache({}, KeyedHash(1));
  Piece piece{test::fragment_key(4, 1), 0, true, test::pattern(1, 0, 24)};
  Fragment fragment = piece.fragment();
  fragment.packet.bytes = fragment.packet.bytes.first(fragment.packet.bytes.size() - 1);
  EXPECT_EQ(word(cache.add(fragment, Tick())), "cut_short");
  fragment.payload = 0xffff;
  EXPECT_EQ(word(cache.add(fragment, Tick())), "cut_short");
}

TEST(FragmentCache, ADatagramOfTooManyFragments) {
  FragmentLimits limits;
  limits.datagram_frames = 5;
  FragmentCache cache(limits, KeyedHash(1));
  for (std::uint32_t i = 0; i < 7; ++i) {
    Piece piece{test::fragment_key(4, 1), i * 8, true, test::pattern(1, i * 8, i * 8 + 8)};
    EXPECT_EQ(word(cache.add(piece.fragment(), Tick())), i < 5    ? "held"
                                                         : i == 5 ? "too_many"
                                                                  : "refused");
  }
  EXPECT_EQ(cache.in_use().datagrams, 0u);
  EXPECT_EQ(lost(cache, FragmentLoss::too_many), 6u);
  expect_all_accounted(cache);
}

// A source over its share loses its own oldest, a full cache the oldest of all; one datagram that
// would have to push itself out is refused.
TEST(FragmentCache, WhoGoesWhenThereIsNoRoom) {
  FragmentLimits limits;
  limits.datagrams = 4;
  limits.source_datagrams = 2;
  FragmentCache cache(limits, KeyedHash(1));
  const auto first = [&](std::uint32_t host, std::uint32_t id) {
    Piece piece{test::fragment_key(4, id), 0, true, test::pattern(1, 0, 24)};
    piece.key.source.bytes[15] = static_cast<std::uint8_t>(host);
    return word(cache.add(piece.fragment(), Tick()));
  };
  const auto last = [&](std::uint32_t host, std::uint32_t id) {
    Piece piece{test::fragment_key(4, id), 24, false, test::pattern(1, 24, 40)};
    piece.key.source.bytes[15] = static_cast<std::uint8_t>(host);
    return word(cache.add(piece.fragment(), Tick()));
  };
  for (std::uint32_t id = 1; id <= 3; ++id) EXPECT_EQ(first(1, id), "held");
  EXPECT_EQ(lost(cache, FragmentLoss::source_share), 1u);
  EXPECT_EQ(first(2, 1), "held");
  EXPECT_EQ(first(3, 1), "held");
  EXPECT_EQ(cache.in_use().datagrams, 4u);
  EXPECT_EQ(lost(cache, FragmentLoss::evicted), 0u);
  EXPECT_EQ(first(4, 1), "held");  // in place of host 1, id 2
  EXPECT_EQ(lost(cache, FragmentLoss::evicted), 1u);
  EXPECT_EQ(last(1, 3), "complete");
  EXPECT_EQ(last(2, 1), "complete");
  EXPECT_EQ(last(3, 1), "complete");
  EXPECT_EQ(last(4, 1), "complete");
  // Four complete ones are the caller's; nothing may be pushed out for a fifth.
  EXPECT_EQ(first(5, 1), "no_room");
  cache.release_dropped(DatagramId(0), Tick());
  EXPECT_EQ(first(5, 1), "held");
  expect_all_accounted(cache);
}

TEST(FragmentCache, FramesRunOut) {
  FragmentLimits limits;
  limits.frames = 6;
  limits.source_frames = 4;
  FragmentCache cache(limits, KeyedHash(1));
  const auto piece = [&](std::uint32_t host, std::uint32_t id, std::uint32_t begin) {
    Piece made{test::fragment_key(4, id), begin, true, test::pattern(1, begin, begin + 24)};
    made.key.source.bytes[15] = static_cast<std::uint8_t>(host);
    return word(cache.add(made.fragment(), Tick()));
  };
  for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(piece(1, 1, i * 24), "held");
  EXPECT_EQ(piece(1, 1, 96), "source_share");  // alone, and over its share
  EXPECT_EQ(cache.in_use().frames, 0u);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(piece(2, 1, i * 24), "held");
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(piece(3, 1, i * 24), "held");
  EXPECT_EQ(piece(3, 2, 0), "held");  // pushes host 2 out
  EXPECT_EQ(lost(cache, FragmentLoss::evicted), 3u);
  EXPECT_EQ(piece(3, 2, 24), "held");  // over its share, at the cost of its own oldest
  EXPECT_EQ(lost(cache, FragmentLoss::source_share), 8u);
  EXPECT_EQ(cache.in_use().frames, 2u);
  expect_all_accounted(cache);
}

TEST(FragmentCache, ExpiryStopsAtItsLimit) {
  FragmentCache cache({}, KeyedHash(1));
  for (std::uint32_t id = 0; id < 50; ++id) {
    Piece piece{test::fragment_key(4, id), 0, true, test::pattern(1, 0, 24)};
    cache.add(piece.fragment(), after_ms(id * 10));
  }
  EXPECT_FALSE(cache.expire(after_ms(1990), 100));
  EXPECT_EQ(cache.in_use().datagrams, 50u);
  EXPECT_TRUE(cache.expire(after_ms(2300), 7));
  EXPECT_EQ(cache.in_use().datagrams, 43u);
  EXPECT_FALSE(cache.expire(after_ms(10000), 43));
  EXPECT_EQ(lost(cache, FragmentLoss::timed_out), 50u);
  EXPECT_EQ(cache.in_use().frames, 0u);
}

// Keys do not come back to life when the coarse time wraps.
TEST(FragmentCache, NoKeyOutlivesTheWrapOfTime) {
  FragmentLimits limits;
  limits.remembered = 64;
  FragmentCache cache(limits, KeyedHash(1));
  const auto train = [&](Tick now) {
    Piece first{test::fragment_key(4, 1), 0, true, test::pattern(1, 0, 24)};
    Piece last{first.key, 24, false, test::pattern(1, 24, 40)};
    cache.add(first.fragment(), now);
    const auto added = cache.add(last.fragment(), now);
    if (added.outcome == FragmentOutcome::complete) cache.release_forwarded(added.datagram, now);
    return word(added);
  };
  EXPECT_EQ(train(Tick::from_raw(5)), "complete");
  for (std::uint32_t tick = 100'000; tick < 100'100; ++tick) cache.expire(Tick::from_raw(tick), 1);
  EXPECT_EQ(train(Tick::from_raw(0xffff'fff0)), "complete");
}

// One source after another floods; another sends a long train meanwhile, in reverse.
void flood(bool many_sources) {
  FragmentCache cache({}, KeyedHash(1));
  const std::size_t memory = cache.memory();
  const std::size_t in_heap = mallinfo2().uordblks;
  constexpr std::uint32_t kFlood = 100'000;
  constexpr std::uint32_t kParts = 45;
  constexpr std::uint32_t kPart = 1480;
  std::uint32_t completed = 0;
  std::uint64_t most_steps = 0;
  Piece hostile{test::fragment_key(4, 0), 0, true, test::pattern(2, 0, 24)};
  Piece honest{test::fragment_key(4, 0), 0, true, {}};
  honest.key.source.bytes[15] = 99;
  const auto add = [&](const Piece& piece, Tick now) {
    const std::uint64_t before = cache.counters().steps;
    const auto added = cache.add(piece.fragment(), now);
    most_steps = std::max(most_steps, cache.counters().steps - before);
    return added;
  };
  for (std::uint32_t i = 0; i < kFlood; ++i) {
    const Tick now = after_ms(i / 100);  // 100,000 a second
    hostile.key.id = i;
    if (many_sources) store_be32(&hostile.key.source.bytes[12], 0x0b000000 + i);
    add(hostile, now);
    if (i % 20 != 0) continue;
    const std::uint32_t part = kParts - 1 - i / 20 % kParts;
    honest.key.id = i / 20 / kParts;
    honest.begin = part * kPart;
    honest.more = part != kParts - 1;
    const auto end = honest.more ? honest.begin + kPart : 65515;
    honest.bytes = test::pattern(1, honest.begin, std::min<std::size_t>(end, 65515));
    const auto added = add(honest, now);
    if (added.outcome != FragmentOutcome::complete) continue;
    ++completed;
    cache.release_forwarded(added.datagram, now);
    cache.expire(now, 8);
  }
  EXPECT_EQ(completed, kFlood / 20 / kParts);
  EXPECT_EQ(cache.memory(), memory);
  honest.bytes = hostile.bytes = {};
  EXPECT_LE(mallinfo2().uordblks, in_heap + 100'000) << "memory was taken after the constructor";
  // Four look-ups of at most a chain each, and the frames of one datagram.
  EXPECT_LE(most_steps, 64u + 5 * 16);
  EXPECT_LE(cache.counters().steps, cache.counters().added * 8);
  EXPECT_LE(cache.in_use().datagrams, many_sources ? 1024u : 65u);
  expect_all_accounted(cache);
}

TEST(FragmentCache, AFloodFromOneSourceHarmsNobodyElse) {
  flood(false);
}

// The oldest go first, so a train lives for as long as the cache takes to fill: here it spans 900
// fragments of the flood, of 1024 datagrams.
TEST(FragmentCache, AFloodFromManySourcesHarmsOnlySlowTrains) {
  flood(true);
}

}  // namespace
}  // namespace chatgate::net
