// What goes wrong in a task of the control thread, such as no memory for it, does not end the
// gateway.
#pragma once

#include <exception>
#include <string>

namespace chatgate::app {

// Calls `action`; an exception becomes one line, behind `what`, for `log`.
template <typename Log, typename Action>
void unless_it_fails(Log log, const char* what, Action action) {
  try {
    action();
  } catch (const std::exception& problem) {
    log(std::string(what) + ": " + problem.what());
  }
}

}  // namespace chatgate::app
