// All figures of the running gateway as text for Prometheus (exposition format 0.0.4,
// prometheus.io/docs/instrumenting/exposition_formats).
//
// Control thread only, reading workers' counters while they count. Counters are those since the
// start of the process, whatever `clear counters` did, except hits of rules, lists and access list,
// which start anew with every policy. The names are described in docs/guide/metrics.md.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "control/counter_view.h"
#include "control/gateway.h"
#include "telemetry/event_writer.h"

namespace chatgate::control {

struct MetricsSource {
  const Gateway& gateway;
  const CounterView& counters;                     // for hits
  const telemetry::EventWriter* events = nullptr;  // null: nothing is said of sinks
  Time started;                                    // of the process
};

std::string metrics_text(const MetricsSource& source);

// Every worker has moved within the last seconds.
bool is_healthy(const Gateway& gateway);

// Bytes of memory the process holds; 0 where the system does not say.
std::uint64_t resident_memory();

}  // namespace chatgate::control
