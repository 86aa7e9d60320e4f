// The commands of a running gateway: one table, used by the socket server, by signals and by tests.
//
// Everything here runs on the control thread, the one that runs the io_context, and never waits
// for a worker. An answer may come later, but never fails to come: every command ends by itself
// within a bounded time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>

#include "control/command_line.h"
#include "control/gateway.h"
#include "control/reload.h"
#include "control/reply.h"
#include "telemetry/recent_events.h"

namespace chatgate::control {

struct CommandsConfig {
  LoadRequest source;  // what every load reads; its generation is not used
  LoadFunction load = control::load;
  std::string host;                               // of audit events, as EVE has it; empty: left out
  AuditFunction audit;                            // may be empty
  ClockFunction clock;                            // the time of day; empty: the system's
  uid_t owner = ::geteuid();                      // may change things, as root may
  std::string owner_name;                         // where it has one, for messages
  std::chrono::milliseconds flow_patience{2000};  // how long `show flows` waits for a worker
  // What `show events`, `show blocked` and `monitor events` read; null: they are refused. Must
  // outlive the commands.
  const telemetry::RecentEvents* events = nullptr;
};

// The whole table, for who documents it.
std::span<const Command> every_command();

class Commands {
 public:
  // The gateway runs already. From now on only this publishes snapshots. Destroy it before the
  // gateway, but after the workers have stopped (one may be answering `show flows`) and when `io`
  // runs no more.
  Commands(boost::asio::io_context& io, Gateway& gateway, catalog::ApplicationRegistry& registry,
           CommandsConfig config);
  ~Commands();
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;

  // `line` as a person typed it. A line that ends in "?" is answered with help for the place where
  // it stands. `done` is called once, perhaps from within.
  void execute(std::string_view line, const Caller& caller, Done done);
  // The words that may stand at the end of `line`.
  Reply complete(std::string_view line) const;

  // The same as `policy reload`, for SIGHUP.
  ReloadOutcome reload(const Caller& caller);
  // Whether the workers enforce what the gateway has started with; a failure is an audit event too.
  explain::SelfTest test_start(const Caller& caller);
  // Tells that the gateway has started with the last good policy, because of these errors of the
  // policy's file.
  void tell_last_good(const Diagnostics& errors, const Caller& caller);
  // Makes the policy's times those of the clock; to be called about once a second. True where some
  // time has begun or ended.
  bool keep_time(const Caller& caller);
  // An audit event that says that the gateway began or ended, and under which policy.
  void tell(std::string_view what, const Caller& caller) const;
  // Counters with clearings subtracted, as `show counters` prints them.
  const CounterView& counters() const;

  // True where `uid` may use commands of `right`.
  bool may(uid_t uid, Right right) const;

 private:
  Reply help(std::string_view line) const;

  std::unique_ptr<Context> context_;
  std::unique_ptr<Grammar> grammar_;
};

}  // namespace chatgate::control
