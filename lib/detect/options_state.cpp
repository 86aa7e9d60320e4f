// Options on the state of a flow and on how often a rule alerts: flow, flowbits, flowint, xbits,
// threshold, detection_filter, tag, noalert.
#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "detect/options.h"

namespace chatgate::detect {
namespace {

// ---- flow

// Sets what is at its default, or already so; otherwise the words contradict each other.
template <typename Value>
bool settle(Value& place, Value value) {
  if (place != Value{} && place != value) return false;
  place = value;
  return true;
}

constexpr std::array<std::string_view, 11> kFlowWords = {
    "established", "not_established", "stateless", "to_server", "from_client", "to_client",
    "from_server", "only_stream",     "no_stream", "only_frag", "no_frag"};

void read_flow(RuleBuilder& builder, const OptionText& option) {
  Flow& flow = builder.rule().flow;
  for (const std::string_view part : split(option.value, ',')) {
    const std::string word = lowered(part);
    bool fits = true;
    if (word == "established") {
      fits = settle(flow.state, FlowState::established);
    } else if (word == "not_established") {
      fits = settle(flow.state, FlowState::not_established);
    } else if (word == "stateless") {
      fits = flow.state == FlowState::any;
    } else if (word == "to_server" || word == "from_client") {
      fits = settle(flow.way, FlowWay::to_server);
    } else if (word == "to_client" || word == "from_server") {
      fits = settle(flow.way, FlowWay::to_client);
    } else if (word == "only_stream") {
      fits = settle(flow.part, StreamPart::only_stream);
    } else if (word == "no_stream") {
      fits = settle(flow.part, StreamPart::no_stream);
    } else if (word == "only_frag") {
      flow.only_fragments = true;
    } else if (word == "no_frag") {
      flow.no_fragments = true;
    } else {
      builder.error(part, "unknown word " + quoted(part) + " in flow",
                    did_you_mean(word, kFlowWords));
      continue;
    }
    if (!fits || (flow.only_fragments && flow.no_fragments)) {
      builder.error(part, quoted(part) + " contradicts a word before it",
                    "one state, one way, one kind of packets");
    }
  }
}

// ---- flowbits, flowint, xbits

// A name as Snort takes it; false after an error.
bool legal_name(RuleBuilder& builder, std::string_view name, std::string_view what) {
  constexpr std::size_t kLongest = 128;
  const auto legal = [](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-' || c == '/';
  };
  if (!name.empty() && name.size() <= kLongest && std::all_of(name.begin(), name.end(), legal)) {
    return true;
  }
  builder.error(name, quoted(name) + " cannot be the name of a " + std::string(what),
                "letters, digits and _ . - /");
  return false;
}

constexpr std::array<std::string_view, 8> kFlowbitWords = {"set",   "setx",     "unset", "toggle",
                                                           "isset", "isnotset", "reset", "noalert"};

std::optional<FlowbitOperation> flowbit_operation(std::string_view word) {
  if (word == "set") return FlowbitOperation::set;
  if (word == "setx") return FlowbitOperation::set_exclusive;
  if (word == "unset") return FlowbitOperation::unset;
  if (word == "toggle") return FlowbitOperation::toggle;
  if (word == "isset") return FlowbitOperation::is_set;
  if (word == "isnotset") return FlowbitOperation::is_not_set;
  if (word == "reset") return FlowbitOperation::reset;
  return {};
}

// `a`, `a|b`, `a&b`; false after an error.
bool read_bit_names(RuleBuilder& builder, std::string_view text, Flowbit& bit) {
  const bool any = text.find('|') != std::string_view::npos;
  if (any && text.find('&') != std::string_view::npos) {
    builder.error(text, quoted(text) + " mixes | and &", "write two flowbits");
    return false;
  }
  if (any && !bit.tests()) {
    builder.error(text, quoted(text) + " leaves open which bit is meant", "separate bits by &");
    return false;
  }
  bit.all = !any;
  for (const std::string_view name : split(text, any ? '|' : '&')) {
    if (!legal_name(builder, name, "flowbit")) return false;
    bit.names.emplace_back(name);
  }
  return true;
}

void read_flowbits(RuleBuilder& builder, const OptionText& option) {
  const auto parts = split(option.value, ',');
  if (parts[0] == "noalert") {
    if (parts.size() > 1) {
      builder.error(parts[1], quoted(parts[1]) + " follows noalert", "flowbits:noalert;");
    }
    builder.rule().noalert = true;
    return;
  }
  const auto operation = flowbit_operation(parts[0]);
  if (!operation) {
    builder.error(parts[0], "unknown word " + quoted(parts[0]) + " in flowbits",
                  did_you_mean(parts[0], kFlowbitWords));
    return;
  }
  Flowbit bit;
  bit.spot = builder.spot_of(option.name);
  bit.operation = *operation;
  const bool reset = *operation == FlowbitOperation::reset;
  const std::size_t most = reset ? 2 : 3;
  if (parts.size() > most || (!reset && parts.size() < 2)) {
    builder.error(parts.size() > most ? parts[most] : parts[0],
                  std::string(parts.size() > most ? "too many" : "too few") + " values in flowbits",
                  reset ? "reset or reset,GROUP" : std::string(parts[0]) + ",NAME");
    return;
  }
  const std::string_view group = parts.size() == most ? parts[most - 1] : std::string_view{};
  if (parts.size() == most && !legal_name(builder, group, "group of flowbits")) return;
  bit.group = group;
  const bool exclusive = *operation == FlowbitOperation::set_exclusive;
  if (exclusive && group.empty()) {
    builder.error(parts[0], "setx has no group", "setx,NAME,GROUP");
    return;
  }
  bit.whole_group = bit.tests() && !group.empty() && (parts[1] == "any" || parts[1] == "all");
  if (bit.whole_group) {
    bit.all = parts[1] == "all";
  } else if (!reset && !read_bit_names(builder, parts[1], bit)) {
    return;
  }
  builder.rule().flowbits.push_back(std::move(bit));
}

std::optional<FlowintOperation> flowint_operation(std::string_view sign) {
  constexpr std::pair<std::string_view, FlowintOperation> kSigns[] = {
      {"=", FlowintOperation::set},
      {"+", FlowintOperation::add},
      {"-", FlowintOperation::subtract},
      {"<", FlowintOperation::less},
      {"<=", FlowintOperation::less_equal},
      {"==", FlowintOperation::equal},
      {"!=", FlowintOperation::not_equal},
      {">=", FlowintOperation::greater_equal},
      {">", FlowintOperation::greater},
      {"isset", FlowintOperation::is_set},
      {"notset", FlowintOperation::is_not_set},
      {"isnotset", FlowintOperation::is_not_set}};
  for (const auto& [word, operation] : kSigns) {
    if (word == sign) return operation;
  }
  return {};
}

void read_flowint(RuleBuilder& builder, const OptionText& option) {
  const auto parts = split(option.value, ',');
  if (parts.size() < 2) {
    builder.error(option.value, "flowint needs more values", "NAME,+,1 or NAME,isset");
    return;
  }
  Flowint flowint;
  flowint.spot = builder.spot_of(option.name);
  if (!legal_name(builder, parts[0], "flowint")) return;
  flowint.name = parts[0];
  const auto operation = flowint_operation(parts[1]);
  if (!operation) {
    builder.error(parts[1], "unknown operator " + quoted(parts[1]),
                  "one of = + - < <= == != >= > isset notset");
    return;
  }
  flowint.operation = *operation;
  const bool alone =
      *operation == FlowintOperation::is_set || *operation == FlowintOperation::is_not_set;
  if (parts.size() != (alone ? 2u : 3u)) {
    builder.error(parts[1], quoted(parts[1]) + (alone ? " takes no value" : " takes one value"),
                  alone ? "NAME,isset" : "NAME,+,1");
    return;
  }
  if (!alone) {
    if (const auto number = to_number(parts[2], UINT32_MAX)) {
      flowint.value = static_cast<std::uint32_t>(*number);
    } else if (!parts[2].empty() && is_digit(parts[2].front())) {
      builder.number(parts[2], UINT32_MAX, "value");
      return;
    } else if (legal_name(builder, parts[2], "flowint")) {
      flowint.other = parts[2];
    } else {
      return;
    }
  }
  builder.rule().flowints.push_back(std::move(flowint));
}

// `track ip_src` and `expire 60` of xbits; false after an error.
bool read_xbit_word(RuleBuilder& builder, std::string_view item, Xbit& bit, bool& tracked) {
  const auto [name, value] = first_word(item);
  if (name == "track") {
    constexpr std::array<std::string_view, 3> kTracks = {"ip_src", "ip_dst", "ip_pair"};
    const auto found = std::find(kTracks.begin(), kTracks.end(), value);
    if (found == kTracks.end()) {
      builder.error(item, "unknown track " + quoted(value), did_you_mean(value, kTracks));
      return false;
    }
    bit.track = static_cast<XbitTrack>(found - kTracks.begin());
    tracked = true;
    return true;
  }
  if (name == "expire") {
    const auto seconds = to_number(value, UINT32_MAX);
    if (!seconds || *seconds == 0) {
      builder.error(item, quoted(value) + " are no seconds", "expire 60");
      return false;
    }
    bit.expire_seconds = static_cast<std::uint32_t>(*seconds);
    return true;
  }
  constexpr std::array<std::string_view, 2> kWords = {"track", "expire"};
  builder.error(item, "unknown word " + quoted(item) + " in xbits", did_you_mean(name, kWords));
  return false;
}

void read_xbits(RuleBuilder& builder, const OptionText& option) {
  const auto parts = split(option.value, ',');
  if (parts.size() == 1 && parts[0] == "noalert") {
    builder.rule().noalert = true;
    return;
  }
  constexpr std::array<std::string_view, 5> kWords = {"set", "unset", "toggle", "isset",
                                                      "isnotset"};
  const auto found = std::find(kWords.begin(), kWords.end(), parts[0]);
  if (found == kWords.end()) {
    builder.error(parts[0], "unknown word " + quoted(parts[0]) + " in xbits",
                  did_you_mean(parts[0], kWords));
    return;
  }
  Xbit bit;
  bit.spot = builder.spot_of(option.name);
  bit.operation = static_cast<XbitOperation>(found - kWords.begin());
  if (parts.size() < 3) {
    builder.error(option.value, "xbits needs more values", "set,NAME,track ip_src");
    return;
  }
  if (!legal_name(builder, parts[1], "xbit")) return;
  bit.name = parts[1];
  bool tracked = false;
  for (std::size_t i = 2; i < parts.size(); ++i) {
    if (!read_xbit_word(builder, parts[i], bit, tracked)) return;
  }
  if (!tracked) {
    builder.error(option.value, "xbits has no track",
                  "track ip_src, track ip_dst or track ip_pair");
    return;
  }
  builder.rule().xbits.push_back(std::move(bit));
}

// ---- How often

struct Rate {
  std::optional<ThresholdKind> kind;
  std::optional<RateTrack> track;
  std::optional<std::uint32_t> count;
  std::optional<std::uint32_t> seconds;
};

// Reads one `word value` of threshold or detection_filter; false after an error.
bool read_rate_word(RuleBuilder& builder, std::string_view item, std::string_view option,
                    Rate& rate) {
  constexpr std::array<std::string_view, 3> kKinds = {"limit", "threshold", "both"};
  constexpr std::array<std::string_view, 4> kTracks = {"by_src", "by_dst", "by_both", "by_rule"};
  const auto [name, value] = first_word(item);
  if (name == "type" && same_word(option, "threshold")) {
    const auto found = std::find(kKinds.begin(), kKinds.end(), value);
    if (found != kKinds.end()) {
      rate.kind = static_cast<ThresholdKind>(found - kKinds.begin());
      return true;
    }
    builder.error(item, "unknown type " + quoted(value), did_you_mean(value, kKinds));
    return false;
  }
  if (name == "track") {
    const auto found = std::find(kTracks.begin(), kTracks.end(), value);
    if (found != kTracks.end()) {
      rate.track = static_cast<RateTrack>(found - kTracks.begin());
      return true;
    }
    builder.error(item, "unknown track " + quoted(value), did_you_mean(value, kTracks));
    return false;
  }
  if (name == "count" || name == "seconds") {
    const auto number = to_number(value, UINT32_MAX);
    if (!number || *number == 0) {
      builder.error(item, std::string(name) + " " + quoted(value) + " is not a number",
                    "1 or more");
      return false;
    }
    (name == "count" ? rate.count : rate.seconds) = static_cast<std::uint32_t>(*number);
    return true;
  }
  constexpr std::array<std::string_view, 4> kWords = {"type", "track", "count", "seconds"};
  builder.error(item, "unknown word " + quoted(item) + " in " + std::string(option),
                did_you_mean(name, kWords));
  return false;
}

std::optional<Rate> read_rate(RuleBuilder& builder, const OptionText& option,
                              std::string_view form) {
  Rate rate;
  for (const std::string_view item : split(option.value, ',')) {
    if (!read_rate_word(builder, item, option.name, rate)) return {};
  }
  if (!rate.track || !rate.count || !rate.seconds) {
    builder.error(option.value, std::string(option.name) + " is not complete", std::string(form));
    return {};
  }
  return rate;
}

void read_threshold(RuleBuilder& builder, const OptionText& option) {
  constexpr std::string_view kForm = "type limit, track by_src, count 1, seconds 60";
  const auto rate = read_rate(builder, option, kForm);
  if (!rate) return;
  if (!rate->kind) {
    builder.error(option.value, "threshold has no type", std::string(kForm));
    return;
  }
  builder.rule().threshold = Threshold{*rate->kind, *rate->track, *rate->count, *rate->seconds};
}

void read_detection_filter(RuleBuilder& builder, const OptionText& option) {
  const auto rate = read_rate(builder, option, "track by_src, count 30, seconds 60");
  if (!rate) return;
  builder.rule().detection_filter = DetectionFilter{*rate->track, *rate->count, *rate->seconds};
}

void read_tag(RuleBuilder& builder, const OptionText& option) {
  constexpr std::array<std::string_view, 3> kUnits = {"packets", "seconds", "bytes"};
  const auto parts = split(option.value, ',');
  Tag tag;
  tag.host = parts[0] == "host";
  if (!tag.host && parts[0] != "session") {
    constexpr std::array<std::string_view, 2> kKinds = {"session", "host"};
    builder.error(parts[0], "unknown word " + quoted(parts[0]) + " in tag",
                  did_you_mean(parts[0], kKinds));
    return;
  }
  std::size_t at = 1;
  for (; at + 1 < parts.size() && to_number(parts[at], UINT32_MAX); at += 2) {
    const auto unit = std::find(kUnits.begin(), kUnits.end(), parts[at + 1]);
    if (unit == kUnits.end()) {
      builder.error(parts[at + 1], "unknown unit " + quoted(parts[at + 1]),
                    did_you_mean(parts[at + 1], kUnits));
      return;
    }
    tag.until.emplace_back(static_cast<std::uint32_t>(*to_number(parts[at], UINT32_MAX)),
                           static_cast<TagUnit>(unit - kUnits.begin()));
  }
  if (at < parts.size() && (parts[at] == "src" || parts[at] == "dst") && tag.host) {
    tag.destination = parts[at++] == "dst";
  }
  if (at < parts.size()) {
    builder.error(parts[at], quoted(parts[at]) + " has no place in tag",
                  "session,10,packets or host,60,seconds,src");
    return;
  }
  builder.rule().tag = std::move(tag);
}

void read_noalert(RuleBuilder& builder, const OptionText&) {
  builder.rule().noalert = true;
}

using enum OptionValue;
using enum OptionTimes;

constexpr OptionEntry kOptions[] = {
    {"flow", required, once, read_flow},
    {"flowbits", required, many, read_flowbits},
    {"flowint", required, many, read_flowint},
    {"xbits", required, many, read_xbits},
    {"threshold", required, once, read_threshold},
    {"detection_filter", required, once, read_detection_filter},
    {"tag", required, once, read_tag},
    {"noalert", none, many, read_noalert},
};

}  // namespace

std::span<const OptionEntry> state_options() {
  return kOptions;
}

}  // namespace chatgate::detect
