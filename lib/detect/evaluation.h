// One evaluation of one rule's payload options: a search through the matches of its contents and
// pcres. Used by payload_program.cpp only; on the packet path, by one worker at a time.
//
// Options are run in their order, each calling what follows it, with the state (cursors and
// variables) in the scratch; whoever changes the state puts it back when what follows has failed,
// so that another match can be tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "detect/evaluation_scratch.h"
#include "detect/payload_program.h"
#include "detect/subject.h"

namespace chatgate::detect {

class Evaluation {
 public:
  // Beyond every buffer, and small enough to be added to without care.
  static constexpr std::int64_t kFar = std::int64_t{1} << 40;

  Evaluation(const PayloadProgram& program, const Buffers& buffers, EvaluationScratch& scratch);

  Truth run();

 private:
  using Step = PayloadProgram::Step;
  using View = EvaluationScratch::View;

  // What an option needs to know of its place in the rule.
  struct Place {
    std::size_t index;
    const Step& step;
    const View& view;
  };

  // Where a content may stand: within [begin, end), as far as there are bytes.
  struct Window {
    std::int64_t begin;
    std::int64_t end;
  };

  // A number and where it ended; or why there is none.
  struct Reading {
    Truth truth = Truth::no;  // yes: there is one
    std::uint64_t number = 0;
    std::int64_t end = 0;
  };

  // The options from `index` on.
  Truth from(std::size_t index);
  Truth rest(const Place& place) { return from(place.index + 1); }
  Truth rest_where(const Place& place, bool certain) { return certain ? rest(place) : Truth::no; }
  // What follows can still make it false, but not true.
  Truth rest_if_open(const Place& place) {
    return rest(place) == Truth::no ? Truth::no : Truth::open;
  }
  // What follows, with the cursor there, or the variable set.
  Truth rest_at(const Place& place, std::size_t cursor);
  Truth rest_with(const Place& place, std::int32_t variable, std::uint64_t value,
                  std::size_t cursor);

  Truth evaluate(const PayloadProgram::ContentStep& content, const Place& place);
  Truth evaluate(const PayloadProgram::PcreStep& pcre, const Place& place);
  Truth evaluate(const ByteTest& test, const Place& place);
  Truth evaluate(const ByteJump& jump, const Place& place);
  Truth evaluate(const ByteExtract& extract, const Place& place);
  Truth evaluate(const ByteMath& math, const Place& place);
  Truth evaluate(const IsDataAt& test, const Place& place);
  Truth evaluate(const BufferSize& test, const Place& place);
  Truth evaluate(const BufferPresent& test, const Place& place);

  Window window_of(const PayloadProgram::ContentStep& content, const Place& place) const;
  Truth at_the_end(const PayloadProgram::ContentStep& content, const Place& place,
                   const Window& window);
  Truth negated(const PayloadProgram::PcreStep& pcre, const Place& place, Bytes subject);
  // Where matching went as far as it could, at the end of what is there.
  Truth partial(const PayloadProgram::PcreStep& pcre, const Place& place, Bytes subject,
                std::size_t begin);
  Expression::Found find(const Expression& expression, Bytes subject, std::size_t begin,
                         bool growing);

  Reading read(const NumberForm& form, const Operand& offset, bool relative, const Place& place);

  const View& view_of(std::uint16_t target);
  std::size_t& cursor_of(const Place& place) {
    return scratch_.memory_->cursors[place.step.target];
  }
  std::size_t cursor_of(const Place& place) const {
    return scratch_.memory_->cursors[place.step.target];
  }
  // As a place or a distance; far beyond every buffer where the variable is too large for one.
  std::int64_t place_of(const Operand& operand) const;
  std::uint64_t value_of(const Operand& operand) const;

  // False where they are used up, which ends the evaluation.
  bool spend(std::uint64_t steps);

  const PayloadProgram& program_;
  const Buffers& buffers_;
  EvaluationScratch& scratch_;
};

}  // namespace chatgate::detect
