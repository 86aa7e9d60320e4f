// What a worker needs while it evaluates rules: one for each worker, made when rules are loaded or
// the worker starts, used by one thread, so that an evaluation allocates nothing.
//
// Holds room for transformed buffers, the cursors and variables of a rule, PCRE2's match data and
// its JIT stack, and the budget of steps. Nothing in it outlives an evaluation but the counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "detect/builder.h"
#include "detect/subject.h"

namespace chatgate::detect {

// What PCRE2 needs to match without allocating; see expression.h.
class ExpressionScratch {
 public:
  // Bytes of the JIT stack, all of them mapped at once: it never grows.
  static constexpr std::size_t kStack = 128 * 1024;

  ExpressionScratch();
  ~ExpressionScratch();

 private:
  friend class Expression;
  struct State;
  std::unique_ptr<State> state_;
};

class EvaluationScratch {
 public:
  // The budget of one evaluation. A step is one option, one further match of a content, or 64 bytes
  // searched; what a pcre costs is said in expression.h. A rule for which it does not suffice does
  // not match. An ordinary rule needs some hundreds on a full turn.
  static constexpr std::uint32_t kSteps = 8192;
  // A transformed buffer is cut at this many bytes.
  static constexpr std::size_t kMaxTransformed = 2 * kMaxTurn;
  // Buffers with transforms in one rule; equal ones count once.
  static constexpr std::size_t kMaxTransforms = 8;

  EvaluationScratch();

  // Evaluations that ended because their steps, or the limits of a pcre, were used up.
  std::uint64_t exhausted() const { return exhausted_count_; }
  std::size_t memory() const;

 private:
  friend class Evaluation;

  // A target as the options see it.
  struct View {
    Bytes bytes;
    bool made = false;
    bool present = false;
    bool complete = true;
  };

  // Everything by place is an index of the rule: of its targets, or of its variables.
  struct Memory {
    std::array<View, RuleBuilder::kMaxPayloadOptions> views;
    std::array<std::size_t, RuleBuilder::kMaxPayloadOptions> cursors;
    std::array<std::uint64_t, RuleBuilder::kMaxVariables> variables;
    std::array<std::array<std::uint8_t, kMaxTransformed>, kMaxTransforms> transformed;
  };

  std::unique_ptr<Memory> memory_;
  ExpressionScratch expression_;
  std::uint32_t steps_ = 0;  // left
  bool exhausted_ = false;
  std::uint64_t exhausted_count_ = 0;
};

}  // namespace chatgate::detect
