// Compiled databases kept in a folder between runs.
//
// A file's name is the SHA-256 of all that its content depends on, so nothing in it is ever out of
// date; it begins with the SHA-256 of its content, and one that is damaged, not a plain file of the
// process's own user, or writable by others counts as absent. Files are written beside their name
// and renamed, mode 0600. What was not used for kKeep is removed when a compilation is done.
//
// Load time only, one thread. No failure is an error: a database that cannot be kept is made again
// the next time; `failure` says what went wrong first.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatgate::detect {

class DatabaseCache {
 public:
  static constexpr std::chrono::days kKeep{30};
  using Digest = std::array<std::uint8_t, 32>;

  // Empty: nothing is kept. The folder is made where only its last part is missing.
  explicit DatabaseCache(std::string folder);

  static Digest sha256(std::string_view bytes);

  std::optional<std::string> load(const Digest& name);
  void store(const Digest& name, std::string_view content);
  void remove_old();

  // Empty: there was none.
  const std::string& failure() const { return failure_; }

 private:
  std::string path_of(const Digest& name) const;
  void fail(const std::string& what, const std::string& path);

  std::string folder_;
  std::string failure_;
};

}  // namespace chatgate::detect
