// A second, tiny process that outlives the gateway by a moment: it opens the wire when the gateway
// dies, however it dies, and kills it when it no longer moves.
//
//   gateway                                      supervisor
//     | start: fork, before any other thread          | gives up all but CAP_NET_ADMIN
//     | arm: ports are about to be taken               | from here on its end opens the wire
//     | beat … beat … beat                             | none for `patience`: SIGKILL
//     | finish: ports are closed                        | opens the wire, answers, ends
//     | (or no more: the socket between them closes)    | opens the wire, ends
//
// It holds no file but that socket, waits without a timer where there is no watchdog, takes no
// signal that a terminal or a service manager sends to the whole group, and asks the kernel to
// spare it when memory runs out. Its name in lists of processes is chatgate-wire.
//
// Control thread, except `beat`.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "process/privileges.h"
#include "process/wire.h"

namespace chatgate::process {

struct SupervisorConfig {
  std::vector<Wire> wires;                // that are opened; none for "closed"
  std::chrono::milliseconds patience{0};  // between two beats; 0 for no watchdog
  std::optional<User> user;               // whom it runs as
  bool filter_calls = true;               // see syscall_filter.h
  void (*log)(std::string_view line) = nullptr;
};

class Supervisor {
 public:
  // Null where it cannot be started; `error` says why.
  static std::unique_ptr<Supervisor> start(const SupervisorConfig& config, std::string& error);
  // Waits for its end. Unless it was armed nothing is opened.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  void arm();
  // Every worker has moved. Any thread; never waits.
  void beat();
  // Returns when the wires are open, or after a few seconds.
  void finish();
  // False once it is gone, which nothing but a kill by hand explains. Any thread.
  bool alive() const;

  static constexpr std::string_view kName = "chatgate-wire";

 private:
  Supervisor(int socket, pid_t child) : socket_(socket), child_(child) {}
  int socket_;
  pid_t child_;
};

}  // namespace chatgate::process
