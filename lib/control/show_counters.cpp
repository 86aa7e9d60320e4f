#include "base/printable.h"
#include "control/context.h"
#include "control/text.h"

namespace chatgate::control {

using telemetry::Counter;
using telemetry::CounterInfo;
using telemetry::Reason;
using telemetry::ReasonInfo;
using Align = TextTable::Align;

Reply show_counters(Context& context, const Invocation& invocation, const Caller&) {
  const bool by_worker = invocation.has("workers");
  const CounterView& view = context.counters;
  const std::span<const CounterInfo> infos = telemetry::counters();

  Reply reply;
  Json values = Json::object();
  std::vector<Json> workers(by_worker ? view.workers() : 0, Json::object());
  std::vector<std::string> titles;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    titles.push_back("Worker " + std::to_string(i));
  }
  std::vector<TextTable::Column> columns = {{"Counter"}};
  for (const std::string& title : titles) columns.push_back({title, Align::right});
  columns.push_back({by_worker ? "All" : "Value", Align::right});
  columns.push_back({"What it counts"});
  TextTable table(std::move(columns));

  for (std::size_t c = 0; c < infos.size(); ++c) {
    const auto counter = static_cast<Counter>(c);
    const std::string word(infos[c].word);
    std::vector<std::string> cells = {word};
    values[word] = view.get(counter);
    for (std::size_t i = 0; i < workers.size(); ++i) {
      cells.push_back(std::to_string(view.get(counter, i)));
      workers[i][word] = view.get(counter, i);
    }
    cells.push_back(std::to_string(view.get(counter)));
    cells.emplace_back(infos[c].help);
    table.add(std::move(cells));
  }
  reply.result["counters"] = std::move(values);
  if (by_worker) reply.result["workers"] = std::move(workers);
  reply.result["cleared"] = clearing_json(context);
  reply.text = table.render() + clearing_line(context);
  return reply;
}

Reply show_applications(Context& context, const Invocation& invocation, const Caller&) {
  const bool only_seen = invocation.has("seen");
  const auto snapshot = context.gateway.snapshot();
  if (invocation.has("")) {
    return show_application(context, *snapshot->catalogue->find(invocation.get("")));
  }
  Reply reply;
  Json& list = reply.result["applications"] = Json::array();
  TextTable table({{"Application"},
                   {"Name"},
                   {"Category"},
                   {"Allowed", Align::right},
                   {"Blocked", Align::right}});
  for (const catalog::Application& application : snapshot->catalogue->applications()) {
    const auto [allowed, blocked] = context.counters.application(application.id);
    if (only_seen && allowed == 0 && blocked == 0) continue;
    list.push_back({{"application", application.word},
                    {"name", application.name},
                    {"vendor", application.vendor},
                    {"category", to_string(application.category)},
                    {"allowed", allowed},
                    {"blocked", blocked}});
    table.add({application.word, printable(application.name),
               std::string(to_string(application.category)), std::to_string(allowed),
               std::to_string(blocked)});
  }
  reply.result["cleared"] = clearing_json(context);
  reply.text =
      (table.empty() ? "No application was seen.\n" : table.render()) + clearing_line(context);
  return reply;
}

Reply show_asp_drop(Context& context, const Invocation&, const Caller&) {
  const std::span<const ReasonInfo> infos = telemetry::reasons();
  Reply reply;
  Json& list = reply.result["reasons"] = Json::array();
  TextTable table({{""}, {""}, {"", Align::right}});
  for (std::size_t r = 0; r < infos.size(); ++r) {
    const auto reason = static_cast<Reason>(r);
    if (reason == Reason::none) continue;
    const std::uint64_t count = context.counters.get(reason);
    list.push_back({{"reason", infos[r].word}, {"help", infos[r].help}, {"count", count}});
    std::string help(infos[r].help);
    table.add({std::move(help), "(" + std::string(infos[r].word) + ")", std::to_string(count)});
  }
  reply.result["cleared"] = clearing_json(context);
  reply.text = "Frame drop:\n" + table.render(2) + clearing_line(context);
  return reply;
}

std::string clearing_line(const Context& context) {
  const auto& clearing = context.counters.clearing();
  if (!clearing) return "\nLast clearing: never\n";
  return "\nLast clearing: " + moment(clearing->time) + " by uid " + std::to_string(clearing->uid) +
         "\n";
}

Json clearing_json(const Context& context) {
  const auto& clearing = context.counters.clearing();
  if (!clearing) return nullptr;
  return {{"time", moment(clearing->time)}, {"uid", clearing->uid}};
}

}  // namespace chatgate::control
