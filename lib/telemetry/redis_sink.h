// Event lines into a stream of Redis, one entry an event: XADD STREAM MAXLEN ~ N * eve LINE.
//
// Commands are pipelined over one TCP connection; a line counts as written once the server has
// answered its command, and waits until then. What a lost connection left unanswered is sent again
// on the next one: an event may stand in the stream twice, after a break, and is never lost by one
// as long as there is room. While the server is absent or slow lines wait, four mebibytes of them
// at most; the rest is lost and counted. A server that owes an answer for five seconds is hung up
// on. Tried again after a quarter of a second, up to 30 seconds.
#pragma once

#include <string>
#include <vector>

#include "base/host_port.h"
#include "telemetry/address_lookup.h"
#include "telemetry/back_off.h"
#include "telemetry/line_queue.h"
#include "telemetry/redis_protocol.h"
#include "telemetry/sink.h"

namespace chatgate::telemetry {

struct RedisTarget {
  static constexpr std::uint16_t kDefaultPort = 6379;
  static constexpr std::uint64_t kDefaultLength = 100'000;

  HostPort server;
  std::string stream;
  std::string user, password;             // both empty: no AUTH; no user: the default one
  std::uint64_t length = kDefaultLength;  // entries the stream keeps, approximately
};

class RedisSink final : public Sink {
 public:
  static constexpr std::size_t kQueueLimit = 4 << 20;
  static constexpr std::size_t kMostUnanswered = 1024;
  static constexpr std::chrono::milliseconds kRetry{250};
  static constexpr std::chrono::milliseconds kLongestRetry{30'000};
  static constexpr std::chrono::milliseconds kPatience{5000};  // to connect, and for an answer

  RedisSink(std::string word, RedisTarget target, std::chrono::milliseconds patience = kPatience);
  ~RedisSink() override;

  bool take(std::string_view line) override;
  void flush() override;
  void finish(std::chrono::milliseconds patience) override;

 private:
  using Clock = BackOff::Clock;
  enum class State : std::uint8_t { absent, looking_up, connecting, greeting, open };

  void begin();
  void look_up();
  void connect_next();
  void connecting();
  void connected();
  void add_commands();
  void send_out();
  void receive();
  void answered(const ReplyReader::Reply& reply);
  void failed(std::string what);
  void hang_up();
  bool late() const { return Clock::now() > deadline_; }

  const RedisTarget target_;
  const std::string length_;
  const std::chrono::milliseconds patience_;
  State state_ = State::absent;
  int descriptor_ = -1;
  AddressLookup lookup_;
  std::vector<SocketAddress> addresses_;  // not tried yet, the last one next
  BackOff back_off_;
  Clock::time_point deadline_{};  // of what is awaited

  LineQueue queue_{kQueueLimit};
  std::size_t commanded_ = 0;   // bytes from the queue's front for which commands were made
  std::size_t unanswered_ = 0;  // these commands
  std::string out_;             // commands on their way
  std::size_t sent_ = 0;        // bytes of these that are gone
  ReplyReader replies_;
};

}  // namespace chatgate::telemetry
