#include "detect/evaluation.h"

#include <algorithm>
#include <variant>

#include "detect/transforms.h"

namespace chatgate::detect {
namespace {

constexpr std::uint64_t kContentBytesPerStep = 64;
std::int64_t size_of(Bytes bytes) {
  return static_cast<std::int64_t>(bytes.size());
}

}  // namespace

Evaluation::Evaluation(const PayloadProgram& program, const Buffers& buffers,
                       EvaluationScratch& scratch)
    : program_(program), buffers_(buffers), scratch_(scratch) {
  EvaluationScratch::Memory& memory = *scratch.memory_;
  for (std::size_t i = 0; i < program.targets_.size(); ++i) {
    memory.views[i].made = false;
    memory.cursors[i] = 0;
  }
  memory.variables.fill(0);
  scratch.steps_ = EvaluationScratch::kSteps;
  scratch.exhausted_ = false;
}

Truth Evaluation::run() {
  const Truth truth = from(0);
  if (scratch_.exhausted_) ++scratch_.exhausted_count_;
  return truth;
}

bool Evaluation::spend(std::uint64_t steps) {
  if (steps < scratch_.steps_) {
    scratch_.steps_ -= static_cast<std::uint32_t>(steps);
    return true;
  }
  scratch_.steps_ = 0;
  scratch_.exhausted_ = true;
  return false;
}

const Evaluation::View& Evaluation::view_of(std::uint16_t target) {
  View& view = scratch_.memory_->views[target];
  if (view.made) return view;
  const auto& [wanted, area] = program_.targets_[target];
  view.made = true;
  view.present = buffers_.has(wanted.buffer);
  view.bytes = buffers_.get(wanted.buffer);
  view.complete = buffers_.complete(wanted.buffer);
  if (view.present && !wanted.transforms.empty()) {
    MutableBytes room = scratch_.memory_->transformed[area];
    const Transformed result = transform(view.bytes, view.complete, wanted.transforms, room);
    view.bytes = room.first(result.size);
    view.complete = result.complete;
  }
  return view;
}

Truth Evaluation::from(std::size_t index) {
  if (index == program_.steps_.size()) return Truth::yes;
  if (!spend(1)) return Truth::no;
  const Step& step = program_.steps_[index];
  const View& view = view_of(step.target);
  if (!view.present) return Truth::no;
  const Place place{index, step, view};
  return std::visit([&](const auto& option) { return evaluate(option, place); }, step.action);
}

Truth Evaluation::rest_at(const Place& place, std::size_t cursor) {
  std::size_t& here = cursor_of(place);
  const std::size_t before = here;
  here = cursor;
  const Truth truth = rest(place);
  here = before;
  return truth;
}

Truth Evaluation::rest_with(const Place& place, std::int32_t variable, std::uint64_t value,
                            std::size_t cursor) {
  std::uint64_t& here = scratch_.memory_->variables[static_cast<std::size_t>(variable)];
  const std::uint64_t before = here;
  here = value;
  const Truth truth = rest_at(place, cursor);
  here = before;
  return truth;
}

std::uint64_t Evaluation::value_of(const Operand& operand) const {
  return operand.is_variable()
             ? scratch_.memory_->variables[static_cast<std::size_t>(operand.variable)]
             : static_cast<std::uint64_t>(operand.value);
}

std::int64_t Evaluation::place_of(const Operand& operand) const {
  if (!operand.is_variable()) return operand.value;
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value_of(operand), kFar));
}

// ---- content

Evaluation::Window Evaluation::window_of(const PayloadProgram::ContentStep& content,
                                         const Place& place) const {
  const auto size = static_cast<std::int64_t>(content.pattern.size());
  if (content.startswith) return {0, size};
  Window window{0, kFar * 2};
  if (content.relative()) {
    window.begin = static_cast<std::int64_t>(cursor_of(place)) +
                   (content.distance ? place_of(*content.distance) : 0);
    if (content.within) window.end = window.begin + place_of(*content.within);
  } else {
    if (content.offset) window.begin = place_of(*content.offset);
    if (content.depth) window.end = window.begin + place_of(*content.depth);
  }
  window.begin = std::max<std::int64_t>(window.begin, 0);
  return window;
}

// endswith. While the buffer grows nothing is known but that its end will not come before what is
// there already.
Truth Evaluation::at_the_end(const PayloadProgram::ContentStep& content, const Place& place,
                             const Window& window) {
  const std::int64_t size = size_of(place.view.bytes);
  const auto wanted = static_cast<std::int64_t>(content.pattern.size());
  const std::int64_t begin = size - wanted;
  if (!place.view.complete) {
    if (window.end >= size && window.end - window.begin >= wanted) {
      return content.negated || !place.step.cursor_matters ? rest_if_open(place) : Truth::open;
    }
    return content.negated ? rest(place) : Truth::no;
  }
  const bool stands = begin >= window.begin && size <= window.end &&
                      content.pattern.stands_at(place.view.bytes, static_cast<std::size_t>(begin));
  if (stands == content.negated) return Truth::no;
  return content.moves ? rest_at(place, place.view.bytes.size()) : rest(place);
}

Truth Evaluation::evaluate(const PayloadProgram::ContentStep& content, const Place& place) {
  const Window window = window_of(content, place);
  if (content.endswith) return at_the_end(content, place, window);

  const std::int64_t size = size_of(place.view.bytes);
  const auto wanted = static_cast<std::int64_t>(content.pattern.size());
  // Nothing that follows can add a match.
  const bool closed =
      place.view.complete || window.end <= size || window.end - window.begin < wanted;
  const std::int64_t end = std::clamp<std::int64_t>(window.end, 0, size);
  const Bytes within = place.view.bytes.first(static_cast<std::size_t>(end));
  bool open = !closed;
  auto begin = static_cast<std::size_t>(window.begin);
  while (true) {
    std::uint64_t bytes_left = scratch_.steps_ * kContentBytesPerStep;
    const std::uint64_t before = bytes_left;
    const std::size_t at = content.pattern.find(within, begin, bytes_left);
    if (!spend(1 + (before - bytes_left) / kContentBytesPerStep)) return Truth::no;
    if (at == Pattern::kNotFound) break;
    if (content.negated) return Truth::no;
    const Truth truth = content.moves ? rest_at(place, at + content.pattern.size()) : rest(place);
    if (truth == Truth::yes || scratch_.exhausted_) return truth;
    // Another match would change nothing for what follows.
    if (!place.step.cursor_matters || !content.moves) return truth;
    open = open || truth == Truth::open;
    begin = at + 1;
  }
  if (content.negated) return closed ? rest(place) : rest_if_open(place);
  return open ? Truth::open : Truth::no;
}

// ---- pcre

Expression::Found Evaluation::find(const Expression& expression, Bytes subject, std::size_t begin,
                                   bool growing) {
  const Expression::Found found =
      expression.find(subject, begin, growing, scratch_.expression_, scratch_.steps_);
  if (found.result == Expression::Result::failed) scratch_.exhausted_ = true;
  return found;
}

Truth Evaluation::negated(const PayloadProgram::PcreStep& pcre, const Place& place, Bytes subject) {
  const bool growing = !place.view.complete;
  switch (find(pcre.expression, subject, 0, growing).result) {
    case Expression::Result::match:
    case Expression::Result::failed: return Truth::no;
    case Expression::Result::none:
      if (!growing || (pcre.expression.anchored() && !subject.empty())) return rest(place);
      return rest_if_open(place);
    case Expression::Result::partial: break;
  }
  if (pcre.expression.lasting()) {
    const auto result = find(pcre.expression, subject, 0, false).result;
    if (result != Expression::Result::none) return Truth::no;
  }
  return rest_if_open(place);
}

Truth Evaluation::partial(const PayloadProgram::PcreStep& pcre, const Place& place, Bytes subject,
                          std::size_t begin) {
  // Only that it matches is sure, not how far.
  if (place.step.cursor_matters || !pcre.expression.lasting()) return Truth::open;
  const auto result = find(pcre.expression, subject, begin, false).result;
  if (result == Expression::Result::match) return rest(place);
  return result == Expression::Result::failed ? Truth::no : Truth::open;
}

Truth Evaluation::evaluate(const PayloadProgram::PcreStep& pcre, const Place& place) {
  const std::size_t base = pcre.relative ? cursor_of(place) : 0;
  const Bytes subject = place.view.bytes.subspan(base);
  if (pcre.negated) return negated(pcre, place, subject);

  const bool growing = !place.view.complete;
  bool open = false;
  for (std::size_t begin = 0; begin <= subject.size();) {
    const Expression::Found found = find(pcre.expression, subject, begin, growing);
    if (found.result == Expression::Result::failed) return Truth::no;
    if (found.result == Expression::Result::partial) {
      return partial(pcre, place, subject, begin);
    }
    if (found.result == Expression::Result::none) {
      const bool closed = !growing || (pcre.expression.anchored() && begin < subject.size());
      return open || !closed ? Truth::open : Truth::no;
    }
    const Truth truth = rest_at(place, base + found.end);
    if (truth == Truth::yes || scratch_.exhausted_) return truth;
    if (!place.step.cursor_matters || pcre.expression.once()) return truth;
    open = open || truth == Truth::open;
    begin = found.begin + 1;
  }
  return open || growing ? Truth::open : Truth::no;
}

}  // namespace chatgate::detect
