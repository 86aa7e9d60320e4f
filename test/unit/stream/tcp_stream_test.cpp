#include "stream/tcp_stream.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <string>

namespace chatgate::stream {
namespace {

constexpr std::uint32_t kStart = 0xfffffff0;  // so that every test crosses the wrap-around

struct Segment {
  std::int64_t offset;
  std::string bytes;
  Added added;
  const char* view;
};

struct Case {
  const char* name;
  std::vector<Segment> segments;
};

const std::vector<Case> kCases = {
    {"in one",
     {{0, "hello world, long enough to wrap", Added::grown, "hello world, long enough to wrap"}}},
    {"in two", {{0, "hello ", Added::grown, "hello "}, {6, "world", Added::grown, "hello world"}}},
    {"reversed", {{6, "world", Added::held, ""}, {0, "hello ", Added::grown, "hello world"}}},
    {"three holes",
     {{8, "i", Added::held, ""},
      {4, "e", Added::held, ""},
      {0, "ab", Added::grown, "ab"},
      {2, "cd", Added::grown, "abcde"},
      {5, "fgh", Added::grown, "abcdefghi"}}},
    {"equal retransmission",
     {{0, "abc", Added::grown, "abc"},
      {0, "abc", Added::nothing_new, "abc"},
      {1, "bcd", Added::grown, "abcd"}}},
    {"differing retransmission",
     {{0, "abc", Added::grown, "abc"},
      {0, "xyz", Added::conflict, "abc"},
      {3, "d", Added::grown, "abcd"}}},
    {"differing overlap of what is held",
     {{3, "def", Added::held, ""},
      {2, "cXe", Added::conflict, ""},
      {0, "abc", Added::grown, "abcdef"}}},
    {"overlap with a new tail",
     {{0, "abc", Added::grown, "abc"}, {1, "bcdef", Added::grown, "abcdef"}}},
    {"starts before the first byte", {{-3, "xyzabc", Added::grown, "abc"}}},
    {"lies before the first byte",
     {{-3, "xyz", Added::nothing_new, ""}, {0, "abc", Added::grown, "abc"}}},
    {"keep-alive", {{0, "abc", Added::grown, "abc"}, {2, "c", Added::nothing_new, "abc"}}},
    {"empty", {{0, "", Added::nothing_new, ""}}},
    {"too far ahead", {{90000, "x", Added::beyond_limit, ""}, {0, "abc", Added::grown, "abc"}}},
};

TEST(TcpStream, Table) {
  for (const Case& c : kCases) {
    BufferPool pool(16);
    TcpStream stream;
    stream.start(kStart);
    for (const Segment& segment : c.segments) {
      const auto sequence = static_cast<std::uint32_t>(kStart + segment.offset);
      EXPECT_EQ(stream.add(sequence, as_bytes(segment.bytes), pool), segment.added) << c.name;
      ASSERT_TRUE(stream.keep(pool));
      EXPECT_EQ(as_text(stream.view(pool)), segment.view) << c.name;
    }
    stream.release(pool);
  }
}

TEST(TcpStream, AWholeSegmentIsBorrowedNotCopied) {
  BufferPool pool(16);
  TcpStream stream;
  stream.start(kStart);
  const std::string text = "whole";
  stream.add(kStart, as_bytes(text), pool);
  EXPECT_EQ(static_cast<const void*>(stream.view(pool).data()), text.data());
}

TEST(TcpStream, ConsumedBytesMakeRoomForTheNextMessage) {
  BufferPool pool(16);
  TcpStream stream;
  stream.start(kStart);
  stream.add(kStart, as_bytes("first"), pool);
  stream.consume(5, pool);
  EXPECT_EQ(stream.contiguous(), 0u);
  stream.add(kStart + 9, as_bytes("nd"), pool);
  stream.add(kStart + 5, as_bytes("seco"), pool);
  EXPECT_EQ(as_text(stream.view(pool)), "second");
  stream.consume(2, pool);
  EXPECT_EQ(as_text(stream.view(pool)), "cond");
  EXPECT_EQ(stream.next_sequence(), kStart + 11);
}

TEST(TcpStream, ManyHolesAreRefusedNotForgotten) {
  BufferPool pool(16);
  TcpStream stream;
  stream.start(0);
  for (std::uint32_t i = 0; i < TcpStream::kMaxRanges; ++i) {
    EXPECT_EQ(stream.add(10 + 2 * i, as_bytes("x"), pool), Added::held);
  }
  EXPECT_EQ(stream.add(100, as_bytes("x"), pool), Added::beyond_limit);
  EXPECT_EQ(stream.add(11, as_bytes("y"), pool), Added::held);
}

TEST(TcpStream, AnEmptyPoolIsSaid) {
  BufferPool pool(4);
  std::vector<BufferPool::Handle> all;
  while (true) {
    const BufferPool::Handle handle = pool.acquire(1);
    if (!handle.valid()) break;
    all.push_back(handle);
  }
  TcpStream stream;
  stream.start(0);
  EXPECT_EQ(stream.add(5, as_bytes("x"), pool), Added::no_memory);
  EXPECT_EQ(stream.add(0, as_bytes("abc"), pool), Added::grown);
  EXPECT_FALSE(stream.keep(pool));
  for (const BufferPool::Handle handle : all) pool.release(handle);
}

// Any segmentation, order, duplication and overlap of one text gives that text.
TEST(TcpStream, RandomSegmentations) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    std::string text(1 + random() % 30000, '\0');
    std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
    BufferPool pool(16);
    TcpStream stream;
    stream.start(kStart);
    std::size_t guard = 0;
    while (stream.contiguous() < text.size()) {
      ASSERT_LT(++guard, 100000u);
      // Mostly near the first missing byte, so that it gets on.
      const std::size_t base = stream.contiguous();
      const std::size_t from =
          random() % 3 == 0
              ? base
              : std::min(text.size() - 1,
                         base - std::min<std::size_t>(base, random() % 50) + random() % 100);
      const std::size_t count = 1 + random() % 1500;
      const std::string part = text.substr(from, count);
      stream.add(static_cast<std::uint32_t>(kStart + from), as_bytes(part), pool);
      ASSERT_TRUE(stream.keep(pool));
    }
    ASSERT_EQ(as_text(stream.view(pool)), text) << "seed " << seed;
    EXPECT_FALSE(stream.has_holes());
    stream.release(pool);
  }
}

// What the receiver has cannot be changed any more, so a later copy of it may say anything.
TEST(TcpStream, AcknowledgedBytesAreNotCompared) {
  BufferPool pool(16);
  TcpStream stream;
  stream.start(kStart);
  EXPECT_FALSE(stream.contradicts(kStart, as_bytes("abc"), pool)) << "nothing is there";
  stream.add(kStart, as_bytes("abcdefghijklmnopqrst"), pool);
  ASSERT_TRUE(stream.keep(pool));
  EXPECT_TRUE(stream.unacknowledged());
  EXPECT_TRUE(stream.contradicts(kStart + 2, as_bytes("cX"), pool));
  stream.acknowledge(kStart - 5);
  EXPECT_EQ(stream.acknowledged(), 0u);
  stream.acknowledge(kStart + 4);
  EXPECT_EQ(stream.acknowledged(), 4u);
  EXPECT_FALSE(stream.contradicts(kStart + 2, as_bytes("cX"), pool));
  EXPECT_FALSE(stream.contradicts(kStart - 4, as_bytes("wxyz"), pool));
  EXPECT_FALSE(stream.contradicts(kStart - 2, as_bytes("yzABCDefgh"), pool));
  EXPECT_TRUE(stream.contradicts(kStart - 2, as_bytes("yzABCDefgH"), pool));
  EXPECT_TRUE(stream.contradicts(kStart + 3, as_bytes("dX"), pool));
  EXPECT_EQ(stream.add(kStart, as_bytes("ABCDefgh"), pool), Added::nothing_new);
  EXPECT_EQ(stream.add(kStart + 2, as_bytes("CDE"), pool), Added::conflict);
  EXPECT_EQ(as_text(stream.view(pool)), "abcdefghijklmnopqrst") << "what came first stands";
  // An acknowledgement of what was never seen reaches to the end of the view.
  stream.acknowledge(kStart + 100);
  EXPECT_EQ(stream.acknowledged(), 20u);
  EXPECT_FALSE(stream.unacknowledged());
  stream.add(kStart + 22, as_bytes("w"), pool);
  EXPECT_FALSE(stream.unacknowledged()) << "beyond a hole nothing was read";
  EXPECT_TRUE(stream.contradicts(kStart + 21, as_bytes("vW"), pool));
  stream.release(pool);
}

TEST(TcpStream, WhatIsPassedOverTakesWhatIsHeldWithIt) {
  BufferPool pool(16);
  TcpStream stream;
  stream.start(kStart);
  stream.add(kStart, as_bytes("head"), pool);
  ASSERT_TRUE(stream.keep(pool));
  stream.add(kStart + 10, as_bytes("klmno"), pool);
  stream.add(kStart + 30, as_bytes("EF"), pool);
  stream.add(kStart + 40, as_bytes("O"), pool);
  stream.consume(12, pool);  // into the first range beyond the view
  EXPECT_EQ(as_text(stream.view(pool)), "mno");
  EXPECT_TRUE(stream.has_holes());
  stream.consume(25, pool);  // between ranges
  EXPECT_EQ(stream.contiguous(), 0u);
  EXPECT_EQ(stream.next_sequence(), kStart + 37);
  EXPECT_EQ(stream.add(kStart + 37, as_bytes("LMN"), pool), Added::grown);
  EXPECT_EQ(as_text(stream.view(pool)), "LMNO");
  EXPECT_FALSE(stream.has_holes());
  stream.release(pool);
}

TEST(BufferPool, TellsWhatItTakes) {
  const std::size_t few = BufferPool(4).memory();
  EXPECT_GT(few, 4 * (BufferPool::kSizes[0] + BufferPool::kSizes[1] + BufferPool::kSizes[2]));
  // Of 256 streams, an eighth may have a buffer of the middle size and a sixty-fourth a large one.
  EXPECT_GT(BufferPool(256).memory(),
            few + 252 * BufferPool::kSizes[0] + 28 * BufferPool::kSizes[1]);
}

}  // namespace
}  // namespace chatgate::stream
