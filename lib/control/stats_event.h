// The counters as an event, for whoever keeps events and asks no socket: `"event_type": "stats"`,
// as Suricata has it, with the numbers that `show counters` shows at that moment.
//
// Control thread only. The line is one JSON object without a line feed.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "control/counter_view.h"

namespace chatgate::control {

// `host` empty: left out. `uptime` is in seconds.
std::string stats_line(const CounterView& counters, Time now, std::uint64_t uptime,
                       std::string_view host);

}  // namespace chatgate::control
