// The last events as lines, kept for whoever asks what happened.
//
// The event thread adds, the control thread reads by the numbers of the lines; each side holds the
// lock for a few copies at most, and no worker ever takes it. Memory is bounded: so many lines of
// at most `kLongest` bytes, once for all events and once for those that tell of a block, which
// would otherwise be pushed out by the rest.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace chatgate::telemetry {

class RecentEvents {
 public:
  static constexpr std::size_t kUsualLines = 1024;
  static constexpr std::size_t kLongest = 16 * 1024;  // a longer line is not kept

  enum class Kind : std::uint8_t { all, blocked };

  // `lines`: most that are kept of each kind; at least 1.
  explicit RecentEvents(std::size_t lines = kUsualLines);

  // One JSON object, with its line feed or without.
  void add(std::string_view line, bool blocked);

  struct Page {
    std::vector<std::string> lines;  // without line feeds, oldest first
    std::uint64_t next = 0;          // the number to go on from
    std::uint64_t missed = 0;        // lines from `from` on that are no longer there
  };
  // At most `most` lines from number `from` on.
  Page since(Kind kind, std::uint64_t from, std::size_t most) const;
  // The last lines, at most so many.
  Page last(Kind kind, std::size_t most) const;
  // How many there ever were: the number that the next one gets.
  std::uint64_t count(Kind kind) const;

 private:
  struct Ring {
    std::vector<std::string> lines;  // line N at N % size
    std::uint64_t next = 0;
  };

  Page read(const Ring& ring, std::uint64_t from, std::size_t most) const;
  const Ring& ring(Kind kind) const { return rings_[static_cast<std::size_t>(kind)]; }

  mutable std::mutex mutex_;
  std::array<Ring, 2> rings_;
};

}  // namespace chatgate::telemetry
