// `trace` and `show trace`: the way of the next packets through every stage.

#include <algorithm>

#include "base/ip_protocol.h"
#include "base/printable.h"
#include "control/answer_of.h"
#include "control/context.h"
#include "control/text.h"

#include "explain/packets.h"

namespace chatgate::control {
namespace {

using ip_protocol::kTcp;
using ip_protocol::kUdp;

Json to_json(const explain::TracedPacket& packet, std::size_t worker) {
  Json json = {{"worker", worker}, {"time", moment(packet.time)}, {"packet", packet.heading}};
  if (packet.flow_id != 0) json["flow_id"] = packet.flow_id;
  json["steps"] = Json::array();
  for (const explain::TracedStep& step : packet.steps) {
    json["steps"].push_back({{"stage", step.stage}, {"result", printable(step.result)}});
  }
  return json;
}

std::string to_text(const explain::TracedPacket& packet, std::size_t number, std::size_t worker) {
  std::string text = "Packet " + std::to_string(number) + ", worker " + std::to_string(worker) +
                     ", " + moment(packet.time) + ", " + packet.heading;
  if (packet.flow_id != 0) text += ", flow " + std::to_string(packet.flow_id);
  text += "\n";
  TextTable table({{""}, {""}});
  for (const explain::TracedStep& step : packet.steps) {
    table.add({step.stage, printable(step.result)});
  }
  return text + table.render(2);
}

}  // namespace

void start_trace(Context& context, const Invocation& invocation, const Caller&, Done done) {
  if (invocation.has("stop")) {
    context.trace.stop();
    Reply reply;
    reply.result = {{"stopped", true}};
    reply.text = "The trace ends; \"show trace\" shows it.\n";
    return done(std::move(reply));
  }
  if (!invocation.has("")) {
    return done(Reply::failure(kInvalid, "how many packets are to be traced is missing",
                               "such as \"trace host 10.1.1.5 port 443 20\""));
  }
  if (invocation.has("tcp") && invocation.has("udp")) {
    return done(Reply::failure(kInvalid, "no packet is both tcp and udp", "write one of them"));
  }
  engine::TraceFilter filter;
  if (invocation.has("tcp")) filter.protocol = kTcp;
  if (invocation.has("udp")) filter.protocol = kUdp;
  if (invocation.has("host")) filter.one = IpAddress::parse(invocation.get("host"));
  if (invocation.has("peer")) filter.other = IpAddress::parse(invocation.get("peer"));
  filter.port = static_cast<std::uint16_t>(invocation.number("port", 0));
  filter.flow_id = invocation.flow_id("flow");
  const std::uint32_t packets = invocation.number("", 1);
  context.trace.start(
      filter, packets, [&context, packets, done = std::move(done)](std::size_t workers) {
        done(answer_of([&] {
          if (workers == 0) {
            return Reply::failure(kFailed, "no worker took the trace in time", "ask again");
          }
          Reply reply;
          reply.result = {{"packets", packets}, {"workers", workers}};
          reply.text = "The next " + count_of(packets, "packet") + " that match" +
                       (packets == 1 ? "es" : "") + " will be traced; \"show trace\" shows them.\n";
          const std::size_t missing = context.counters.workers() - workers;
          if (missing != 0) {
            reply.text += count_of(missing, "worker") + " did not take the trace in time.\n";
          }
          return reply;
        }));
      });
}

Reply show_trace(Context& context, const Invocation&, const Caller&) {
  Reply reply;
  reply.result = {{"running", context.trace.running()},
                  {"wanted", context.trace.wanted()},
                  {"packets", Json::array()}};
  if (!context.trace.any()) {
    reply.text = "Nothing was traced; \"trace\" begins it.\n";
    return reply;
  }
  const auto snapshot = context.gateway.snapshot();
  struct Row {
    explain::TracedPacket packet;
    std::size_t worker;
  };
  std::vector<Row> rows;
  const auto published = context.trace.published();
  for (std::size_t worker = 0; worker < published.size(); ++worker) {
    for (auto& packet : explain::describe(*snapshot, published[worker])) {
      rows.push_back({std::move(packet), worker});
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.packet.time < b.packet.time; });
  // Each worker was asked for all of them.
  if (rows.size() > context.trace.wanted()) rows.resize(context.trace.wanted());
  const bool complete = rows.size() == context.trace.wanted() || !context.trace.running();
  if (complete) context.trace.stop();
  reply.result["running"] = !complete;
  reply.text = count_of(rows.size(), "packet") + " of " + std::to_string(context.trace.wanted()) +
               (complete ? "\n" : ", more may come\n");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    reply.result["packets"].push_back(to_json(rows[i].packet, rows[i].worker));
    reply.text += "\n" + to_text(rows[i].packet, i + 1, rows[i].worker);
  }
  return reply;
}

}  // namespace chatgate::control
