#include "telemetry/line_queue.h"

#include <algorithm>

namespace chatgate::telemetry {

bool LineQueue::push(std::string_view line) {
  if (size() + line.size() > limit_) return false;
  if (sent_ == bytes_.size() || sent_ > limit_) {
    bytes_.erase(0, sent_);
    sent_ = 0;
  }
  bytes_ += line;
  return true;
}

std::uint64_t LineQueue::consume(std::size_t count) {
  const std::string_view gone = pending().substr(0, count);
  if (gone.empty()) return 0;
  torn_ = gone.back() != '\n';
  sent_ += gone.size();
  return static_cast<std::uint64_t>(std::count(gone.begin(), gone.end(), '\n'));
}

std::uint64_t LineQueue::drop_torn() {
  if (!torn_) return 0;
  sent_ = std::min(bytes_.find('\n', sent_), bytes_.size() - 1) + 1;
  torn_ = false;
  return 1;
}

std::uint64_t LineQueue::drop_all() {
  const std::string_view left = pending();
  const auto lines = std::count(left.begin(), left.end(), '\n');
  bytes_.clear();
  sent_ = 0;
  torn_ = false;
  return static_cast<std::uint64_t>(lines);
}

}  // namespace chatgate::telemetry
