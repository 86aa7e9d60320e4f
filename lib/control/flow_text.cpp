#include "control/flow_text.h"

#include "base/ip_protocol.h"

namespace chatgate::control {

std::string protocol_word(std::uint8_t protocol) {
  switch (protocol) {
    case ip_protocol::kTcp: return "tcp";
    case ip_protocol::kUdp: return "udp";
    case ip_protocol::kIcmp: return "icmp";
    default: return std::to_string(protocol);
  }
}

std::string endpoint(const IpAddress& address, std::uint16_t port) {
  const std::string text = address.to_string();
  return (address.is_v4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

std::uint64_t seconds_since(Time now, Time then) {
  return now > then ? (now.nanoseconds - then.nanoseconds) / 1'000'000'000 : 0;
}

std::string_view side_word(net::Side side) {
  return side == net::Side::inside ? "inside" : "outside";
}

std::string application_word(const engine::Snapshot& snapshot, const catalog::Classification& im) {
  const catalog::Application* known =
      im.known() ? snapshot.catalogue->find(im.application) : nullptr;
  return known != nullptr ? known->word : "unknown";
}

std::string rule_word(const engine::Snapshot& snapshot, const catalog::Classification& im,
                      RuleId rule, std::uint32_t generation) {
  if (generation != snapshot.generation) return "of generation " + std::to_string(generation);
  return std::string(im.evidence == catalog::Evidence::access_list
                         ? snapshot.policy->access_name(rule)
                         : snapshot.policy->rule_name(rule));
}

FlowRow::FlowRow(const telemetry::Event& flow, const engine::Snapshot& snapshot, Time now)
    : age(seconds_since(now, flow.first_seen)),
      idle(seconds_since(now, flow.last_seen)),
      application(application_word(snapshot, flow.im)),
      evidence(flow.im.evidence == catalog::Evidence::none ? "" : to_string(flow.im.evidence)),
      action(to_string(flow.action)),
      rule(rule_word(snapshot, flow.im, flow.rule, flow.generation)) {
  const bool watched = flow.mode == policy::Mode::monitor && !policy::forwards(flow.action);
  if (watched) action += " (monitor)";
}

Json to_json(const telemetry::Event& flow, const FlowRow& row) {
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

std::string silent_lines(const std::vector<std::size_t>& workers) {
  std::string text;
  for (const std::size_t worker : workers) {
    text +=
        "Worker " + std::to_string(worker) + " did not answer in time; its flows are missing.\n";
  }
  return text;
}

}  // namespace chatgate::control
