// The file with the process's number, for whoever wants to signal it (`--pid-file`).
//
// For the main thread of `chatgate run`.
#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <unistd.h>

#include "process/privileges.h"

namespace chatgate::app {

// Holds the process's number while it lives. Made before the process changes its user, who may
// remove it only where the folder is theirs.
class PidFile {
 public:
  bool write(const std::string& path, const std::optional<process::User>& user) {
    if (path.empty()) return true;
    std::ofstream out(path, std::ios::trunc);
    out << ::getpid() << "\n";
    if (!out.flush()) return false;
    path_ = path;
    return !user || ::geteuid() != 0 || ::chown(path.c_str(), user->uid, user->gid) == 0;
  }
  ~PidFile() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }

 private:
  std::string path_;
};

}  // namespace chatgate::app
