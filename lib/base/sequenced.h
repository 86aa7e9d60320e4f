// A small record that several threads read and write without locks.
//
// A sequence number is odd while a writer is at work. Words are atomic, so that a torn read is a
// value to be thrown away and no race. The writer stores them with release after making the
// sequence odd, the reader loads them with acquire before it looks at the sequence again: who saw a
// new word sees the odd number or a later one. Nobody waits: a reader tries a few times, and of two
// writers one gives up.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace chatgate {

template <typename Record>
struct alignas(64) Sequenced {
  static_assert(std::is_trivially_copyable_v<Record>);
  static constexpr std::size_t kWords = (sizeof(Record) + 7) / 8;
  static constexpr unsigned kReadAttempts = 4;

  std::atomic<std::uint64_t> sequence{0};
  std::array<std::atomic<std::uint64_t>, kWords> words{};

  // `at` becomes the sequence number of what was read. False where a writer was at work at each
  // attempt.
  bool read(Record& record, std::uint64_t& at) const {
    std::array<std::uint64_t, kWords> copy;
    for (unsigned attempt = 0; attempt < kReadAttempts; ++attempt) {
      at = sequence.load(std::memory_order_acquire);
      if ((at & 1) != 0) continue;
      for (std::size_t i = 0; i < kWords; ++i) copy[i] = words[i].load(std::memory_order_acquire);
      if (sequence.load(std::memory_order_relaxed) != at) continue;
      std::memcpy(static_cast<void*>(&record), copy.data(), sizeof record);
      return true;
    }
    return false;
  }

  // False where anything was written since `at`.
  bool write(const Record& record, std::uint64_t at) {
    if (!sequence.compare_exchange_strong(at, at + 1, std::memory_order_acq_rel,
                                          std::memory_order_relaxed)) {
      return false;
    }
    std::array<std::uint64_t, kWords> copy{};
    std::memcpy(copy.data(), &record, sizeof record);
    for (std::size_t i = 0; i < kWords; ++i) words[i].store(copy[i], std::memory_order_release);
    sequence.store(at + 2, std::memory_order_release);
    return true;
  }
};

}  // namespace chatgate
