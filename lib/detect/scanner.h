// Evaluates the rules in force on what a worker looks at.
//
// One Scanner a worker, for the life of the process: it keeps what outlives a set of rules
// (thresholds, detection filters, xbits; fixed tables that forget the oldest). These count for each
// worker by itself.
//
// `scan` is for the packet path: no allocation, lock, exception or clock, and bounded work. For
// each of two groups of rules the prefilter looks at each byte of a buffer once (and once more at
// as many before it as the longest pattern has). Evaluated are, each within a budget of steps, the
// rules left open by the look before (at most LookState::kMaxCandidates), at most kMaxEvaluated
// that the prefilter brings up, and those of the flow's groups that have no fast pattern, which
// compiling warned about. After LookState::looks has reached kMaxLooks a growing buffer is looked
// at only when it has grown by a sixteenth or is complete.
//
// What does not fit: a rule that the prefilter brings up beyond kMaxEvaluated is not evaluated; one
// that is open and finds no place in the LookState is not evaluated again. Both add to `dropped`.
// On a stream no more rules are looked for once LookState::kMaxCandidates of them have matched in
// one turn, and Hits::more is set.
//
// Growth: a rule that is true of the bytes that are there and stays true whatever follows matches
// at once; one that could still become true or false with what may follow (a content not found yet,
// a negated one, isdataat, endswith, a pcre) is evaluated again when its buffer has grown, and for
// good when it is complete. So the same bytes give the same matches however they were cut. A rule
// matches once for one LookState. What a rule asks of bits and counters is asked when its payload
// options hold, and again at each look until both do: a bit that is set later in the same turn
// still counts, and of two rules that exclude each other by bits the one whose bytes come first
// wins.
//
// Order within a look: rules that change bits before those that test them (evaluation_order.h). All
// that hold change their bits; then, if a `pass` rule is among them, it is the only hit and the
// flow is passed; otherwise detection_filter and threshold are asked in the order of hits.
#pragma once

#include <cstdint>
#include <memory>

#include "base/strong_id.h"
#include "detect/signatures.h"
#include "detect/subject.h"

namespace chatgate::detect {

class Scanner {
 public:
  static constexpr std::uint32_t kMaxLooks = 256;
  static constexpr std::size_t kMaxEvaluated = 128;

  struct Limits {
    std::uint32_t tracked = 4096;  // entries of each table that outlives a flow
  };

  Scanner(WorkerId worker, const Limits& limits);
  ~Scanner();
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  // Whether any rule could apply to a flow between these, on its stream or its packets, whatever it
  // says: where not, the flow need not be kept for the rules' sake. The subject is the client's.
  bool concerns(const Signatures& signatures, const Subject& client) const;

  // One look. `flow` may be null for what has no flow (ICMP); bits and counters then are unset.
  // Adds to `hits`. The worker's id must be below the Signatures::Options::workers of `signatures`,
  // which otherwise are not looked at. `state` must be a fresh one for another set of rules.
  void scan(const Signatures& signatures, const Subject& subject, const Buffers& buffers,
            LookState& state, FlowMemory* flow, Hits& hits);

  // How often a rule was not evaluated, or not again, for want of room; see above.
  std::uint64_t dropped() const;
  // How often an evaluation ended because its steps were used up; the rule then did not match.
  std::uint64_t exhausted() const;
  std::size_t memory() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chatgate::detect
