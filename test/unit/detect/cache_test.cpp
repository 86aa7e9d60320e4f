// Compiled databases on disk: used again, and made anew where they are damaged or not ours.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

#include "detect/database_cache.h"

#include "scan.h"

namespace chatgate::detect {
namespace {

namespace fs = std::filesystem;

class CacheTest : public ::testing::Test {
 protected:
  CacheTest() {
    std::string name = (fs::temp_directory_path() / "chatgate-cache-XXXXXX").string();
    root_ = mkdtemp(name.data());
    folder_ = root_ + "/cache";
  }
  ~CacheTest() override { fs::remove_all(root_); }

  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder_)) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
  }

  static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  static ino_t inode(const fs::path& path) {
    struct stat status {};
    stat(path.c_str(), &status);
    return status.st_ino;
  }

  // Compiles, and expects the rules to work.
  void compile_with(const std::string& folder, std::size_t warnings = 0) {
    Diagnostics findings;
    Signatures::Options options;
    options.cache_folder = folder;
    Rig rig(compile(rules_, findings, options));
    EXPECT_EQ(findings.all().size(), warnings);
    EXPECT_FALSE(findings.has_errors());
    EXPECT_EQ(rig.look("abc def"), "1 2");
    EXPECT_EQ(rig.look("ab de"), "");
  }

  std::string root_;
  std::string folder_;
  std::string rules_ =
      rule(1, R"(content:"abc";)") +
      rule(2, R"(flow:to_server; content:"def"; nocase;)", "alert tcp any any -> any 5222");
};

TEST_F(CacheTest, IsWrittenAndUsed) {
  compile_with(folder_);
  const std::vector<fs::path> first = files();
  ASSERT_EQ(first.size(), 2u);  // one for both ways and kinds
  std::vector<ino_t> inodes;
  for (const fs::path& path : first) {
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
    inodes.push_back(status.st_ino);
  }
  compile_with(folder_);
  EXPECT_EQ(files(), first);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(inode(first[i]), inodes[i]);
}

TEST_F(CacheTest, OtherPatternsAreOtherFiles) {
  compile_with(folder_);
  rules_ += rule(3, R"(content:"xyz";)");
  compile_with(folder_);
  EXPECT_EQ(files().size(), 3u);
  rules_ = rule(1, R"(content:"abc"; nocase;)") + rule(2, R"(content:"def"; nocase;)");
  compile_with(folder_);
  EXPECT_EQ(files().size(), 4u);
}

TEST_F(CacheTest, EveryDamageIsSeen) {
  compile_with(folder_);
  const fs::path path = files()[0];
  const std::string sound = read(path);
  for (std::size_t at = 0; at < sound.size(); at += 1 + sound.size() / 60) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    write(path, damaged);
    compile_with(folder_);
    EXPECT_EQ(read(path), sound) << at;
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{31}, std::size_t{32}, sound.size() - 1}) {
    write(path, sound.substr(0, size));
    compile_with(folder_);
    EXPECT_EQ(read(path), sound) << size;
  }
}

// Sound by its checksum, but no database: as one that another version wrote.
TEST_F(CacheTest, ForeignContent) {
  compile_with(folder_);
  const fs::path path = files()[0];
  const std::string sound = read(path);
  const std::string content = "no database";
  const DatabaseCache::Digest digest = DatabaseCache::sha256(content);
  write(path, std::string(digest.begin(), digest.end()) + content);
  compile_with(folder_);
  EXPECT_EQ(read(path), sound);
}

TEST_F(CacheTest, FilesOthersCanWriteAreNotTrusted) {
  compile_with(folder_);
  const fs::path path = files()[0];
  const ino_t before = inode(path);
  chmod(path.c_str(), 0666);
  compile_with(folder_);
  EXPECT_NE(inode(path), before);
  EXPECT_EQ(fs::status(path).permissions(), fs::perms(0600));
}

TEST_F(CacheTest, LinksAreNotFollowed) {
  compile_with(folder_);
  const fs::path path = files()[0];
  fs::rename(path, root_ + "/elsewhere");
  fs::create_symlink(root_ + "/elsewhere", path);
  compile_with(folder_);
  EXPECT_FALSE(fs::is_symlink(path));
}

TEST_F(CacheTest, AFolderThatCannotBe) {
  compile_with(root_ + "/no/such/folder", 1);
  write(root_ + "/file", "x");
  compile_with(root_ + "/file", 1);
}

TEST_F(CacheTest, WithoutFolder) {
  compile_with("");
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(CacheTest, OldFilesAreRemoved) {
  compile_with(folder_);
  const std::vector<fs::path> used = files();
  const auto long_ago =
      fs::file_time_type::clock::now() - DatabaseCache::kKeep - std::chrono::days(1);
  const fs::path old = folder_ + "/" + std::string(64, 'a') + ".hsdb";
  const fs::path left = folder_ + "/" + std::string(64, 'b') + ".hsdb.Xy12zA";
  const fs::path recent = folder_ + "/" + std::string(64, 'c') + ".hsdb";
  const fs::path other = folder_ + "/notes.txt";
  for (const fs::path& path : {old, left, recent, other}) write(path, "x");
  for (const fs::path& path : {old, left, other, used[0]}) fs::last_write_time(path, long_ago);
  compile_with(folder_);
  EXPECT_FALSE(fs::exists(old));
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(recent));
  EXPECT_TRUE(fs::exists(other));
  EXPECT_TRUE(fs::exists(used[0]));  // it was used just now
}

}  // namespace
}  // namespace chatgate::detect
