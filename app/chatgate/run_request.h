// What the operator asked `chatgate run` for: its options, read and checked.
//
// Main thread, before anything is opened.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/host_port.h"
#include "control/loader.h"
#include "io/dpdk/gateway.h"
#include "telemetry/sink.h"

#include "options.h"
#include "process/privileges.h"
#include "process/supervisor.h"

namespace chatgate::app {

extern const Usage kRunUsage;

struct RunRequest {
  io::GatewayConfig gateway;
  std::vector<telemetry::SinkSpec> sinks;
  control::LoadRequest source;
  std::string socket, pid_file;
  bool redact_people = false;
  bool filter_calls = true;
  std::optional<process::User> user;
  process::SupervisorConfig supervisor;
  std::optional<HostPort> metrics;
  std::chrono::seconds stats_interval{0};  // 0: no stats events
};

boost::program_options::options_description run_options();
// Where `findings` has errors afterwards, only those are of use.
RunRequest run_request(const boost::program_options::variables_map& values, Diagnostics& findings);

}  // namespace chatgate::app
