// Events as lines for a person, and which of them somebody wants.
//
// From the lines that the event thread keeps (telemetry/recent_events.h). Control thread only; no
// state. What is in an event came from the network in part, so its text passes `printable`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/reply.h"

namespace chatgate::control {

// EVE's words for the types of events.
std::vector<std::string_view> event_types();

struct EventFilter {
  std::string type, application;  // empty: any
  bool blocked_only = false;

  bool matches(const Json& event) const;
};

// "2026-11-26 08:30:12 alert blocked tcp 10.1.1.5:40000 > 203.0.113.7:443 whatsapp …\n".
std::string event_line(const Json& event);

}  // namespace chatgate::control
