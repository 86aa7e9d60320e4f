// What the tests of scanning share: rules from text, one flow between two ends, looks at it.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>

#include "detect/scanner.h"
#include "detect/signatures.h"

#include "rules.h"

namespace chatgate::detect {

inline std::shared_ptr<const Signatures> compile(const std::string& rules, Diagnostics& findings,
                                                 const Signatures::Options& options = {}) {
  return Signatures::compile(parse_rules(rules, "f"), options, findings);
}

inline std::shared_ptr<const Signatures> compile(const std::string& rules) {
  Diagnostics findings;
  auto signatures = compile(rules, findings);
  for (const Diagnostic& finding : findings.all()) {
    EXPECT_NE(finding.severity, Severity::error) << finding.to_string();
  }
  return signatures;
}

// A rule on TCP for any ends.
inline std::string rule(std::uint32_t sid, const std::string& options,
                        const std::string& header = "alert tcp any any -> any any") {
  return header + " (" + options + " sid:" + std::to_string(sid) + ";)\n";
}

inline Subject client_of(std::uint16_t server_port, std::uint8_t ip_protocol = 6) {
  Subject subject;
  subject.source = *IpAddress::parse("192.168.1.10");
  subject.destination = *IpAddress::parse("203.0.113.5");
  subject.source_port = 50'000;
  subject.destination_port = server_port;
  subject.ip_protocol = ip_protocol;
  subject.established = true;
  subject.now = from_seconds(1'000'000);
  return subject;
}

inline Subject answer_to(const Subject& client) {
  Subject subject = client;
  std::swap(subject.source, subject.destination);
  std::swap(subject.source_port, subject.destination_port);
  subject.to_server = false;
  return subject;
}

// The sids, "~" in front of silent ones, "+" at the end where there were more.
inline std::string to_text(const Signatures& signatures, const Hits& hits) {
  std::string text;
  for (std::size_t i = 0; i < hits.count; ++i) {
    if (i != 0) text += ' ';
    if (hits.silent[i]) text += '~';
    text += std::to_string(signatures.find(hits.signatures[i])->sid);
  }
  return hits.more ? text + "+" : text;
}

inline Buffers payload(std::string_view bytes, bool complete = true) {
  Buffers buffers;
  buffers.set(Buffer::payload, as_bytes(bytes), complete);
  return buffers;
}

// A flow that one scanner looks at.
class Rig {
 public:
  explicit Rig(const std::string& rules) : signatures_(compile(rules)) {}
  explicit Rig(std::shared_ptr<const Signatures> signatures) : signatures_(std::move(signatures)) {}

  // A look at a turn or message of its own.
  std::string look(const Buffers& buffers, const Subject& subject) {
    LookState state;
    return look(buffers, subject, state);
  }
  std::string look(const Buffers& buffers, const Subject& subject, LookState& state) {
    Hits hits;
    scanner.scan(*signatures_, subject, buffers, state, &flow, hits);
    return to_text(*signatures_, hits);
  }
  std::string look(std::string_view bytes) { return look(payload(bytes), client_of(5222)); }

  const Signatures& signatures() const { return *signatures_; }

  Scanner scanner{WorkerId(0), Scanner::Limits()};
  FlowMemory flow;

 private:
  std::shared_ptr<const Signatures> signatures_;
};

}  // namespace chatgate::detect
