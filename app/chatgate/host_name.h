// This machine's name, as events tell it. Any thread.
#pragma once

#include <string>
#include <unistd.h>

namespace chatgate::app {

// Empty where it has none.
inline std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? std::string(name) : std::string();
}

}  // namespace chatgate::app
