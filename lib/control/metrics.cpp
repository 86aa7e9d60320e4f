#include "control/metrics.h"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <unistd.h>
#include <utility>

#include "base/printable.h"

namespace chatgate::control {
namespace {

using telemetry::Counter;
using telemetry::EventType;
using telemetry::Reason;
using telemetry::WorkerCounters;

enum class Kind : std::uint8_t { counter, gauge };

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// One family after the other: its two comment lines, then its samples.
class Exposition {
 public:
  // `help` as people read it; a counter's name ends in _total.
  void family(std::string name, Kind kind, std::string_view help) {
    name_ = "chatgate_" + std::move(name) + (kind == Kind::counter ? "_total" : "");
    begin(kind, help);
  }
  // One of the names that all programs share.
  void common(std::string name, Kind kind, std::string_view help) {
    name_ = std::move(name);
    begin(kind, help);
  }
  void sample(std::uint64_t value, Labels labels = {}) {
    out_ += name_;
    char before = '{';
    for (const auto& [key, text] : labels) {
      out_ += std::exchange(before, ',');
      out_ += key;
      out_ += "=\"";
      append_escaped(text, true);
      out_ += '"';
    }
    if (labels.size() != 0) out_ += '}';
    out_ += ' ';
    out_ += std::to_string(value);
    out_ += '\n';
  }
  std::string take() { return std::move(out_); }

 private:
  void begin(Kind kind, std::string_view help) {
    out_ += "# HELP " + name_ + " ";
    append_escaped(help, false);
    out_ += "\n# TYPE " + name_ + (kind == Kind::counter ? " counter\n" : " gauge\n");
  }
  // Names come from files: no control characters and nothing that is not UTF-8.
  void append_escaped(std::string_view text, bool quotes) {
    for (const char c : printable(text)) {
      if (c == '\\' || (c == '"' && quotes)) out_ += '\\';
      out_ += c;
    }
  }

  std::string out_, name_;
};

std::string underscored(std::string_view word) {
  std::string name(word);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

void add_process(Exposition& out, const MetricsSource& source) {
  const auto snapshot = source.gateway.snapshot();
  out.family("build_info", Kind::gauge, "the program's version; always 1");
  out.sample(1, {{"version", CHATGATE_VERSION}});
  out.family("policy_info", Kind::gauge, "the policy in force; always 1");
  out.sample(1, {{"file", snapshot->policy_file},
                 {"sha256", snapshot->sha256},
                 {"mode", policy::to_string(snapshot->mode())}});
  out.family("policy_generation", Kind::gauge, "number of the configuration in force");
  out.sample(snapshot->generation);
  out.family("policy_rules", Kind::gauge, "rules of the policy in force");
  out.sample(snapshot->policy->rules().size());
  out.family("table_memory_bytes", Kind::gauge, "taken by flow tables and inspections");
  out.sample(source.gateway.table_memory());
  out.family("packet_memory_bytes", Kind::gauge, "taken by packet buffers");
  out.sample(source.gateway.packet_memory());
  out.common("process_start_time_seconds", Kind::gauge, "when the process began, since 1970");
  out.sample(source.started.nanoseconds / 1'000'000'000);
  out.common("process_resident_memory_bytes", Kind::gauge, "memory that the process holds");
  out.sample(resident_memory());
}

void add_counters(Exposition& out, const std::vector<const WorkerCounters*>& workers) {
  const auto infos = telemetry::counters();
  for (std::size_t c = 0; c < infos.size(); ++c) {
    const auto counter = static_cast<Counter>(c);
    out.family(underscored(infos[c].word),
               CounterView::is_level(counter) ? Kind::gauge : Kind::counter, infos[c].help);
    for (std::size_t w = 0; w < workers.size(); ++w) {
      out.sample(workers[w]->get(counter), {{"worker", std::to_string(w)}});
    }
  }
  out.family("reasons", Kind::counter, "why packets were not simply forwarded, by `show asp drop`");
  const auto reasons = telemetry::reasons();
  for (std::size_t r = 0; r < reasons.size(); ++r) {
    if (static_cast<Reason>(r) == Reason::none) continue;
    for (std::size_t w = 0; w < workers.size(); ++w) {
      out.sample(workers[w]->get(static_cast<Reason>(r)),
                 {{"worker", std::to_string(w)}, {"reason", reasons[r].word}});
    }
  }
}

void add_workers(Exposition& out, const std::vector<WorkerStatus>& workers) {
  const auto each = [&](const char* name, Kind kind, const char* help, auto value) {
    out.family(name, kind, help);
    for (const WorkerStatus& worker : workers) {
      out.sample(value(worker), {{"worker", std::to_string(worker.id.value())},
                                 {"core", std::to_string(worker.core)}});
    }
  };
  using Status = const WorkerStatus&;
  each("worker_up", Kind::gauge, "1 while the worker moves",
       [](Status worker) { return std::uint64_t{worker.alive}; });
  each("worker_polls", Kind::counter, "looks at the worker's queues",
       [](Status worker) { return worker.polls; });
  each("worker_empty_polls", Kind::counter, "looks that found no packet",
       [](Status worker) { return worker.empty_polls; });
  each("worker_sleeps", Kind::counter, "sleeps for want of packets",
       [](Status worker) { return worker.sleeps; });
  each("worker_handed_over", Kind::counter, "packets handed to the worker that owns their flow",
       [](Status worker) { return worker.handed_over; });
  each("worker_taken_over", Kind::counter, "packets taken from other workers",
       [](Status worker) { return worker.taken_over; });
}

void add_interfaces(Exposition& out, const std::vector<InterfaceStatus>& interfaces) {
  const auto each = [&](const char* name, Kind kind, const char* help, auto value) {
    out.family(name, kind, help);
    for (const InterfaceStatus& port : interfaces) {
      out.sample(value(port), {{"interface", port.name},
                               {"pair", std::to_string(port.pair.value())},
                               {"side", port.side == net::Side::inside ? "inside" : "outside"}});
    }
  };
  using Status = const InterfaceStatus&;
  each("interface_up", Kind::gauge, "1 while the link is up",
       [](Status port) { return std::uint64_t{port.link_up}; });
  each("interface_receive_packets", Kind::counter, "frames that the device received",
       [](Status port) { return port.packets_in; });
  each("interface_receive_bytes", Kind::counter, "bytes that the device received",
       [](Status port) { return port.bytes_in; });
  each("interface_receive_errors", Kind::counter, "frames received with errors",
       [](Status port) { return port.errors_in; });
  each("interface_receive_missed", Kind::counter, "frames that came faster than they were taken",
       [](Status port) { return port.missed_in; });
  each("interface_receive_no_buffer", Kind::counter, "frames that found no packet buffer",
       [](Status port) { return port.no_buffer_in; });
  each("interface_transmit_packets", Kind::counter, "frames that the device sent",
       [](Status port) { return port.packets_out; });
  each("interface_transmit_bytes", Kind::counter, "bytes that the device sent",
       [](Status port) { return port.bytes_out; });
  each("interface_transmit_errors", Kind::counter, "frames that the device failed to send",
       [](Status port) { return port.errors_out; });
}

void add_applications(Exposition& out, const catalog::Catalogue& catalogue,
                      const std::vector<const WorkerCounters*>& workers) {
  out.family("application_verdicts", Kind::counter,
             "recognised flows and questions by application, allowed or blocked");
  for (const catalog::Application& application : catalogue.applications()) {
    const std::size_t id = application.id.value();
    if (id >= telemetry::kMaxApplications) continue;
    std::uint64_t allowed = 0, blocked = 0;
    for (const WorkerCounters* worker : workers) {
      for (std::size_t e = 0; e < telemetry::kEvidenceKinds; ++e) {
        const auto evidence = static_cast<catalog::Evidence>(e);
        allowed += worker->application_allowed(id, evidence);
        blocked += worker->application_blocked(id, evidence);
      }
    }
    const std::string_view category = catalog::to_string(application.category);
    const auto verdict = [&](const char* word, std::uint64_t count) {
      out.sample(count,
                 {{"application", application.word}, {"category", category}, {"verdict", word}});
    };
    verdict("allowed", allowed);
    verdict("blocked", blocked);
  }
}

void add_hits(Exposition& out, const engine::Snapshot& snapshot, const CounterView& counters) {
  out.family("rule_hits", Kind::counter,
             "verdicts by rule of the policy in force; 0 is its default");
  const auto rules = snapshot.policy->rules();
  for (std::size_t i = 0; i < std::min(rules.size(), telemetry::kMaxRules); ++i) {
    out.sample(counters.rule_hits(rules[i].id), {{"position", std::to_string(i + 1)},
                                                 {"rule", rules[i].name},
                                                 {"action", policy::to_string(rules[i].action)}});
  }
  out.sample(counters.rule_hits(RuleId()),
             {{"position", "0"},
              {"rule", "default"},
              {"action", policy::to_string(snapshot.policy->fallback())}});
  const auto& lines = snapshot.policy->access().entries();
  out.family("access_list_hits", Kind::counter, "connections decided by line of the access list");
  for (std::size_t i = 0; i < std::min(lines.size(), telemetry::kMaxRules); ++i) {
    out.sample(counters.access_hits(policy::AccessId(static_cast<policy::AccessId::rep>(i))),
               {{"line", std::to_string(i + 1)}, {"name", lines[i].name}});
  }
  if (snapshot.lists == nullptr) return;
  out.family("list_hits", Kind::counter, "verdicts in which a list made a rule match");
  for (std::size_t i = 0; i < std::min(snapshot.lists->all().size(), telemetry::kMaxLists); ++i) {
    out.sample(counters.list_hits(ListId(static_cast<ListId::rep>(i))),
               {{"list", snapshot.lists->all()[i].word}});
  }
}

void add_events(Exposition& out, const telemetry::EventWriter& events) {
  constexpr std::pair<EventType, std::string_view> kTypes[] = {
      {EventType::alert, "alert"}, {EventType::flow, "flow"}, {EventType::tls, "tls"},
      {EventType::quic, "quic"},   {EventType::http, "http"}, {EventType::dns, "dns"}};
  out.family("events", Kind::counter, "events of the workers that were written out, by type");
  for (const auto& [type, word] : kTypes) out.sample(events.taken(type), {{"type", word}});
  out.family("events_lost_before_sinks", Kind::counter, "events that no sink got");
  out.sample(events.lost());
  out.family("event_sink_lines", Kind::counter, "lines of events by sink, written or lost");
  std::size_t number = 0;
  for (const auto& sink : events.sinks()) {
    const std::string position = std::to_string(++number);
    const auto result = [&](const char* word, std::uint64_t count) {
      out.sample(count, {{"number", position}, {"sink", sink.word}, {"result", word}});
    };
    result("written", sink.written);
    result("lost", sink.lost);
  }
}

}  // namespace

std::uint64_t resident_memory() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  if (!(statm >> size >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

bool is_healthy(const Gateway& gateway) {
  const auto workers = gateway.workers();
  return std::all_of(workers.begin(), workers.end(),
                     [](const WorkerStatus& worker) { return worker.alive; });
}

std::string metrics_text(const MetricsSource& source) {
  Exposition out;
  const auto snapshot = source.gateway.snapshot();
  const auto workers = source.gateway.counters();
  add_process(out, source);
  add_counters(out, workers);
  add_workers(out, source.gateway.workers());
  add_interfaces(out, source.gateway.interfaces());
  add_applications(out, *snapshot->catalogue, workers);
  add_hits(out, *snapshot, source.counters);
  if (source.events != nullptr) add_events(out, *source.events);
  return out.take();
}

}  // namespace chatgate::control
