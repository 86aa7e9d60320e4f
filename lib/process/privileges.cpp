#include "process/privileges.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace chatgate::process {
namespace {

constexpr const char* kGroup = "chatgate";
constexpr mode_t kFolderMode = 0750;
constexpr std::chrono::milliseconds kPatience{2000};

using Sets = std::array<__user_cap_data_struct, 2>;

bool read_sets(Sets& sets) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  return ::syscall(SYS_capget, &header, sets.data()) == 0;
}

// Of the calling thread only.
bool write_sets(const Sets& sets) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
         ::syscall(SYS_capset, &header, sets.data()) == 0;
}

std::atomic<int> visited{0}, not_dropped{0};

void drop_here(int) {
  const int saved = errno;
  if (!write_sets({})) not_dropped.fetch_add(1);
  visited.fetch_add(1);
  errno = saved;
}

// Sends every other thread through `drop_here`. By SIGSYS, which no thread of ours blocks.
std::string drop_elsewhere() {
  constexpr int number = SIGSYS;
  struct sigaction action {
  }, before{};
  action.sa_handler = drop_here;
  action.sa_flags = SA_RESTART;
  if (::sigaction(number, &action, &before) != 0) return std::strerror(errno);
  visited = not_dropped = 0;
  int sent = 0;
  std::error_code error;
  const pid_t self = ::gettid();
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", error)) {
    const int thread = std::atoi(entry.path().filename().c_str());
    if (thread == self) continue;
    if (::syscall(SYS_tgkill, ::getpid(), thread, number) == 0) ++sent;
  }
  if (error) return error.message();
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (visited < sent && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (visited < sent) return "a thread does not answer";
  ::sigaction(number, &before, nullptr);
  return not_dropped == 0 ? std::string() : "a thread keeps them";
}

std::string become(const User& user) {
  // Kept through the change of user, then cut down to what is wanted.
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
      ::setgroups(user.groups.size(), user.groups.data()) != 0 ||
      ::setresgid(user.gid, user.gid, user.gid) != 0 ||
      ::setresuid(user.uid, user.uid, user.uid) != 0) {
    return "cannot become " + user.name + ": " + std::strerror(errno);
  }
  ::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
  if (::setuid(0) == 0) return "could become root again";
  return {};
}

}  // namespace

std::optional<User> find_user(const std::string& name, std::string_view option,
                              Diagnostics& diagnostics) {
  const Place place{std::string(option)};
  const passwd* found = ::getpwnam(name.c_str());
  if (found == nullptr) {
    diagnostics.error(place, "there is no user \"" + name + "\"",
                      "make one by: useradd --system --user-group " + name);
    return std::nullopt;
  }
  if (found->pw_uid == 0) {
    diagnostics.error(place, "\"" + name + "\" is root", "leave the option out, or name another");
    return std::nullopt;
  }
  User user{name, found->pw_uid, found->pw_gid, {}};
  int count = 64;
  user.groups.resize(static_cast<std::size_t>(count));
  if (::getgrouplist(name.c_str(), user.gid, user.groups.data(), &count) < 0) count = 0;
  user.groups.resize(static_cast<std::size_t>(count));
  if (const group* ours = ::getgrnam(kGroup); ours != nullptr) user.groups.push_back(ours->gr_gid);
  return user;
}

FilesAs::FilesAs(const std::optional<User>& user) {
  if (!user || ::geteuid() != 0) return;
  active_ = true;
  uid_ = ::geteuid();
  gid_ = ::getegid();
  groups_.resize(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
  [[maybe_unused]] const int had = ::getgroups(static_cast<int>(groups_.size()), groups_.data());
  if (::setgroups(user->groups.size(), user->groups.data()) != 0 || ::setegid(user->gid) != 0 ||
      ::seteuid(user->uid) != 0) {
    std::abort();  // as root, this cannot fail; to go on with other rights than asked for may not
                   // be
  }
}

FilesAs::~FilesAs() {
  if (!active_) return;
  if (::seteuid(uid_) != 0 || ::setegid(gid_) != 0 ||
      ::setgroups(groups_.size(), groups_.data()) != 0) {
    std::abort();
  }
}

bool make_folder_for(const std::optional<User>& user, const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (folder.empty() || fs::exists(folder, error)) return true;
  const std::string above = fs::path(folder).parent_path().string();
  if (!above.empty()) fs::create_directories(above, error);
  if (::mkdir(folder.c_str(), kFolderMode) != 0) return errno == EEXIST;
  return !user || ::geteuid() != 0 || ::lchown(folder.c_str(), user->uid, user->gid) == 0;
}

std::string give_up(const std::optional<User>& user, std::initializer_list<int> kept) {
  if (user && ::geteuid() == 0) {
    if (std::string wrong = become(*user); !wrong.empty()) return wrong;
  }
  Sets sets{};
  if (!read_sets(sets)) return std::string("cannot read capabilities: ") + std::strerror(errno);
  Sets wanted{};
  for (const int capability : kept) {
    const auto word = static_cast<std::size_t>(CAP_TO_INDEX(capability));
    wanted[word].permitted |= CAP_TO_MASK(capability) & sets[word].permitted;
    wanted[word].effective = wanted[word].permitted;
  }
  if (!write_sets(wanted)) return std::string("cannot drop capabilities: ") + std::strerror(errno);
  if (std::string wrong = drop_elsewhere(); !wrong.empty()) {
    return "cannot drop capabilities of all threads: " + wrong;
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return std::strerror(errno);
  return {};
}

}  // namespace chatgate::process
