#include "control/stats_event.h"

#include "telemetry/event_head.h"

namespace chatgate::control {

std::string stats_line(const CounterView& counters, Time now, std::uint64_t uptime,
                       std::string_view host) {
  std::string line;
  telemetry::JsonObject event(line);
  telemetry::append_head(event, line, now, "stats", host);
  telemetry::JsonObject stats = event.object("stats");
  stats.number("uptime", uptime);
  telemetry::JsonObject values = stats.object("counters");
  const auto infos = telemetry::counters();
  for (std::size_t i = 0; i < infos.size(); ++i) {
    values.number(infos[i].word, counters.get(static_cast<telemetry::Counter>(i)));
  }
  values.close();
  stats.close();
  event.close();
  return line;
}

}  // namespace chatgate::control
