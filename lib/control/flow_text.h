// Words for flows and verdicts, the same in all commands. Control thread only; no state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/time.h"
#include "control/reply.h"
#include "engine/snapshot.h"
#include "telemetry/event.h"

namespace chatgate::control {

// "tcp", "udp", "icmp", or the number.
std::string protocol_word(std::uint8_t protocol);
// "10.1.1.5:443", "[2001:db8::5]:443".
std::string endpoint(const IpAddress& address, std::uint16_t port);
std::uint64_t seconds_since(Time now, Time then);
// "inside", "outside".
std::string_view side_word(net::Side side);

// The application's word, "unknown" where there is none.
std::string application_word(const engine::Snapshot& snapshot, const catalog::Classification& im);
// The rule's or line's name; its number means something only in the policy that gave it, so of an
// earlier one only the generation is told.
std::string rule_word(const engine::Snapshot& snapshot, const catalog::Classification& im,
                      RuleId rule, std::uint32_t generation);

// One flow, in the words of all outputs.
struct FlowRow {
  FlowRow(const telemetry::Event& flow, const engine::Snapshot& snapshot, Time now);

  std::uint64_t age, idle;
  std::string application, evidence, action, rule;
};

Json to_json(const telemetry::Event& flow, const FlowRow& row);

// A line for each worker whose flows are missing.
std::string silent_lines(const std::vector<std::size_t>& workers);

}  // namespace chatgate::control
