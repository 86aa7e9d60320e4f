#include "run_session.h"

#include <chrono>
#include <unistd.h>
#include <utility>

#include "base/system_time.h"
#include "control/metrics.h"
#include "control/stats_event.h"

#include "commands.h"
#include "host_name.h"
#include "log_line.h"
#include "process/service_manager.h"
#include "status_line.h"
#include "unless_it_fails.h"

namespace chatgate::app {
namespace {

using std::chrono::milliseconds;

control::CommandsConfig commands_config(const RunRequest& request, telemetry::EventWriter& writer,
                                        const telemetry::RecentEvents& recent) {
  control::CommandsConfig config;
  config.events = &recent;
  config.source = request.source;
  config.host = host_name();
  if (request.user) {
    config.owner = request.user->uid;
    config.owner_name = request.user->name;
  }
  config.audit = [&writer](std::string line) { writer.write_line(std::move(line)); };
  return config;
}

control::ServerConfig server_config(const RunRequest& request) {
  control::ServerConfig config;
  config.path = request.socket;
  return config;
}

// What the gateway itself does is told as done by its own user.
control::Caller own_word() {
  control::Caller caller;
  caller.uid = ::geteuid();
  caller.pid = ::getpid();
  return caller;
}

template <typename Action>
void repeat(boost::asio::steady_timer& timer, milliseconds interval, Action action) {
  timer.expires_after(interval);
  timer.async_wait([&timer, interval, action](const boost::system::error_code& error) {
    if (error) return;
    repeat(timer, interval, action);
    action();
  });
}

}  // namespace

RunSession::RunSession(const RunRequest& request, io::DpdkGateway& gateway,
                       telemetry::EventWriter& writer, const telemetry::RecentEvents& recent,
                       catalog::ApplicationRegistry& registry)
    : gateway_(gateway),
      writer_(writer),
      socket_(request.socket),
      commands_(io_, gateway, registry, commands_config(request, writer, recent)),
      server_(io_, commands_, server_config(request)),
      started_(system_time()),
      stats_interval_(request.stats_interval) {
  signals_.add(SIGUSR1);
  if (request.metrics) metrics_.emplace(io_, metrics_config(*request.metrics));
}

bool RunSession::open(const std::optional<process::User>& user) {
  Diagnostics findings = server_.open();
  if (metrics_) findings.append(metrics_->open());
  print(findings);
  if (user && ::geteuid() == 0 && ::lchown(socket_.c_str(), user->uid, gid_t(-1)) != 0) {
    log_line("cannot give " + socket_ + " to " + user->name);
    return false;
  }
  return !findings.has_errors();
}

void RunSession::tell_last_good(const Diagnostics& errors) {
  commands_.tell_last_good(errors, own_word());
}

void RunSession::tell_manager(std::string_view state) {
  std::string line = status_line(gateway_);
  if (state.empty() && line == told_) return;
  process::notify_manager(std::string(state) + (state.empty() ? "" : "\n") + "STATUS=" + line);
  told_ = std::move(line);
}

void RunSession::serve() {
  commands_.tell("gateway started", own_word());
  unless_it_fails(log_line, "the policy could not be tested", [this] {
    if (!commands_.test_start(own_word()).passed()) {
      log_line(
          "self-test failed: the workers do not enforce the policy; \"show policy\" says more");
    }
  });
  wait_for_signal();
  watch_links();
  each_second();
  if (stats_interval_.count() != 0) {
    repeat(stats_timer_, stats_interval_, [this] { tell_stats(); });
  }
  // A task that fails ends no other.
  while (!io_.stopped()) unless_it_fails(log_line, "a task failed", [this] { io_.run(); });
  tell_stats();
  commands_.tell("gateway ended", own_word());
  server_.close();
  if (metrics_) metrics_->close();
}

control::HttpConfig RunSession::metrics_config(const HostPort& address) {
  control::HttpConfig config;
  config.address = address;
  config.metrics = [this] {
    return control::metrics_text({gateway_, commands_.counters(), &writer_, started_});
  };
  config.healthy = [this] { return control::is_healthy(gateway_); };
  return config;
}

void RunSession::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    wait_for_signal();  // before anything fails
    switch (signal) {
      case SIGHUP: return reload();
      case SIGUSR1: return writer_.reopen();
      default:
        io_.stop();
        log_line("ending");
        process::notify_manager("STOPPING=1\nSTATUS=Ending");
    }
  });
}

void RunSession::reload() {
  process::notify_reloading();
  unless_it_fails(log_line, "the policy could not be reloaded", [this] {
    const control::ReloadOutcome outcome = commands_.reload(own_word());
    print(outcome.diagnostics);
    log_line(outcome.accepted ? "policy reloaded, " + rules_in_words(outcome.rule_count)
                              : std::string("the policy has errors, the running one stays"));
  });
  tell_manager("READY=1");
}

void RunSession::watch_links() {
  repeat(link_timer_, milliseconds(io::DpdkGateway::kLinkIntervalMs),
         [this] { gateway_.watch_links(); });
}

void RunSession::each_second() {
  repeat(second_timer_, milliseconds(1000), [this] {
    gateway_.correct_time();
    unless_it_fails(log_line, "the policy's times could not be kept",
                    [this] { commands_.keep_time(own_word()); });
    unless_it_fails(log_line, "the service manager could not be told",
                    [this] { tell_manager(""); });
  });
}

void RunSession::tell_stats() {
  if (stats_interval_.count() == 0) return;
  unless_it_fails(log_line, "the counters could not be told", [this] {
    const auto uptime =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began_);
    writer_.write_line(control::stats_line(commands_.counters(), system_time(),
                                           static_cast<std::uint64_t>(uptime.count()), host_name()),
                       telemetry::EventWriter::Keep::no);
  });
}

}  // namespace chatgate::app
