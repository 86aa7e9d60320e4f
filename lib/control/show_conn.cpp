// `show conn` and `clear conn`: connections as an ASA's administrator knows them.
#include "base/printable.h"
#include "control/context.h"
#include "control/flow_text.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

using telemetry::Event;

constexpr std::uint32_t kUsualLimit = 100;

// As an ASA has them: U up, I and O bytes from outside and from inside, B opened from outside.
std::string flags_of(const Event& flow) {
  const bool from_inside = flow.arrived_by == net::Side::inside;
  const bool to_server = flow.bytes_to_server != 0, to_client = flow.bytes_to_client != 0;
  std::string flags;
  if (flow.state == telemetry::FlowState::established) flags += 'U';
  if (from_inside ? to_client : to_server) flags += 'I';
  if (from_inside ? to_server : to_client) flags += 'O';
  if (!from_inside) flags += 'B';
  return flags.empty() ? "-" : flags;
}

std::string line_of(const Event& flow, const FlowRow& row) {
  std::string protocol = protocol_word(flow.protocol);
  for (char& c : protocol) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  const std::string client = endpoint(flow.client, flow.client_port);
  const std::string server = endpoint(flow.server, flow.server_port);
  const bool from_inside = flow.arrived_by == net::Side::inside;
  std::string line = protocol + " outside " + (from_inside ? server : client) + " inside " +
                     (from_inside ? client : server) + ", idle " + duration(row.idle) + ", bytes " +
                     std::to_string(flow.bytes_to_server + flow.bytes_to_client) + ", flags " +
                     flags_of(flow);
  if (flow.im.known()) line += ", " + row.application;
  if (!policy::forwards(flow.action)) {
    line += ", " + row.action + " by " + printable(row.rule, 32);
  }
  return line + "\n";
}

Reply reply_for(const Context& context, const FlowCollector::Answer& answer) {
  const auto snapshot = context.gateway.snapshot();
  const Time now = context.now();
  const std::uint64_t in_use = context.counters.get(telemetry::Counter::flows_active);
  Reply reply;
  reply.result = {{"conns", Json::array()},
                  {"in_use", in_use},
                  {"matching", answer.matching},
                  {"silent_workers", answer.silent}};
  reply.text = std::to_string(in_use) + " in use, " + std::to_string(answer.matching) + " match, " +
               std::to_string(answer.flows.size()) + " shown\n" + silent_lines(answer.silent);
  for (const Event& flow : answer.flows) {
    const FlowRow row(flow, *snapshot, now);
    Json json = to_json(flow, row);
    json["flags"] = flags_of(flow);
    json["opened_from"] = side_word(flow.arrived_by);
    reply.result["conns"].push_back(std::move(json));
    reply.text += line_of(flow, row);
  }
  return reply;
}

}  // namespace

void show_conn(Context& context, const Invocation& invocation, const Caller&, Done done) {
  FlowCollector::Request request;
  request.limit = invocation.number("limit", kUsualLimit);
  request.filter = flow_filter(context, invocation);
  ask_flows(context, request, std::move(done), reply_for);
}

void clear_conn(Context& context, const Invocation& invocation, const Caller& caller, Done done) {
  FlowCollector::Request request;
  request.limit = 0;
  request.filter = flow_filter(context, invocation);
  request.forget = true;
  ask_flows(
      context, request, std::move(done),
      [&context, caller](const Context&, const FlowCollector::Answer& answer) {
        context.policy.audit("connections cleared", caller, {{"connections", answer.matching}});
        Reply reply;
        reply.result = {{"forgotten", answer.matching}, {"silent_workers", answer.silent}};
        reply.text = "Forgotten: " + count_of(answer.matching, "connection") + ".\n" +
                     silent_lines(answer.silent);
        return reply;
      });
}

}  // namespace chatgate::control
