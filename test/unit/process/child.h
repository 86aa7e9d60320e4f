// A case that changes its own process for good runs in a child of the test.
#pragma once

#include <cstdio>
#include <exception>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

namespace chatgate::process {

// What a child says when it may not do what the case needs.
constexpr int kSkipped = 77;

// Runs `body` in a process of its own: its answer, or 128 and the number of the signal that ended
// it.
inline int in_child(const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 126;
    try {
      status = body();
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "%s\n", failure.what());
    }
    std::fflush(nullptr);
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// The number of the first that does not hold, counted from 1; 0 where all do. Tells more than "the
// child failed".
inline int first_false(std::initializer_list<bool> claims) {
  int number = 0;
  for (const bool claim : claims) {
    ++number;
    if (!claim) return number;
  }
  return 0;
}

}  // namespace chatgate::process
