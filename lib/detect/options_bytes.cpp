// byte_test, byte_jump, byte_extract, byte_math.
#include <array>
#include <utility>

#include "detect/options.h"

namespace chatgate::detect {
namespace {

constexpr std::int64_t kMaxOffset = 65535;

// What the four have in common, in any order behind the places that are fixed.
class FormReader {
 public:
  explicit FormReader(RuleBuilder& builder) : builder_(builder) {}

  // False where the word belongs to none of the common ones; an error is said at once.
  bool word(std::string_view item, NumberForm& form, bool& relative) {
    const auto [name, value] = first_word(item);
    if (name == "bitmask") {
      const auto mask = builder_.number(value.empty() ? name : value, UINT32_MAX, "bitmask");
      if (!mask) return failed();
      if (*mask == 0) return wrong(item, "the bitmask is zero", "set the bits to keep");
      form.bitmask = static_cast<std::uint32_t>(*mask);
      return true;
    }
    if (name == "string" && !value.empty()) {  // byte_math: `string hex`
      text_ = true;
      return base(value, form) || wrong(value, "unknown base " + quoted(value), "hex, dec or oct");
    }
    if (name == "endian") {
      if (!endian(value, form)) {
        return wrong(item, "unknown endian " + quoted(value), "big or little");
      }
      return true;
    }
    if (!value.empty()) return false;
    if (name == "relative") {
      relative = true;
    } else if (name == "string") {
      text_ = true;
    } else if (name == "dce") {
      return wrong(item, "\"dce\" is not supported", "write big or little");
    } else if (!base(name, form) && !endian(name, form)) {
      return false;
    }
    return true;
  }

  bool ok() const { return ok_; }

  // Checks the size against what was said. False after an error.
  bool finish(std::string_view bytes_part, NumberForm& form) {
    if (!ok_) return false;
    if (form.base != 0 && !text_) {
      return !wrong(bytes_part, "a base is given for a binary number", "add the word string");
    }
    if (text_ && form.base == 0) form.base = 10;
    const std::int64_t most = form.base == 0 ? 8 : form.base == 8 ? 23 : form.base == 16 ? 16 : 20;
    if (!form.bytes.is_variable() && form.bytes.value > most) {
      return !wrong(bytes_part, "a number has no " + std::to_string(form.bytes.value) + " bytes",
                    "1 to " + std::to_string(most) +
                        (form.base == 0 ? ", more only with the word string" : " in that base"));
    }
    return true;
  }

  // Says it and remembers; true, as the word was one of ours.
  bool wrong(std::string_view part, std::string message, std::string remedy) {
    builder_.error(part, std::move(message), std::move(remedy));
    return failed();
  }
  bool failed() {
    ok_ = false;
    return true;
  }

 private:
  static bool base(std::string_view word, NumberForm& form) {
    if (word == "hex") form.base = 16;
    if (word == "dec") form.base = 10;
    if (word == "oct") form.base = 8;
    return word == "hex" || word == "dec" || word == "oct";
  }
  static bool endian(std::string_view word, NumberForm& form) {
    if (word == "little") form.endian = Endian::little;
    if (word == "big") form.endian = Endian::big;
    return word == "little" || word == "big";
  }

  RuleBuilder& builder_;
  bool text_ = false;
  bool ok_ = true;
};

void unknown_word(FormReader& form, std::string_view item, std::string_view option) {
  constexpr std::array<std::string_view, 14> kWords = {
      "relative", "big",   "little",         "string",   "hex",         "dec",    "oct",
      "bitmask",  "align", "from_beginning", "from_end", "post_offset", "endian", "multiplier"};
  const auto [name, value] = first_word(item);
  form.wrong(item, "unknown word " + quoted(item) + " in " + std::string(option),
             did_you_mean(name, kWords));
}

// The parts, where there are at least `least`; otherwise an error and none.
std::vector<std::string_view> parts_of(RuleBuilder& builder, const OptionText& option,
                                       std::size_t least, std::string_view form) {
  auto parts = split(option.value, ',');
  if (parts.size() >= least) return parts;
  builder.error(option.value, quoted(option.name) + " needs more values", std::string(form));
  return {};
}

bool comparison_of(std::string_view text, ByteTest& test) {
  if (text.starts_with('!')) {
    test.negated = true;
    text = trimmed(text.substr(1));
    if (text.empty()) text = "=";
  }
  constexpr std::pair<std::string_view, Comparison> kSigns[] = {
      {"<", Comparison::less},        {">", Comparison::greater},        {"=", Comparison::equal},
      {"<=", Comparison::less_equal}, {">=", Comparison::greater_equal}, {"&", Comparison::bit_and},
      {"^", Comparison::bit_xor}};
  for (const auto& [sign, comparison] : kSigns) {
    if (text != sign) continue;
    test.comparison = comparison;
    return true;
  }
  return false;
}

// The first place of all but byte_math, and whether the offset fits the word "relative".
std::optional<Operand> bytes_operand(RuleBuilder& builder, std::string_view part) {
  return builder.operand(part, 1, 23, "number of bytes");
}

bool offset_fits(RuleBuilder& builder, std::string_view part, const Operand& offset,
                 bool relative) {
  if (relative || offset.is_variable() || offset.value >= 0) return true;
  builder.error(part, "the offset is before the start", "add relative, or 0 to 65535");
  return false;
}

void read_byte_test(RuleBuilder& builder, const OptionText& option) {
  const auto parts = parts_of(builder, option, 4, "byte_test:BYTES,OPERATOR,VALUE,OFFSET");
  if (parts.empty()) return;
  ByteTest test;
  test.spot = builder.spot_of(option.name);
  test.target = builder.current_target();
  const auto bytes = bytes_operand(builder, parts[0]);
  if (!bytes) return;
  test.form.bytes = *bytes;
  if (!comparison_of(parts[1], test)) {
    builder.error(parts[1], "unknown operator " + quoted(parts[1]),
                  "one of < > = <= >= & ^, with ! in front for the contrary");
    return;
  }
  const auto value = builder.operand(parts[2], 0, INT64_MAX, "value");
  const auto offset = builder.operand(parts[3], -kMaxOffset, kMaxOffset, "offset");
  if (!value || !offset) return;
  test.value = *value;
  test.offset = *offset;
  FormReader form(builder);
  for (std::size_t i = 4; i < parts.size(); ++i) {
    if (!form.word(parts[i], test.form, test.relative)) unknown_word(form, parts[i], option.name);
  }
  if (!form.finish(parts[0], test.form)) return;
  if (!offset_fits(builder, parts[3], test.offset, test.relative)) return;
  builder.add_payload(option.name, std::move(test));
}

// multiplier, align and where to jump from; false where the word is none of them.
bool jump_word(RuleBuilder& builder, FormReader& form, std::string_view item, ByteJump& jump) {
  const auto [name, value] = first_word(item);
  if (name == "align" && value.empty()) {
    jump.align = true;
  } else if (item == "from_beginning" || item == "from_end") {
    jump.from = item == "from_end" ? JumpFrom::end : JumpFrom::beginning;
  } else if (name == "multiplier" && !value.empty()) {
    const auto number = builder.number(value, 65535, "multiplier");
    if (!number || *number == 0) {
      return number ? form.wrong(value, "the multiplier is zero", "1 to 65535") : form.failed();
    }
    jump.multiplier = static_cast<std::uint32_t>(*number);
  } else if (name == "post_offset" && !value.empty()) {
    const auto number = builder.operand(value, -kMaxOffset, kMaxOffset, "post_offset");
    if (!number) return form.failed();
    jump.post_offset = *number;
  } else {
    return false;
  }
  return true;
}

void read_byte_jump(RuleBuilder& builder, const OptionText& option) {
  const auto parts = parts_of(builder, option, 2, "byte_jump:BYTES,OFFSET");
  if (parts.empty()) return;
  ByteJump jump;
  jump.spot = builder.spot_of(option.name);
  jump.target = builder.current_target();
  // No bytes at all: a jump by post_offset only.
  const auto bytes = builder.operand(parts[0], 0, 23, "number of bytes");
  const auto offset = builder.operand(parts[1], -kMaxOffset, kMaxOffset, "offset");
  if (!bytes || !offset) return;
  jump.form.bytes = *bytes;
  jump.offset = *offset;
  FormReader form(builder);
  for (std::size_t i = 2; i < parts.size(); ++i) {
    if (jump_word(builder, form, parts[i], jump)) continue;
    if (!form.word(parts[i], jump.form, jump.relative)) unknown_word(form, parts[i], option.name);
  }
  if (!form.finish(parts[0], jump.form)) return;
  if (!offset_fits(builder, parts[1], jump.offset, jump.relative)) return;
  builder.add_payload(option.name, std::move(jump));
}

void read_byte_extract(RuleBuilder& builder, const OptionText& option) {
  const auto parts = parts_of(builder, option, 3, "byte_extract:BYTES,OFFSET,NAME");
  if (parts.empty()) return;
  ByteExtract extract;
  extract.spot = builder.spot_of(option.name);
  extract.target = builder.current_target();
  const auto bytes = bytes_operand(builder, parts[0]);
  const auto offset = builder.operand(parts[1], -kMaxOffset, kMaxOffset, "offset");
  if (!bytes || !offset) return;
  extract.form.bytes = *bytes;
  extract.offset = *offset;
  FormReader form(builder);
  for (std::size_t i = 3; i < parts.size(); ++i) {
    const auto [name, value] = first_word(parts[i]);
    const bool known = name == "multiplier" || name == "align";
    if (!known || value.empty()) {
      if (!form.word(parts[i], extract.form, extract.relative)) {
        unknown_word(form, parts[i], option.name);
      }
      continue;
    }
    const auto number = builder.number(value, 65535, name);
    if (!number) return;
    if (*number == 0 || (name == "align" && *number != 2 && *number != 4)) {
      form.wrong(value, quoted(parts[i]) + " is not possible",
                 name == "align" ? "align 2 or align 4" : "1 to 65535");
    } else if (name == "align") {
      extract.align = static_cast<std::uint8_t>(*number);
    } else {
      extract.multiplier = static_cast<std::uint32_t>(*number);
    }
  }
  if (!form.finish(parts[0], extract.form)) return;
  if (!offset_fits(builder, parts[1], extract.offset, extract.relative)) return;
  const auto result = builder.variable(parts[2]);
  if (!result) return;
  extract.result = *result;
  builder.add_payload(option.name, std::move(extract));
}

std::optional<Arithmetic> arithmetic_of(std::string_view text) {
  constexpr std::pair<std::string_view, Arithmetic> kSigns[] = {
      {"+", Arithmetic::add},    {"-", Arithmetic::subtract},    {"*", Arithmetic::multiply},
      {"/", Arithmetic::divide}, {"<<", Arithmetic::shift_left}, {">>", Arithmetic::shift_right}};
  for (const auto& [sign, operation] : kSigns) {
    if (text == sign) return operation;
  }
  return {};
}

// The five that byte_math must have, by name.
enum MathPart : std::size_t { kBytes, kOffset, kOperator, kRight, kResult, kMathParts };
constexpr std::array<std::string_view, kMathParts> kMathNames = {"bytes", "offset", "oper",
                                                                 "rvalue", "result"};

void read_byte_math(RuleBuilder& builder, const OptionText& option) {
  ByteMath math;
  math.spot = builder.spot_of(option.name);
  math.target = builder.current_target();
  std::array<std::string_view, kMathParts> values{};
  FormReader form(builder);
  for (const std::string_view item : split(option.value, ',')) {
    const auto [name, value] = first_word(item);
    bool known = false;
    for (std::size_t i = 0; i < kMathParts; ++i) {
      if (name != kMathNames[i] || value.empty()) continue;
      known = true;
      if (!values[i].empty()) form.wrong(item, quoted(name) + " stands twice", "give it once");
      values[i] = value;
    }
    if (!known && !form.word(item, math.form, math.relative)) {
      unknown_word(form, item, option.name);
    }
  }
  for (std::size_t i = 0; i < kMathParts; ++i) {
    if (!values[i].empty()) continue;
    form.wrong(option.value, "byte_math has no " + quoted(kMathNames[i]),
               "bytes 2, offset 0, oper +, rvalue 1, result NAME");
  }
  if (!form.ok()) return;
  const auto bytes = builder.operand(values[kBytes], 1, 23, "number of bytes");
  const auto offset = builder.operand(values[kOffset], -kMaxOffset, kMaxOffset, "offset");
  const auto right = builder.operand(values[kRight], 0, UINT32_MAX, "rvalue");
  const auto operation = arithmetic_of(values[kOperator]);
  if (!operation) {
    builder.error(values[kOperator], "unknown operator " + quoted(values[kOperator]),
                  "one of + - * / << >>");
  }
  if (!bytes || !offset || !right || !operation) return;
  math.form.bytes = *bytes;
  math.offset = *offset;
  math.right = *right;
  math.operation = *operation;
  if (!form.finish(values[kBytes], math.form)) return;
  if (!offset_fits(builder, values[kOffset], math.offset, math.relative)) return;
  if (math.operation == Arithmetic::divide && !right->is_variable() && right->value == 0) {
    builder.error(values[kRight], "division by zero", "1 or more");
    return;
  }
  const auto result = builder.variable(values[kResult]);
  if (!result) return;
  math.result = *result;
  builder.add_payload(option.name, std::move(math));
}

using enum OptionValue;
using enum OptionTimes;

constexpr OptionEntry kOptions[] = {
    {"byte_test", required, many, read_byte_test},
    {"byte_jump", required, many, read_byte_jump},
    {"byte_extract", required, many, read_byte_extract},
    {"byte_math", required, many, read_byte_math},
};

}  // namespace

std::span<const OptionEntry> byte_options() {
  return kOptions;
}

}  // namespace chatgate::detect
