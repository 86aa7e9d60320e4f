// Evaluates the rules in force on what a worker looks at.
//
// One Scanner a worker, for the life of the process: it keeps what outlives a set of rules
// (thresholds, detection filters, xbits; fixed tables that forget the oldest). These count for each
// worker by itself.
//
// `scan` is for the packet path: no allocation, lock, exception or clock, and bounded work: the
// prefilter looks at each byte of a buffer once (and once more at as many before it as the longest
// pattern has), at most LookState::kMaxCandidates rules are evaluated for each growth, each within
// a budget of steps. After LookState::looks has reached kMaxLooks a growing buffer is looked at
// only when it has grown by a sixteenth or is complete.
//
// Growth: a rule that is true of the bytes that are there and stays true whatever follows matches
// at once; one that could still become true or false with what may follow (a content not found yet,
// a negated one, isdataat, endswith, a pcre) is evaluated again when its buffer has grown, and for
// good when it is complete. So the same bytes give the same matches however they were cut.
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
  // Adds to `hits`.
  void scan(const Signatures& signatures, const Subject& subject, const Buffers& buffers,
            LookState& state, FlowMemory* flow, Hits& hits);

  std::size_t memory() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chatgate::detect
