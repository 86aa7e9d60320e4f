// How an event begins that no packet caused. Not for the packet path; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "telemetry/eve.h"
#include "telemetry/json_text.h"

namespace chatgate::telemetry {

// `event` has just been begun in `line`; `host` empty: left out.
inline void append_head(JsonObject& event, std::string& line, Time now, std::string_view type,
                        std::string_view host) {
  event.append_key("timestamp");
  line += '"';
  append_timestamp(line, now);
  line += '"';
  event.text("event_type", type);
  if (!host.empty()) event.text("host", host);
}

}  // namespace chatgate::telemetry
