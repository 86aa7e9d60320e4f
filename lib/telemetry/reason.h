// Why a packet was not simply forwarded, or why the engine gave something up.
//
// Declared once: name, help, and whether the packet was lost by it. `show asp drop`, events, traces
// and the documentation print from this table. Whoever drops a packet sets the reason first.
// To add one, add a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace chatgate::telemetry {

// clang-format off
#define CHATGATE_REASONS(ROW)                                                                      \
  ROW(none, "none", "forwarded, nothing to say")                                                   \
  ROW(policy_drop, "policy-drop", "the policy drops this connection")                              \
  ROW(policy_reset, "policy-reset", "the policy resets this connection")                           \
  ROW(policy_answer, "policy-answer", "the question was answered by the gateway")                  \
  ROW(blocked_flow, "blocked-flow", "later packet of a connection that is blocked")                \
  ROW(overlap_conflict, "overlap-conflict", "TCP bytes that differ from those seen first")         \
  ROW(flow_table_full, "flow-table-full", "no room for another flow")                              \
  ROW(inspection_exhausted, "inspection-exhausted", "no room to inspect another flow")             \
  ROW(transmit_full, "transmit-full", "the device took no more packets")                           \
  ROW(handover_full, "handover-full", "the worker that owns the flow took no more packets")        \
  ROW(forge_full, "forge-full", "more answers in one burst than the worker keeps room for")
// clang-format on

enum class Reason : std::uint8_t {
#define CHATGATE_REASON_ENUM(name, word, help) name,
  CHATGATE_REASONS(CHATGATE_REASON_ENUM)
#undef CHATGATE_REASON_ENUM
};

struct ReasonInfo {
  std::string_view word;
  std::string_view help;
};

// All reasons, indexed by their value.
std::span<const ReasonInfo> reasons();
std::string_view to_string(Reason reason);

}  // namespace chatgate::telemetry
