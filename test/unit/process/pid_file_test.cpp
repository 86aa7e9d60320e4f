#include "process/pid_file.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace chatgate::process {
namespace {

namespace fs = std::filesystem;

class PidFileTest : public ::testing::Test {
 protected:
  PidFileTest() { fs::create_directories(folder_); }
  ~PidFileTest() override { fs::remove_all(folder_); }

  static std::string text_of(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  const fs::path folder_ =
      fs::path(::testing::TempDir()) / ("chatgate-pid-file-" + std::to_string(::getpid()));
  const fs::path path_ = folder_ / "chatgate.pid";
};

TEST_F(PidFileTest, HoldsTheNumberWhileItLives) {
  std::ofstream(path_) << "1234567890, of a process that was killed\n";
  {
    PidFile file;
    EXPECT_TRUE(file.write(path_.string(), {}));
    EXPECT_EQ(text_of(path_), std::to_string(::getpid()) + "\n");
  }
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(PidFileTest, AnotherFileIsNotWrittenByALink) {
  const fs::path precious = folder_ / "precious";
  std::ofstream(precious) << "precious";
  fs::create_symlink(precious, path_);
  EXPECT_FALSE(PidFile().write(path_.string(), {}));
  EXPECT_EQ(text_of(precious), "precious");
  fs::remove(path_);
  fs::create_hard_link(precious, path_);
  EXPECT_FALSE(PidFile().write(path_.string(), {}));
  EXPECT_EQ(text_of(precious), "precious");
  EXPECT_TRUE(fs::exists(path_));
}

TEST_F(PidFileTest, NowhereIsAnErrorUnlessNobodyAsks) {
  EXPECT_FALSE(PidFile().write((folder_ / "none" / "chatgate.pid").string(), {}));
  EXPECT_TRUE(PidFile().write("", {}));
}

}  // namespace
}  // namespace chatgate::process
