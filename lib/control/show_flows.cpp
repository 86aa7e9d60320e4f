#include "base/ip_protocol.h"
#include "control/context.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

using telemetry::Event;
using Align = TextTable::Align;

constexpr std::uint32_t kUsualLimit = 100;
using ip_protocol::kTcp;
using ip_protocol::kUdp;

std::string protocol_word(std::uint8_t protocol) {
  if (protocol == kTcp) return "tcp";
  if (protocol == kUdp) return "udp";
  return std::to_string(protocol);
}

std::string endpoint(const IpAddress& address, std::uint16_t port) {
  const std::string text = address.to_string();
  return (address.is_v4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

std::uint64_t seconds_since(Time now, Time then) {
  return now > then ? (now.nanoseconds - then.nanoseconds) / 1'000'000'000 : 0;
}

// One flow, in the words of both outputs.
struct FlowRow {
  FlowRow(const Event& flow, const engine::Snapshot& snapshot, Time now)
      : age(seconds_since(now, flow.first_seen)), idle(seconds_since(now, flow.last_seen)) {
    const catalog::Application* known =
        flow.im.known() ? snapshot.catalogue->find(flow.im.application) : nullptr;
    application = known != nullptr ? known->word : "unknown";
    evidence = flow.im.evidence == catalog::Evidence::none ? "" : to_string(flow.im.evidence);
    const bool watched = flow.mode == policy::Mode::monitor && !policy::forwards(flow.action);
    action = std::string(to_string(flow.action)) + (watched ? " (monitor)" : "");
    // A rule's number means something only in the policy that gave it.
    if (flow.generation == snapshot.generation) {
      rule = flow.im.evidence == catalog::Evidence::access_list
                 ? snapshot.policy->access_name(flow.rule)
                 : snapshot.policy->rule_name(flow.rule);
    } else {
      rule = "of generation " + std::to_string(flow.generation);
    }
  }

  std::uint64_t age, idle;
  std::string application, evidence, action, rule;
};

Json to_json(const Event& flow, const FlowRow& row) {
  Json json = {{"flow_id", flow.flow_id},
               {"proto", protocol_word(flow.protocol)},
               {"src_ip", flow.client.to_string()},
               {"src_port", flow.client_port},
               {"dest_ip", flow.server.to_string()},
               {"dest_port", flow.server_port},
               {"app_proto", to_string(flow.app_proto)},
               {"application", row.application}};
  for (std::size_t i = 0; i < flow.vlan_count && i < flow.vlan.size(); ++i) {
    json["vlan"].push_back(flow.vlan[i]);
  }
  if (!row.evidence.empty()) json["evidence"] = row.evidence;
  if (flow.im.service != catalog::Service::any) json["service"] = to_string(flow.im.service);
  if (flow.name_size != 0) json["name"] = flow.name_view();
  json.update(Json{{"action", to_string(flow.action)},
                   {"mode", to_string(flow.mode)},
                   {"rule", row.rule},
                   {"generation", flow.generation},
                   {"age_seconds", row.age},
                   {"idle_seconds", row.idle},
                   {"pkts_toserver", flow.packets_to_server},
                   {"pkts_toclient", flow.packets_to_client},
                   {"bytes_toserver", flow.bytes_to_server},
                   {"bytes_toclient", flow.bytes_to_client}});
  return json;
}

Reply reply_for(const Context& context, const FlowCollector::Answer& answer) {
  const auto snapshot = context.gateway.snapshot();
  const Time now = context.now();
  Reply reply;
  reply.result = {
      {"flows", Json::array()}, {"matching", answer.matching}, {"silent_workers", answer.silent}};
  TextTable table({{"Proto"},
                   {"Client"},
                   {"Server"},
                   {"Application"},
                   {"Evidence"},
                   {"Name"},
                   {"Action"},
                   {"Rule"},
                   {"Age", Align::right},
                   {"Idle", Align::right},
                   {"Packets", Align::right},
                   {"Bytes", Align::right}});
  for (const Event& flow : answer.flows) {
    const FlowRow row(flow, *snapshot, now);
    reply.result["flows"].push_back(to_json(flow, row));
    table.add({protocol_word(flow.protocol), endpoint(flow.client, flow.client_port),
               endpoint(flow.server, flow.server_port), row.application,
               row.evidence.empty() ? "-" : row.evidence,
               flow.name_size == 0 ? "-" : printable(flow.name_view(), 48), row.action,
               printable(row.rule, 32), duration(row.age), duration(row.idle),
               std::to_string(flow.packets_to_server + flow.packets_to_client),
               std::to_string(flow.bytes_to_server + flow.bytes_to_client)});
  }
  reply.text = count_of(answer.matching, "flow");
  if (answer.flows.size() < answer.matching) {
    reply.text += ", the " + std::to_string(answer.flows.size()) + " last active are shown";
  }
  reply.text += "\n";
  for (const std::size_t worker : answer.silent) {
    reply.text +=
        "Worker " + std::to_string(worker) + " did not answer in time; its flows are missing.\n";
  }
  if (!table.empty()) reply.text += table.render();
  return reply;
}

}  // namespace

void show_flows(Context& context, const Invocation& invocation, const Caller&, Done done) {
  FlowCollector::Request request;
  request.limit = invocation.number("limit", kUsualLimit);
  request.blocked_only = invocation.has("blocked");
  if (invocation.has("application")) {
    const auto* application =
        context.gateway.snapshot()->catalogue->find(invocation.get("application"));
    if (application != nullptr) request.application = application->id;
  }
  context.flows.ask(request, [&context, done = std::move(done)](FlowCollector::Answer answer) {
    if (!answer.silent.empty() && answer.silent.size() == context.counters.workers()) {
      return done(Reply::failure(kFailed, "no worker answered in time",
                                 "see \"show workers\", and ask again"));
    }
    Reply reply;
    try {
      reply = reply_for(context, answer);
    } catch (const std::exception& problem) {  // such as no memory for a very long table
      reply = Reply::failure(kFailed, std::string("the command failed: ") + problem.what());
    }
    done(std::move(reply));
  });
}

}  // namespace chatgate::control
