#include <fstream>
#include <unistd.h>

#include "base/printable.h"
#include "control/context.h"
#include "control/flow_text.h"
#include "control/metrics.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

using Align = TextTable::Align;

std::string speed_text(std::uint32_t mbit_per_second) {
  if (mbit_per_second == 0) return "speed not known";
  if (mbit_per_second % 1000 == 0) return std::to_string(mbit_per_second / 1000) + " Gbit/s";
  return std::to_string(mbit_per_second) + " Mbit/s";
}

}  // namespace

Reply show_version(Context& context, const Invocation&, const Caller&) {
  const auto snapshot = context.gateway.snapshot();
  const std::uint64_t uptime = seconds_since(context.now(), context.started);
  Reply reply;
  reply.result = {{"version", CHATGATE_VERSION},
                  {"uptime_seconds", uptime},
                  {"pid", ::getpid()},
                  {"owner_uid", context.config.owner},
                  {"workers", context.counters.workers()},
                  {"interfaces", context.gateway.interfaces().size()},
                  {"policy", snapshot->policy_file},
                  {"generation", snapshot->generation},
                  {"mode", to_string(snapshot->mode())}};
  reply.text = "chatgate " CHATGATE_VERSION ", process " + std::to_string(::getpid()) + ", up " +
               duration(uptime) + "\n" + count_of(context.counters.workers(), "worker") + ", " +
               count_of(context.gateway.interfaces().size(), "interface") + "\nPolicy " +
               printable(snapshot->policy_file) + ", generation " +
               std::to_string(snapshot->generation) + ", mode " +
               std::string(to_string(snapshot->mode())) + "\n";
  return reply;
}

Reply show_interfaces(Context& context, const Invocation&, const Caller&) {
  Reply reply;
  Json& list = reply.result["interfaces"] = Json::array();
  for (const InterfaceStatus& port : context.gateway.interfaces()) {
    list.push_back({{"name", port.name},
                    {"side", side_word(port.side)},
                    {"pair", port.pair.value()},
                    {"link", port.link_up ? "up" : "down"},
                    {"driver", port.driver},
                    {"mac", port.mac},
                    {"mtu", port.mtu},
                    {"mbit_per_second", port.mbit_per_second},
                    {"in",
                     {{"packets", port.packets_in},
                      {"bytes", port.bytes_in},
                      {"errors", port.errors_in},
                      {"missed", port.missed_in},
                      {"no_buffer", port.no_buffer_in}}},
                    {"out",
                     {{"packets", port.packets_out},
                      {"bytes", port.bytes_out},
                      {"errors", port.errors_out}}}});
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    reply.text += "Interface " + printable(port.name) + " \"" + std::string(side_word(port.side)) +
                  "\" of pair " + number(port.pair.value()) + " is " +
                  (port.link_up ? "up" : "down") + "\n  " + printable(port.driver) + ", " +
                  speed_text(port.mbit_per_second) + ", MAC " + printable(port.mac) + ", MTU " +
                  number(port.mtu) + "\n  " + number(port.packets_in) + " packets input, " +
                  number(port.bytes_in) + " bytes, " + number(port.errors_in) + " errors, " +
                  number(port.missed_in) + " missed, " + number(port.no_buffer_in) +
                  " no buffer\n  " + number(port.packets_out) + " packets output, " +
                  number(port.bytes_out) + " bytes, " + number(port.errors_out) + " errors\n";
  }
  return reply;
}

Reply show_workers(Context& context, const Invocation&, const Caller&) {
  using telemetry::Counter;
  Reply reply;
  Json& list = reply.result["workers"] = Json::array();
  TextTable table({{"Worker", Align::right},
                   {"Core", Align::right},
                   {"State"},
                   {"Busy", Align::right},
                   {"Polls", Align::right},
                   {"Sleeps", Align::right},
                   {"Packets", Align::right},
                   {"Flows", Align::right},
                   {"Handed over", Align::right},
                   {"Taken over", Align::right},
                   {"Queues"}});
  for (const WorkerStatus& worker : context.gateway.workers()) {
    const std::size_t index = worker.id.value();
    const bool counted = index < context.counters.workers();
    const std::uint64_t packets = counted ? context.counters.get(Counter::packets, index) : 0;
    const std::uint64_t flows = counted ? context.counters.get(Counter::flows_active, index) : 0;
    const std::uint64_t busy =
        worker.polls == 0 ? 0 : (worker.polls - worker.empty_polls) * 100 / worker.polls;
    list.push_back({{"worker", index},
                    {"core", worker.core},
                    {"alive", worker.alive},
                    {"queues", worker.queues},
                    {"polls", worker.polls},
                    {"empty_polls", worker.empty_polls},
                    {"sleeps", worker.sleeps},
                    {"packets", packets},
                    {"flows", flows},
                    {"generation", worker.generation},
                    {"handed_over", worker.handed_over},
                    {"taken_over", worker.taken_over}});
    table.add({std::to_string(index), std::to_string(worker.core),
               worker.alive ? "running" : "STUCK", std::to_string(busy) + "%",
               std::to_string(worker.polls), std::to_string(worker.sleeps), std::to_string(packets),
               std::to_string(flows), std::to_string(worker.handed_over),
               std::to_string(worker.taken_over), printable(worker.queues)});
  }
  reply.text = table.render();
  return reply;
}

Reply show_memory(Context& context, const Invocation&, const Caller&) {
  const auto snapshot = context.gateway.snapshot();
  const std::uint64_t tables = context.gateway.table_memory();
  const std::uint64_t packets = context.gateway.packet_memory();
  const std::uint64_t catalogue = snapshot->catalogue->memory();
  const learn::LearnedServers* learned = context.gateway.learned_servers();
  const std::uint64_t servers = learned == nullptr ? 0 : learned->memory();
  const std::uint64_t rules = snapshot->signatures == nullptr ? 0 : snapshot->signatures->memory();
  std::uint64_t lists = 0;
  if (snapshot->lists != nullptr) {
    for (const auto& entry : snapshot->lists->all()) lists += entry.list->memory();
  }
  const std::uint64_t resident = resident_memory();
  Reply reply;
  reply.result = {{"tables_bytes", tables},
                  {"packet_buffers_bytes", packets},
                  {"catalogue_bytes", catalogue},
                  {"learned_servers_bytes", servers},
                  {"signatures_bytes", rules},
                  {"lists_bytes", lists},
                  {"process_resident_bytes", resident}};
  TextTable table({{"Memory"}, {"Size", Align::right}, {"Bytes", Align::right}});
  const auto row = [&](const char* name, std::uint64_t bytes) {
    table.add({name, memory_size(bytes), std::to_string(bytes)});
  };
  row("flow tables and inspections", tables);
  row("packet buffers", packets);
  row("catalogue", catalogue);
  row("learned servers", servers);
  row("Snort rules", rules);
  row("lists", lists);
  row("process, resident", resident);
  reply.text = table.render();
  return reply;
}

}  // namespace chatgate::control
