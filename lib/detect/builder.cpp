#include "detect/builder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"

namespace chatgate::detect {
namespace {

std::string in_words(const NumberRange& range) {
  return std::to_string(range.first) + " to " + std::to_string(range.last);
}

const Target& target_of(const PayloadOption& option) {
  return std::visit([](const auto& one) -> const Target& { return one.target; }, option);
}

Spot spot_of_option(const PayloadOption& option) {
  return std::visit([](const auto& one) { return one.spot; }, option);
}

std::string_view layer_name(BufferLayer layer) {
  switch (layer) {
    case BufferLayer::http: return "http";
    case BufferLayer::tls: return "tls";
    case BufferLayer::dns: return "dns";
    case BufferLayer::any: break;
  }
  return "any";
}

bool fits(BufferLayer layer, const RuleProtocol& protocol) {
  if (layer == BufferLayer::any) return true;
  if (!protocol.tcp && !(protocol.udp && layer != BufferLayer::http)) return false;
  if (protocol.applications.empty()) return true;
  const auto has = [&](proto::AppProto application) {
    return std::count(protocol.applications.begin(), protocol.applications.end(), application) != 0;
  };
  switch (layer) {
    case BufferLayer::http: return has(proto::AppProto::http) || has(proto::AppProto::http2);
    case BufferLayer::tls: return has(proto::AppProto::tls) || has(proto::AppProto::quic);
    case BufferLayer::dns: return has(proto::AppProto::dns);
    case BufferLayer::any: break;
  }
  return true;
}

}  // namespace

bool RuleBuilder::first_time(std::string_view part, std::string_view name) {
  if (seen_.emplace(name).second) return true;
  error(part, quoted(name) + " stands twice", "give it once");
  return false;
}

void RuleBuilder::add_payload(std::string_view part, PayloadOption option) {
  if (rule_.payload.size() == kMaxPayloadOptions) {
    if (!too_many_) {
      error(part, "the rule has too many options on payload",
            "at most " + std::to_string(kMaxPayloadOptions));
    }
    too_many_ = true;
    return;
  }
  rule_.payload.push_back(std::move(option));
}

Target RuleBuilder::current_target() {
  sticky_unused_ = false;
  return sticky_;
}

void RuleBuilder::select_sticky(std::string_view part, Buffer buffer) {
  close_sticky();
  sticky_ = {buffer, {}};
  sticky_spot_ = spot_of(part);
  sticky_unused_ = buffer != Buffer::payload;
}

void RuleBuilder::close_sticky() {
  if (!sticky_unused_) return;
  sticky_unused_ = false;
  if (rule_.payload.size() < kMaxPayloadOptions) {
    rule_.payload.push_back(BufferPresent{sticky_spot_, sticky_});
  }
}

void RuleBuilder::add_transform(std::string_view part, Transform transform) {
  constexpr std::size_t kMost = 8;
  if (sticky_.buffer == Buffer::payload) {
    error(part, quoted(part) + " has no buffer to work on",
          "write it behind a sticky buffer, as in http.uri; to_lowercase;");
  } else if (!sticky_unused_) {
    error(part, quoted(part) + " comes behind an option on the buffer",
          "write transforms right behind the sticky buffer");
  } else if (sticky_.transforms.size() == kMost) {
    error(part, "too many transforms", "at most " + std::to_string(kMost));
  } else {
    sticky_.transforms.push_back(transform);
  }
}

void RuleBuilder::retarget(std::string_view part, Target& target, Buffer buffer) {
  if (target.buffer != Buffer::payload && target.buffer != buffer) {
    error(part, quoted(part) + " contradicts the buffer " + std::string(to_string(target.buffer)),
          "an option looks at one buffer; pkt_data ends a sticky one");
    return;
  }
  target.buffer = buffer;
}

Content* RuleBuilder::last_content(std::string_view part) {
  for (auto option = rule_.payload.rbegin(); option != rule_.payload.rend(); ++option) {
    if (Content* content = std::get_if<Content>(&*option); content != nullptr) return content;
  }
  std::string remedy = "write it behind the content it modifies";
  if (const BufferEntry* entry = find_modifier(part); entry != nullptr && part != "rawbytes") {
    remedy += ", or " + std::string(entry->name) + " in front of it";
  }
  error(part, quoted(part) + " has no content before it", std::move(remedy));
  return nullptr;
}

std::optional<Operand> RuleBuilder::operand(std::string_view text, std::int64_t min,
                                            std::int64_t max, std::string_view what) {
  const std::string bounds = std::to_string(min) + " to " + std::to_string(max);
  if (const auto number = to_signed(text)) {
    if (*number >= min && *number <= max) return Operand{*number, -1};
    error(text, std::string(what) + " " + quoted(text) + " is out of bounds", bounds);
    return {};
  }
  // Values of byte_test reach 32 bits without a sign and more.
  if (const auto number = to_number(text, static_cast<std::uint64_t>(max))) {
    return Operand{static_cast<std::int64_t>(*number), -1};
  }
  const auto found = std::find(rule_.variables.begin(), rule_.variables.end(), text);
  if (found != rule_.variables.end()) {
    return Operand{0, static_cast<std::int32_t>(found - rule_.variables.begin())};
  }
  if (!is_letter(text.empty() ? '0' : text.front())) {
    error(text, std::string(what) + " " + quoted(text) + " is not a number", bounds);
    return {};
  }
  const std::vector<std::string_view> names(rule_.variables.begin(), rule_.variables.end());
  std::string remedy = names.empty() ? std::string{} : did_you_mean(text, names);
  if (remedy.empty()) remedy = "define it by byte_extract or byte_math before it is used";
  error(text, std::string(what) + " " + quoted(text) + " is neither a number nor a variable",
        std::move(remedy));
  return {};
}

std::optional<std::uint64_t> RuleBuilder::number(std::string_view text, std::uint64_t max,
                                                 std::string_view what) {
  const auto value = to_number(text, max);
  if (!value) {
    error(text, std::string(what) + " " + quoted(text) + " is not a number",
          "0 to " + std::to_string(max));
  }
  return value;
}

std::optional<NumberRange> RuleBuilder::between(std::string_view text, std::size_t at,
                                                std::size_t size, std::uint64_t max, bool inclusive,
                                                std::string_view what) {
  const std::string_view low = trimmed(text.substr(0, at));
  const std::string_view high = trimmed(text.substr(at + size));
  const bool open = size == 1;  // A-B may lack an end
  NumberRange result{0, max, false};
  if (low.empty() && high.empty()) {
    error(text, std::string(what) + " " + quoted(text) + " has no number");
    return {};
  }
  if (!low.empty() || !open) {
    const auto value = number(low, max, what);
    if (!value) return {};
    result.first = *value;
  }
  if (!high.empty() || !open) {
    const auto value = number(high, max, what);
    if (!value) return {};
    result.last = *value;
  }
  const std::uint64_t margin = inclusive || open ? 0 : 1;
  if (result.last < result.first || result.last - result.first < 2 * margin) {
    error(text, "no number is in " + quoted(text), "the smaller number comes first");
    return {};
  }
  result.first += margin;
  result.last -= margin;
  return result;
}

std::optional<NumberRange> RuleBuilder::range(std::string_view text, std::uint64_t max,
                                              bool inclusive, std::string_view what) {
  std::string_view rest = trimmed(text);
  const bool negated = rest.starts_with('!');
  if (negated) rest = trimmed(rest.substr(1));

  NumberRange result{0, max, false};
  if (const std::size_t at = rest.find("<=>"); at != std::string_view::npos) {
    const auto both = between(rest, at, 3, max, true, what);  // Snort 3: with its ends
    if (!both) return {};
    result = *both;
  } else if (const std::size_t outside = rest.find("<>"); outside != std::string_view::npos) {
    const auto both = between(rest, outside, 2, max, inclusive, what);
    if (!both) return {};
    result = *both;
  } else if (const std::size_t dash = rest.find('-'); dash != std::string_view::npos) {
    const auto both = between(rest, dash, 1, max, inclusive, what);
    if (!both) return {};
    result = *both;
  } else {
    const char sign = rest.empty() ? '\0' : rest.front();
    const bool or_equal = rest.size() > 1 && rest[1] == '=' && (sign == '<' || sign == '>');
    if (sign == '<' || sign == '>' || sign == '=') {
      rest = trimmed(rest.substr(or_equal ? 2 : 1));
    }
    const auto value = number(rest, max, what);
    if (!value) return {};
    const bool less = sign == '<';
    if ((less && !or_equal && *value == 0) || (sign == '>' && !or_equal && *value == max)) {
      error(text, "no number is " + quoted(text), in_words({0, max, false}));
      return {};
    }
    const std::uint64_t step = or_equal ? 0 : 1;
    if (less) result.last = *value - step;
    if (sign == '>') result.first = *value + step;
    if (!less && sign != '>') result.first = result.last = *value;
  }
  result.negated = negated;
  return result;
}

std::optional<std::int32_t> RuleBuilder::variable(std::string_view name) {
  auto& names = rule_.variables;
  const auto legal = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.'; };
  if (name.empty() || !is_letter(name.front()) || !std::all_of(name.begin(), name.end(), legal)) {
    error(name, quoted(name) + " cannot be the name of a variable", "a letter, letters and digits");
    return {};
  }
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end() && names.size() == kMaxVariables) {
    error(name, "the rule has too many variables", "at most " + std::to_string(kMaxVariables));
    return {};
  }
  const auto index = static_cast<std::int32_t>(found - names.begin());
  if (found == names.end()) names.emplace_back(name);
  return index;
}

// ---- The whole rule

void RuleBuilder::check_content(Content& content) {
  const std::string name = "content " + quoted(content.bytes);
  const auto too_short = [&](const std::optional<Operand>& room, std::string_view word) {
    if (!room || room->is_variable()) return;
    const auto size = static_cast<std::int64_t>(content.bytes.size());
    if (room->value >= size) return;
    wrong(content.spot,
          std::string(word) + " " + std::to_string(room->value) + " is less than the " +
              std::to_string(size) + " bytes of " + name,
          std::string(word) + " " + std::to_string(size) + " or more");
  };
  too_short(content.depth, "depth");
  too_short(content.within, "within");
  if (content.relative() && (content.offset || content.depth)) {
    wrong(content.spot, name + " mixes offset or depth with distance or within",
          "offset and depth count from the start, distance and within from the last match");
  }
  if (content.startswith && (content.relative() || content.offset || content.depth)) {
    wrong(content.spot, name + " has startswith and another place", "startswith stands alone");
  }
  if (content.fast_pattern_only && content.negated) {
    wrong(content.spot, "the negated " + name + " cannot be the fast pattern alone",
          "take one that must be there");
  }
  const PatternPart& pattern = content.fast_pattern_part;
  if (pattern.length != 0 && std::size_t{pattern.offset} + pattern.length > content.bytes.size()) {
    wrong(content.spot, "the fast pattern's part reaches behind " + name,
          "offset and length within its " + std::to_string(content.bytes.size()) + " bytes");
  }
  // A place has to be looked at again, whatever the author wished.
  if (content.relative() || content.offset || content.depth || content.startswith ||
      content.endswith) {
    content.fast_pattern_only = false;
  }
}

void RuleBuilder::check_buffers(std::string_view part) {
  bool request = rule_.flow.way == FlowWay::to_server;
  bool response = rule_.flow.way == FlowWay::to_client;
  std::array<bool, kBufferCount> said{};
  for (const PayloadOption& option : rule_.payload) {
    const BufferEntry& entry = entry_of(target_of(option).buffer);
    if (std::exchange(said[static_cast<std::size_t>(entry.buffer)], true)) continue;
    if (!fits(entry.layer, rule_.protocol)) {
      wrong(spot_of_option(option),
            std::string(entry.name) + " does not exist in the rule's protocol",
            "write alert " + std::string(layer_name(entry.layer)) + " or alert tcp");
    }
    request = request || entry.way == BufferWay::to_server;
    response = response || entry.way == BufferWay::to_client;
  }
  if (request && response) {
    warning(part, "the rule looks at a request and at a response and can never match",
            "make two rules, tied by flowbits");
  }
}

void RuleBuilder::finish(std::string_view part) {
  close_sticky();
  std::size_t fast_patterns = 0;
  bool negative = false;
  bool positive = false;
  for (PayloadOption& option : rule_.payload) {
    positive = positive || std::holds_alternative<Pcre>(option);
    Content* content = std::get_if<Content>(&option);
    if (content == nullptr) continue;
    check_content(*content);
    fast_patterns += content->fast_pattern ? 1 : 0;
    (content->negated ? negative : positive) = true;
  }
  check_buffers(part);
  if (fast_patterns > 1) {
    error(part, "two contents are marked fast_pattern", "mark one");
  }
  if (rule_.sid == 0) {
    error(part, "the rule has no sid",
          "give it a number of its own, from 1000000 on: sid:1000000;");
  }
  if (negative && !positive) {
    warning(part, "the rule only says what must be absent, so every packet is evaluated",
            "add a content that must be there");
  }
}

// ---- Quotes and escapes

std::optional<std::string> unescaped_content(std::string_view text, RuleBuilder& builder) {
  std::string bytes;
  bool hex = false;
  std::string_view hex_start;
  const auto digit = [](char c) -> int {
    if (is_digit(c)) return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '|') {
      hex = !hex;
      hex_start = text.substr(i, 1);
    } else if (hex) {
      if (is_blank(c)) continue;
      const int high = digit(c);
      const int low = i + 1 < text.size() ? digit(text[i + 1]) : -1;
      if (high < 0 || low < 0) {
        builder.error(text.substr(i, 1),
                      quoted(text.substr(i, 2)) + " is not a byte in hexadecimal",
                      "between bars stand pairs of 0 to 9, A to F: |0D 0A|");
        return {};
      }
      bytes += static_cast<char>(high << 4 | low);
      ++i;
    } else if (c == '\\') {
      const std::string_view escape = text.substr(i, 2);
      if (escape.size() < 2 || is_letter(escape[1]) || is_digit(escape[1])) {
        builder.error(escape, quoted(escape) + " is no escape",
                      "bytes are written |0D 0A|, a backslash \\\\");
        return {};
      }
      bytes += escape[1];
      ++i;
    } else {
      bytes += c;
    }
  }
  if (hex) {
    builder.error(hex_start, "the bar that begins bytes in hexadecimal is never closed",
                  "|0D 0A|; a bar itself is |7C|");
    return {};
  }
  return bytes;
}

std::string unescaped_text(std::string_view text) {
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) {
    text = text.substr(1, text.size() - 2);
  }
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() &&
        std::string_view("\"\\;:|").find(text[i + 1]) != std::string_view::npos) {
      ++i;
    }
    result += text[i];
  }
  return result;
}

std::optional<QuotedValue> quoted_value(std::string_view value, RuleBuilder& builder,
                                        bool last_quote) {
  QuotedValue result;
  std::string_view rest = trimmed(value);
  if (rest.starts_with('!')) {
    result.negated = true;
    rest = trimmed(rest.substr(1));
  }
  if (!rest.starts_with('"')) {
    builder.error(rest.empty() ? value : rest, "there is no text in quotes", "write it as \"…\"");
    return {};
  }
  std::size_t end = std::string_view::npos;
  if (last_quote) {
    end = rest.rfind('"');
    if (end == 0) end = std::string_view::npos;
  } else {
    for (std::size_t i = 1; i < rest.size(); ++i) {
      if (rest[i] == '\\') {
        ++i;
      } else if (rest[i] == '"') {
        end = i;
        break;
      }
    }
  }
  if (end == std::string_view::npos) {
    builder.error(rest.substr(0, 1), "the quote is never closed",
                  "a ; within quotes is written \\; and a quote \\\"");
    return {};
  }
  result.text = rest.substr(1, end - 1);
  result.rest = trimmed(rest.substr(end + 1));
  return result;
}

}  // namespace chatgate::detect
