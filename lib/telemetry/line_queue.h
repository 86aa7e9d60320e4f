// Whole lines that wait to go down a file descriptor, with a bound.
//
// What every sink over a descriptor needs: a short write must not tear a line for its reader, and
// what is lost is counted in lines. Used by one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chatgate::telemetry {

class LineQueue {
 public:
  explicit LineQueue(std::size_t limit) : limit_(limit) {}

  // False, and nothing taken, where the line would exceed the limit.
  bool push(std::string_view line);

  bool empty() const { return sent_ == bytes_.size(); }
  std::size_t size() const { return bytes_.size() - sent_; }
  std::string_view pending() const { return std::string_view(bytes_).substr(sent_); }

  // `count` bytes of `pending` went out; answers how many lines were completed by them.
  std::uint64_t consume(std::size_t count);
  // Forgets the line of which a part went out already, if there is one; answers how many (0 or 1).
  std::uint64_t drop_torn();
  // Forgets everything; answers how many lines that were, a torn one included.
  std::uint64_t drop_all();

 private:
  std::size_t limit_;
  std::string bytes_;
  std::size_t sent_ = 0;  // bytes from the front that are gone
  bool torn_ = false;     // the byte before `sent_` was not a line feed
};

}  // namespace chatgate::telemetry
