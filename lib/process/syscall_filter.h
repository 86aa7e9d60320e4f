// The system calls that a running process may still make (seccomp(2)).
//
// An allow-list for all threads at once. Any other call does nothing, answers "operation not
// permitted" and leaves a line on standard error, once for each call, with its number; a call by
// the way of another architecture kills the process. No program can be started, no process made, no
// packet socket opened, no namespace entered. Cannot be taken back. Sets no_new_privs.
//
// Processors: x86-64 and arm64; for others there is no list, and `install` says so.
// Called once, by the control thread, when start-up is done.
#pragma once

#include <string>

namespace chatgate::process {

enum class FilterFor {
  gateway,     // workers, control thread with reloads, event sinks
  supervisor,  // joins interfaces and kills one process
};

// `with_bpf`: AF_XDP ports need bpf(2) to be closed. What went wrong, empty for nothing.
std::string install_syscall_filter(FilterFor whom, bool with_bpf);

}  // namespace chatgate::process
