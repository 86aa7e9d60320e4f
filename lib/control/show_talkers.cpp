// `show talkers` and `top`: who talks most, and how the gateway does right now.
#include <algorithm>

#include "control/context.h"
#include "control/flow_text.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

using engine::Talker;
using telemetry::Counter;
using Align = TextTable::Align;

constexpr std::uint32_t kUsualTalkers = 20;
constexpr std::size_t kTopTalkers = 100, kTopBlocks = 50;

std::uint64_t figure(const Talker& talker, std::string_view by) {
  if (by == "packets") return talker.packets;
  if (by == "flows") return talker.flows;
  return by == "blocked" ? talker.blocked : talker.bytes;
}

// The `most` highest by one figure, the highest first; those that have none of it are left out.
std::vector<Talker> highest(std::vector<Talker> talkers, std::string_view by, std::size_t most) {
  std::erase_if(talkers, [&](const Talker& talker) { return figure(talker, by) == 0; });
  std::stable_sort(talkers.begin(), talkers.end(),
                   [&](const Talker& a, const Talker& b) { return figure(a, by) > figure(b, by); });
  if (talkers.size() > most) talkers.resize(most);
  return talkers;
}

Json to_json(const Talker& talker) {
  return {{"client", talker.client.to_string()},
          {"flows", talker.flows},
          {"blocked", talker.blocked},
          {"packets", talker.packets},
          {"bytes", talker.bytes}};
}

Json to_json(const std::vector<Talker>& talkers) {
  Json list = Json::array();
  for (const Talker& talker : talkers) list.push_back(to_json(talker));
  return list;
}

std::string to_text(const std::vector<Talker>& talkers) {
  TextTable table({{"Client"},
                   {"Flows", Align::right},
                   {"Blocked", Align::right},
                   {"Packets", Align::right},
                   {"Bytes", Align::right}});
  for (const Talker& talker : talkers) {
    table.add({talker.client.to_string(), std::to_string(talker.flows),
               std::to_string(talker.blocked), std::to_string(talker.packets),
               std::to_string(talker.bytes)});
  }
  return table.empty() ? "No client has such flows.\n" : table.render();
}

Json counter_totals(const Context& context) {
  Json totals = Json::object();
  constexpr std::pair<const char*, Counter> kShown[] = {{"packets", Counter::packets},
                                                        {"bytes", Counter::bytes},
                                                        {"forwarded", Counter::forwarded},
                                                        {"dropped", Counter::dropped},
                                                        {"forged", Counter::forged},
                                                        {"blocked", Counter::blocked},
                                                        {"flows_created", Counter::flows_created},
                                                        {"flows_active", Counter::flows_active}};
  for (const auto& [name, counter] : kShown) totals[name] = context.counters.get(counter);
  return totals;
}

Json worker_totals(const Context& context) {
  Json list = Json::array();
  for (const WorkerStatus& worker : context.gateway.workers()) {
    const std::size_t index = worker.id.value();
    if (index >= context.counters.workers()) continue;
    list.push_back({{"worker", index},
                    {"alive", worker.alive},
                    {"polls", worker.polls},
                    {"empty_polls", worker.empty_polls},
                    {"packets", context.counters.get(Counter::packets, index)},
                    {"bytes", context.counters.get(Counter::bytes, index)},
                    {"flows", context.counters.get(Counter::flows_active, index)}});
  }
  return list;
}

Json application_totals(const Context& context) {
  Json list = Json::array();
  for (const auto& application : context.gateway.snapshot()->catalogue->applications()) {
    const auto seen = context.counters.application(application.id);
    if (seen.allowed == 0 && seen.blocked == 0) continue;
    list.push_back(
        {{"application", application.word}, {"allowed", seen.allowed}, {"blocked", seen.blocked}});
  }
  return list;
}

// Clients that lead in one way or the other, each once.
std::vector<Talker> leading(const std::vector<Talker>& talkers) {
  std::vector<Talker> all;
  for (const char* by : {"bytes", "packets", "flows", "blocked"}) {
    const std::vector<Talker> best = highest(talkers, by, kTopTalkers);
    all.insert(all.end(), best.begin(), best.end());
  }
  const auto by_client = [](const Talker& a, const Talker& b) { return a.client < b.client; };
  std::sort(all.begin(), all.end(), by_client);
  const auto same = [](const Talker& a, const Talker& b) { return a.client == b.client; };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  return highest(std::move(all), "flows", 4 * kTopTalkers);
}

Reply top_reply(const Context& context, const FlowCollector::Answer& answer) {
  const auto snapshot = context.gateway.snapshot();
  const std::uint64_t uptime = seconds_since(context.now(), context.started);
  Reply reply;
  reply.result = {{"view", "top"},
                  {"nanoseconds", context.now().nanoseconds},
                  {"uptime_seconds", uptime},
                  {"mode", to_string(snapshot->mode())},
                  {"generation", snapshot->generation},
                  {"totals", counter_totals(context)},
                  {"workers", worker_totals(context)},
                  {"applications", application_totals(context)},
                  {"talkers", to_json(leading(answer.talkers))},
                  {"silent_workers", answer.silent},
                  {"blocks", blocked_json(context, kTopBlocks)}};
  const Json& totals = reply.result["totals"];
  reply.text = "up " + duration(uptime) + ", mode " + std::string(to_string(snapshot->mode())) +
               ", " + totals["packets"].dump() + " packets, " + totals["dropped"].dump() +
               " dropped, " + totals["flows_active"].dump() + " flows\n\n" +
               to_text(highest(answer.talkers, "bytes", kUsualTalkers)) +
               silent_lines(answer.silent);
  return reply;
}

FlowCollector::Request all_talkers() {
  FlowCollector::Request request;
  request.limit = 0;
  request.talkers = true;
  return request;
}

}  // namespace

void show_talkers(Context& context, const Invocation& invocation, const Caller&, Done done) {
  const std::string by = invocation.has("by") ? std::string(invocation.get("by")) : "bytes";
  const std::uint32_t limit = invocation.number("limit", kUsualTalkers);
  ask_flows(
      context, all_talkers(), std::move(done),
      [by, limit](const Context&, const FlowCollector::Answer& answer) {
        const std::vector<Talker> shown = highest(answer.talkers, by, limit);
        Reply reply;
        reply.result = {{"talkers", to_json(shown)},         {"by", by},
                        {"clients", answer.talkers.size()},  {"flows", answer.matching},
                        {"flows_left_out", answer.left_out}, {"silent_workers", answer.silent}};
        reply.text = count_of(answer.talkers.size(), "client") + " with " +
                     count_of(answer.matching, "flow") + ", by " + by + "\n" +
                     silent_lines(answer.silent);
        if (answer.left_out != 0) {
          reply.text += count_of(answer.left_out, "flow") + " of further clients are left out.\n";
        }
        reply.text += to_text(shown);
        return reply;
      });
}

void top(Context& context, const Invocation&, const Caller&, Done done) {
  ask_flows(context, all_talkers(), std::move(done), top_reply);
}

}  // namespace chatgate::control
