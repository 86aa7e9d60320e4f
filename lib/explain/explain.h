// Which rule decides a connection, and why: step by step, as ASA's packet-tracer does it.
//
// A described connection is played through the engine itself (explain/stage.h), a captured or a
// live one was traced (engine/trace.h); `narrate` says in words what the engine looked at and
// found. What decides is always the engine's answer; the rules before it are asked by the same
// function that the engine asks (policy::Policy::mismatch), one after another, for the reason why
// they do not match.
//
// Called by `chatgate explain`, `packet-tracer` and `explain flow` on one thread, beside running
// workers where StageOptions::worker is none of theirs. Nothing is kept; the snapshot must outlive
// the call.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/snapshot.h"
#include "engine/trace.h"
#include "telemetry/event.h"

#include "explain/needs.h"
#include "explain/stage.h"

namespace chatgate::explain {

// How the client names the server, if it does.
enum class NameKind : std::uint8_t { none, sni, quic_sni, host, dns };

struct Description {
  TalkEnds ends;
  NameKind kind = NameKind::none;
  std::string name;
  // As if its own protocol were spoken; null: what the name, address and port say.
  const catalog::Application* application = nullptr;
  catalog::Service service = catalog::Service::any;  // with an application
};

struct Step {
  std::string stage;  // such as "address", "rule"
  std::string looked_at;
  std::string result;
  bool blocks = false;  // here the connection ends, or would
};

struct Explanation {
  std::string application = "unknown";
  std::string service;   // empty: not told apart
  std::string evidence;  // empty: nothing was recognised
  policy::Action action = policy::Action::allow;
  std::string rule;  // its name, "default", or the key of the control that decided
  // Whether anything of it is stopped; false in monitor mode whatever the action.
  bool stopped = false;
  std::vector<Step> steps;
  // Of an application that passes: what it needs beside what is its alone.
  std::vector<Requirement> needs;
  // Of what is stopped: who else uses the name, or lives by the application.
  std::vector<std::string> also_used_by;
};

// What is said where only the description stands: names are well-formed, the service belongs to an
// application, the transport suits the name. Empty where all is well.
std::string mistake_in(const Description& description);

Explanation explain(const std::shared_ptr<const engine::Snapshot>& snapshot,
                    const Description& description, const StageOptions& options);

// Of traced packets of one flow, in order. `options` as the worker had them.
Explanation narrate(const engine::Snapshot& snapshot, std::span<const engine::TraceEntry> entries,
                    const StageOptions& options);

// Of a live flow, by its record: judged as its next packet would be under this snapshot.
Explanation explain_flow(const engine::Snapshot& snapshot, const telemetry::Event& flow,
                         const StageOptions& options);

// {"application","service","evidence","action","rule","steps":[{"stage","looked_at","result"}],
// "needs":[{"kind","what","reason","shared_with","required","passes","stopped","rule","remedy"}],
// "also_used_by":[…]}
std::string to_json(const Explanation& explanation);
// For a person, phase by phase.
std::string to_text(const Explanation& explanation);

}  // namespace chatgate::explain
