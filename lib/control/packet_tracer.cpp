// `packet-tracer` and `explain flow`: which rule decides, and why, under the policy in force.

#include "base/printable.h"
#include "control/context.h"

#include "explain/explain.h"

namespace chatgate::control {
namespace {

explain::StageOptions stage_options(const Context& context) {
  explain::StageOptions options;
  // None of those that run: the snapshot has room for one more.
  options.worker = WorkerId(static_cast<WorkerId::rep>(context.counters.workers()));
  options.time = context.now();
  options.learned = context.gateway.learned_servers();
  options.expected = context.gateway.expected_flows();
  return options;
}

Reply reply_for(explain::Explanation told) {
  for (explain::Step& step : told.steps) {
    step.looked_at = printable(step.looked_at);
    step.result = printable(step.result, 1000);
  }
  Reply reply;
  reply.result = Json::parse(explain::to_json(told));
  reply.text = explain::to_text(told);
  return reply;
}

Reply trace_packet(Context& context, const Invocation& invocation, bool tcp, bool outside) {
  using explain::NameKind;
  const auto snapshot = context.gateway.snapshot();
  explain::Description description;
  explain::TalkEnds& ends = description.ends;
  ends.client = *IpAddress::parse(invocation.get("source"));
  ends.server = *IpAddress::parse(invocation.get("destination"));
  ends.client_port = static_cast<std::uint16_t>(invocation.number("source-port", 0));
  ends.server_port = static_cast<std::uint16_t>(invocation.number("destination-port", 0));
  ends.tcp = tcp;
  ends.client_outside = outside;
  if (invocation.has("vlan")) {
    ends.vlan = static_cast<std::uint16_t>(invocation.number("vlan", 0));
  }
  if (invocation.has("interface")) {
    ends.pair = PairId(static_cast<PairId::rep>(invocation.number("interface", 0)));
  }
  if (invocation.has("mac")) {
    ends.client_mac = policy::parse_mac(invocation.get("mac"));
    if (!ends.client_mac) {
      return Reply::failure(
          kInvalid, "\"" + printable(invocation.get("mac"), 64) + "\" is no hardware address",
          "such as 00:11:22:33:44:55");
    }
  }
  constexpr std::pair<const char*, NameKind> kKinds[] = {
      {"sni", NameKind::sni}, {"host", NameKind::host}, {"dns", NameKind::dns}};
  for (const auto& [keyword, kind] : kKinds) {
    if (!invocation.has(keyword)) continue;
    if (description.kind != NameKind::none) {
      return Reply::failure(kInvalid, "a connection says one name first",
                            "leave out \"" + std::string(keyword) + "\"");
    }
    description.kind = kind;
    description.name = invocation.get(keyword);
  }
  // The name in a hello is QUIC's where the datagram is.
  if (description.kind == NameKind::sni && !tcp) description.kind = NameKind::quic_sni;
  if (invocation.has("application")) {
    description.application = snapshot->catalogue->find(invocation.get("application"));
  }
  if (invocation.has("service")) {
    const auto service = catalog::parse_service(invocation.get("service"));
    if (!service) {
      return Reply::failure(kInvalid,
                            "unknown service \"" + printable(invocation.get("service"), 64) + "\"",
                            suggestion(invocation.get("service"), catalog::service_words()));
    }
    description.service = *service;
  }
  const std::string mistake = explain::mistake_in(description);
  if (!mistake.empty()) return Reply::failure(kInvalid, mistake);
  return reply_for(explain::explain(snapshot, description, stage_options(context)));
}

}  // namespace

Reply packet_tracer_inside_tcp(Context& context, const Invocation& invocation, const Caller&) {
  return trace_packet(context, invocation, true, false);
}
Reply packet_tracer_inside_udp(Context& context, const Invocation& invocation, const Caller&) {
  return trace_packet(context, invocation, false, false);
}
Reply packet_tracer_outside_tcp(Context& context, const Invocation& invocation, const Caller&) {
  return trace_packet(context, invocation, true, true);
}
Reply packet_tracer_outside_udp(Context& context, const Invocation& invocation, const Caller&) {
  return trace_packet(context, invocation, false, true);
}

void explain_flow(Context& context, const Invocation& invocation, const Caller&, Done done) {
  FlowCollector::Request request;
  request.limit = 1;
  request.filter.flow_id = invocation.flow_id("flow");
  ask_flows(context, request, std::move(done),
            [](const Context& asked, const FlowCollector::Answer& answer) {
              if (answer.flows.empty()) {
                return Reply::failure(kFailed, "no such flow is in the tables",
                                      "\"show flows --json\" has them as flow_id");
              }
              return reply_for(explain::explain_flow(*asked.gateway.snapshot(), answer.flows[0],
                                                     stage_options(asked)));
            });
}

}  // namespace chatgate::control
