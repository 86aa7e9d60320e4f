#include "telemetry/redis_sink.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

namespace chatgate::telemetry {
namespace {

constexpr std::size_t kSendAt = 64 * 1024;  // bytes of lines, and of commands, made at a time
constexpr int kLookEvery = 10;              // milliseconds, at the end
constexpr int kMostReads = 16;              // of one flush

// Errors that tell of the server's state and not of the line: it is sent again later.
constexpr std::array<std::string_view, 6> kNotNow = {"LOADING",    "NOAUTH",   "WRONGPASS",
                                                     "MASTERDOWN", "READONLY", "NOPERM"};

bool is_not_now(std::string_view error) {
  return std::any_of(kNotNow.begin(), kNotNow.end(),
                     [&](std::string_view word) { return error.starts_with(word); });
}

std::string with_reason(std::string_view what, int error) {
  return std::string(what) + ": " + std::strerror(error);
}

}  // namespace

RedisSink::RedisSink(std::string word, RedisTarget target, std::chrono::milliseconds patience)
    : Sink(std::move(word)),
      target_(std::move(target)),
      length_(std::to_string(target_.length)),
      patience_(patience),
      back_off_(kRetry, kLongestRetry) {
  begin();
}

RedisSink::~RedisSink() {
  hang_up();
}

void RedisSink::hang_up() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  state_ = State::absent;
  commanded_ = unanswered_ = sent_ = 0;
  out_.clear();
}

void RedisSink::failed(std::string what) {
  hang_up();
  set_trouble(std::move(what));
  back_off_.failed(Clock::now());
}

void RedisSink::begin() {
  if (!back_off_.due(Clock::now())) return;
  lookup_.start(target_.server, SOCK_STREAM);
  state_ = State::looking_up;
  look_up();
}

void RedisSink::look_up() {
  auto found = lookup_.take();
  if (!found) return;
  addresses_ = std::move(*found);
  if (addresses_.empty()) return failed("its name is not known");
  std::reverse(addresses_.begin(), addresses_.end());
  connect_next();
}

// Begins to connect to the next address; each has the whole time.
void RedisSink::connect_next() {
  const SocketAddress address = addresses_.back();
  addresses_.pop_back();
  descriptor_ = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return failed(with_reason("no socket", errno));
  const int yes = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  state_ = State::connecting;
  deadline_ = Clock::now() + patience_;
  if (::connect(descriptor_, address.get(), address.size) == 0) return connected();
  if (errno == EINPROGRESS) return;
  const int error = errno;
  if (addresses_.empty()) return failed(with_reason("cannot be reached", error));
  hang_up();
  connect_next();
}

void RedisSink::connecting() {
  pollfd ready{descriptor_, POLLOUT, 0};
  int error = ETIMEDOUT;
  if (::poll(&ready, 1, 0) == 1) {
    socklen_t size = sizeof error;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) return connected();
  } else if (!late()) {
    return;
  }
  if (addresses_.empty()) return failed(with_reason("cannot be reached", error));
  hang_up();
  connect_next();
}

void RedisSink::connected() {
  replies_.clear();
  state_ = State::open;
  if (target_.password.empty()) return;
  state_ = State::greeting;
  if (target_.user.empty()) {
    append_command(out_, {"AUTH", target_.password});
  } else {
    append_command(out_, {"AUTH", target_.user, target_.password});
  }
  deadline_ = Clock::now() + patience_;
}

void RedisSink::add_commands() {
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  }
  while (unanswered_ < kMostUnanswered && out_.size() < kSendAt && commanded_ < queue_.size()) {
    const std::string_view rest = queue_.pending().substr(commanded_);
    const std::string_view line = rest.substr(0, rest.find('\n'));
    append_command(out_, {"XADD", target_.stream, "MAXLEN", "~", length_, "*", "eve", line});
    commanded_ += line.size() + 1;
    if (unanswered_++ == 0) deadline_ = Clock::now() + patience_;
  }
}

void RedisSink::send_out() {
  while (sent_ < out_.size()) {
    const ssize_t count =
        ::send(descriptor_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (count >= 0) {
      sent_ += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno != EINTR) {
      return failed(with_reason("the connection broke", errno));
    }
  }
}

void RedisSink::answered(const ReplyReader::Reply& reply) {
  const bool greeting = state_ == State::greeting;
  if (reply.is_error && (greeting || is_not_now(reply.text))) {
    return failed("the server says " + reply.text);
  }
  deadline_ = Clock::now() + patience_;
  back_off_.succeeded();
  if (greeting) {
    state_ = State::open;
    return;
  }
  if (unanswered_ == 0) return failed("the server answers what nobody asked");
  --unanswered_;
  const std::string_view pending = queue_.pending();
  const std::size_t size = pending.find('\n') + 1;
  commanded_ -= size;
  const std::uint64_t lines = queue_.consume(size);
  if (!reply.is_error) return count_written(lines);
  set_trouble("the server says " + reply.text);
  count_lost(lines);
}

void RedisSink::receive() {
  std::array<char, 16 * 1024> buffer;
  for (int i = 0; i < kMostReads; ++i) {
    const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (count < 0) return failed(with_reason("the connection broke", errno));
    if (count == 0) return failed("the server hung up");
    replies_.feed({buffer.data(), static_cast<std::size_t>(count)});
    while (const auto reply = replies_.next()) {
      answered(*reply);
      if (descriptor_ < 0) return;
    }
    if (replies_.broken()) return failed("the server does not speak as Redis does");
  }
  const bool awaited = state_ == State::greeting || unanswered_ != 0;
  if (awaited && late()) failed("the server does not answer");
}

void RedisSink::flush() {
  switch (state_) {
    case State::absent: begin(); break;
    case State::looking_up: look_up(); break;
    case State::connecting: connecting(); break;
    default: receive();
  }
  if (state_ == State::open) add_commands();
  if (state_ >= State::greeting) send_out();
}

bool RedisSink::take(std::string_view line) {
  if (!queue_.push(line)) return false;
  if (queue_.size() - commanded_ >= kSendAt && state_ == State::open) RedisSink::flush();
  return true;
}

void RedisSink::finish(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  flush();
  while (!queue_.empty() && state_ != State::absent && Clock::now() < deadline) {
    pollfd ready{descriptor_, POLLIN, 0};
    ::poll(&ready, descriptor_ >= 0 ? 1 : 0, kLookEvery);
    flush();
  }
  count_lost(queue_.drop_all());
  hang_up();
}

}  // namespace chatgate::telemetry
