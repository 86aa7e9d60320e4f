// The payload options of one rule, compiled, and their evaluation in three values.
//
// `compile` at load time; `evaluate` on the packet path of any worker, bounded by
// EvaluationScratch::kSteps (for a pcre see expression.h). It recurses once for
// each option, at most RuleBuilder::kMaxPayloadOptions deep.
//
// Where Snort and Suricata leave room:
//   - An option on a buffer that is absent does not match, a negated one neither (Suricata).
//   - A content with fast_pattern:only must be there, but does not move the cursor (in Snort it is
//     not looked at again).
//   - isdataat:N,relative: N bytes or more follow the cursor; isdataat:N: more than N are there.
//   - A pcre with R sees nothing before the cursor: ^ matches there (Snort, Suricata).
//   - The next match of a content or pcre begins a byte or more behind the beginning of the last.
//     A pcre with A has one match.
//   - A number as text: blanks, a sign, 0x in base 16, digits, as strtoull takes them; without a
//     digit, or beyond 64 bits, the option does not match.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/diagnostic.h"
#include "detect/evaluation_scratch.h"
#include "detect/expression.h"
#include "detect/pattern.h"
#include "detect/rule.h"
#include "detect/subject.h"

namespace chatgate::detect {

// What an evaluation says, given that growing buffers may become longer but their bytes stay:
//   yes   true, and will be whatever follows
//   no    false, and will be; also where the steps were used up
//   open  depends on what follows; never where all buffers are complete
// `no` is not always found as soon as it could be: `open` is the safe answer.
enum class Truth : std::uint8_t { no, yes, open };

class PayloadProgram {
 public:
  static std::optional<PayloadProgram> compile(const Rule& rule, Diagnostics& findings);

  Truth evaluate(const Buffers& buffers, EvaluationScratch& scratch) const;

  std::size_t memory() const;

 private:
  friend class Evaluation;

  struct ContentStep {
    Pattern pattern;
    bool negated, startswith, endswith, moves;
    std::optional<Operand> offset, depth, distance, within;
    bool relative() const { return distance.has_value() || within.has_value(); }
  };
  struct PcreStep {
    Expression expression;
    bool negated, relative;
  };
  using Action = std::variant<ContentStep, PcreStep, ByteTest, ByteJump, ByteExtract, ByteMath,
                              IsDataAt, BufferSize, BufferPresent>;
  struct Step {
    std::uint16_t target;  // index in targets_
    bool cursor_matters;   // a later option reads where this one leaves the cursor
    Action action;
  };
  struct TargetArea {
    Target target;
    std::size_t area;  // of EvaluationScratch, where there are transforms
  };

  static std::optional<Action> action_of(const PayloadOption& option, const Rule& rule,
                                         Diagnostics& findings);
  // Nothing where the rule has too many targets with transforms.
  std::optional<std::uint16_t> target_index(const Target& target);
  void find_readers();

  std::vector<Step> steps_;
  std::vector<TargetArea> targets_;
};

}  // namespace chatgate::detect
