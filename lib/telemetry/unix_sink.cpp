#include "telemetry/unix_sink.h"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace chatgate::telemetry {
namespace {

constexpr std::size_t kSendAt = 64 * 1024;  // bytes that wait until the next flush at most

}  // namespace

const std::size_t UnixSink::kPathLimit = sizeof(sockaddr_un::sun_path) - 1;

UnixSink::UnixSink(std::string word, std::string path)
    : Sink(std::move(word)), path_(std::move(path)) {
  connected();
}

UnixSink::~UnixSink() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

// Tries to connect where it is time to. A local connect that would have to wait (the peer's queue
// is full) fails with EAGAIN and counts as absent.
bool UnixSink::connected() {
  if (descriptor_ >= 0) return true;
  const auto now = Clock::now();
  if (now < next_attempt_) return false;
  next_attempt_ = now + kRetry;

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() > kPathLimit) return false;
  path_.copy(address.sun_path, kPathLimit);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(descriptor);
    return false;
  }
  descriptor_ = descriptor;
  return true;
}

void UnixSink::disconnect() {
  ::close(descriptor_);
  descriptor_ = -1;
  // Its other end had a part of this line; on a new connection it would be a torn one.
  count_lost(queue_.drop_torn());
}

bool UnixSink::take(std::string_view line) {
  if (!connected() || !queue_.push(line)) return false;
  if (queue_.size() >= kSendAt) send_out();
  return true;
}

void UnixSink::flush() {
  if (!queue_.empty() && connected()) send_out();
}

void UnixSink::send_out() {
  while (!queue_.empty()) {
    const std::string_view pending = queue_.pending();
    const ssize_t count = ::send(descriptor_, pending.data(), pending.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      count_written(queue_.consume(static_cast<std::size_t>(count)));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno != EINTR) {
      disconnect();
      return;
    }
  }
}

void UnixSink::finish(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  flush();
  while (!queue_.empty() && descriptor_ >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) break;
    pollfd ready{descriptor_, POLLOUT, 0};
    if (::poll(&ready, 1, static_cast<int>(left)) < 0 && errno != EINTR) break;
    send_out();
  }
  count_lost(queue_.drop_all());
}

}  // namespace chatgate::telemetry
