#include "proto/quic_reassembly.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace chatgate::proto::quic {
namespace {

bool is_present(const std::uint64_t* present, std::uint32_t at) {
  return (present[at / 64] >> (at % 64) & 1) != 0;
}

void mark_present(std::uint64_t* present, std::uint32_t begin, std::uint32_t end) {
  while (begin < end) {
    const std::uint32_t bit = begin % 64;
    const std::uint32_t count = std::min(64 - bit, end - begin);
    present[begin / 64] |= (~std::uint64_t{0} >> (64 - count)) << bit;
    begin += count;
  }
}

// The first byte from `at` on that is not present, at most `end`.
std::uint32_t first_missing(const std::uint64_t* present, std::uint32_t at, std::uint32_t end) {
  while (at < end) {
    const std::uint64_t missing = ~present[at / 64] >> (at % 64);
    if (missing != 0)
      return std::min(end, at + static_cast<std::uint32_t>(std::countr_zero(missing)));
    at = (at / 64 + 1) * 64;
  }
  return end;
}

}  // namespace

void StreamPool::Class::make(std::uint32_t size_of_one, std::uint32_t number) {
  size = size_of_one;
  count = number;
  // Not value-initialised: pages are touched when they are first used.
  bytes.reset(new std::uint8_t[std::size_t{count} * size]);
  present.reset(new std::uint64_t[std::size_t{count} * (size / 64)]);
  free.reserve(count);
  for (std::uint32_t index = count; index-- > 0;) free.push_back(index);
}

StreamPool::StreamPool(std::uint32_t streams) {
  small_.make(kSmall, std::max<std::uint32_t>(streams, 1));
  large_.make(kMaxStream, std::max<std::uint32_t>(streams / 32, 4));
}

bool StreamPool::acquire(CryptoStream& stream, bool large) {
  Class& from = large ? large_ : small_;
  if (from.free.empty()) return false;
  stream.buffer_ = from.free.back();
  stream.large_ = large;
  from.free.pop_back();
  std::fill_n(from.present_of(stream.buffer_), from.size / 64, 0);
  return true;
}

bool StreamPool::take_buffer(CryptoStream& stream, std::uint32_t end) {
  if (stream.buffer_ == CryptoStream::kNone) {
    return (end <= kSmall && acquire(stream, false)) || acquire(stream, true);
  }
  if (stream.large_ || end <= kSmall) return true;
  const std::uint32_t old = stream.buffer_;
  if (!acquire(stream, true)) return false;
  std::memcpy(large_.bytes_of(stream.buffer_), small_.bytes_of(old), stream.end_);
  std::memcpy(large_.present_of(stream.buffer_), small_.present_of(old), kSmall / 8);
  small_.free.push_back(old);
  return true;
}

StreamPool::Stored StreamPool::store(CryptoStream& stream, std::uint64_t offset, Bytes data) {
  if (offset > kMaxStream || data.size() > kMaxStream - offset) return Stored::too_long;
  if (data.empty()) return Stored::stored;
  const auto begin = static_cast<std::uint32_t>(offset);
  const auto end = static_cast<std::uint32_t>(begin + data.size());
  if (!take_buffer(stream, end)) return Stored::no_room;

  std::uint8_t* const bytes = class_of(stream).bytes_of(stream.buffer_);
  std::uint64_t* const present = class_of(stream).present_of(stream.buffer_);
  if (begin >= stream.end_) {
    std::memcpy(bytes + begin, data.data(), data.size());
  } else if (end <= stream.contiguous_) {
    if (std::memcmp(bytes + begin, data.data(), data.size()) != 0) return Stored::conflict;
    return Stored::stored;
  } else {
    for (std::uint32_t at = begin; at < end; ++at) {
      const std::uint8_t byte = data[at - begin];
      if (!is_present(present, at)) {
        bytes[at] = byte;
      } else if (bytes[at] != byte) {
        return Stored::conflict;
      }
    }
  }
  mark_present(present, begin, end);
  stream.end_ = std::max(stream.end_, end);
  stream.contiguous_ = first_missing(present, stream.contiguous_, stream.end_);
  return Stored::stored;
}

Bytes StreamPool::contiguous(const CryptoStream& stream) const {
  if (stream.buffer_ == CryptoStream::kNone) return {};
  const Class& in = stream.large_ ? large_ : small_;
  return {in.bytes.get() + std::size_t{stream.buffer_} * in.size, stream.contiguous_};
}

void StreamPool::release(CryptoStream& stream) {
  if (stream.buffer_ != CryptoStream::kNone) class_of(stream).free.push_back(stream.buffer_);
  stream = {};
}

std::size_t StreamPool::memory() const {
  std::size_t total = 0;
  for (const Class* pool : {&small_, &large_}) {
    total += std::size_t{pool->count} * (pool->size + pool->size / 8 + sizeof(std::uint32_t));
  }
  return total;
}

}  // namespace chatgate::proto::quic
