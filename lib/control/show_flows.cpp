#include "base/printable.h"
#include "control/answer_of.h"
#include "control/context.h"
#include "control/flow_text.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

using telemetry::Event;
using Align = TextTable::Align;

constexpr std::uint32_t kUsualLimit = 100;

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
  reply.text += silent_lines(answer.silent);
  if (!table.empty()) reply.text += table.render();
  return reply;
}

}  // namespace

void show_flows(Context& context, const Invocation& invocation, const Caller&, Done done) {
  FlowCollector::Request request;
  request.limit = invocation.number("limit", kUsualLimit);
  request.filter = flow_filter(context, invocation);
  ask_flows(context, request, std::move(done), reply_for);
}

engine::FlowFilter flow_filter(const Context& context, const Invocation& invocation) {
  engine::FlowFilter filter;
  filter.blocked_only = invocation.has("blocked");
  filter.application = application_of(context, invocation);
  filter.address = IpAddress::parse(invocation.get("address"));
  filter.port = static_cast<std::uint16_t>(invocation.number("port", 0));
  filter.flow_id = invocation.flow_id("flow");
  return filter;
}

ApplicationId application_of(const Context& context, const Invocation& invocation) {
  const auto* application =
      context.gateway.snapshot()->catalogue->find(invocation.get("application"));
  return application == nullptr ? ApplicationId::none() : application->id;
}

void ask_flows(Context& context, const FlowCollector::Request& request, Done done,
               FlowReply reply_for) {
  context.flows.ask(
      request, [&context, done = std::move(done), reply_for](const FlowCollector::Answer& answer) {
        done(answer_of([&] {
          if (answer.no_memory) {
            return Reply::failure(kFailed, "there is no memory for the answer");
          }
          if (!answer.silent.empty() && answer.silent.size() == context.counters.workers()) {
            return Reply::failure(kFailed, "no worker answered in time",
                                  "see \"show workers\", and ask again");
          }
          return reply_for(context, answer);
        }));
      });
}

}  // namespace chatgate::control
