// Sessions made of Snort rules' own contents, so that the rules match them.
//
// Samples for `chatgate audit`: what a rule looks for is put where it looks for it, in a payload,
// an HTTP request or answer, a hello or a question, with filling between. Contents, expressions
// (pattern_sample.h), byte_test, isdataat and sizes are heeded; what else a rule asks is not, so a
// session counts only once a scan of it has shown that the engine takes it for the application
// (`prove`). Not for the packet path: it takes memory. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "detect/signatures.h"
#include "engine/snapshot.h"

#include "explain/stage.h"

namespace chatgate::explain {

struct SignatureSession {
  const detect::Rule* rule = nullptr;
  catalog::Classification meaning;  // that the rule has
  std::uint16_t port = 0;
  bool tcp = true;
  bool http = false;
  std::vector<Saying> sayings;
};

// A rule of an application that no session could be made for.
struct UncoveredRule {
  ApplicationId application;
  std::uint32_t sid = 0;
  std::string why;
};

struct SignatureSessions {
  std::vector<SignatureSession> sessions;  // in the order of the rules
  std::vector<UncoveredRule> uncovered;
};

// Of all rules of the snapshot that name an application.
SignatureSessions signature_sessions(const engine::Snapshot& snapshot);

}  // namespace chatgate::explain
