// A rule under construction: what the options of one rule share while they are read.
//
// Made by parser.cpp for each rule, handed to every option's function (options.h) in the order of
// the text, and finished with the checks that need the whole rule. Load time only.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "detect/buffers.h"
#include "detect/rule.h"
#include "detect/text.h"

namespace chatgate::detect {

// One option as it stands in the text; the parts are views into its line.
struct OptionText {
  std::string_view name;
  std::string_view value;  // empty where there is none
  bool has_value = false;  // a ":" was written
};

class RuleBuilder {
 public:
  static constexpr std::size_t kMaxPayloadOptions = 256;
  static constexpr std::size_t kMaxVariables = 32;

  RuleBuilder(Reporter& reporter, Rule& rule) : reporter_(reporter), rule_(rule) {}

  Rule& rule() { return rule_; }
  Spot spot_of(std::string_view part) const { return reporter_.spot_of(part); }
  void error(std::string_view part, std::string message, std::string remedy = {}) {
    reporter_.error(part, std::move(message), std::move(remedy));
  }
  void warning(std::string_view part, std::string message, std::string remedy = {}) {
    reporter_.warning(part, std::move(message), std::move(remedy));
  }

  // False, and said at `part`, where `name` stood before.
  bool first_time(std::string_view part, std::string_view name);

  // ---- Payload options and buffers

  // Appends, unless there are too many.
  void add_payload(std::string_view part, PayloadOption option);
  // What an option that is written now looks at: the sticky buffer in force.
  Target current_target();
  void select_sticky(std::string_view part, Buffer buffer);
  void add_transform(std::string_view part, Transform transform);
  // Moves an option to the buffer that its modifier or pcre flag names; an error where it is in
  // another one already.
  void retarget(std::string_view part, Target& target, Buffer buffer);
  // The content that a modifier behind it belongs to; null after an error where there is none.
  // The pointer holds until the next option is added.
  Content* last_content(std::string_view part);

  // ---- Numbers

  // A number within bounds, or the name of a variable; nothing after an error.
  std::optional<Operand> operand(std::string_view text, std::int64_t min, std::int64_t max,
                                 std::string_view what);
  std::optional<std::uint64_t> number(std::string_view text, std::uint64_t max,
                                      std::string_view what);
  // `N`, `!N`, `<N`, `>N`, `<=N`, `>=N`, `=N`, `A<>B`, `A<=>B` and `A-B` with open ends.
  // `inclusive` is about the ends of `<>`.
  std::optional<NumberRange> range(std::string_view text, std::uint64_t max, bool inclusive,
                                   std::string_view what);
  // The index of a variable, made where it is new; nothing after an error.
  std::optional<std::int32_t> variable(std::string_view name);

  // Checks what only the whole rule shows. `part` is where the rule begins.
  void finish(std::string_view part);

 private:
  std::optional<NumberRange> between(std::string_view text, std::size_t at, std::size_t size,
                                     std::uint64_t max, bool inclusive, std::string_view what);
  // A sticky buffer that nothing has looked at is a condition of its own.
  void close_sticky();
  void check_content(Content& content);
  void check_buffers(std::string_view part);
  void wrong(Spot spot, std::string message, std::string remedy) {
    reporter_.error(spot, std::move(message), std::move(remedy));
  }

  Reporter& reporter_;
  Rule& rule_;
  Target sticky_;
  Spot sticky_spot_;
  bool sticky_unused_ = false;
  bool too_many_ = false;
  std::set<std::string, std::less<>> seen_;
};

// Contents' text with `|41 42|` and escapes made octets; nothing after an error.
std::optional<std::string> unescaped_content(std::string_view text, RuleBuilder& builder);
// A text in quotes, or bare, with the escapes of Snort undone.
std::string unescaped_text(std::string_view text);

// `["]…["]` with an optional "!" in front, and what follows the closing quote.
struct QuotedValue {
  bool negated = false;
  std::string_view text;  // between the quotes
  std::string_view rest;  // behind them
};

// Nothing after an error. With `last_quote` the text reaches to the last quote of the value, and
// quotes within need no backslash.
std::optional<QuotedValue> quoted_value(std::string_view value, RuleBuilder& builder,
                                        bool last_quote);

}  // namespace chatgate::detect
