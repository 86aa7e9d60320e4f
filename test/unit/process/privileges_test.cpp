#include "process/privileges.h"

#include <atomic>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "child.h"

namespace chatgate::process {
namespace {

// "CapEff" of /proc/thread-self/status and the like, of the calling thread.
std::uint64_t figure(const std::string& key) {
  std::ifstream status("/proc/thread-self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(key + ":")) return std::stoull(line.substr(key.size() + 1), nullptr, 16);
  }
  return ~std::uint64_t{0};
}

std::optional<User> daemon_user() {
  Diagnostics findings;
  return find_user("daemon", "--user", findings);
}

class Privileges : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    folder_ = testing::TempDir() + "/privileges-" + std::to_string(::getpid());
    std::filesystem::create_directory(folder_);
    ::chmod(folder_.c_str(), 0777);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST(PrivilegesUser, MustExistAndNotBeRoot) {
  Diagnostics findings;
  EXPECT_FALSE(find_user("no-such-user", "--user", findings));
  EXPECT_FALSE(find_user("root", "--user", findings));
  ASSERT_EQ(findings.all().size(), 2u);
  EXPECT_EQ(findings.all()[0].to_string(),
            "--user: there is no user \"no-such-user\", make one by: useradd --system --user-group "
            "no-such-user");
  EXPECT_THAT(findings.all()[1].to_string(), testing::HasSubstr("is root"));
}

TEST_F(Privileges, EveryThreadLosesThemAndThisOneKeepsOne) {
  EXPECT_EQ(in_child([] {
              std::atomic<bool> dropped = false;
              std::uint64_t there = 1, before = 0;
              std::atomic<bool> ready = false;
              std::thread other([&] {
                before = figure("CapEff");
                ready = true;
                while (!dropped) std::this_thread::yield();
                there = figure("CapPrm") | figure("CapEff");
              });
              while (!ready) std::this_thread::yield();
              const bool good = give_up(daemon_user(), {CAP_NET_ADMIN}).empty();
              dropped = true;
              other.join();
              const std::uint64_t kept = std::uint64_t{1} << CAP_NET_ADMIN;
              return first_false({before != 0, good, there == 0, figure("CapPrm") == kept,
                                  figure("CapEff") == kept, ::getuid() == daemon_user()->uid,
                                  ::geteuid() == daemon_user()->uid, figure("NoNewPrivs") == 1,
                                  ::setuid(0) != 0, ::open("/etc/shadow", O_RDONLY) < 0});
            }),
            0);
}

TEST_F(Privileges, RootStaysRootWithoutAUserButLosesThemToo) {
  EXPECT_EQ(
      in_child([] {
        const bool good = give_up(std::nullopt, {}).empty();
        return first_false({good, figure("CapPrm") == 0, figure("CapEff") == 0, ::getuid() == 0});
      }),
      0);
}

TEST_F(Privileges, FilesAreTheUsersForAWhile) {
  EXPECT_EQ(in_child([this] {
              const std::string file = folder_ + "/mine";
              bool may_read_shadow = true;
              {
                const FilesAs files(daemon_user());
                std::ofstream(file) << "x";
                may_read_shadow = ::open("/etc/shadow", O_RDONLY) >= 0;
              }
              struct ::stat found {};
              ::stat(file.c_str(), &found);
              return first_false({!may_read_shadow, found.st_uid == daemon_user()->uid,
                                  ::geteuid() == 0, ::open("/etc/shadow", O_RDONLY) >= 0});
            }),
            0);
}

TEST_F(Privileges, FoldersAreMadeForTheUserAndOthersLeftAlone) {
  const std::string made = folder_ + "/a/b", there = folder_ + "/there";
  ASSERT_TRUE(std::filesystem::create_directory(there));
  EXPECT_TRUE(make_folder_for(daemon_user(), made));
  EXPECT_TRUE(make_folder_for(daemon_user(), there));
  EXPECT_TRUE(make_folder_for(daemon_user(), ""));
  EXPECT_FALSE(make_folder_for(daemon_user(), "/proc/no/such"));
  struct ::stat found {};
  ASSERT_EQ(::stat(made.c_str(), &found), 0);
  EXPECT_EQ(found.st_uid, daemon_user()->uid);
  EXPECT_EQ(found.st_mode & 07777, 0750u);
  ASSERT_EQ(::stat(there.c_str(), &found), 0);
  EXPECT_EQ(found.st_uid, 0u);
}

}  // namespace
}  // namespace chatgate::process
