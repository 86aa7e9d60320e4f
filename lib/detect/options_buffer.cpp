// pcre, bsize, urilen.
#include <array>
#include <utility>

#include "base/ascii.h"
#include "detect/options.h"

namespace chatgate::detect {
namespace {

// Expression and flags of `/…/flags` or `m#…#flags`; false after an error.
bool cut_expression(RuleBuilder& builder, std::string_view text, std::string_view& expression,
                    std::string_view& flags) {
  std::string_view rest = text;
  if (rest.starts_with('m')) rest.remove_prefix(1);
  const bool delimited = rest.size() >= 2 && !is_letter(rest[0]) && !is_digit(rest[0]) &&
                         (rest[0] == '/' || text.starts_with('m'));
  const std::size_t end = delimited ? rest.rfind(rest[0]) : 0;
  if (end == 0) {
    builder.error(text, "the expression " + quoted(text) + " is not between slashes",
                  "\"/EXPRESSION/FLAGS\"");
    return false;
  }
  expression = rest.substr(1, end - 1);
  flags = rest.substr(end + 1);
  if (expression.empty()) {
    builder.error(text, "the expression is empty", "\"/EXPRESSION/FLAGS\"");
    return false;
  }
  return true;
}

bool set_flag(Pcre& pcre, char flag) {
  switch (flag) {
    case 'i': pcre.caseless = true; return true;
    case 's': pcre.dot_all = true; return true;
    case 'm': pcre.multi_line = true; return true;
    case 'x': pcre.extended = true; return true;
    case 'A': pcre.anchored = true; return true;
    case 'E': pcre.dollar_end_only = true; return true;
    case 'G': pcre.ungreedy = true; return true;
    case 'R': pcre.relative = true; return true;
    case 'O': pcre.override_limits = true; return true;
    default: return false;
  }
}

void read_pcre(RuleBuilder& builder, const OptionText& option) {
  const auto value = quoted_value(option.value, builder, true);
  if (!value) return;
  if (!value->rest.empty()) {
    builder.error(value->rest, quoted(value->rest) + " follows the expression", "a ; ends it");
    return;
  }
  std::string_view expression, flags;
  if (!cut_expression(builder, value->text, expression, flags)) return;

  Pcre pcre;
  pcre.spot = builder.spot_of(option.name);
  pcre.target = builder.current_target();
  pcre.expression = expression;
  pcre.negated = value->negated;
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const std::string_view flag = flags.substr(i, 1);
    if (set_flag(pcre, flag[0])) continue;
    const BufferEntry* buffer = find_pcre_flag(flag[0]);
    if (buffer == nullptr) {
      builder.error(flag, "unknown flag " + quoted(flag) + " of pcre",
                    "i s m x A E G R O, and B U I H D P M C K S Y V W Z Q for buffers");
      return;
    }
    builder.retarget(flag, pcre.target, buffer->buffer);
  }
  builder.add_payload(option.name, std::move(pcre));
}

void read_bsize(RuleBuilder& builder, const OptionText& option) {
  BufferSize result;
  result.spot = builder.spot_of(option.name);
  result.target = builder.current_target();
  if (result.target.buffer == Buffer::payload && !builder.rule().payload.empty()) {
    const Content* content = std::get_if<Content>(&builder.rule().payload.back());
    if (content != nullptr) result.target = content->target;
  }
  if (result.target.buffer == Buffer::payload || result.target.buffer == Buffer::raw_payload) {
    builder.error(option.name, "bsize has no buffer to measure",
                  "write it behind a sticky buffer; dsize measures payload");
    return;
  }
  const auto size = builder.range(option.value, UINT32_MAX, false, "size");
  if (!size) return;
  result.size = *size;
  builder.add_payload(option.name, std::move(result));
}

void read_urilen(RuleBuilder& builder, const OptionText& option) {
  BufferSize result;
  result.spot = builder.spot_of(option.name);
  const auto parts = split(option.value, ',');
  if (parts.size() > 2 || (parts.size() == 2 && parts[1] != "norm" && parts[1] != "raw")) {
    constexpr std::array<std::string_view, 2> kWords = {"norm", "raw"};
    builder.error(parts[1], "unknown word " + quoted(parts[1]) + " in urilen",
                  did_you_mean(parts[1], kWords));
    return;
  }
  const bool normalised = parts.size() == 2 && parts[1] == "norm";
  result.target.buffer = normalised ? Buffer::http_uri : Buffer::http_raw_uri;
  const auto size = builder.range(parts[0], UINT16_MAX, true, "length");
  if (!size) return;
  result.size = *size;
  builder.add_payload(option.name, std::move(result));
}

using enum OptionValue;
using enum OptionTimes;

constexpr OptionEntry kOptions[] = {
    {"pcre", required, many, read_pcre},
    {"bsize", required, many, read_bsize},
    {"urilen", required, many, read_urilen},
};

}  // namespace

std::span<const OptionEntry> buffer_options() {
  return kOptions;
}

}  // namespace chatgate::detect
