// Is the policy that was meant the one that the workers enforce? Small sessions through the engine.
//
// After a reload, sessions are made up for the rules, the lines of the access list, the controls
// and a sample of the applications, and played (explain/stage.h) under the snapshot that the
// workers report to use. What became of each is held against what the policy says by itself: its
// rules asked one after another, without the indexes that the engine asks. A policy that was read
// well and enforces nothing, or another one, is found so.
//
// Called by control after each reload, on its thread, beside running workers. Bounded in probes
// and in time; takes memory, which is given back.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/strong_id.h"
#include "base/time.h"
#include "engine/snapshot.h"

namespace chatgate::explain {

struct SelfTestOptions {
  // None of those that run: the snapshot must have room for one more.
  WorkerId worker{0};
  Time time = from_seconds(1'700'000'000);
  std::size_t most_probes = 256;
  std::chrono::milliseconds longest{250};  // what is left over then is not played
};

struct ProbeFailure {
  std::string probe;  // whose session: `rule "no public IM"`, `application "xmpp"`
  std::string why;    // what was expected, and what came
};

struct SelfTest {
  static constexpr std::size_t kTold = 8;

  std::size_t probes = 0;  // played
  std::size_t failed = 0;
  std::uint32_t milliseconds = 0;
  std::vector<ProbeFailure> failures;  // the first kTold

  bool passed() const { return failed == 0; }
};

// `meant` is what was loaded, `in_force` what the workers use: null where they do not agree, which
// fails the test.
SelfTest self_test(const engine::Snapshot& meant,
                   const std::shared_ptr<const engine::Snapshot>& in_force,
                   const SelfTestOptions& options);

}  // namespace chatgate::explain
