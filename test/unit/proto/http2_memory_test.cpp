// The HPACK decoder's memory keeps to what a heap promises, within its bounds.
#include "proto/http2_memory.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>

namespace chatgate::proto::http2 {
namespace {

class DecoderMemoryTest : public ::testing::Test {
 protected:
  DecoderMemoryTest() { memory_.start(arena_.get(), *long_strings_); }

  void* take(std::size_t size) { return functions().malloc(size, functions().mem_user_data); }
  void* take_zeroed(std::size_t count, std::size_t size) {
    return functions().calloc(count, size, functions().mem_user_data);
  }
  void give_back(void* memory) { functions().free(memory, functions().mem_user_data); }
  nghttp2_mem& functions() { return *memory_.functions(); }

  std::unique_ptr<std::byte[]> arena_ = std::make_unique<std::byte[]>(kArena);
  std::unique_ptr<LongStrings> long_strings_ = std::make_unique<LongStrings>();
  DecoderMemory memory_;
};

TEST_F(DecoderMemoryTest, ZeroesWhatIsAskedForZeroed) {
  void* const used = take(512);
  ASSERT_NE(used, nullptr);
  std::memset(used, 0xff, 512);
  give_back(used);
  auto* const zeroed = static_cast<std::uint8_t*>(take_zeroed(32, 16));
  ASSERT_NE(zeroed, nullptr);
  EXPECT_TRUE(std::all_of(zeroed, zeroed + 512, [](std::uint8_t byte) { return byte == 0; }));
  give_back(zeroed);
  give_back(nullptr);
  // A product that is beyond every number, and one that is beyond the arena.
  EXPECT_EQ(take_zeroed(SIZE_MAX / 2, 4), nullptr);
  EXPECT_EQ(take_zeroed(2, kArena), nullptr);
}

TEST_F(DecoderMemoryTest, EndsWithTheArena) {
  std::size_t taken = 0;
  while (take(1024) != nullptr) ASSERT_LT(++taken, kArena / 1024);
  EXPECT_GT(taken, kArena / 1024 / 2);
  EXPECT_EQ(take_zeroed(1, 1024), nullptr);
  // Long strings have a place of their own.
  void* const text = take(kMaxBlock);
  ASSERT_NE(text, nullptr);
  EXPECT_TRUE(long_strings_->owns(text));
  give_back(text);
  EXPECT_FALSE(long_strings_->in_use());
}

TEST_F(DecoderMemoryTest, ResizesNothing) {
  void* const memory = take(64);
  EXPECT_EQ(functions().realloc(memory, 128, functions().mem_user_data), nullptr);
  give_back(memory);
}

}  // namespace
}  // namespace chatgate::proto::http2
