// The file with the process's number: `chatgate run --pid-file`.
//
// Control thread; the file is removed with the object. A file that cannot be written is an error of
// whoever asked for it.
#pragma once

#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "process/privileges.h"

namespace chatgate::process {

// Holds the process's number while it lives. Made before the process changes its user, who may
// remove it only where the folder is theirs. There they could have put a link in its place, to a
// file that is not theirs: a link is not followed, and what has another name is not written.
class PidFile {
 public:
  bool write(const std::string& path, const std::optional<User>& user) {
    if (path.empty()) return true;
    const int file = ::open(
        path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0666);
    if (file < 0) return false;
    const std::string line = std::to_string(::getpid()) + "\n";
    struct stat status {};
    const bool good =
        ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 &&
        ::ftruncate(file, 0) == 0 &&
        ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
        (!user || ::geteuid() != 0 || ::fchown(file, user->uid, user->gid) == 0);
    if (good) path_ = path;
    return ::close(file) == 0 && good;
  }
  ~PidFile() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }

 private:
  std::string path_;
};

}  // namespace chatgate::process
