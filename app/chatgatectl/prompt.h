// The interactive prompt: line editing, history, Tab and `?` (libedit).
#pragma once

#include <functional>
#include <string>

#include "client.h"

namespace chatgate::ctl {

// Runs a command line and prints its answer; the prompt goes on whatever it returns.
using RunLine = std::function<int(const std::string& line)>;

// Reads lines from the terminal until `exit`, `quit` or the end of input; returns kDone.
int prompt(const Client& client, const RunLine& run);

// True for the words that end a prompt or a script.
bool is_exit(std::string_view line);

}  // namespace chatgate::ctl
