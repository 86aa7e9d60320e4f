// `chatgate run`: the gateway.
//
// The main thread is the control thread: it loads, starts and ends everything, serves the socket
// and signals, and watches links. Packets are the workers' (io/dpdk), events their writer's.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include "catalog/registry.h"
#include "control/commands.h"
#include "control/http_server.h"
#include "control/last_good.h"
#include "control/loader.h"
#include "control/metrics.h"
#include "control/server.h"
#include "engine/event_names.h"
#include "io/dpdk/eal_arguments.h"
#include "io/dpdk/gateway.h"
#include "telemetry/event_writer.h"

#include "commands.h"
#include "options.h"

namespace chatgate::app {
namespace {

namespace po = boost::program_options;
using std::chrono::milliseconds;

constexpr Usage kUsage{
    "run",
    "--inside DEV --outside DEV --policy FILE [OPTION …]",
    "The gateway: a bridge between two devices that forwards, drops or resets what the policy "
    "says.\n"
    "DEV is pci:ADDRESS, af_packet:INTERFACE, af_xdp:INTERFACE, tap:NAME, memif:SOCKET,ID,\n"
    "pcap:FILE[,OUT] or vdev: and any device string of DPDK.",
    "chatgate run --inside af_packet:eth1 --outside af_packet:eth2 --policy "
    "/etc/chatgate/policy.json",
};

constexpr std::string_view kDefaultSocket = "/run/chatgate/chatgate.sock";

// One line on standard error; a single write, since any thread may log.
void log_line(std::string_view line) {
  const std::string whole = "chatgate: " + std::string(line) + "\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, whole.data(), whole.size());
}

constexpr std::string_view kDefaultSignatureCache = "/var/cache/chatgate";

po::options_description describe() {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto texts = [](const char* name) {
    return po::value<std::vector<std::string>>()->composing()->value_name(name);
  };
  po::options_description options("Options");
  auto add = options.add_options();
  add("inside", texts("DEV"), "the side of the clients (repeats; paired with --outside in order)");
  add("outside", texts("DEV"), "the side of the servers");
  add("workers", text("CORES"), "cores of the workers, such as 1,3-4; default: the last one");
  add("policy", text("FILE")->default_value(std::string(kDefaultPolicyFile)), "the policy");
  add("catalogue", text("DIR"), "its applications; default: beside the policy, else the installed");
  add("rules", texts("FILE"), "Snort rules beside those that the policy names (repeats)");
  add("signature-cache", text("DIR")->default_value(std::string(kDefaultSignatureCache)),
      "where compiled rules are kept");
  add("state", text("DIR"), "keep the last good policy there, for a start with a bad one");
  add("idle", text("HOW")->default_value("sleep"), "sleep, poll or power, while nothing comes");
  add("socket", text("PATH")->default_value(std::string(kDefaultSocket)), "for chatgatectl");
  add("events", texts("SINK"),
      "file:PATH, unix:PATH, syslog:, redis://HOST:PORT/STREAM or - (repeats)");
  add("on-failure", text("HOW")->default_value("open"),
      "open or closed: packets for which there is no room to look at");
  add("flows", po::value<std::uint32_t>()->default_value(1u << 16)->value_name("N"),
      "most flows, all workers together");
  add("redact-people", po::bool_switch(), "no log-ins, peers and file names in events");
  add("protocol-events", po::bool_switch(), "dns, tls and http events too");
  add("pid-file", text("FILE"), "where to write the process's number");
  add("eal", text("WORDS"), "more arguments for DPDK");
  add("user", text("NAME"), "not supported by this version");
  add("metrics", text("ADDR:PORT"), "for Prometheus: /metrics, and /healthz (HTTP)");
  return options;
}

// What the operator asked for.
struct Request {
  io::GatewayConfig gateway;
  std::vector<telemetry::SinkSpec> sinks;
  control::LoadRequest source;
  std::string socket, pid_file;
  bool redact_people = false;
  std::optional<HostPort> metrics;
};

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

Request request_of(const po::variables_map& values, Diagnostics& findings) {
  Request request;
  for (const char* option : {"user"}) {
    if (values.count(option) == 0) continue;
    findings.error({"chatgate run"},
                   "--" + std::string(option) + " is not supported by this version",
                   "leave it out");
  }
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
  request.gateway.worker.on_failure = choose<policy::OnExhaustion>(
      values, "on-failure",
      {{"open", policy::OnExhaustion::open}, {"closed", policy::OnExhaustion::closed}}, findings);
  request.gateway.worker.flows = values["flows"].as<std::uint32_t>();
  if (request.gateway.worker.flows < 1024 || request.gateway.worker.flows > 1u << 26) {
    findings.error({"chatgate run"}, "--flows is out of range", "1024 to 67108864");
  }
  request.gateway.worker.protocol_events = values["protocol-events"].as<bool>();
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
  if (const std::string address = text_of(values, "metrics"); !address.empty()) {
    request.metrics = parse_host_port(address);
    if (!request.metrics) {
      findings.error({"--metrics"}, "\"" + address + "\" is no address and port",
                     "such as 127.0.0.1:9108, [::1]:9108, or :9108 for every address");
    }
  }
  return request;
}

// Somebody answers there. Asked before a device is touched: a second gateway on the same devices
// would disturb the first.
bool socket_is_served(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  path.copy(address.sun_path, path.size());
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (client < 0) return false;
  const bool served =
      ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(client);
  return served;
}

// Tells the service manager, where there is one (sd_notify(3)): one datagram to $NOTIFY_SOCKET.
void notify_manager(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
  const std::size_t length = std::strlen(path);
  if (length >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace, unix(7)
  const int out = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (out < 0) return;
  ::sendto(out, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&address),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
  ::close(out);
}

// How often the service manager wants to hear of us; nothing where it does not.
std::optional<milliseconds> watchdog_interval() {
  const char* microseconds = std::getenv("WATCHDOG_USEC");
  if (microseconds == nullptr) return std::nullopt;
  const char* process = std::getenv("WATCHDOG_PID");
  if (process != nullptr && std::atol(process) != ::getpid()) return std::nullopt;
  const long long value = std::atoll(microseconds);
  if (value <= 0) return std::nullopt;
  return milliseconds(std::max<long long>(value / 2000, 10));
}

// Holds the process's number while it lives.
class PidFile {
 public:
  bool write(const std::string& path) {
    if (path.empty()) return true;
    std::ofstream out(path, std::ios::trunc);
    out << ::getpid() << "\n";
    if (!out.flush()) return false;
    path_ = path;
    return true;
  }
  ~PidFile() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }

 private:
  std::string path_;
};

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? std::string(name) : std::string();
}

// EVE's in_iface: the interface where there is one, else the device's word.
std::string interface_of(const io::Device& device) {
  return device.is_kernel_interface() || device.kind == io::DeviceKind::tap ? device.target
                                                                            : device.word;
}

std::unique_ptr<telemetry::EventWriter> make_writer(const Request& request, Diagnostics& findings) {
  telemetry::EventWriterOptions options;
  options.eve.host = host_name();
  options.eve.redact_people = request.redact_people;
  for (const io::DevicePair& pair : request.gateway.pairs) {
    options.eve.interfaces.push_back({interface_of(pair.inside), interface_of(pair.outside)});
  }
  std::vector<std::unique_ptr<telemetry::Sink>> sinks;
  for (const telemetry::SinkSpec& spec : request.sinks) {
    if (auto sink = telemetry::open_sink(spec, findings)) sinks.push_back(std::move(sink));
  }
  return std::make_unique<telemetry::EventWriter>(std::move(options), std::move(sinks));
}

// The running process: what happens while packets flow, until a signal ends it.
class Session {
 public:
  Session(const Request& request, io::DpdkGateway& gateway, telemetry::EventWriter& writer,
          catalog::ApplicationRegistry& registry)
      : gateway_(gateway),
        writer_(writer),
        commands_(io_, gateway, registry, commands_config(request, writer)),
        server_(io_, commands_, server_config(request)) {
    signals_.add(SIGUSR1);
    if (request.metrics) metrics_.emplace(io_, metrics_config(*request.metrics));
  }

  // False, with everything printed, where the socket or the port of the metrics cannot be opened.
  bool open() {
    Diagnostics findings = server_.open();
    if (metrics_) findings.append(metrics_->open());
    print(findings);
    return !findings.has_errors();
  }

  // Returns when it is time to end.
  void serve() {
    wait_for_signal();
    watch_links();
    each_second();
    if (const auto interval = watchdog_interval()) watchdog(*interval);
    io_.run();
    server_.close();
    if (metrics_) metrics_->close();
  }

 private:
  static control::CommandsConfig commands_config(const Request& request,
                                                 telemetry::EventWriter& writer) {
    control::CommandsConfig config;
    config.source = request.source;
    config.host = host_name();
    config.audit = [&writer](std::string line) { writer.write_line(std::move(line)); };
    return config;
  }

  static control::ServerConfig server_config(const Request& request) {
    control::ServerConfig config;
    config.path = request.socket;
    return config;
  }

  control::HttpConfig metrics_config(const HostPort& address) {
    control::HttpConfig config;
    config.address = address;
    config.metrics = [this] {
      return control::metrics_text({gateway_, commands_.counters(), &writer_, started_});
    };
    config.healthy = [this] { return control::is_healthy(gateway_); };
    return config;
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      switch (signal) {
        case SIGHUP: reload(); break;
        case SIGUSR1: writer_.reopen(); break;
        default:
          log_line("ending");
          notify_manager("STOPPING=1");
          io_.stop();
          return;
      }
      wait_for_signal();
    });
  }

  static control::Caller own_word() {
    control::Caller caller;
    caller.uid = ::geteuid();
    caller.pid = ::getpid();
    return caller;
  }

  void reload() {
    const control::ReloadOutcome outcome = commands_.reload(own_word());
    print(outcome.diagnostics);
    log_line(outcome.accepted ? "policy reloaded, " + std::to_string(outcome.rule_count) + " rules"
                              : std::string("the policy has errors, the running one stays"));
  }

  template <typename Action>
  static void repeat(boost::asio::steady_timer& timer, milliseconds interval, Action action) {
    timer.expires_after(interval);
    timer.async_wait([&timer, interval, action](const boost::system::error_code& error) {
      if (error) return;
      action();
      repeat(timer, interval, action);
    });
  }

  void watch_links() {
    repeat(link_timer_, milliseconds(io::DpdkGateway::kLinkIntervalMs),
           [this] { gateway_.watch_links(); });
  }
  void each_second() {
    repeat(second_timer_, milliseconds(1000), [this] {
      gateway_.correct_time();
      commands_.keep_time(own_word());
    });
  }
  void watchdog(milliseconds interval) {
    repeat(watchdog_timer_, interval, [this] {
      if (gateway_.all_workers_moved()) notify_manager("WATCHDOG=1");
    });
  }

  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
  boost::asio::steady_timer link_timer_{io_}, second_timer_{io_}, watchdog_timer_{io_};
  io::DpdkGateway& gateway_;
  telemetry::EventWriter& writer_;
  control::Commands commands_;
  control::Server server_;
  const Time started_ = control::system_time();
  std::optional<control::HttpServer> metrics_;
};

void connect_events(io::DpdkGateway& gateway, telemetry::EventWriter& writer) {
  const std::vector<telemetry::EventRing*> rings = gateway.event_rings();
  const auto counters = gateway.counters();
  for (std::size_t i = 0; i < rings.size(); ++i) writer.add_ring(*rings[i], counters[i]);
  const auto publish_names = [&writer](const std::shared_ptr<const engine::Snapshot>& snapshot) {
    writer.publish(snapshot->generation, std::make_shared<engine::SnapshotNames>(snapshot));
  };
  publish_names(gateway.snapshot());
  gateway.set_publish_hooks({publish_names, [&writer] { writer.flush(); }});
  writer.start();
}

std::string summary(const Request& request, std::size_t rules) {
  std::string line = "forwarding";
  for (const io::DevicePair& pair : request.gateway.pairs) {
    line += " " + pair.inside.word + " <-> " + pair.outside.word + ",";
  }
  const auto& cores = request.gateway.worker_cores;
  line += cores.size() == 1 ? " 1 worker on core"
                            : " " + std::to_string(cores.size()) + " workers on cores";
  for (const unsigned core : cores) line += " " + std::to_string(core);
  return line + ", " + std::to_string(rules) + " rules of " + request.source.policy_file;
}

// From the last check to the end. Whatever fails prints one line.
int forward(const Request& request, const control::LoadResult& loaded,
            catalog::ApplicationRegistry& registry) {
  // Outlives the writer, which reads the rings in it to its end.
  std::unique_ptr<io::DpdkGateway> gateway;
  Diagnostics findings;
  const auto writer = make_writer(request, findings);
  print(findings);
  if (findings.has_errors()) return kFailed;
  PidFile pid_file;
  if (!pid_file.write(request.pid_file)) {
    log_line("cannot write " + request.pid_file);
    return kFailed;
  }

  std::string error;
  gateway = io::DpdkGateway::open(request.gateway, loaded.snapshot, error);
  if (gateway != nullptr) {
    connect_events(*gateway, *writer);
    error = gateway->start();
  }
  int status = kFailed;
  if (error.empty()) {
    Session session(request, *gateway, *writer, registry);
    if (session.open()) {
      log_line(summary(request, loaded.rule_count));
      notify_manager("READY=1");
      session.serve();
      status = kDone;
    }
    gateway->stop();  // before the commands end: a worker may be answering one
  } else {
    log_line(error);
    if (gateway != nullptr) gateway->stop();
  }
  writer->stop();
  return status;
}

// The policy that was in force last, in the place of a file that is bad. No snapshot where there is
// none, or where it is bad by now.
control::LoadResult load_last_good(const control::LoadRequest& source,
                                   catalog::ApplicationRegistry& registry) {
  control::LoadRequest request = source;
  request.policy_text = control::last_good(source.state_folder);
  if (!request.policy_text) return {};
  registry = {};
  control::LoadResult loaded = control::load(request, registry);
  if (loaded.snapshot != nullptr) {
    log_line("the policy is bad, the last good one of " +
             control::last_good_file(source.state_folder) + " is used, SHA-256 " + loaded.sha256);
  }
  return loaded;
}

}  // namespace

int run(const Arguments& arguments) {
  const Parsed parsed = parse(arguments, describe(), {}, kUsage);
  if (!parsed.values) return parsed.status;
  Diagnostics findings;
  Request request = request_of(*parsed.values, findings);
  request.gateway.log = log_line;
  catalog::ApplicationRegistry registry;
  const bool usage_is_right = !findings.has_errors();
  control::LoadResult loaded = control::load(request.source, registry);
  findings.append(std::move(loaded.diagnostics));
  print(findings);
  if (usage_is_right && loaded.snapshot == nullptr) {
    loaded = load_last_good(request.source, registry);
  } else if (findings.has_errors()) {
    return kInvalid;
  }
  if (loaded.snapshot == nullptr) return kInvalid;
  if (socket_is_served(request.socket)) {
    log_line("the socket " + request.socket +
             " is in use by a running gateway, end it or choose another with --socket");
    return kFailed;
  }
  if (!control::keep_on_disk(request.source.state_folder, loaded.text)) {
    log_line("cannot keep the policy in " + request.source.state_folder);
  }
  request.source.policy_text = loaded.text;
  return forward(request, loaded, registry);
}

}  // namespace chatgate::app
