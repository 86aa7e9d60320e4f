#include "stream/tcp_stream.h"

#include <algorithm>
#include <cstring>

namespace chatgate::stream {

Added TcpStream::add(std::uint32_t sequence, Bytes payload, BufferPool& pool) {
  borrowed_ = {};
  // Signed distance, so that it holds over the wrap-around of sequence numbers.
  const auto distance = static_cast<std::int32_t>(sequence - base_);
  if (distance < 0) {
    const auto before = static_cast<std::uint32_t>(-static_cast<std::int64_t>(distance));
    if (before >= payload.size()) return Added::nothing_new;
    payload = payload.subspan(before);
  }
  if (payload.empty()) return Added::nothing_new;
  const std::uint32_t begin = distance < 0 ? 0 : static_cast<std::uint32_t>(distance);
  if (begin > kMaxAhead || payload.size() > kMaxAhead - begin) return Added::beyond_limit;
  const auto end = static_cast<std::uint32_t>(begin + payload.size());

  if (contiguous_ == 0 && range_count_ == 0 && begin == 0) {
    borrowed_ = payload;
    contiguous_ = end;
    return Added::grown;
  }
  if (buffer_.valid() && !agrees(begin, payload, pool.bytes(buffer_))) return Added::conflict;
  if (end <= contiguous_) return Added::nothing_new;
  const Range range{begin, end};
  if (begin > contiguous_ && !room_for_range(range)) return Added::beyond_limit;
  if (!reserve(end, pool)) return Added::no_memory;
  // What is in the view stays as it was first seen, also where a differing copy no longer matters.
  const std::uint32_t fresh = std::max(begin, contiguous_);
  std::memcpy(pool.bytes(buffer_).data() + fresh, payload.data() + (fresh - begin), end - fresh);
  if (begin > contiguous_) return insert_range(range) ? Added::held : Added::nothing_new;
  contiguous_ = end;
  join_ranges();
  return Added::grown;
}

Bytes TcpStream::view(BufferPool& pool) const {
  if (!borrowed_.empty()) return borrowed_;
  if (!buffer_.valid()) return {};
  return Bytes(pool.bytes(buffer_)).first(contiguous_);
}

bool TcpStream::keep(BufferPool& pool) {
  if (borrowed_.empty()) return true;
  const Bytes segment = borrowed_;
  borrowed_ = {};
  if (!reserve(static_cast<std::uint32_t>(segment.size()), pool)) return false;
  std::memcpy(pool.bytes(buffer_).data(), segment.data(), segment.size());
  return true;
}

void TcpStream::consume(std::uint32_t count, BufferPool& pool) {
  base_ += count;
  if (!borrowed_.empty()) {
    borrowed_ = borrowed_.subspan(std::min<std::size_t>(count, borrowed_.size()));
  } else if (buffer_.valid()) {
    const std::uint32_t stored = range_count_ == 0 ? contiguous_ : ranges_[range_count_ - 1].end;
    std::uint8_t* bytes = pool.bytes(buffer_).data();
    if (stored > count) std::memmove(bytes, bytes + count, stored - count);
  }
  const auto moved = [count](std::uint32_t offset) { return std::max(offset, count) - count; };
  contiguous_ = moved(contiguous_);
  acknowledged_ = moved(acknowledged_);
  std::size_t left = 0;
  for (std::size_t i = 0; i < range_count_; ++i) {
    const Range range{moved(ranges_[i].begin), moved(ranges_[i].end)};
    if (range.end != 0) ranges_[left++] = range;
  }
  range_count_ = static_cast<std::uint8_t>(left);
  join_ranges();
  if (contiguous_ == 0 && range_count_ == 0) release(pool);
}

void TcpStream::release(BufferPool& pool) {
  pool.release(buffer_);
  buffer_ = {};
  borrowed_ = {};
}

bool TcpStream::contradicts(std::uint32_t sequence, Bytes payload, BufferPool& pool) const {
  if (!buffer_.valid()) return false;
  const auto distance = static_cast<std::int32_t>(sequence - base_);
  if (distance < 0) {
    const auto before = static_cast<std::uint32_t>(-static_cast<std::int64_t>(distance));
    if (before >= payload.size()) return false;
    payload = payload.subspan(before);
  }
  const std::uint32_t begin = distance < 0 ? 0 : static_cast<std::uint32_t>(distance);
  return !agrees(begin, payload, pool.bytes(buffer_));
}

void TcpStream::acknowledge(std::uint32_t sequence) {
  const auto distance = static_cast<std::int32_t>(sequence - base_);
  if (distance <= 0) return;
  acknowledged_ =
      std::max(acknowledged_, std::min(static_cast<std::uint32_t>(distance), contiguous_));
}

// A buffer of at least `size` bytes that holds what was stored before.
bool TcpStream::reserve(std::uint32_t size, BufferPool& pool) {
  if (buffer_.valid() && size <= pool.bytes(buffer_).size()) return true;
  const BufferPool::Handle larger = pool.acquire(size);
  if (!larger.valid()) return false;
  if (buffer_.valid()) {
    const MutableBytes old = pool.bytes(buffer_);
    std::memcpy(pool.bytes(larger).data(), old.data(), old.size());
    pool.release(buffer_);
  }
  buffer_ = larger;
  return true;
}

// Whether `payload` at `begin` equals what is stored wherever something is that still matters.
bool TcpStream::agrees(std::uint32_t begin, Bytes payload, Bytes stored) const {
  const auto end = static_cast<std::uint32_t>(begin + payload.size());
  const auto same = [&](Range range) {
    const std::uint32_t from = std::max(begin, range.begin);
    const std::uint32_t to = std::min(end, range.end);
    return from >= to ||
           std::memcmp(payload.data() + (from - begin), stored.data() + from, to - from) == 0;
  };
  return same({acknowledged_, contiguous_}) &&
         std::all_of(ranges_.begin(), ranges_.begin() + range_count_, same);
}

bool TcpStream::room_for_range(Range range) const {
  if (range_count_ < kMaxRanges) return true;
  // Still fits where it touches one that is there.
  return std::any_of(ranges_.begin(), ranges_.begin() + range_count_, [&](const Range& other) {
    return range.begin <= other.end && other.begin <= range.end;
  });
}

// Adds a range beyond the view, merged with those it touches; false where it brought nothing new.
bool TcpStream::insert_range(Range range) {
  std::array<Range, kMaxRanges + 1> merged;
  std::size_t count = 0;
  bool placed = false;
  for (std::size_t i = 0; i < range_count_; ++i) {
    const Range& other = ranges_[i];
    if (other.begin <= range.begin && range.end <= other.end) return false;
    if (range.begin <= other.end && other.begin <= range.end) {
      range = {std::min(range.begin, other.begin), std::max(range.end, other.end)};
      continue;
    }
    if (!placed && range.end < other.begin) {
      merged[count++] = range;
      placed = true;
    }
    merged[count++] = other;
  }
  if (!placed) merged[count++] = range;
  std::sort(merged.begin(), merged.begin() + static_cast<std::ptrdiff_t>(count),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
  std::copy_n(merged.begin(), count, ranges_.begin());
  range_count_ = static_cast<std::uint8_t>(count);
  return true;
}

// Takes ranges that the grown view has reached into it.
void TcpStream::join_ranges() {
  std::size_t joined = 0;
  while (joined < range_count_ && ranges_[joined].begin <= contiguous_) {
    contiguous_ = std::max(contiguous_, ranges_[joined].end);
    ++joined;
  }
  std::copy(ranges_.begin() + static_cast<std::ptrdiff_t>(joined), ranges_.begin() + range_count_,
            ranges_.begin());
  range_count_ = static_cast<std::uint8_t>(range_count_ - joined);
}

}  // namespace chatgate::stream
