#include "telemetry/syslog_sink.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace chatgate::telemetry {
namespace {

constexpr std::size_t kSendAt = 64 * 1024;  // bytes that wait until the next flush at most
constexpr int kLookEvery = 10;              // milliseconds, at the end

}  // namespace

SyslogSink::SyslogSink(std::string word, std::variant<std::string, HostPort> receiver)
    : Sink(std::move(word)), receiver_(std::move(receiver)), back_off_(kRetry, kLongestRetry) {
  connected();
}

SyslogSink::~SyslogSink() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

// False, with what happened kept for the report.
bool SyslogSink::failed(std::string_view what, int error) {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  set_trouble(std::string(what) + (error == 0 ? "" : std::string(": ") + std::strerror(error)));
  back_off_.failed(Clock::now());
  return false;
}

bool SyslogSink::use(int descriptor, const sockaddr* address, socklen_t size) {
  descriptor_ = descriptor;
  if (descriptor < 0 || ::connect(descriptor, address, size) != 0) {
    return failed("cannot be reached", errno);
  }
  back_off_.succeeded();
  return true;
}

bool SyslogSink::connect_local(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return failed("the path is too long", 0);
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return use(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
             reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

bool SyslogSink::connect_remote() {
  if (!looking_up_) lookup_.start(std::get<HostPort>(receiver_), SOCK_DGRAM);
  looking_up_ = true;
  const auto addresses = lookup_.take();
  if (!addresses) return false;
  looking_up_ = false;
  if (addresses->empty()) return failed("its name is not known", 0);
  const SocketAddress& address = addresses->front();
  return use(::socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
             address.get(), address.size);
}

bool SyslogSink::connected() {
  if (descriptor_ >= 0) return true;
  if (!looking_up_ && !back_off_.due(Clock::now())) return false;
  const auto* path = std::get_if<std::string>(&receiver_);
  return path != nullptr ? connect_local(*path) : connect_remote();
}

bool SyslogSink::take(std::string_view line) {
  if (!queue_.push(line)) return false;
  if (queue_.size() >= kSendAt) SyslogSink::flush();
  return true;
}

SyslogSink::Step SyslogSink::send_one(std::string_view line) {
  message_.clear();
  append_syslog(message_, line, origin_);
  // The first error may be of an earlier datagram, which a host refused (RFC 1122 section 4.1.3.3).
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (::send(descriptor_, message_.data(), message_.size(), MSG_NOSIGNAL) >= 0) {
      count_written(queue_.consume(line.size()));
      return Step::sent;
    }
    if (errno != ECONNREFUSED && errno != EINTR) break;
  }
  switch (errno) {
    // The receiver's queue, or the device's, is full.
    case EAGAIN:
    case ENOBUFS: return Step::later;
    case EMSGSIZE:
      set_trouble("a message is too long for it");
      count_lost(queue_.consume(line.size()));
      return Step::sent;
    default: failed("does not take messages", errno); return Step::later;
  }
}

void SyslogSink::flush() {
  while (!queue_.empty() && connected()) {
    const std::string_view pending = queue_.pending();
    if (send_one(pending.substr(0, pending.find('\n') + 1)) == Step::later) return;
  }
}

void SyslogSink::finish(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  flush();
  while (!queue_.empty() && (descriptor_ >= 0 || looking_up_) && Clock::now() < deadline) {
    pollfd ready{descriptor_, POLLOUT, 0};
    ::poll(&ready, descriptor_ >= 0 ? 1 : 0, kLookEvery);
    flush();
  }
  count_lost(queue_.drop_all());
}

}  // namespace chatgate::telemetry
