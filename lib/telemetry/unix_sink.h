// Event lines to a local stream socket on which a collector listens.
//
// Connects without waiting and again, at most once a second, when the peer went away. While there
// is no peer lines are lost and counted; while it is slow they wait, a mebibyte of them at most. A
// new connection starts with a whole line. What the peer had not read when it went away is counted
// as written.
#pragma once

#include "telemetry/line_queue.h"
#include "telemetry/sink.h"

namespace chatgate::telemetry {

class UnixSink final : public Sink {
 public:
  UnixSink(std::string word, std::string path);
  ~UnixSink() override;

  bool take(std::string_view line) override;
  void flush() override;
  void finish(std::chrono::milliseconds patience) override;

  static constexpr std::size_t kQueueLimit = 1 << 20;
  static constexpr std::chrono::milliseconds kRetry{1000};
  // Longest path a local socket address holds.
  static const std::size_t kPathLimit;

 private:
  using Clock = std::chrono::steady_clock;

  bool connected();
  void disconnect();
  void send_out();

  const std::string path_;
  int descriptor_ = -1;
  Clock::time_point next_attempt_{};
  LineQueue queue_{kQueueLimit};
};

}  // namespace chatgate::telemetry
