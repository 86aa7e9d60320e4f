// Reads files of event lines, rotated and compressed (gzip) ones too.
//
// For `chatgate report`, on one thread. Memory is bounded by the longest line that is taken. What
// cannot be read is told with its place and passed over; nothing throws.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace chatgate::report {

constexpr std::size_t kLongestLine = 1 << 20;  // events are a few kilobytes at most

struct LineHandler {
  std::function<void(std::string_view line, std::uint64_t number)> line;  // without its line feed
  // A line that is too long, or where the file breaks off.
  std::function<void(std::uint64_t number, std::string_view what)> damage;
};

// False, and an empty or a half answer, where the file cannot be opened.
bool read_lines(const std::string& path, const LineHandler& handler);

}  // namespace chatgate::report
