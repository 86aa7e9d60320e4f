#include "telemetry/file_sink.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace chatgate::telemetry {
namespace {

constexpr std::size_t kQueueLimit = 1 << 20;
constexpr std::size_t kWriteAt = 64 * 1024;

int open_for_append(const std::string& path, int more) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | more, 0640);
}

}  // namespace

FileSink::FileSink(std::string word, std::string path, int descriptor)
    : Sink(std::move(word)), path_(std::move(path)), descriptor_(descriptor), queue_(kQueueLimit) {}

FileSink::~FileSink() {
  FileSink::flush();
  if (!path_.empty()) ::close(descriptor_);
}

std::unique_ptr<FileSink> FileSink::open(std::string word, std::string path, Existing existing,
                                         Diagnostics& diagnostics) {
  const int descriptor = open_for_append(path, existing == Existing::truncate ? O_TRUNC : 0);
  if (descriptor < 0) {
    diagnostics.error({path}, std::string("cannot be written: ") + std::strerror(errno));
    return nullptr;
  }
  return std::unique_ptr<FileSink>(new FileSink(std::move(word), std::move(path), descriptor));
}

std::unique_ptr<FileSink> FileSink::standard_output(SlowReader slow) {
  std::unique_ptr<FileSink> sink(new FileSink("-", {}, STDOUT_FILENO));
  sink->waits_ = slow == SlowReader::waits;
  return sink;
}

// How many bytes can be written without waiting for a reader: a pipe that is ready takes these
// (pipe(7)); a file always is.
std::size_t FileSink::room() const {
  if (waits_) return SIZE_MAX;
  pollfd ready{descriptor_, POLLOUT, 0};
  return ::poll(&ready, 1, 0) == 1 ? PIPE_BUF : 0;
}

bool FileSink::take(std::string_view line) {
  if (!queue_.push(line)) return false;
  if (queue_.size() >= kWriteAt) write_out();
  return true;
}

void FileSink::flush() {
  write_out();
}

// False where the rest has to wait (a full disk, a pipe that nobody reads): it stays queued
// up to the limit, so that a line that was begun is completed once there is room again.
bool FileSink::write_out() {
  while (!queue_.empty()) {
    const std::string_view pending = queue_.pending();
    const std::size_t size = std::min(pending.size(), room());
    if (size == 0) errno = EAGAIN;
    const ssize_t count = size == 0 ? -1 : ::write(descriptor_, pending.data(), size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      set_trouble(std::strerror(error));
      errno = error;
    }
    if (count < 0 && errno == EPIPE) {
      count_lost(queue_.drop_all());
      return false;
    }
    if (count <= 0) return false;
    count_written(queue_.consume(static_cast<std::size_t>(count)));
  }
  return true;
}

void FileSink::finish(std::chrono::milliseconds patience) {
  if (!write_out() && !queue_.empty() && errno == EAGAIN) {
    pollfd ready{descriptor_, POLLOUT, 0};
    while (::poll(&ready, 1, static_cast<int>(patience.count())) == 1 && !write_out()) {
      if (queue_.empty() || errno != EAGAIN) break;
    }
  }
  count_lost(queue_.drop_all());
}

void FileSink::reopen() {
  if (path_.empty()) return;
  write_out();
  const int fresh = open_for_append(path_, 0);
  if (fresh < 0) return;  // the old file goes on being written
  // A line begun in the old file cannot be completed in the new one.
  count_lost(queue_.drop_torn());
  ::close(descriptor_);
  descriptor_ = fresh;
}

}  // namespace chatgate::telemetry
