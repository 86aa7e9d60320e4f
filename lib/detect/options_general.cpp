// Options that say what a rule is: msg, sid, gid, rev, classtype, priority, reference, metadata,
// and those that are remarks only.
#include <array>
#include <utility>

#include "base/ascii.h"
#include "detect/options.h"

namespace chatgate::detect {
namespace {

void read_msg(RuleBuilder& builder, const OptionText& option) {
  const std::string_view value = option.value;
  if (value.starts_with('"')) {
    const auto text = quoted_value(value, builder, true);
    if (!text) return;
    if (!text->rest.empty()) {
      builder.error(text->rest, quoted(text->rest) + " follows the message", "a ; ends it");
      return;
    }
  }
  builder.rule().msg = unescaped_text(value);
}

void read_id(RuleBuilder& builder, const OptionText& option, std::uint32_t min,
             std::uint32_t& place) {
  const auto number = to_number(option.value, UINT32_MAX);
  if (!number || *number < min) {
    builder.error(option.value,
                  std::string(option.name) + " " + quoted(option.value) + " is not a number",
                  std::to_string(min) + " to " + std::to_string(UINT32_MAX));
    return;
  }
  place = static_cast<std::uint32_t>(*number);
}

void read_sid(RuleBuilder& builder, const OptionText& option) {
  // Wrong or not, it is not missing.
  builder.rule().sid = 1;
  read_id(builder, option, 1, builder.rule().sid);
}

void read_gid(RuleBuilder& builder, const OptionText& option) {
  read_id(builder, option, 0, builder.rule().gid);
}

void read_rev(RuleBuilder& builder, const OptionText& option) {
  read_id(builder, option, 0, builder.rule().rev);
}

void read_priority(RuleBuilder& builder, const OptionText& option) {
  const auto number = to_number(option.value, 255);
  if (!number || *number == 0) {
    builder.error(option.value, "priority " + quoted(option.value) + " is not a number",
                  "1, the highest, to 255");
    return;
  }
  builder.rule().priority = static_cast<std::uint32_t>(*number);
  builder.rule().priority_given = true;
}

void read_classtype(RuleBuilder& builder, const OptionText& option) {
  for (std::size_t i = 0; i < option.value.size(); ++i) {
    const char c = option.value[i];
    if (is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.') continue;
    builder.error(option.value.substr(i), quoted(option.value) + " cannot be a classtype",
                  "letters, digits and - _");
    return;
  }
  builder.rule().classtype = option.value;
}

void read_reference(RuleBuilder& builder, const OptionText& option) {
  const std::size_t comma = option.value.find(',');
  const std::string_view scheme = trimmed(option.value.substr(0, comma));
  const std::string_view id = comma == std::string_view::npos
                                  ? std::string_view{}
                                  : trimmed(option.value.substr(comma + 1));
  if (scheme.empty() || id.empty()) {
    builder.error(option.value, quoted(option.value) + " is no reference",
                  "SCHEME,ID as in cve,2001-1305 or url,example.com");
    return;
  }
  builder.rule().references.push_back({unescaped_text(scheme), unescaped_text(id)});
}

// chatgate's own pairs name things of the catalogue.
bool read_own_pair(RuleBuilder& builder, std::string_view key, std::string_view value) {
  constexpr std::array<std::string_view, 2> kOwn = {"chatgate_application", "chatgate_service"};
  if (!key.starts_with("chatgate_")) return true;
  Rule& rule = builder.rule();
  if (key != kOwn[0] && key != kOwn[1]) {
    builder.error(key, "unknown metadata " + quoted(key), did_you_mean(key, kOwn));
    return false;
  }
  std::string& place = key == kOwn[0] ? rule.chatgate_application : rule.chatgate_service;
  if (value.empty() || !place.empty() || value.find(' ') != std::string_view::npos) {
    builder.error(value.empty() ? key : value,
                  quoted(key) + (place.empty() ? " needs one word" : " stands twice"),
                  std::string(key) + " WORD");
    return false;
  }
  place = value;
  return true;
}

void read_metadata(RuleBuilder& builder, const OptionText& option) {
  for (const std::string_view item : split(option.value, ',')) {
    if (item.empty()) continue;
    const auto [key, value] = first_word(item);
    if (!read_own_pair(builder, key, value)) return;
    builder.rule().metadata.emplace_back(unescaped_text(key), unescaped_text(value));
  }
}

void read_remark(RuleBuilder&, const OptionText&) {}

using enum OptionValue;
using enum OptionTimes;

constexpr OptionEntry kOptions[] = {
    {"msg", required, once, read_msg},
    {"sid", required, once, read_sid},
    {"gid", required, once, read_gid},
    {"rev", required, once, read_rev},
    {"priority", required, once, read_priority},
    {"classtype", required, once, read_classtype},
    {"reference", required, many, read_reference},
    {"metadata", required, many, read_metadata},
    // Without effect on what matches.
    {"rem", required, many, read_remark},
    {"target", required, many, read_remark},
    {"prefilter", none, many, read_remark},
    {"service", required, many, read_remark},
    {"soid", required, many, read_remark},
};

}  // namespace

std::span<const OptionEntry> general_options() {
  return kOptions;
}

}  // namespace chatgate::detect
