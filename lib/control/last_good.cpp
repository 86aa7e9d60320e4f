#include "control/last_good.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diagnostic.h"

#include "config/json_document.h"

namespace chatgate::control {
namespace {

// All of it, and on the disk.
bool write_whole(const std::string& file, std::string_view text) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (out < 0) return false;
  bool good = true;
  while (good && !text.empty()) {
    const ssize_t written = ::write(out, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    good = written > 0;
    if (good) text.remove_prefix(static_cast<std::size_t>(written));
  }
  good = good && ::fsync(out) == 0;
  return ::close(out) == 0 && good;
}

}  // namespace

std::string last_good_file(const std::string& folder) {
  return (std::filesystem::path(folder) / "last-good-policy.json").string();
}

bool keep_on_disk(const std::string& folder, std::string_view policy) {
  if (folder.empty()) return true;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string file = last_good_file(folder), next = file + ".new";
  return write_whole(next, policy) && ::rename(next.c_str(), file.c_str()) == 0;
}

std::optional<std::string> last_good(const std::string& folder) {
  if (folder.empty()) return std::nullopt;
  Diagnostics ignored;
  return config::read_file(last_good_file(folder), ignored);
}

}  // namespace chatgate::control
