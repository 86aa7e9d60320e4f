#include "detect/payload_program.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

#include "detect/evaluation.h"

namespace chatgate::detect {
namespace {

template <typename Option>
const Target& target_of(const Option& option) {
  return std::visit([](const auto& one) -> const Target& { return one.target; }, option);
}

template <typename Option>
Spot spot_of(const Option& option) {
  return std::visit([](const auto& one) { return one.spot; }, option);
}

// Whether an option starts from the cursor, and whether it puts it somewhere.
struct CursorUse {
  bool reads = false;
  bool moves = false;
};

}  // namespace

std::optional<PayloadProgram::Action> PayloadProgram::action_of(const PayloadOption& option,
                                                                const Rule& rule,
                                                                Diagnostics& findings) {
  if (const auto* content = std::get_if<Content>(&option)) {
    return ContentStep{.pattern = Pattern(content->bytes, content->nocase),
                       .negated = content->negated,
                       .startswith = content->startswith,
                       .endswith = content->endswith,
                       .moves = !content->negated && !content->fast_pattern_only,
                       .offset = content->offset,
                       .depth = content->depth,
                       .distance = content->distance,
                       .within = content->within};
  }
  if (const auto* pcre = std::get_if<Pcre>(&option)) {
    auto expression =
        Expression::compile(*pcre, {rule.file, pcre->spot.line, pcre->spot.column}, findings);
    if (!expression) return {};
    return PcreStep{std::move(*expression), pcre->negated, pcre->relative};
  }
  return std::visit(
      [](const auto& one) -> std::optional<Action> {
        using Option = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<Option, Content> || std::is_same_v<Option, Pcre>) {
          return {};
        } else {
          return one;
        }
      },
      option);
}

std::optional<std::uint16_t> PayloadProgram::target_index(const Target& target) {
  const auto found = std::find_if(targets_.begin(), targets_.end(),
                                  [&](const TargetArea& known) { return known.target == target; });
  if (found != targets_.end()) return static_cast<std::uint16_t>(found - targets_.begin());
  std::size_t area = 0;
  if (!target.transforms.empty()) {
    area = static_cast<std::size_t>(
        std::count_if(targets_.begin(), targets_.end(),
                      [](const TargetArea& known) { return !known.target.transforms.empty(); }));
    if (area == EvaluationScratch::kMaxTransforms) return {};
  }
  targets_.push_back({target, area});
  return static_cast<std::uint16_t>(targets_.size() - 1);
}

// From the last option back: whether one further on reads what this one leaves.
void PayloadProgram::find_readers() {
  std::vector<bool> read(targets_.size(), false);
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    step->cursor_matters = read[step->target];
    const CursorUse use = std::visit(
        [](const auto& one) -> CursorUse {
          using Option = std::decay_t<decltype(one)>;
          if constexpr (std::is_same_v<Option, ContentStep>) {
            return {one.relative(), one.moves};
          } else if constexpr (std::is_same_v<Option, PcreStep>) {
            return {one.relative, !one.negated};
          } else if constexpr (std::is_same_v<Option, ByteTest> ||
                               std::is_same_v<Option, IsDataAt>) {
            return {one.relative, false};
          } else if constexpr (std::is_same_v<Option, BufferSize> ||
                               std::is_same_v<Option, BufferPresent>) {
            return {};
          } else {
            return {one.relative, true};
          }
        },
        step->action);
    read[step->target] = use.reads || (read[step->target] && !use.moves);
  }
}

std::optional<PayloadProgram> PayloadProgram::compile(const Rule& rule, Diagnostics& findings) {
  PayloadProgram program;
  bool sound = true;
  for (const PayloadOption& option : rule.payload) {
    auto action = action_of(option, rule, findings);
    const auto target = program.target_index(target_of(option));
    if (!target) {
      const Spot spot = spot_of(option);
      findings.error({rule.file, spot.line, spot.column},
                     "the rule has too many buffers with transforms",
                     "at most " + std::to_string(EvaluationScratch::kMaxTransforms));
      return {};
    }
    sound = sound && action;
    if (sound) program.steps_.push_back({*target, false, std::move(*action)});
  }
  if (!sound) return {};
  program.find_readers();
  return program;
}

Truth PayloadProgram::evaluate(const Buffers& buffers, EvaluationScratch& scratch) const {
  return Evaluation(*this, buffers, scratch).run();
}

std::size_t PayloadProgram::memory() const {
  std::size_t size = steps_.capacity() * sizeof(Step) + targets_.capacity() * sizeof(TargetArea);
  for (const TargetArea& known : targets_) {
    size += known.target.transforms.capacity() * sizeof(Transform);
  }
  for (const Step& step : steps_) {
    if (const auto* content = std::get_if<ContentStep>(&step.action)) {
      size += content->pattern.memory();
    } else if (const auto* pcre = std::get_if<PcreStep>(&step.action)) {
      size += pcre->expression.memory();
    }
  }
  return size;
}

}  // namespace chatgate::detect
