#include "telemetry/counters.h"

namespace chatgate::telemetry {
namespace {

#define CHATGATE_INFO_ROW(name, word, help) {word, help},
constexpr std::array<CounterInfo, kCounterCount> kCounters = {
    {CHATGATE_COUNTERS(CHATGATE_INFO_ROW)}};
constexpr std::array<ReasonInfo, kReasonCount> kReasons = {{CHATGATE_REASONS(CHATGATE_INFO_ROW)}};
#undef CHATGATE_INFO_ROW

}  // namespace

std::span<const CounterInfo> counters() {
  return kCounters;
}

std::span<const ReasonInfo> reasons() {
  return kReasons;
}

std::string_view to_string(Reason reason) {
  return kReasons[static_cast<std::size_t>(reason)].word;
}

}  // namespace chatgate::telemetry
