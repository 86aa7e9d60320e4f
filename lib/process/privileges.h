// Giving up what a process no longer needs.
//
// Capabilities belong to threads: `give_up` visits every thread of the process, so it is for the
// control thread, after all threads that were made with more are there. Where it fails the process
// should end: half of it would still have them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/diagnostic.h"

namespace chatgate::process {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // its own, and `chatgate` where there is one
};

// The account of that name. An error where there is none, or where it is root.
std::optional<User> find_user(const std::string& name, std::string_view option,
                              Diagnostics& diagnostics);

// While one exists, files are opened and made with the rights of `user`; without one nothing
// changes. Only before the process has other threads.
class FilesAs {
 public:
  explicit FilesAs(const std::optional<User>& user);
  ~FilesAs();
  FilesAs(const FilesAs&) = delete;
  FilesAs& operator=(const FilesAs&) = delete;

 private:
  bool active_ = false;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  std::vector<gid_t> groups_;
};

// Makes the folder, with those above it, mode 0750 and owned by `user`; one that is there is left
// as it is. False where that failed.
bool make_folder_for(const std::optional<User>& user, const std::string& folder);

// The process becomes `user` for good, where there is one. Of its capabilities (numbers of
// linux/capability.h) the calling thread keeps `kept`, all other threads none. What went wrong,
// empty for nothing. Capabilities that the process does not have are not missed.
std::string give_up(const std::optional<User>& user, std::initializer_list<int> kept);

}  // namespace chatgate::process
