// Options on the headers of a packet: numbers, flags, IP options, and what the flow is.
#include <array>
#include <utility>

#include "base/ascii.h"
#include "detect/applications.h"
#include "detect/options.h"

namespace chatgate::detect {
namespace {

struct FieldEntry {
  std::string_view name;
  NumberField field;
  std::uint32_t max;
  bool inclusive;  // the ends of `<>`
};

// Snort's dsize counts the ends of `<>` in, its itype and icode do not.
constexpr FieldEntry kFields[] = {
    {"dsize", NumberField::dsize, UINT16_MAX, true},
    {"ttl", NumberField::ttl, UINT8_MAX, true},
    {"tos", NumberField::tos, UINT8_MAX, true},
    {"id", NumberField::ip_id, UINT16_MAX, true},
    {"fragoffset", NumberField::fragoffset, 8191, true},
    {"seq", NumberField::tcp_seq, UINT32_MAX, true},
    {"ack", NumberField::tcp_ack, UINT32_MAX, true},
    {"window", NumberField::tcp_window, UINT16_MAX, true},
    {"itype", NumberField::icmp_type, UINT8_MAX, false},
    {"icode", NumberField::icmp_code, UINT8_MAX, false},
    {"icmp_id", NumberField::icmp_id, UINT16_MAX, true},
    {"icmp_seq", NumberField::icmp_seq, UINT16_MAX, true},
};

void read_number_field(RuleBuilder& builder, const OptionText& option) {
  for (const FieldEntry& entry : kFields) {
    if (!same_word(entry.name, option.name)) continue;
    const auto range = builder.range(option.value, entry.max, entry.inclusive, option.name);
    if (!range) return;
    builder.rule().conditions.push_back(
        NumberCondition{builder.spot_of(option.name), entry.field, *range});
    return;
  }
}

void read_ip_proto(RuleBuilder& builder, const OptionText& option) {
  constexpr std::pair<std::string_view, std::uint8_t> kNames[] = {
      {"icmp", 1},       {"igmp", 2},  {"ipip", 4},  {"tcp", 6},   {"egp", 8},
      {"udp", 17},       {"gre", 47},  {"esp", 50},  {"ah", 51},   {"icmp6", 58},
      {"ipv6-icmp", 58}, {"ospf", 89}, {"pim", 103}, {"sctp", 132}};
  std::string_view name = trimmed(option.value);
  const bool negated = name.starts_with('!');
  if (negated) name = trimmed(name.substr(1));
  std::optional<NumberRange> range;
  for (const auto& [known, number] : kNames) {
    if (name == known) range = NumberRange{number, number, negated};
  }
  if (!range && !name.empty() && is_letter(name.front())) {
    std::vector<std::string_view> words;
    for (const auto& [known, number] : kNames) words.push_back(known);
    std::string remedy = did_you_mean(name, words);
    builder.error(name, "unknown protocol " + quoted(name),
                  remedy.empty() ? "a number from 0 to 255" : std::move(remedy));
    return;
  }
  if (!range) range = builder.range(option.value, UINT8_MAX, true, option.name);
  if (!range) return;
  builder.rule().conditions.push_back(
      NumberCondition{builder.spot_of(option.name), NumberField::ip_proto, *range});
}

// ---- Flags

// Letters to bits, with one of "+", "*" and "!" in front or behind. False after an error.
template <std::size_t Count>
bool read_bits(RuleBuilder& builder, std::string_view text,
               const std::pair<char, std::uint8_t> (&letters)[Count], std::string_view remedy,
               std::uint8_t& bits, FlagMatch& match) {
  bool all = false, any = false, none = false, zero = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    std::uint8_t bit = 0;
    for (const auto& [letter, value] : letters) {
      if (c == letter) bit = value;
    }
    bits |= bit;
    all = all || c == '+';
    any = any || c == '*';
    none = none || c == '!';
    zero = zero || c == '0';
    if (bit == 0 && c != '+' && c != '*' && c != '!' && c != '0' && !is_blank(c)) {
      builder.error(text.substr(i, 1), quoted(text.substr(i, 1)) + " is no flag",
                    std::string(remedy));
      return false;
    }
  }
  if ((bits == 0) != zero) {
    builder.error(text, quoted(text) + (zero ? " has flags beside 0" : " names no flag"),
                  "0 stands alone and means that no flag is set");
    return false;
  }
  const bool one_bit = (bits & (bits - 1)) == 0;
  if ((all && any) || (none && (all || any) && !one_bit)) {
    builder.error(text, quoted(text) + " has two signs",
                  "one of + (these and others), * (any of these), ! (none of these)");
    return false;
  }
  match = none ? FlagMatch::none : all ? FlagMatch::all : any ? FlagMatch::any : FlagMatch::exactly;
  if (bits == 0) match = none ? FlagMatch::any : FlagMatch::exactly;
  return true;
}

constexpr std::pair<char, std::uint8_t> kTcpFlags[] = {
    {'F', 0x01}, {'S', 0x02}, {'R', 0x04}, {'P', 0x08}, {'A', 0x10},
    {'U', 0x20}, {'2', 0x40}, {'E', 0x40}, {'1', 0x80}, {'C', 0x80}};
constexpr std::string_view kTcpFlagRemedy = "F S R P A U, 1 or C, 2 or E, with + * or !";

void read_flags(RuleBuilder& builder, const OptionText& option) {
  const auto parts = split(option.value, ',');
  FlagCondition condition;
  condition.spot = builder.spot_of(option.name);
  if (!read_bits(builder, parts[0], kTcpFlags, kTcpFlagRemedy, condition.bits, condition.match)) {
    return;
  }
  if (condition.bits == 0 && condition.match == FlagMatch::any) condition.bits = 0xff;
  if (parts.size() > 2) {
    builder.error(parts[2], quoted(parts[2]) + " follows the mask", "flags:FLAGS,MASK");
    return;
  }
  if (parts.size() == 2) {
    FlagMatch match = FlagMatch::exactly;
    if (!read_bits(builder, parts[1], kTcpFlags, kTcpFlagRemedy, condition.ignored, match)) return;
    if (match != FlagMatch::exactly) {
      builder.error(parts[1], "the mask has a sign", "flags that are not looked at, as in S,12");
      return;
    }
  }
  builder.rule().conditions.push_back(condition);
}

void read_fragbits(RuleBuilder& builder, const OptionText& option) {
  constexpr std::pair<char, std::uint8_t> kBits[] = {
      {'M', kFragMore}, {'D', kFragDont}, {'R', kFragReserved}};
  FragCondition condition;
  condition.spot = builder.spot_of(option.name);
  if (!read_bits(builder, option.value, kBits, "M D R, with + * or !", condition.bits,
                 condition.match)) {
    return;
  }
  if (condition.bits == 0 && condition.match == FlagMatch::any) {
    condition.bits = kFragMore | kFragDont | kFragReserved;
  }
  builder.rule().conditions.push_back(condition);
}

void read_ipopts(RuleBuilder& builder, const OptionText& option) {
  // Type octets of RFC 791 section 3.1 and the registry of IP options.
  constexpr std::pair<std::string_view, std::uint8_t> kTypes[] = {
      {"eol", 0},     {"nop", 1},    {"rr", 7},      {"ts", 68},     {"sec", 130}, {"lsrr", 131},
      {"lsrre", 131}, {"esec", 133}, {"cipso", 134}, {"satid", 136}, {"ssrr", 137}};
  IpOptionCondition condition;
  condition.spot = builder.spot_of(option.name);
  bool known = option.value == "any";
  condition.any = known;
  std::vector<std::string_view> names = {"any"};
  for (const auto& [name, type] : kTypes) {
    names.push_back(name);
    if (name != option.value) continue;
    condition.type = type;
    known = true;
  }
  if (!known) {
    builder.error(option.value, "unknown IP option " + quoted(option.value),
                  did_you_mean(option.value, names));
    return;
  }
  builder.rule().conditions.push_back(condition);
}

void read_sameip(RuleBuilder& builder, const OptionText& option) {
  builder.rule().conditions.push_back(SameIpCondition{builder.spot_of(option.name)});
}

// ---- Stream and application

void read_stream_size(RuleBuilder& builder, const OptionText& option) {
  constexpr std::array<std::string_view, 4> kSides = {"client", "server", "both", "either"};
  const auto parts = split(option.value, ',');
  if (parts.size() != 3) {
    builder.error(option.value, "stream_size has not three values", "server,>,100");
    return;
  }
  StreamSizeCondition condition;
  condition.spot = builder.spot_of(option.name);
  bool known = false;
  for (std::size_t i = 0; i < kSides.size(); ++i) {
    if (parts[0] != kSides[i]) continue;
    condition.side = static_cast<StreamSide>(i);
    known = true;
  }
  if (!known) {
    builder.error(parts[0], "unknown side " + quoted(parts[0]), did_you_mean(parts[0], kSides));
    return;
  }
  const std::string_view sign = parts[1];
  if (sign != "<" && sign != ">" && sign != "=" && sign != "!=" && sign != "<=" && sign != ">=" &&
      sign != "!") {
    builder.error(sign, "unknown operator " + quoted(sign), "one of < > = != <= >=");
    return;
  }
  const auto number = builder.number(parts[2], UINT32_MAX, "size");
  if (!number) return;
  if ((sign == "<" && *number == 0) || (sign == ">" && *number == UINT32_MAX)) {
    builder.error(parts[2], "no size is " + std::string(sign) + " " + quoted(parts[2]));
    return;
  }
  NumberRange& size = condition.size;
  size = {*number, *number, sign.starts_with('!')};
  if (sign == "<") size = {0, *number - 1, false};
  if (sign == "<=") size = {0, *number, false};
  if (sign == ">") size = {*number + 1, UINT32_MAX, false};
  if (sign == ">=") size = {*number, UINT32_MAX, false};
  builder.rule().conditions.push_back(condition);
}

void read_app_layer(RuleBuilder& builder, const OptionText& option) {
  AppLayerCondition condition;
  condition.spot = builder.spot_of(option.name);
  std::string_view word = trimmed(option.value);
  if (word.starts_with('!')) {
    condition.negated = true;
    word = trimmed(word.substr(1));
  }
  const ApplicationWord* application = find_application_word(word);
  if (application == nullptr) {
    builder.error(word, "chatgate does not recognise " + quoted(word),
                  did_you_mean(word, application_words()));
    return;
  }
  condition.any_of = application->any_of();
  builder.rule().conditions.push_back(std::move(condition));
}

using enum OptionValue;
using enum OptionTimes;

constexpr OptionEntry kOptions[] = {
    {"dsize", required, once, read_number_field},
    {"ttl", required, many, read_number_field},
    {"tos", required, many, read_number_field},
    {"id", required, many, read_number_field},
    {"fragoffset", required, many, read_number_field},
    {"seq", required, many, read_number_field},
    {"ack", required, many, read_number_field},
    {"window", required, many, read_number_field},
    {"itype", required, many, read_number_field},
    {"icode", required, many, read_number_field},
    {"icmp_id", required, many, read_number_field},
    {"icmp_seq", required, many, read_number_field},
    {"ip_proto", required, many, read_ip_proto},
    {"flags", required, many, read_flags},
    {"tcp.flags", required, many, read_flags},
    {"fragbits", required, many, read_fragbits},
    {"ipopts", required, many, read_ipopts},
    {"sameip", none, once, read_sameip},
    {"stream_size", required, many, read_stream_size},
    {"app-layer-protocol", required, many, read_app_layer},
};

}  // namespace

std::span<const OptionEntry> packet_options() {
  return kOptions;
}

}  // namespace chatgate::detect
