// Text that is put together piece by piece in memory taken once.
//
// For what the detection engine builds of bytes that do not lie in one piece: normalised URIs,
// joined fields, decoded bodies. What no longer fits is cut; whoever makes a Scratch gives it room
// for the longest text that can come. Views are good until the next clear().
//
// Threads: one worker's. Memory is taken by the constructor only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/bytes.h"

namespace chatgate::detect {

class Scratch {
 public:
  explicit Scratch(std::size_t capacity)
      : memory_(std::make_unique<std::uint8_t[]>(capacity)), capacity_(capacity) {}

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  void clear() { size_ = 0; }

  void add(char c) {
    if (size_ < capacity_) memory_[size_++] = static_cast<std::uint8_t>(c);
  }
  void add(std::string_view text) {
    const std::size_t count = std::min(text.size(), capacity_ - size_);
    if (count > 0) std::memcpy(memory_.get() + size_, text.data(), count);
    size_ += count;
  }

  // What was added since the text had `begin` bytes.
  std::string_view since(std::size_t begin) const { return as_text(bytes().subspan(begin)); }
  Bytes bytes() const { return {memory_.get(), size_}; }

  // The same to be changed in place, and cut to the first `size` bytes.
  MutableBytes open(std::size_t begin) { return {memory_.get() + begin, size_ - begin}; }
  void cut(std::size_t size) { size_ = std::min(size_, size); }

  // All of the memory, for one who writes there himself and then says how much.
  MutableBytes room() { return {memory_.get(), capacity_}; }
  void fill(std::size_t size) { size_ = std::min(size, capacity_); }

 private:
  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t capacity_;
  std::size_t size_ = 0;
};

}  // namespace chatgate::detect
