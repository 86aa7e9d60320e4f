// One line of the control socket's protocol (docs/design/control-socket.md), as the server reads
// it.
//
// Control thread only; no state. A line is not trusted: whatever it is, it fills a request or is
// told what is wrong. Throws std::bad_alloc only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/command_line.h"

namespace chatgate::control {

// Either `command` or `complete`.
struct Request {
  std::optional<std::string> command, complete;
  std::string directory;  // that relative file names are meant from
  bool json = false;      // the text for a person is not wanted
};

// Fills `request`; the answer is what is wrong with `line`, empty where nothing is.
Problem read_request(std::string_view line, Request& request);

}  // namespace chatgate::control
