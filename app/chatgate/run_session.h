// The running process: what happens beside the packets, until a signal ends it.
//
// Everything here runs on the main thread: the control socket, metrics, signals, links and the
// clock. The workers and the writer of events have threads of their own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include "catalog/registry.h"
#include "control/commands.h"
#include "control/http_server.h"
#include "control/server.h"
#include "io/dpdk/gateway.h"
#include "telemetry/event_writer.h"
#include "telemetry/recent_events.h"

#include "run_request.h"

namespace chatgate::app {

class RunSession {
 public:
  // All must outlive it.
  RunSession(const RunRequest& request, io::DpdkGateway& gateway, telemetry::EventWriter& writer,
             const telemetry::RecentEvents& recent, catalog::ApplicationRegistry& registry);

  // False, with everything printed, where the socket or the port of the metrics cannot be opened.
  // The socket belongs to the user whom the process becomes.
  bool open(const std::optional<process::User>& user);

  // The policy's file has these errors, and the last good one is used.
  void tell_last_good(const Diagnostics& errors);

  // The service manager hears `state`, and a line on what the gateway does (status_line.h).
  void tell_manager(std::string_view state);

  // Returns when it is time to end.
  void serve();

 private:
  control::HttpConfig metrics_config(const HostPort& address);
  void wait_for_signal();
  void reload();
  void watch_links();
  void each_second();
  void tell_stats();

  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
  boost::asio::steady_timer link_timer_{io_}, second_timer_{io_}, stats_timer_{io_};
  io::DpdkGateway& gateway_;
  telemetry::EventWriter& writer_;
  const std::string socket_;
  control::Commands commands_;
  control::Server server_;
  const Time started_;
  const std::chrono::seconds stats_interval_;  // 0: none
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::string told_;  // the line that the service manager has
  std::optional<control::HttpServer> metrics_;
};

}  // namespace chatgate::app
