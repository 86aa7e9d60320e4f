#define PCRE2_CODE_UNIT_WIDTH 8
#include "detect/expression.h"

#include <algorithm>
#include <array>
#include <new>
#include <pcre2.h>
#include <string>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "detect/text.h"

namespace chatgate::detect {

struct ExpressionScratch::State {
  // One pair: the whole match; groups are of no interest.
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  // As large at first as at most, so that it is never resized.
  pcre2_jit_stack* stack = pcre2_jit_stack_create(kStack, kStack, nullptr);

  State() {
    if (data == nullptr || context == nullptr || stack == nullptr) {
      release();
      throw std::bad_alloc();
    }
    pcre2_jit_stack_assign(context, nullptr, stack);
  }
  ~State() { release(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

 private:
  void release() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    pcre2_jit_stack_free(stack);
  }
};

ExpressionScratch::ExpressionScratch() : state_(std::make_unique<State>()) {}
ExpressionScratch::~ExpressionScratch() = default;

namespace {

// Whether there is a positive look-ahead, in any of its spellings; or something that looks like it.
bool looks_ahead(std::string_view text) {
  for (const std::string_view word :
       {"(?=", "(?*", "(*pla", "(*positive_looka", "(*na", "(*non_"}) {
    if (text.find(word) != std::string_view::npos) return true;
  }
  return false;
}

std::uint32_t flags_of(const Pcre& pcre) {
  std::uint32_t flags = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_USE_OFFSET_LIMIT;
  if (pcre.caseless) flags |= PCRE2_CASELESS;
  if (pcre.dot_all) flags |= PCRE2_DOTALL;
  if (pcre.multi_line) flags |= PCRE2_MULTILINE;
  if (pcre.extended) flags |= PCRE2_EXTENDED;
  if (pcre.anchored) flags |= PCRE2_ANCHORED;
  if (pcre.dollar_end_only) flags |= PCRE2_DOLLAR_ENDONLY;
  if (pcre.ungreedy) flags |= PCRE2_UNGREEDY;
  // PCRE2 10.42 takes the "a" of (?=a)1?a for two, and finds nothing in "a".
  if (looks_ahead(pcre.expression)) flags |= PCRE2_NO_START_OPTIMIZE;
  return flags;
}

std::string error_text(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  const int size = pcre2_get_error_message(error, text.data(), text.size());
  return size < 0 ? "error " + std::to_string(error)
                  : std::string(reinterpret_cast<const char*>(text.data()));
}

// What stands at the beginning of a group whose match does not depend on what follows: no
// look-ahead, no condition, nothing atomic. `rest` begins behind "(?".
bool is_plain_group(std::string_view rest) {
  if (rest.starts_with("<=") || rest.starts_with("<!")) return true;
  if (rest.starts_with("P<")) return true;
  if (rest.size() >= 2 && rest[0] == '<' && (is_letter(rest[1]) || rest[1] == '_')) return true;
  return rest.substr(0, rest.find_first_of(":)")).find_first_not_of("imsnJU-") ==
         std::string_view::npos;
}

// Whether what matched at a byte still matches there when bytes follow: true where the expression
// only says what is there, and backtracking may try every way to match. Then a way through it that
// was found stays one. Decided from the text without regard to brackets and quotes, so that it
// errs by calling something not lasting.
bool is_lasting(std::string_view text, const Pcre& pcre) {
  if (pcre.extended) return false;  // blanks may stand before what makes a repeat possessive
  bool repeated = false;            // a quantifier was just read
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    bool repeats = false;
    switch (c) {
      case '\\':
        // \z \Z \b \B and \G are about places, \R and \X are atomic, \K moves the beginning, \Q and
        // \c change what follows; \g and \k may call a group.
        if (++i == text.size() ||
            std::string_view("zZbBGRXKQEcCgk").find(text[i]) != std::string_view::npos) {
          return false;
        }
        break;
      case '$': return false;
      case '(':
        if (text.substr(i + 1).starts_with('*')) return false;
        if (text.substr(i + 1).starts_with('?') && !is_plain_group(text.substr(i + 2))) {
          return false;
        }
        // Behind an opening one, "?" is no quantifier.
        if (text.substr(i + 1).starts_with('?')) ++i;
        break;
      case '+':
        if (repeated) return false;  // possessive
        repeats = true;
        break;
      case '*':
      case '?':
      case '}': repeats = true; break;
      default: break;
    }
    repeated = repeats;
  }
  return true;
}

}  // namespace

std::optional<Expression> Expression::compile(const Pcre& pcre, const Place& place,
                                              Diagnostics& findings) {
  const std::string what = "the expression " + quoted(pcre.expression);
  int error = 0;
  PCRE2_SIZE at = 0;
  pcre2_compile_context* context = pcre2_compile_context_create(nullptr);
  if (context == nullptr) throw std::bad_alloc();
  pcre2_set_newline(context, PCRE2_NEWLINE_LF);
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pcre.expression.data()),
                                   pcre.expression.size(), flags_of(pcre), &error, &at, context);
  pcre2_compile_context_free(context);
  if (code == nullptr) {
    findings.error(place,
                   what + " does not compile: " + error_text(error) + ", before its byte " +
                       std::to_string(at + 1),
                   "an expression of PCRE2 without UTF");
    return {};
  }
  Expression result(code);
  error = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD);
  std::size_t machine_code = 0;
  std::size_t size = 0;
  std::uint32_t options = 0;
  pcre2_pattern_info(code, PCRE2_INFO_JITSIZE, &machine_code);
  pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
  pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &options);
  if (error != 0 || machine_code == 0) {
    findings.error(
        place,
        what + " has no machine code" + (error == 0 ? std::string() : ": " + error_text(error)),
        "leave out what PCRE2 only interprets, such as (*NO_JIT) and \\C; see "
        "pcre2jit(3)");
    return {};
  }
  result.memory_ = size + machine_code;
  result.most_ = pcre.override_limits ? kOverriddenLimit : kMatchLimit;
  result.anchored_ = (options & PCRE2_ANCHORED) != 0;
  result.once_ = pcre.anchored;
  result.lasting_ = is_lasting(pcre.expression, pcre);
  result.waits_ = pcre.expression.find("(*") != std::string::npos;
  result.line_starts_ = pcre.expression.find('^') != std::string::npos &&
                        (pcre.multi_line || pcre.expression.find("(?") != std::string::npos);
  return result;
}

Expression::~Expression() {
  pcre2_code_free(code_);
}

Expression::Expression(Expression&& other) noexcept
    : code_(std::exchange(other.code_, nullptr)),
      most_(other.most_),
      anchored_(other.anchored_),
      once_(other.once_),
      lasting_(other.lasting_),
      waits_(other.waits_),
      line_starts_(other.line_starts_),
      memory_(other.memory_) {}

Expression::Found Expression::match(Bytes subject, std::size_t from, std::size_t places,
                                    std::uint32_t limit, bool growing,
                                    const ExpressionScratch& scratch) const {
  static constexpr std::uint8_t kNothing = 0;  // an empty view may have no address
  const ExpressionScratch::State& state = *scratch.state_;
  pcre2_set_match_limit(state.context, limit);
  pcre2_set_offset_limit(state.context, from + places - 1);
  const int result =
      pcre2_jit_match(code_, subject.empty() ? &kNothing : subject.data(), subject.size(), from,
                      growing ? PCRE2_PARTIAL_HARD : 0, state.data, state.context);
  if (result >= 0) {
    const Found found{Result::match, pcre2_get_startchar(state.data),
                      pcre2_get_ovector_pointer(state.data)[1]};
    // Where it begins behind the last byte PCRE2 may not have noticed that it looked further.
    if (growing && found.begin == subject.size()) return {Result::partial, 0, 0};
    return found;
  }
  if (result == PCRE2_ERROR_NOMATCH) return {};
  return {result == PCRE2_ERROR_PARTIAL ? Result::partial : Result::failed, 0, 0};
}

Expression::Found Expression::find(Bytes subject, std::size_t from, bool growing,
                                   ExpressionScratch& scratch, std::uint32_t& steps) const {
  if (growing && (waits_ || (line_starts_ && !subject.empty() && subject.back() == '\n'))) {
    return {Result::partial, 0, 0};
  }
  // For what is anchored there is one place to begin at.
  const std::size_t end = anchored_ ? from + 1 : subject.size() + 1;
  std::size_t places = end - from;
  const auto fair_share = [&] {
    return std::clamp(static_cast<std::uint32_t>(kWork / places), kLeast, most_);
  };
  std::uint32_t limit = anchored_ || waits_ ? kOnce : fair_share();
  std::uint64_t cost = 1 + places / kBytesPerStep;
  while (from < end) {
    if (steps <= cost) {
      steps = 0;
      return {Result::failed, 0, 0};
    }
    steps -= static_cast<std::uint32_t>(cost);
    cost = kStepsPerRepeat;
    const Found found = match(subject, from, places, limit, growing, scratch);
    if (found.result == Result::none) {
      // A verb may have ended the search, for good.
      from = waits_ ? end : from + places;
      places = std::min(places * 2, end - from);
    } else if (found.result == Result::failed && limit < most_ && !waits_) {
      places = std::max<std::size_t>(places / 8, 1);
    } else {
      return found;
    }
    if (places != 0) limit = fair_share();
  }
  return {};
}

}  // namespace chatgate::detect
