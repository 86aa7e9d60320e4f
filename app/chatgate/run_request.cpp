#include "run_request.h"

#include <boost/program_options/value_semantic.hpp>
#include <chrono>
#include <string_view>
#include <utility>

#include "io/dpdk/eal_arguments.h"

#include "log_line.h"
#include "wires.h"

namespace chatgate::app {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kDefaultSocket = "/run/chatgate/chatgate.sock";

constexpr std::string_view kDefaultSignatureCache = "/var/cache/chatgate";

template <typename T>
T choose(const po::variables_map& values, const char* option,
         std::initializer_list<std::pair<std::string_view, T>> words, Diagnostics& findings) {
  const auto& word = values[option].as<std::string>();
  std::vector<std::string_view> known;
  for (const auto& [name, value] : words) {
    if (name == word) return value;
    known.push_back(name);
  }
  findings.error({"chatgate run"}, "\"" + word + "\" is no value of --" + std::string(option),
                 suggestion(word, known));
  return words.begin()->second;
}

std::string text_of(const po::variables_map& values, const char* option) {
  return values.count(option) == 0 ? std::string() : values[option].as<std::string>();
}

std::vector<std::string> texts_of(const po::variables_map& values, const char* option) {
  if (values.count(option) == 0) return {};
  return values[option].as<std::vector<std::string>>();
}

// What happens when the gateway ends, and when it hangs.
void read_failure(const po::variables_map& values, RunRequest& request, Diagnostics& findings) {
  const auto word = choose<policy::OnExhaustion>(
      values, "on-failure",
      {{"open", policy::OnExhaustion::open}, {"closed", policy::OnExhaustion::closed}}, findings);
  request.gateway.worker.on_failure = word;
  process::SupervisorConfig& supervisor = request.supervisor;
  if (word == policy::OnExhaustion::open) {
    supervisor.wires = kernel_wires(request.gateway.pairs);
  }
  constexpr unsigned kUsual = 10, kMost = 3600;
  const unsigned seconds = values.count("watchdog") != 0 ? values["watchdog"].as<unsigned>()
                           : supervisor.wires.empty()    ? 0
                                                         : kUsual;
  if (seconds > kMost) findings.error({"chatgate run"}, "--watchdog is out of range", "0 to 3600");
  supervisor.patience = std::chrono::seconds(seconds);
  supervisor.user = request.user;
  supervisor.filter_calls = request.filter_calls;
  supervisor.log = log_line;
}

}  // namespace

const Usage kRunUsage{
    "run",
    "--inside DEV --outside DEV --policy FILE [OPTION …]",
    "The gateway: a bridge between devices that forwards, drops or resets by policy.\n"
    "DEV is pci:ADDRESS, af_packet:INTERFACE, af_xdp:INTERFACE, tap:NAME,\n"
    "memif:SOCKET,ID, pcap:FILE[,OUT] or vdev: and any device string of DPDK.",
    "chatgate run --inside af_packet:eth1 --outside af_packet:eth2 \\\n"
    "  --policy /etc/chatgate/policy.json",
};

po::options_description run_options() {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto texts = [](const char* name) {
    return po::value<std::vector<std::string>>()->composing()->value_name(name);
  };
  po::options_description options("Options");
  auto add = options.add_options();
  add("inside", texts("DEV"), "the side of the clients (repeats, in pairs)");
  add("outside", texts("DEV"), "the side of the servers");
  add("policy", text("FILE")->default_value(std::string(kDefaultPolicyFile)), "the policy");
  add("workers", text("CORES"), "their cores, such as 1,3-4; default: the last one");
  add("idle", text("sleep|poll|power")->default_value("sleep"), "while nothing comes");
  add("socket", text("PATH")->default_value(std::string(kDefaultSocket)), "for chatgatectl");
  add("events", texts("SINK"),
      "file:PATH, unix:PATH, syslog:, redis://HOST:PORT/STREAM or - (repeats)");
  add("metrics", text("ADDR:PORT"), "for Prometheus: /metrics, and /healthz (HTTP)");
  add("on-failure", text("open|closed")->default_value("open"),
      "the wire without the gateway, packets without room");
  add("flows", po::value<std::uint32_t>()->default_value(1u << 16)->value_name("N"),
      "most flows, all workers together");
  add("user", text("NAME"), "whom it becomes when its ports are open");
  add("pid-file", text("FILE"), "where to write the process's number");
  add("eal", text("WORDS"), "more arguments for DPDK");
  add("rules", texts("FILE"), "Snort rules beside those that the policy names (repeats)");
  add("catalogue", text("DIR"), "its applications; default: beside the policy, else the installed");
  add("signature-cache", text("DIR")->default_value(std::string(kDefaultSignatureCache)),
      "where compiled rules are kept");
  add("state", text("DIR"), "keep the last good policy there, for a start with a bad one");
  add("watchdog", po::value<unsigned>()->value_name("SECONDS"),
      "end it when a worker hangs that long; default: 10 where the wire can be opened, else 0, "
      "off");
  add("frames", po::value<std::uint32_t>()->default_value(0)->value_name("N"),
      "least room for frames, for each device; 0: what its queues need");
  add("redact-people", po::bool_switch(), "no log-ins, peers and file names in events");
  add("protocol-events", po::bool_switch(), "dns, tls, quic and http events too");
  add("stats-interval", po::value<unsigned>()->default_value(10)->value_name("SECONDS"),
      "between two events with all counters; 0: none");
  add("syscall-filter", text("on|off")->default_value("on"), "refuse system calls it never needs");
  return options;
}

RunRequest run_request(const po::variables_map& values, Diagnostics& findings) {
  RunRequest request;
  const auto inside = texts_of(values, "inside"), outside = texts_of(values, "outside");
  request.gateway.pairs = io::parse_device_pairs(inside, outside, findings);
  io::check_devices(inside, outside, findings);

  const std::vector<unsigned> allowed = io::allowed_cores();
  request.gateway.worker_cores = {allowed.empty() ? 0u : allowed.back()};
  if (const std::string cores = text_of(values, "workers"); !cores.empty()) {
    if (auto list = io::parse_core_list(cores, allowed, findings)) {
      request.gateway.worker_cores = *list;
    }
  }
  request.gateway.idle = choose<io::Idle>(
      values, "idle",
      {{"sleep", io::Idle::sleep}, {"poll", io::Idle::poll}, {"power", io::Idle::power}}, findings);
  request.gateway.worker.flows = values["flows"].as<std::uint32_t>();
  if (request.gateway.worker.flows < 1024 || request.gateway.worker.flows > 1u << 26) {
    findings.error({"chatgate run"}, "--flows is out of range", "1024 to 67108864");
  }
  request.gateway.frames = values["frames"].as<std::uint32_t>();
  if (request.gateway.frames > 1u << 24) {
    findings.error({"chatgate run"}, "--frames is out of range", "0 to 16777216");
  }
  request.gateway.worker.protocol_events = values["protocol-events"].as<bool>();
  const unsigned seconds = values["stats-interval"].as<unsigned>();
  if (seconds > 86400) {
    findings.error({"chatgate run"}, "--stats-interval is out of range", "0 to 86400");
  }
  request.stats_interval = std::chrono::seconds(seconds);
  request.gateway.eal_extra = text_of(values, "eal");

  for (const std::string& word : texts_of(values, "events")) {
    if (auto sink = telemetry::parse_sink(word, "--events", findings)) {
      request.sinks.push_back(*sink);
    }
  }
  control::LoadRequest& source = request.source;
  source.policy_file = values["policy"].as<std::string>();
  source.catalogue_folder = text_of(values, "catalogue");
  if (source.catalogue_folder.empty()) {
    source.catalogue_folder = control::default_catalogue_folder(source.policy_file);
  }
  source.rule_files = texts_of(values, "rules");
  source.signature_cache = values["signature-cache"].as<std::string>();
  source.state_folder = text_of(values, "state");
  // One more than there are, for who explains beside them.
  source.workers = static_cast<unsigned>(request.gateway.worker_cores.size()) + 1;
  request.redact_people = values["redact-people"].as<bool>();
  request.socket = values["socket"].as<std::string>();
  request.pid_file = text_of(values, "pid-file");
  if (const std::string name = text_of(values, "user"); !name.empty()) {
    request.user = process::find_user(name, "--user", findings);
  }
  request.filter_calls =
      choose<bool>(values, "syscall-filter", {{"on", true}, {"off", false}}, findings);
  read_failure(values, request, findings);
  if (const std::string address = text_of(values, "metrics"); !address.empty()) {
    request.metrics = parse_host_port(address);
    if (!request.metrics) {
      findings.error({"--metrics"}, "\"" + address + "\" is no address and port",
                     "such as 127.0.0.1:9108, [::1]:9108, or :9108 for every address");
    }
  }
  return request;
}

}  // namespace chatgate::app
