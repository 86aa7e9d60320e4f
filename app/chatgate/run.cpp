// `chatgate run`: the gateway.
//
// The main thread is the control thread: it loads, starts and ends everything, serves the socket
// and signals, and watches links. Packets are the workers' (io/dpdk), events their writer's.

#include <csignal>
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
#include "control/last_good.h"
#include "control/loader.h"
#include "engine/event_names.h"
#include "io/dpdk/gateway.h"
#include "telemetry/event_writer.h"

#include "commands.h"
#include "heartbeat.h"
#include "host_name.h"
#include "log_line.h"
#include "options.h"
#include "process/pid_file.h"
#include "process/privileges.h"
#include "process/service_manager.h"
#include "process/supervisor.h"
#include "process/syscall_filter.h"
#include "run_request.h"
#include "run_session.h"
#include "status_line.h"
#include "wires.h"

namespace chatgate::app {
namespace {

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

// EVE's in_iface: the interface where there is one, else the device's word.
std::string interface_of(const io::Device& device) {
  return device.is_kernel_interface() || device.kind == io::DeviceKind::tap ? device.target
                                                                            : device.word;
}

std::unique_ptr<telemetry::EventWriter> make_writer(const RunRequest& request,
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

std::string summary(const RunRequest& request, std::size_t rules) {
  std::string line = "forwarding";
  for (const io::DevicePair& pair : request.gateway.pairs) {
    line += " " + pair.inside.word + " <-> " + pair.outside.word + ",";
  }
  const auto& cores = request.gateway.worker_cores;
  line += cores.size() == 1 ? " 1 worker on core"
                            : " " + std::to_string(cores.size()) + " workers on cores";
  for (const unsigned core : cores) line += " " + std::to_string(core);
  return line + ", " + rules_in_words(rules) + " of " + request.source.policy_file;
}

void confine(const RunRequest& request) {
  if (!request.filter_calls) return;
  const std::string wrong =
      process::install_syscall_filter(process::FilterFor::gateway, has_xdp(request.gateway.pairs));
  if (!wrong.empty()) log_line("system calls are not filtered: " + wrong);
}

// The ports work; from here to the end. Workers have stopped when it returns. `refused` says what
// is wrong with the policy's file where another one is used.
int serve(const RunRequest& request, std::size_t rules, const Diagnostics& refused,
          io::DpdkGateway& gateway, telemetry::EventWriter& writer,
          const telemetry::RecentEvents& recent, catalog::ApplicationRegistry& registry,
          process::Supervisor* supervisor) {
  int status = kFailed;
  std::optional<Heartbeat> heartbeat;
  heartbeat.emplace(gateway, supervisor, request.supervisor.patience, request.gateway.worker_cores,
                    log_line);
  RunSession session(request, gateway, writer, recent, registry);
  if (session.open(request.user)) {
    // All threads are there now. Links are switched and interfaces put back by this one only.
    const std::string wrong = process::give_up(request.user, {CAP_NET_ADMIN});
    if (wrong.empty()) {
      confine(request);
      log_line(summary(request, rules));
      if (refused.has_errors()) session.tell_last_good(refused);
      session.tell_manager("READY=1");
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
int forward(const RunRequest& request, const control::LoadResult& loaded,
            const Diagnostics& refused, catalog::ApplicationRegistry& registry,
            process::Supervisor* supervisor) {
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
  process::PidFile pid_file;
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
bool start_supervisor(RunRequest& request, std::unique_ptr<process::Supervisor>& supervisor) {
  const auto& socket_folder = std::filesystem::path(request.socket).parent_path().string();
  for (const std::string& folder :
       {socket_folder, request.source.state_folder, request.source.signature_cache}) {
    if (request.user && !process::make_folder_for(request.user, folder)) {
      log_line("cannot make the folder " + folder);
    }
  }
  request.gateway.take_over = [all = parted_wires(request.gateway.pairs)](bool& was_open) {
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
  const Parsed parsed = parse(arguments, run_options(), {}, kRunUsage);
  if (!parsed.values) return parsed.status;
  Diagnostics findings;
  RunRequest request = run_request(*parsed.values, findings);
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
