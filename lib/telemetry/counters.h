// Counters of one worker: declared once, written by one thread, read by any.
//
// `add` is a plain addition to a relaxed atomic (no locked instruction: there is one writer), so a
// reader sees a value that is a moment old but never torn. Nobody ever resets them: `clear
// counters` remembers a baseline and subtracts (control/). To add a counter, add a row.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/strong_id.h"
#include "catalog/ids.h"
#include "telemetry/reason.h"

namespace chatgate::telemetry {

// clang-format off
#define CHATGATE_COUNTERS(ROW)                                                                     \
  ROW(packets, "packets", "frames received")                                                       \
  ROW(bytes, "bytes", "bytes received")                                                            \
  ROW(forwarded, "forwarded", "frames sent on unchanged")                                          \
  ROW(dropped, "dropped", "frames not sent on")                                                    \
  ROW(forged, "forged", "frames made by the gateway: resets and answers")                          \
  ROW(not_transport, "not-transport", "frames that are not TCP or UDP, passed unchanged")          \
  ROW(undecodable, "undecodable", "frames that could not be decoded, passed unchanged")            \
  ROW(truncated, "truncated", "frames cut by the capture, passed unchanged")                       \
  ROW(fragments, "fragments", "IP fragments")                                                      \
  ROW(flows_created, "flows-created", "flows entered into the table")                              \
  ROW(flows_ended, "flows-ended", "flows that left the table")                                     \
  ROW(flows_evicted, "flows-evicted", "flows pushed out to make room")                             \
  ROW(flows_active, "flows-active", "flows in the table now")                                      \
  ROW(inspections_active, "inspections-active", "flows being inspected now")                       \
  ROW(flows_decided, "flows-decided", "verdicts on flows")                                         \
  ROW(flows_judged_anew, "flows-judged-anew", "verdicts made again under a new policy")            \
  ROW(flows_unclassified, "flows-unclassified", "flows with payload that nothing recognised")      \
  ROW(allowed, "allowed", "recognised flows and questions allowed")                                \
  ROW(alerted, "alerted", "recognised flows and questions allowed with an alert")                  \
  ROW(blocked, "blocked", "recognised flows and questions blocked")                                \
  ROW(would_block, "would-block", "blocked by the policy, forwarded in monitor mode")              \
  ROW(tls_hellos, "tls-hellos", "TLS ClientHellos read")                                           \
  ROW(http_requests, "http-requests", "HTTP request heads read")                                   \
  ROW(quic_hellos, "quic-hellos", "QUIC ClientHellos read")                                        \
  ROW(tunnels, "tunnels", "SOCKS and PROXY protocol headers read")                                 \
  ROW(picked_up, "picked-up", "TCP connections met midstream and handled by the policy's word")    \
  ROW(dns_questions, "dns-questions", "DNS questions read")                                        \
  ROW(signature_hits, "signature-hits", "matches of Snort rules")                                  \
  ROW(signature_dropped, "signature-dropped", "Snort rules not evaluated for want of room")        \
  ROW(signature_budget, "signature-budget", "Snort rules given up after too many steps")           \
  ROW(parse_malformed, "parse-malformed", "messages that broke their protocol's rules")            \
  ROW(out_of_order, "out-of-order", "TCP segments that came before their turn")                    \
  ROW(inspection_limit, "inspection-limit", "inspections ended by a limit of bytes or time")       \
  ROW(checksum_bad, "checksum-bad", "TCP or UDP packets with a wrong checksum, not inspected")     \
  ROW(events_lost, "events-lost", "events that found their queue full")
// clang-format on

enum class Counter : std::uint8_t {
#define CHATGATE_COUNTER_ENUM(name, word, help) name,
  CHATGATE_COUNTERS(CHATGATE_COUNTER_ENUM)
#undef CHATGATE_COUNTER_ENUM
};

struct CounterInfo {
  std::string_view word;
  std::string_view help;
};

// All counters, indexed by their value.
std::span<const CounterInfo> counters();
constexpr std::size_t kCounterCount = 0
#define CHATGATE_COUNTER_ONE(name, word, help) +1
    CHATGATE_COUNTERS(CHATGATE_COUNTER_ONE)
#undef CHATGATE_COUNTER_ONE
    ;
constexpr std::size_t kReasonCount = 0
#define CHATGATE_REASON_ONE(name, word, help) +1
    CHATGATE_REASONS(CHATGATE_REASON_ONE)
#undef CHATGATE_REASON_ONE
    ;
// Per application: seen, allowed, blocked.
constexpr std::size_t kMaxApplications = 1024;
// Rules whose hits are counted; later rules of a longer policy go without. Of an access list's
// lines as many.
constexpr std::size_t kMaxRules = 4096;
constexpr std::size_t kMaxLists = 64;
constexpr std::size_t kEvidenceKinds = static_cast<std::size_t>(catalog::Evidence::none) + 1;
// Where the hits of each stand: rules, the default, lines of the access list, lists.
constexpr std::size_t kDefaultSlot = kMaxRules;
constexpr std::size_t kAccessSlots = kMaxRules + 1;
constexpr std::size_t kListSlots = kAccessSlots + kMaxRules;
constexpr std::size_t kHitSlots = kListSlots + kMaxLists;

class WorkerCounters {
 public:
  using Value = std::atomic<std::uint64_t>;

  // The worker's thread only.
  void add(Counter counter, std::uint64_t amount = 1) { bump(values_[index(counter)], amount); }
  void set(Counter counter, std::uint64_t value) {
    values_[index(counter)].store(value, std::memory_order_relaxed);
  }
  void add(Reason reason, std::uint64_t amount = 1) {
    bump(reasons_[static_cast<std::size_t>(reason)], amount);
  }
  void add_application(std::size_t application, catalog::Evidence evidence, bool blocked) {
    if (application >= kMaxApplications) return;
    PerApplication& counts = applications_[application];
    bump((blocked ? counts.blocked : counts.allowed)[static_cast<std::size_t>(evidence)], 1);
  }
  // A verdict of the policy of `generation` by `rule`; none: by the policy's default. There are two
  // banks, chosen by the generation's parity: while workers move from one snapshot to the next
  // nobody writes to the next one's bank, so control can note where it starts.
  void add_rule(std::uint32_t generation, RuleId rule) {
    const std::size_t slot = rule_slot(rule);
    if (slot < kHitSlots) bump(hits_[generation & 1][slot], 1);
  }
  // The same for a line of the access list.
  void add_access(std::uint32_t generation, RuleId line) {
    const std::size_t slot = access_slot(line);
    if (slot < kHitSlots) bump(hits_[generation & 1][slot], 1);
  }
  // ... in which a list made the rule match.
  void add_list(std::uint32_t generation, ListId list) {
    const std::size_t slot = list_slot(list);
    if (slot < kHitSlots) bump(hits_[generation & 1][slot], 1);
  }

  // Any thread.
  std::uint64_t get(Counter counter) const {
    return values_[index(counter)].load(std::memory_order_relaxed);
  }
  std::uint64_t get(Reason reason) const {
    return reasons_[static_cast<std::size_t>(reason)].load(std::memory_order_relaxed);
  }
  std::uint64_t application_allowed(std::size_t application, catalog::Evidence by) const {
    return applications_[application].allowed[static_cast<std::size_t>(by)].load(
        std::memory_order_relaxed);
  }
  std::uint64_t application_blocked(std::size_t application, catalog::Evidence by) const {
    return applications_[application].blocked[static_cast<std::size_t>(by)].load(
        std::memory_order_relaxed);
  }
  // What was counted in the bank of `generation` since the start of the process.
  std::uint64_t hits(std::uint32_t generation, std::size_t slot) const {
    if (slot >= kHitSlots) return 0;
    return hits_[generation & 1][slot].load(std::memory_order_relaxed);
  }
  std::uint64_t rule_hits(std::uint32_t generation, RuleId rule) const {
    return hits(generation, rule_slot(rule));
  }
  // kHitSlots for what is not counted.
  static std::size_t rule_slot(RuleId rule) {
    if (!rule.valid()) return kDefaultSlot;
    return rule.value() < kMaxRules ? rule.value() : kHitSlots;
  }
  static std::size_t access_slot(RuleId line) {
    return line.value() < kMaxRules ? kAccessSlots + line.value() : kHitSlots;
  }
  static std::size_t list_slot(ListId list) {
    return list.value() < kMaxLists ? kListSlots + list.value() : kHitSlots;
  }

 private:
  struct PerApplication {
    // By catalog::Evidence.
    std::array<Value, kEvidenceKinds> allowed{}, blocked{};
  };

  static std::size_t index(Counter counter) { return static_cast<std::size_t>(counter); }
  static void bump(Value& value, std::uint64_t amount) {
    value.store(value.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  alignas(64) std::array<Value, kCounterCount> values_{};
  std::array<Value, kReasonCount> reasons_{};
  std::array<PerApplication, kMaxApplications> applications_{};
  std::array<std::array<Value, kHitSlots>, 2> hits_{};
};

}  // namespace chatgate::telemetry
