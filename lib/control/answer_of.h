// Answers that are made later than the command was given, when workers have said what they know.
//
// Control thread only. Whatever is thrown then would go past every caller, so it becomes an answer.
#pragma once

#include <exception>
#include <string>

#include "control/reply.h"

namespace chatgate::control {

// What `make` answers, or that the command failed, such as for want of memory.
template <typename Make>
Reply answer_of(Make make) {
  try {
    return make();
  } catch (const std::exception& problem) {
    return Reply::failure(kFailed, std::string("the command failed: ") + problem.what());
  }
}

}  // namespace chatgate::control
