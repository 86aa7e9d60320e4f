// Event lines to syslog: the machine's own (/dev/log), or over UDP (RFC 5426).
//
// One datagram an event. While the receiver is absent or reads too slowly lines wait, a mebibyte of
// them at most; the rest is lost and counted. Tried again after a second, up to 30. What UDP loses
// on its way nobody knows: such a line counts as written.
#pragma once

#include <variant>

#include "base/host_port.h"
#include "telemetry/address_lookup.h"
#include "telemetry/back_off.h"
#include "telemetry/line_queue.h"
#include "telemetry/sink.h"
#include "telemetry/syslog_message.h"

namespace chatgate::telemetry {

class SyslogSink final : public Sink {
 public:
  static constexpr std::string_view kLocal = "/dev/log";
  static constexpr std::size_t kQueueLimit = 1 << 20;
  static constexpr std::chrono::milliseconds kRetry{1000};
  static constexpr std::chrono::milliseconds kLongestRetry{30'000};

  // `receiver`: path of a local datagram socket, or a host and port.
  SyslogSink(std::string word, std::variant<std::string, HostPort> receiver);
  ~SyslogSink() override;

  bool take(std::string_view line) override;
  void flush() override;
  void finish(std::chrono::milliseconds patience) override;

 private:
  using Clock = BackOff::Clock;
  enum class Step : std::uint8_t { sent, later };

  bool connected();
  bool connect_local(const std::string& path);
  bool connect_remote();
  bool use(int descriptor, const sockaddr* address, socklen_t size);
  bool failed(std::string_view what, int error);
  Step send_one(std::string_view line);

  const std::variant<std::string, HostPort> receiver_;
  const SyslogOrigin origin_ = own_origin();
  int descriptor_ = -1;
  bool looking_up_ = false;
  AddressLookup lookup_;
  BackOff back_off_;
  LineQueue queue_{kQueueLimit};
  std::string message_;
};

}  // namespace chatgate::telemetry
