// The gateway's packet I/O with an engine that forwards everything: for tests and measurements.
//
//   io-bridge --inside DEV --outside DEV [--workers CORES] [--idle sleep|poll|power] [--eal WORDS]
//             [--seconds N]
//
// Prints "forwarding" when it does, one line for each port and worker at its end (SIGTERM, SIGINT
// or the time given), and at SIGHUP publishes a snapshot and prints how long that took.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "io/dpdk/eal_arguments.h"
#include "io/dpdk/gateway.h"

using namespace chatgate;

namespace {

struct Options {
  std::vector<std::string> inside, outside;
  std::string workers = std::to_string(io::allowed_cores().back());
  io::Idle idle = io::Idle::sleep;
  std::string eal;
  long seconds = 0;
};

Options read_options(int count, char** words) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = words[i], value = words[i + 1];
    if (name == "--inside") options.inside.push_back(value);
    if (name == "--outside") options.outside.push_back(value);
    if (name == "--workers") options.workers = value;
    if (name == "--eal") options.eal = value;
    if (name == "--seconds") options.seconds = std::atol(value.c_str());
    if (name == "--idle") {
      options.idle = value == "poll"    ? io::Idle::poll
                     : value == "power" ? io::Idle::power
                                        : io::Idle::sleep;
    }
  }
  return options;
}

void print_figures(const io::DpdkGateway& gateway) {
  for (const auto& port : gateway.interfaces()) {
    std::printf(
        "%s %s %s in=%lu out=%lu errors_in=%lu missed_in=%lu no_buffer_in=%lu "
        "errors_out=%lu mtu=%u link=%d\n",
        port.name.c_str(), port.driver.c_str(), port.mac.c_str(), port.packets_in, port.packets_out,
        port.errors_in, port.missed_in, port.no_buffer_in, port.errors_out, port.mtu, port.link_up);
  }
  for (const auto& worker : gateway.workers()) {
    std::printf(
        "worker core=%u queues=\"%s\" polls=%lu empty=%lu sleeps=%lu handed_over=%lu "
        "taken_over=%lu\n",
        worker.core, worker.queues.c_str(), worker.polls, worker.empty_polls, worker.sleeps,
        worker.handed_over, worker.taken_over);
  }
  std::uint64_t packets = 0, forwarded = 0, dropped = 0, full = 0;
  for (const auto* counters : gateway.counters()) {
    packets += counters->get(telemetry::Counter::packets);
    forwarded += counters->get(telemetry::Counter::forwarded);
    dropped += counters->get(telemetry::Counter::dropped);
    full += counters->get(telemetry::Reason::transmit_full) +
            counters->get(telemetry::Reason::handover_full);
  }
  std::printf("total packets=%lu forwarded=%lu dropped=%lu full=%lu\n", packets, forwarded, dropped,
              full);
}

double now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void serve(io::DpdkGateway& gateway, const sigset_t& signals, long seconds) {
  const double end = now() + static_cast<double>(seconds);
  const timespec interval{0, long{io::DpdkGateway::kLinkIntervalMs} * 1'000'000};
  for (;;) {
    const int signal = sigtimedwait(&signals, nullptr, &interval);
    if (signal == SIGTERM || signal == SIGINT || (seconds != 0 && now() >= end)) return;
    if (signal == SIGHUP) {
      const double start = now();
      gateway.publish(std::make_shared<engine::Snapshot>());
      std::printf("published in %.0f us\n", (now() - start) * 1e6);
      std::fflush(stdout);
    }
    gateway.watch_links();
    gateway.correct_time();
  }
}

}  // namespace

int main(int count, char** words) {
  const Options options = read_options(count, words);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);

  Diagnostics diagnostics;
  io::GatewayConfig config;
  config.pairs = io::parse_device_pairs(options.inside, options.outside, diagnostics);
  io::check_devices(options.inside, options.outside, diagnostics);
  config.worker_cores = io::parse_core_list(options.workers, io::allowed_cores(), diagnostics)
                            .value_or(std::vector<unsigned>{});
  for (const Diagnostic& finding : diagnostics.all()) {
    std::fprintf(stderr, "%s\n", finding.to_string().c_str());
  }
  if (diagnostics.has_errors()) return 2;
  config.idle = options.idle;
  config.eal_extra = options.eal;
  config.log = [](std::string_view line) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  };

  std::string error;
  auto gateway = io::DpdkGateway::open(config, std::make_shared<engine::Snapshot>(), error);
  if (gateway != nullptr) error = gateway->start();
  if (!error.empty()) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  std::printf("forwarding\n");
  std::fflush(stdout);
  serve(*gateway, signals, options.seconds);
  print_figures(*gateway);
  gateway->stop();
  return 0;
}
