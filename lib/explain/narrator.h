// Puts traced packets of one flow into words. Private to lib/explain.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/snapshot.h"
#include "engine/trace.h"

#include "explain/explain.h"

namespace chatgate::explain {

class Narrator {
 public:
  // Borrows all of it. `worker` must be none that runs.
  Narrator(const engine::Snapshot& snapshot, std::span<const engine::TraceEntry> entries,
           WorkerId worker);

  Explanation tell();

 private:
  using Entry = engine::TraceEntry;

  void input(const Entry& entry);
  void flow(const Entry& entry);
  void parse(const Entry& entry);
  void access(const Entry& entry);
  void verdict(const Entry& entry);
  void measure(const Entry& entry);
  void disposition(const Entry& entry);

  void recognition(const Entry& entry);
  void address(const Entry& entry);
  void port(const Entry& entry);
  void name(const Entry& entry);
  void alpn();
  void rules(const Entry& entry);
  void one_rule(const policy::Rule& rule, policy::Mismatch mismatch, const Entry& entry);
  void decision(const Entry& entry);
  void alternatives(const Entry& entry);
  void mode();

  void step(std::string_view stage, std::string looked_at, std::string result, bool blocks = false);
  const catalog::Application* application(ApplicationId id) const;
  std::string word(ApplicationId id) const;
  std::string at(const Entry& entry) const;
  bool monitors() const { return snapshot_.mode() == policy::Mode::monitor; }

  const engine::Snapshot& snapshot_;
  const std::span<const Entry> entries_;
  const WorkerId worker_;
  const Entry* deciding_ = nullptr;
  const Entry* decode_ = nullptr;  // of the packet in hand
  const Entry* hello_ = nullptr;   // the newest whose ALPN the catalogue knows
  bool several_ = false;           // packets, so that each step names its own
  Explanation told_;
};

// What the policy is asked at a verdict's step, under any snapshot.
policy::Connection connection_at(const engine::Snapshot& snapshot, const engine::TraceEntry& entry,
                                 WorkerId worker);

// Of what a rule wants, such as "category im, from 10.0.0.0-10.255.255.255".
std::string conditions_of(const policy::Rule& rule, const engine::Snapshot& snapshot);

// The entries of the catalogue that cover a name, the longest first.
struct NameEntry {
  const catalog::Application* application = nullptr;
  const catalog::ServerName* name = nullptr;
};
std::vector<NameEntry> entries_of(const catalog::Catalogue& catalogue, std::string_view name);

// The step that decided: the first verdict, measure or line that stops something, else the last
// verdict; null where nothing was decided.
const engine::TraceEntry* deciding_step(std::span<const engine::TraceEntry> entries);

// What a deciding step was decided by: the name of a rule or of a line of the access list,
// "default", or a control's key.
std::string decided_by(const engine::Snapshot& snapshot, const engine::TraceEntry& step);

// The policy's key behind a check that is no rule; the reason's own word where there is none.
std::string_view control_of(telemetry::Reason reason);

}  // namespace chatgate::explain
