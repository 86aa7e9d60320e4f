#include "base/folder.h"

#include <cerrno>
#include <dirent.h>
#include <memory>
#include <string_view>

namespace chatgate {

std::vector<std::string> names_in_folder(const std::string& folder, std::error_code& error) {
  struct Close {
    void operator()(DIR* open) const { ::closedir(open); }
  };
  std::vector<std::string> names;
  error.clear();
  const std::unique_ptr<DIR, Close> open(::opendir(folder.c_str()));
  while (open != nullptr) {
    errno = 0;
    const dirent* entry = ::readdir(open.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) error.assign(errno, std::system_category());
  return names;
}

}  // namespace chatgate
