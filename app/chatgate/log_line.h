// A line on standard error. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <unistd.h>

namespace chatgate::app {

// One line on standard error; a single write, since any thread may log.
inline void log_line(std::string_view line) {
  const std::string whole = "chatgate: " + std::string(line) + "\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, whole.data(), whole.size());
}

}  // namespace chatgate::app
