// What tests of sinks share.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <unistd.h>

#include "telemetry/sink.h"

namespace chatgate::telemetry {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "chatgate-sink-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// Lets the sink work as the event thread would, until `done` or ten seconds are over.
template <typename Done>
bool work_until(Sink& sink, Done done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    sink.flush();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace chatgate::telemetry
