// `chatgate run`: the gateway.
//
// The main thread is the control thread: it loads, starts and ends everything, serves the socket
// and signals, and watches links. Packets are the workers' (io/dpdk), events their writer's.

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <linux/capability.h>
#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
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
#include "heartbeat.h"
#include "options.h"
#include "pid_file.h"
#include "process/privileges.h"
#include "process/service_manager.h"
#include "process/supervisor.h"
#include "process/syscall_filter.h"
#include "unless_it_fails.h"
#include "wires.h"

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
  add("idle", text("sleep|poll|power")->default_value("sleep"), "while nothing comes");
  add("socket", text("PATH")->default_value(std::string(kDefaultSocket)), "for chatgatectl");
  add("events", texts("SINK"),
      "file:PATH, unix:PATH, syslog:, redis://HOST:PORT/STREAM or - (repeats)");
  add("on-failure", text("open|closed")->default_value("open"),
      "the wire when the gateway ends, and packets it has no room for");
  add("watchdog", po::value<unsigned>()->value_name("SECONDS"),
      "end it when a worker hangs that long; default: 10 where the wire can be opened, else 0, "
      "off");
  add("flows", po::value<std::uint32_t>()->default_value(1u << 16)->value_name("N"),
      "most flows, all workers together");
  add("frames", po::value<std::uint32_t>()->default_value(0)->value_name("N"),
      "least room for frames, for each device; 0: what its queues need");
  add("redact-people", po::bool_switch(), "no log-ins, peers and file names in events");
  add("protocol-events", po::bool_switch(), "dns, tls and http events too");
  add("pid-file", text("FILE"), "where to write the process's number");
  add("eal", text("WORDS"), "more arguments for DPDK");
  add("user", text("NAME"), "whom it becomes when its ports are open");
  add("syscall-filter", text("on|off")->default_value("on"), "refuse system calls it never needs");
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
  bool filter_calls = true;
  std::optional<process::User> user;
  process::SupervisorConfig supervisor;
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

// What happens when the gateway ends, and when it hangs.
void read_failure(const po::variables_map& values, Request& request, Diagnostics& findings) {
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

Request request_of(const po::variables_map& values, Diagnostics& findings) {
  Request request;
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

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? std::string(name) : std::string();
}

// EVE's in_iface: the interface where there is one, else the device's word.
std::string interface_of(const io::Device& device) {
  return device.is_kernel_interface() || device.kind == io::DeviceKind::tap ? device.target
                                                                            : device.word;
}

std::unique_ptr<telemetry::EventWriter> make_writer(const Request& request,
                                                    telemetry::RecentEvents& recent,
                                                    Diagnostics& findings) {
  telemetry::EventWriterOptions options;
  options.eve.host = host_name();
  options.eve.redact_people = request.redact_people;
  options.recent = &recent;
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
          const telemetry::RecentEvents& recent, catalog::ApplicationRegistry& registry)
      : gateway_(gateway),
        writer_(writer),
        socket_(request.socket),
        commands_(io_, gateway, registry, commands_config(request, writer, recent)),
        server_(io_, commands_, server_config(request)) {
    signals_.add(SIGUSR1);
    if (request.metrics) metrics_.emplace(io_, metrics_config(*request.metrics));
  }

  // False, with everything printed, where the socket or the port of the metrics cannot be opened.
  // The socket belongs to the user whom the process becomes.
  bool open(const std::optional<process::User>& user) {
    Diagnostics findings = server_.open();
    if (metrics_) findings.append(metrics_->open());
    print(findings);
    if (user && ::geteuid() == 0 && ::lchown(socket_.c_str(), user->uid, gid_t(-1)) != 0) {
      log_line("cannot give " + socket_ + " to " + user->name);
      return false;
    }
    return !findings.has_errors();
  }

  void tell_last_good(const Diagnostics& errors) { commands_.tell_last_good(errors, own_word()); }

  // Returns when it is time to end.
  void serve() {
    commands_.tell("gateway started", own_word());
    wait_for_signal();
    watch_links();
    each_second();
    io_.run();
    commands_.tell("gateway ended", own_word());
    server_.close();
    if (metrics_) metrics_->close();
  }

 private:
  static control::CommandsConfig commands_config(const Request& request,
                                                 telemetry::EventWriter& writer,
                                                 const telemetry::RecentEvents& recent) {
    control::CommandsConfig config;
    config.events = &recent;
    config.source = request.source;
    config.host = host_name();
    if (request.user) config.owner = request.user->uid;
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
          process::notify_manager("STOPPING=1");
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
    process::notify_reloading();
    unless_it_fails(log_line, "the policy could not be reloaded", [this] {
      const control::ReloadOutcome outcome = commands_.reload(own_word());
      print(outcome.diagnostics);
      log_line(outcome.accepted
                   ? "policy reloaded, " + std::to_string(outcome.rule_count) + " rules"
                   : std::string("the policy has errors, the running one stays"));
    });
    process::notify_manager("READY=1");
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
      unless_it_fails(log_line, "the policy's times could not be kept",
                      [this] { commands_.keep_time(own_word()); });
    });
  }

  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
  boost::asio::steady_timer link_timer_{io_}, second_timer_{io_};
  io::DpdkGateway& gateway_;
  telemetry::EventWriter& writer_;
  const std::string socket_;
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

void confine(const Request& request) {
  if (!request.filter_calls) return;
  const std::string wrong =
      process::install_syscall_filter(process::FilterFor::gateway, has_xdp(request.gateway.pairs));
  if (!wrong.empty()) log_line("system calls are not filtered: " + wrong);
}

// The ports work; from here to the end. Workers have stopped when it returns. `refused` says what
// is wrong with the policy's file where another one is used.
int serve(const Request& request, std::size_t rules, const Diagnostics& refused,
          io::DpdkGateway& gateway, telemetry::EventWriter& writer,
          const telemetry::RecentEvents& recent, catalog::ApplicationRegistry& registry,
          process::Supervisor* supervisor) {
  int status = kFailed;
  std::optional<Heartbeat> heartbeat;
  heartbeat.emplace(gateway, supervisor, request.supervisor.patience, request.gateway.worker_cores,
                    log_line);
  Session session(request, gateway, writer, recent, registry);
  if (session.open(request.user)) {
    // All threads are there now. Links are switched and interfaces put back by this one only.
    const std::string wrong = process::give_up(request.user, {CAP_NET_ADMIN});
    if (wrong.empty()) {
      confine(request);
      log_line(summary(request, rules));
      if (refused.has_errors()) session.tell_last_good(refused);
      process::notify_manager("READY=1");
      session.serve();
      status = kDone;
    } else {
      log_line(wrong);
    }
  }
  heartbeat.reset();
  gateway.stop();  // before the commands end: a worker may be answering one
  return status;
}

// From the last check to the end. Whatever fails prints one line.
int forward(const Request& request, const control::LoadResult& loaded, const Diagnostics& refused,
            catalog::ApplicationRegistry& registry, process::Supervisor* supervisor) {
  // Outlives the writer, which reads the rings in it to its end.
  std::unique_ptr<io::DpdkGateway> gateway;
  Diagnostics findings;
  telemetry::RecentEvents recent;
  std::unique_ptr<telemetry::EventWriter> writer;
  {
    const process::FilesAs files(request.user);
    writer = make_writer(request, recent, findings);
  }
  print(findings);
  if (findings.has_errors()) return kFailed;
  PidFile pid_file;
  if (!pid_file.write(request.pid_file, request.user)) {
    log_line("cannot write " + request.pid_file);
    return kFailed;
  }

  if (!request.supervisor.wires.empty() && process::wire_is_filtered()) {
    log_line(
        "net.bridge.bridge-nf-call-iptables is set: while the wire is open, this machine's "
        "packet filter sees its frames");
  }
  if (supervisor != nullptr) supervisor->arm();
  std::string error;
  gateway = io::DpdkGateway::open(request.gateway, loaded.snapshot, error);
  if (gateway != nullptr) {
    connect_events(*gateway, *writer);
    error = gateway->start();
  }
  int status = kFailed;
  if (error.empty()) {
    status =
        serve(request, loaded.rule_count, refused, *gateway, *writer, recent, registry, supervisor);
  } else {
    log_line(error);
    if (gateway != nullptr) gateway->stop();
  }
  if (gateway != nullptr) gateway->close_ports();
  if (supervisor != nullptr) supervisor->finish();
  writer->stop();
  return status;
}

// Before the policy is loaded, so that it stays small. Null where there is nothing for it to do;
// false where it was to be and is not.
bool start_supervisor(Request& request, std::unique_ptr<process::Supervisor>& supervisor) {
  const auto& socket_folder = std::filesystem::path(request.socket).parent_path().string();
  for (const std::string& folder :
       {socket_folder, request.source.state_folder, request.source.signature_cache}) {
    if (request.user && !process::make_folder_for(request.user, folder)) {
      log_line("cannot make the folder " + folder);
    }
  }
  request.gateway.take_over = [all = kernel_wires(request.gateway.pairs)](bool& was_open) {
    return close_wires(all, was_open);
  };
  request.gateway.leaves_interfaces = !request.supervisor.wires.empty();
  if (request.supervisor.wires.empty() && request.supervisor.patience.count() == 0) return true;
  std::string error;
  supervisor = process::Supervisor::start(request.supervisor, error);
  if (supervisor == nullptr) log_line(error);
  return supervisor != nullptr;
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
  const bool usage_is_right = !findings.has_errors();
  // A reload that is asked for before the end of the start comes to the same as the start.
  ::signal(SIGHUP, SIG_IGN);
  // Nobody else is to read what is written of people: events, captures, policies, compiled rules.
  ::umask(0027);
  std::unique_ptr<process::Supervisor> supervisor;
  if (usage_is_right && !start_supervisor(request, supervisor)) return kFailed;

  std::optional<process::FilesAs> files(std::in_place, request.user);
  catalog::ApplicationRegistry registry;
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
  files.reset();
  request.source.policy_text = loaded.text;
  return forward(request, loaded, findings, registry, supervisor.get());
}

}  // namespace chatgate::app
