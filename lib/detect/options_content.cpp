// content, uricontent and older words of that kind, their modifiers, isdataat.
#include <array>
#include <utility>

#include "detect/options.h"

namespace chatgate::detect {
namespace {

constexpr std::int64_t kMaxPlace = 1 << 20;

void read_modifier_list(RuleBuilder& builder, std::string_view list);

void read_content_into(RuleBuilder& builder, const OptionText& option, Target target) {
  const auto value = quoted_value(option.value, builder, false);
  if (!value) return;
  auto bytes = unescaped_content(value->text, builder);
  if (!bytes) return;
  if (bytes->empty() || bytes->size() > Content::kMaxContent) {
    builder.error(option.value, bytes->empty() ? "the content is empty" : "the content is too long",
                  "1 to " + std::to_string(Content::kMaxContent) + " bytes");
    return;
  }
  if (!value->rest.empty() && value->rest.front() != ',') {
    builder.error(value->rest, quoted(value->rest) + " follows the content",
                  "a ; ends it, and a quote within is written \\\"");
    return;
  }
  Content content;
  content.spot = builder.spot_of(option.name);
  content.target = std::move(target);
  content.bytes = std::move(*bytes);
  content.negated = value->negated;
  builder.add_payload(option.name, std::move(content));
  if (!value->rest.empty()) read_modifier_list(builder, value->rest.substr(1));
}

void read_content(RuleBuilder& builder, const OptionText& option) {
  read_content_into(builder, option, builder.current_target());
}

void read_uricontent(RuleBuilder& builder, const OptionText& option) {
  read_content_into(builder, option, {Buffer::http_uri, {}});
}

// Suricata's older words for a certificate take a value: a part of its subject or issuer, or all of
// its fingerprint.
void read_certificate(RuleBuilder& builder, const OptionText& option) {
  const bool whole = same_word(option.name, "tls.fingerprint");
  const Buffer buffer = whole                                   ? Buffer::tls_cert_fingerprint
                        : same_word(option.name, "tls.subject") ? Buffer::tls_cert_subject
                                                                : Buffer::tls_cert_issuer;
  const std::size_t before = builder.rule().payload.size();
  read_content_into(builder, option, {buffer, {}});
  if (!whole || builder.rule().payload.size() == before) return;
  Content* content = builder.last_content(option.name);
  content->nocase = content->startswith = content->endswith = true;
}

// ---- Modifiers: each belongs to the last content

void set_place(RuleBuilder& builder, const OptionText& option, std::int64_t min,
               std::optional<Operand> Content::*place) {
  Content* content = builder.last_content(option.name);
  if (content == nullptr) return;
  if ((content->*place).has_value()) {
    builder.error(option.name, quoted(option.name) + " stands twice for one content",
                  "give it once");
    return;
  }
  content->*place = builder.operand(option.value, min, kMaxPlace, option.name);
}

void read_offset(RuleBuilder& builder, const OptionText& option) {
  set_place(builder, option, 0, &Content::offset);
}

void read_depth(RuleBuilder& builder, const OptionText& option) {
  set_place(builder, option, 1, &Content::depth);
}

void read_distance(RuleBuilder& builder, const OptionText& option) {
  set_place(builder, option, -kMaxPlace, &Content::distance);
}

void read_within(RuleBuilder& builder, const OptionText& option) {
  set_place(builder, option, 1, &Content::within);
}

void read_nocase(RuleBuilder& builder, const OptionText& option) {
  if (Content* content = builder.last_content(option.name)) content->nocase = true;
}

void read_startswith(RuleBuilder& builder, const OptionText& option) {
  if (Content* content = builder.last_content(option.name)) content->startswith = true;
}

void read_endswith(RuleBuilder& builder, const OptionText& option) {
  if (Content* content = builder.last_content(option.name)) content->endswith = true;
}

void read_fast_pattern(RuleBuilder& builder, const OptionText& option) {
  Content* content = builder.last_content(option.name);
  if (content == nullptr) return;
  if (content->negated && option.value != "only") {
    // A hint that Snort and Suricata take where the content stands at no place.
    builder.warning(option.name, "a negated content is no fast pattern here",
                    "mark one that must be there");
    return;
  }
  content->fast_pattern = true;
  if (!option.has_value) return;
  if (option.value == "only") {
    content->fast_pattern_only = true;
    return;
  }
  const auto parts = split(option.value, ',');
  const auto offset = to_number(parts[0], UINT16_MAX);
  const auto length = parts.size() == 2 ? to_number(parts[1], UINT16_MAX) : std::nullopt;
  if (!offset || !length || *length == 0) {
    builder.error(option.value, quoted(option.value) + " is no part of a content",
                  "only, or OFFSET,LENGTH");
    return;
  }
  content->fast_pattern_part = {static_cast<std::uint16_t>(*offset),
                                static_cast<std::uint16_t>(*length)};
}

// fast_pattern_offset and fast_pattern_length of Snort 3.
void read_fast_pattern_number(RuleBuilder& builder, const OptionText& option) {
  Content* content = builder.last_content(option.name);
  if (content == nullptr) return;
  const auto number = builder.number(option.value, UINT16_MAX, option.name);
  if (!number) return;
  PatternPart& part = content->fast_pattern_part;
  (same_word(option.name, "fast_pattern_offset") ? part.offset : part.length) =
      static_cast<std::uint16_t>(*number);
}

void read_isdataat(RuleBuilder& builder, const OptionText& option) {
  IsDataAt result;
  result.spot = builder.spot_of(option.name);
  result.target = builder.current_target();
  const auto parts = split(option.value, ',');
  std::string_view offset = parts[0];
  if (offset.starts_with('!')) {
    result.negated = true;
    offset = trimmed(offset.substr(1));
  }
  const auto operand = builder.operand(offset, 0, kMaxPlace, "offset");
  if (!operand) return;
  result.offset = *operand;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i] == "relative") {
      result.relative = true;
    } else if (parts[i] == "rawbytes") {
      builder.retarget(parts[i], result.target, Buffer::raw_payload);
    } else {
      constexpr std::array<std::string_view, 2> kWords = {"relative", "rawbytes"};
      builder.error(parts[i], "unknown word " + quoted(parts[i]) + " in isdataat",
                    did_you_mean(parts[i], kWords));
    }
  }
  builder.add_payload(option.name, std::move(result));
}

using enum OptionValue;
using enum OptionTimes;

constexpr OptionEntry kOptions[] = {
    {"content", required, many, read_content},
    {"uricontent", required, many, read_uricontent},
    {"tls.fingerprint", required, many, read_certificate},
    {"tls.issuerdn", required, many, read_certificate},
    {"tls.subject", required, many, read_certificate},
    {"nocase", none, many, read_nocase},
    {"offset", required, many, read_offset},
    {"depth", required, many, read_depth},
    {"distance", required, many, read_distance},
    {"within", required, many, read_within},
    {"startswith", none, many, read_startswith},
    {"endswith", none, many, read_endswith},
    {"fast_pattern", optional, many, read_fast_pattern},
    {"fast_pattern_offset", required, many, read_fast_pattern_number},
    {"fast_pattern_length", required, many, read_fast_pattern_number},
    {"isdataat", required, many, read_isdataat},
};

// Snort 3 writes modifiers behind the content: `content:"x",nocase,depth 5`.
void read_modifier_list(RuleBuilder& builder, std::string_view list) {
  for (const std::string_view item : split(list, ',')) {
    const auto [name, value] = first_word(item);
    OptionText option{name, value, !value.empty()};
    bool known = name == "rawbytes";
    for (const OptionEntry& entry : kOptions) {
      known = known || (entry.name == name && !name.ends_with("content") && name != "isdataat" &&
                        !name.starts_with("tls."));
    }
    if (known) {
      read_option(builder, option);
    } else {
      constexpr std::array<std::string_view, 8> kWords = {"nocase",   "offset",      "depth",
                                                          "distance", "within",      "startswith",
                                                          "endswith", "fast_pattern"};
      builder.error(item, "unknown modifier " + quoted(item) + " of a content",
                    did_you_mean(name, kWords));
    }
  }
}

}  // namespace

std::span<const OptionEntry> content_options() {
  return kOptions;
}

}  // namespace chatgate::detect
