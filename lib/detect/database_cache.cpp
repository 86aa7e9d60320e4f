#include "detect/database_cache.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <openssl/evp.h>
#include <span>
#include <stdexcept>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/folder.h"

namespace chatgate::detect {
namespace {

constexpr std::string_view kSuffix = ".hsdb";
constexpr std::size_t kNameSize = 64 + kSuffix.size();
constexpr off_t kMaxFile = off_t{1} << 30;

// An open file, closed with it.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }

  bool read_all(std::span<char> into) const {
    while (!into.empty()) {
      const ssize_t got = read(descriptor_, into.data(), into.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      into = into.subspan(static_cast<std::size_t>(got));
    }
    return true;
  }

  bool write_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t put = write(descriptor_, bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }

 private:
  int descriptor_;
};

std::string_view as_text(const DatabaseCache::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

bool is_ours(const struct stat& status) {
  return S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 && status.st_size <= kMaxFile;
}

}  // namespace

DatabaseCache::DatabaseCache(std::string folder) : folder_(std::move(folder)) {
  if (folder_.empty()) return;
  if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) {
    fail("cannot make the folder", folder_);
    folder_.clear();
  }
}

DatabaseCache::Digest DatabaseCache::sha256(std::string_view bytes) {
  Digest digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1 ||
      size != digest.size()) {
    throw std::runtime_error("SHA-256 is not to be had from libcrypto");
  }
  return digest;
}

std::string DatabaseCache::path_of(const Digest& name) const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string path = folder_ + "/";
  for (const std::uint8_t byte : name) {
    path += kDigits[byte >> 4];
    path += kDigits[byte & 15];
  }
  return path + std::string(kSuffix);
}

void DatabaseCache::fail(const std::string& what, const std::string& path) {
  if (!failure_.empty()) return;
  failure_ = what + " " + path + ": " + std::error_code(errno, std::generic_category()).message();
}

std::optional<std::string> DatabaseCache::load(const Digest& name) {
  if (folder_.empty()) return std::nullopt;
  const std::string path = path_of(name);
  const File file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.is_open() || fstat(file.get(), &status) != 0 || !is_ours(status)) return std::nullopt;
  Digest expected;
  if (status.st_size < static_cast<off_t>(expected.size())) return std::nullopt;
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  if (!file.read_all(content)) return std::nullopt;
  const std::string digest = content.substr(0, expected.size());
  content.erase(0, expected.size());
  if (as_text(sha256(content)) != digest) return std::nullopt;
  futimens(file.get(), nullptr);  // used now; where it fails the file is made anew some day
  return content;
}

void DatabaseCache::store(const Digest& name, std::string_view content) {
  if (folder_.empty()) return;
  const std::string path = path_of(name);
  std::string beside = path + ".XXXXXX";
  const File file(mkostemp(beside.data(), O_CLOEXEC));  // mode 0600
  if (!file.is_open()) return fail("cannot write", beside);
  if (!file.write_all(as_text(sha256(content))) || !file.write_all(content) ||
      fsync(file.get()) != 0 || rename(beside.c_str(), path.c_str()) != 0) {
    fail("cannot write", path);
    unlink(beside.c_str());
  }
}

void DatabaseCache::remove_old() {
  if (folder_.empty()) return;
  namespace fs = std::filesystem;
  const auto oldest = fs::file_time_type::clock::now() - kKeep;
  std::error_code error;
  for (const std::string& file : names_in_folder(folder_, error)) {
    const std::size_t suffix = file.find(kSuffix);
    const bool ours = suffix == kNameSize - kSuffix.size() &&
                      file.find_first_not_of("0123456789abcdef") == suffix;
    if (!ours) continue;
    const fs::path path = fs::path(folder_) / file;
    std::error_code failed;
    if (!fs::is_regular_file(path, failed)) continue;
    if (fs::last_write_time(path, failed) < oldest && !failed) fs::remove(path, failed);
  }
}

}  // namespace chatgate::detect
