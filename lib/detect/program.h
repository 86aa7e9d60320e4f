// One rule, compiled for evaluation; what each option means is said in rule.h.
//
// `compile` is called when rules are loaded; everything else is for the packet path of any worker:
// no allocation, lock, exception or clock, and work bounded by EvaluationScratch::kSteps. A program
// is immutable after the last rule of its set was compiled (groups of flowbits fill until then),
// owns all it needs of its rule, and may be used by many threads at once, each with a scratch of
// its own. It does not keep borrowed bytes.
//
// Whoever calls it goes by the order of rule.h: header_fits, flow_state_fits, xbits (the
// scanner's), evaluate, then apply_flow_state, xbits and rates (the scanner's again).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/diagnostic.h"
#include "detect/evaluation_scratch.h"
#include "detect/flow_operations.h"
#include "detect/header_match.h"
#include "detect/numbering.h"
#include "detect/payload_program.h"
#include "detect/rule.h"
#include "detect/subject.h"

namespace chatgate::detect {

class Program {
 public:
  // Errors (a pcre that does not compile, more flowbits than there is room for …) go to `findings`
  // at the option's place, with a remedy; nothing then.
  static std::optional<Program> compile(const Rule& rule, Numbering& numbering,
                                        Diagnostics& findings);

  // Whether the rule asks for what only a packet has, so that for TCP it is evaluated on packets
  // and never on streams; see subject.h.
  bool needs_packet() const { return header_.needs_packet(); }

  // Header, flow and all conditions: cheap. False as well where a TCP rule is for the other kind of
  // look (stream or packet).
  bool header_fits(const Subject& subject) const { return header_.fits(subject); }
  // Of that only the addresses and ports, which stay what they are for the life of a flow.
  bool ends_fit(const Subject& subject) const { return header_.ends_fit(subject); }

  // All flowbits and flowints that test. Where `flow` is null nothing is set.
  bool flow_state_fits(const FlowMemory* flow) const { return flow_operations_.fit(flow); }

  // The payload options; see payload_program.h for what the three values promise.
  Truth evaluate(const Subject&, const Buffers& buffers, EvaluationScratch& scratch) const {
    return payload_.evaluate(buffers, scratch);
  }

  // All flowbits and flowints that set, in their order; nothing where `flow` is null.
  void apply_flow_state(FlowMemory* flow) const { flow_operations_.apply(flow); }

  std::size_t memory() const;

 private:
  Program(HeaderMatch header, FlowOperations operations, PayloadProgram payload)
      : header_(std::move(header)),
        flow_operations_(std::move(operations)),
        payload_(std::move(payload)) {}

  HeaderMatch header_;
  FlowOperations flow_operations_;
  PayloadProgram payload_;
};

}  // namespace chatgate::detect
