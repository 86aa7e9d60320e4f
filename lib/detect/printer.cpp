#include "detect/printer.h"

#include <array>
#include <optional>

#include "detect/applications.h"
#include "detect/buffers.h"
#include "detect/variables.h"

namespace chatgate::detect {
namespace {

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == ';') result += '\\';
    result += c;
  }
  return result;
}

std::string content_text(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  bool hex = false;
  for (const char c : bytes) {
    const auto octet = static_cast<unsigned char>(c);
    const bool plain = octet >= 0x20 && octet < 0x7f &&
                       std::string_view("\";\\:|").find(c) == std::string_view::npos;
    if (plain == hex) result += '|';
    if (!plain && hex) result += ' ';
    hex = !plain;
    if (plain) {
      result += c;
    } else {
      result += kDigits[octet >> 4];
      result += kDigits[octet & 15];
    }
  }
  return hex ? result + "|" : result;
}

std::string range_text(const NumberRange& range) {
  std::string text = range.negated ? "!" : "";
  if (range.first == range.last) return text + number(range.first);
  return text + number(range.first) + "<=>" + number(range.last);
}

// Writes the options one after the other, and sticky buffers where they change.
class Printer {
 public:
  explicit Printer(const Rule& rule) : rule_(rule) {}

  std::string text() {
    header();
    identity();
    flow();
    for (const Flowbit& bit : rule_.flowbits) flowbit(bit);
    for (const Flowint& counter : rule_.flowints) flowint(counter);
    for (const Xbit& bit : rule_.xbits) xbit(bit);
    if (rule_.noalert) add("noalert");
    for (const Condition& condition : rule_.conditions) {
      std::visit([this](const auto& one) { print(one); }, condition);
    }
    for (const PayloadOption& option : rule_.payload) {
      std::visit([this](const auto& one) { print(one); }, option);
    }
    rates();
    remarks();
    return text_ + ")";
  }

 private:
  void add(std::string_view option) {
    text_ += text_.back() == '(' ? "" : " ";
    text_ += option;
    text_ += ";";
  }

  std::string operand(const Operand& operand) const {
    if (operand.is_variable()) return rule_.variables[static_cast<std::size_t>(operand.variable)];
    return std::to_string(operand.value);
  }

  void header() {
    constexpr std::array<std::string_view, 5> kActions = {"alert", "log", "pass", "drop", "reject"};
    const RuleProtocol& protocol = rule_.protocol;
    std::string_view word = "icmp";
    if (!protocol.applications.empty()) {
      word = application_word_of(protocol);
    } else if (protocol.other) {
      word = "ip";
    } else if (protocol.tcp) {
      word = protocol.only_packets ? "tcp-pkt" : protocol.only_stream ? "tcp-stream" : "tcp";
    } else if (protocol.udp) {
      word = "udp";
    }
    text_ += kActions[static_cast<std::size_t>(rule_.action)];
    text_ += " ";
    text_ += word;
    text_ += " " + end_text(rule_.source) + (rule_.both_ways ? " <> " : " -> ") +
             end_text(rule_.destination) + " (";
  }

  static std::string end_text(const Endpoint& end) {
    return to_text(*end.addresses) + " " + to_text(*end.ports);
  }

  void identity() {
    if (!rule_.msg.empty()) add("msg:\"" + escaped(rule_.msg) + "\"");
    add("sid:" + number(rule_.sid));
    if (rule_.gid != 1) add("gid:" + number(rule_.gid));
    if (rule_.rev != 0) add("rev:" + number(rule_.rev));
    if (!rule_.classtype.empty()) add("classtype:" + rule_.classtype);
    if (rule_.priority_given) add("priority:" + number(rule_.priority));
  }

  void remarks() {
    for (const Reference& reference : rule_.references) {
      add("reference:" + escaped(reference.scheme) + "," + escaped(reference.id));
    }
    std::string pairs;
    for (const auto& [key, value] : rule_.metadata) {
      pairs += (pairs.empty() ? "" : ", ") + escaped(key) + (value.empty() ? "" : " ");
      pairs += escaped(value);
    }
    if (!pairs.empty()) add("metadata:" + pairs);
  }

  // ---- State

  void flow() {
    constexpr std::array<std::string_view, 3> kStates = {"", "established", "not_established"};
    constexpr std::array<std::string_view, 3> kWays = {"", "to_server", "to_client"};
    constexpr std::array<std::string_view, 3> kParts = {"", "only_stream", "no_stream"};
    const Flow& flow = rule_.flow;
    std::string words;
    for (const std::string_view word :
         {kStates[static_cast<std::size_t>(flow.state)], kWays[static_cast<std::size_t>(flow.way)],
          kParts[static_cast<std::size_t>(flow.part)],
          std::string_view(flow.only_fragments ? "only_frag" : ""),
          std::string_view(flow.no_fragments ? "no_frag" : "")}) {
      if (word.empty()) continue;
      words += words.empty() ? "" : ",";
      words += word;
    }
    if (!words.empty()) add("flow:" + words);
  }

  void flowbit(const Flowbit& bit) {
    constexpr std::array<std::string_view, 7> kWords = {"set",   "setx",     "unset", "toggle",
                                                        "isset", "isnotset", "reset"};
    std::string text = "flowbits:" + std::string(kWords[static_cast<std::size_t>(bit.operation)]);
    if (bit.whole_group) {
      text += bit.all ? ",all" : ",any";
    } else {
      for (std::size_t i = 0; i < bit.names.size(); ++i) {
        text += (i == 0 ? "," : bit.all ? "&" : "|") + bit.names[i];
      }
    }
    add(text + (bit.group.empty() ? "" : "," + bit.group));
  }

  void flowint(const Flowint& counter) {
    constexpr std::array<std::string_view, 11> kSigns = {
        "=", "+", "-", "<", "<=", "==", "!=", ">=", ">", "isset", "notset"};
    std::string text = "flowint:" + counter.name + ",";
    text += kSigns[static_cast<std::size_t>(counter.operation)];
    if (counter.operation < FlowintOperation::is_set) {
      text += "," + (counter.other.empty() ? number(counter.value) : counter.other);
    }
    add(text);
  }

  void xbit(const Xbit& bit) {
    constexpr std::array<std::string_view, 5> kWords = {"set", "unset", "toggle", "isset",
                                                        "isnotset"};
    constexpr std::array<std::string_view, 3> kTracks = {"ip_src", "ip_dst", "ip_pair"};
    std::string text = "xbits:";
    text += kWords[static_cast<std::size_t>(bit.operation)];
    text += "," + bit.name + ",track ";
    text += kTracks[static_cast<std::size_t>(bit.track)];
    add(text + ",expire " + number(bit.expire_seconds));
  }

  void rates() {
    constexpr std::array<std::string_view, 3> kKinds = {"limit", "threshold", "both"};
    constexpr std::array<std::string_view, 4> kTracks = {"by_src", "by_dst", "by_both", "by_rule"};
    const auto rate = [&](RateTrack track, std::uint32_t count, std::uint32_t seconds) {
      return "track " + std::string(kTracks[static_cast<std::size_t>(track)]) + ", count " +
             number(count) + ", seconds " + number(seconds);
    };
    if (const auto& threshold = rule_.threshold) {
      add("threshold:type " + std::string(kKinds[static_cast<std::size_t>(threshold->kind)]) +
          ", " + rate(threshold->track, threshold->count, threshold->seconds));
    }
    if (const auto& filter = rule_.detection_filter) {
      add("detection_filter:" + rate(filter->track, filter->count, filter->seconds));
    }
    if (const auto& tag = rule_.tag) {
      constexpr std::array<std::string_view, 3> kUnits = {"packets", "seconds", "bytes"};
      std::string text = tag->host ? "tag:host" : "tag:session";
      for (const auto& [count, unit] : tag->until) {
        text += "," + number(count) + "," + std::string(kUnits[static_cast<std::size_t>(unit)]);
      }
      if (tag->host) text += tag->destination ? ",dst" : ",src";
      add(text);
    }
  }

  // ---- Conditions

  void print(const NumberCondition& condition) {
    constexpr std::array<std::string_view, 13> kNames = {
        "dsize", "ttl",    "tos",   "id",    "fragoffset", "ip_proto", "seq",
        "ack",   "window", "itype", "icode", "icmp_id",    "icmp_seq"};
    add(std::string(kNames[static_cast<std::size_t>(condition.field)]) + ":" +
        range_text(condition.range));
  }

  static std::string bits_text(FlagMatch match, std::uint8_t bits, std::string_view letters) {
    constexpr std::array<std::string_view, 4> kSigns = {"", "+", "*", "!"};
    std::string text(kSigns[static_cast<std::size_t>(match)]);
    if (bits == 0) text += "0";
    for (std::size_t i = 0; i < letters.size(); ++i) {
      if ((bits >> i & 1) != 0) text += letters[i];
    }
    return text;
  }

  void print(const FlagCondition& condition) {
    constexpr std::string_view kLetters = "FSRPAU21";
    std::string text = "flags:" + bits_text(condition.match, condition.bits, kLetters);
    if (condition.ignored != 0) {
      text += "," + bits_text(FlagMatch::exactly, condition.ignored, kLetters);
    }
    add(text);
  }

  void print(const FragCondition& condition) {
    add("fragbits:" + bits_text(condition.match, condition.bits, "MDR"));
  }

  void print(const IpOptionCondition& condition) {
    static constexpr std::pair<std::uint8_t, std::string_view> kNames[] = {
        {0, "eol"},    {1, "nop"},    {7, "rr"},      {68, "ts"},     {130, "sec"},
        {131, "lsrr"}, {133, "esec"}, {134, "cipso"}, {136, "satid"}, {137, "ssrr"}};
    std::string name = "any";
    for (const auto& [type, known] : kNames) {
      if (!condition.any && type == condition.type) name = known;
    }
    add("ipopts:" + name);
  }

  void print(const SameIpCondition&) { add("sameip"); }

  void print(const AppLayerCondition& condition) {
    RuleProtocol protocol;
    protocol.applications = condition.any_of;
    add(std::string("app-layer-protocol:") + (condition.negated ? "!" : "") +
        std::string(application_word_of(protocol)));
  }

  void print(const StreamSizeCondition& condition) {
    constexpr std::array<std::string_view, 4> kSides = {"client", "server", "both", "either"};
    const NumberRange& size = condition.size;
    std::string text = "stream_size:";
    text += kSides[static_cast<std::size_t>(condition.side)];
    if (size.first == size.last) {
      text += std::string(size.negated ? ",!=," : ",=,") + number(size.first);
    } else if (size.first == 0) {
      text += ",<=," + number(size.last);
    } else {
      text += ",>=," + number(size.first);
    }
    add(text);
  }

  // ---- Payload

  void select(const Target& target) {
    Target wanted = target;
    if (wanted.buffer == Buffer::raw_payload) wanted.buffer = Buffer::payload;
    if (sticky_ && *sticky_ == wanted) return;
    add(to_string(wanted.buffer));
    for (const Transform transform : wanted.transforms) add(to_string(transform));
    sticky_ = std::move(wanted);
  }

  void print(const BufferPresent& present) {
    sticky_.reset();
    select(present.target);
    sticky_.reset();
  }

  void print(const BufferSize& size) {
    select(size.target);
    add("bsize:" + range_text(size.size));
  }

  void print(const Content& content) {
    select(content.target);
    add(std::string("content:") + (content.negated ? "!" : "") + "\"" +
        content_text(content.bytes) + "\"");
    if (content.target.buffer == Buffer::raw_payload) add("rawbytes");
    if (content.nocase) add("nocase");
    if (content.startswith) add("startswith");
    if (content.endswith) add("endswith");
    if (content.offset) add("offset:" + operand(*content.offset));
    if (content.depth) add("depth:" + operand(*content.depth));
    if (content.distance) add("distance:" + operand(*content.distance));
    if (content.within) add("within:" + operand(*content.within));
    const PatternPart& part = content.fast_pattern_part;
    if (content.fast_pattern && part.length != 0) {
      add("fast_pattern:" + number(part.offset) + "," + number(part.length));
    } else if (content.fast_pattern) {
      add("fast_pattern");
    }
    if (content.fast_pattern_only) add("fast_pattern:only");
  }

  void print(const Pcre& pcre) {
    select(pcre.target);
    std::string flags;
    if (pcre.caseless) flags += 'i';
    if (pcre.dot_all) flags += 's';
    if (pcre.multi_line) flags += 'm';
    if (pcre.extended) flags += 'x';
    if (pcre.anchored) flags += 'A';
    if (pcre.dollar_end_only) flags += 'E';
    if (pcre.ungreedy) flags += 'G';
    if (pcre.relative) flags += 'R';
    if (pcre.override_limits) flags += 'O';
    if (pcre.target.buffer == Buffer::raw_payload) flags += 'B';
    add(std::string("pcre:") + (pcre.negated ? "!" : "") + "\"/" + pcre.expression + "/" + flags +
        "\"");
  }

  static std::string form_text(const NumberForm& form, bool relative) {
    std::string text = relative ? ",relative" : "";
    if (form.endian == Endian::little) text += ",little";
    if (form.base != 0) {
      text += form.base == 8 ? ",string,oct" : form.base == 10 ? ",string,dec" : ",string,hex";
    }
    if (form.bitmask != 0) text += ",bitmask " + number(form.bitmask);
    return text;
  }

  void print(const ByteTest& test) {
    constexpr std::array<std::string_view, 7> kSigns = {"<", ">", "=", "<=", ">=", "&", "^"};
    select(test.target);
    add("byte_test:" + operand(test.form.bytes) + (test.negated ? ",!" : ",") +
        std::string(kSigns[static_cast<std::size_t>(test.comparison)]) + "," + operand(test.value) +
        "," + operand(test.offset) + form_text(test.form, test.relative));
  }

  void print(const ByteJump& jump) {
    select(jump.target);
    std::string text = "byte_jump:" + operand(jump.form.bytes) + "," + operand(jump.offset) +
                       form_text(jump.form, jump.relative);
    if (jump.multiplier != 1) text += ",multiplier " + number(jump.multiplier);
    if (jump.align) text += ",align";
    if (jump.from == JumpFrom::beginning) text += ",from_beginning";
    if (jump.from == JumpFrom::end) text += ",from_end";
    if (jump.post_offset != Operand{}) text += ",post_offset " + operand(jump.post_offset);
    add(text);
  }

  void print(const ByteExtract& extract) {
    select(extract.target);
    std::string text = "byte_extract:" + operand(extract.form.bytes) + "," +
                       operand(extract.offset) + "," + operand({0, extract.result}) +
                       form_text(extract.form, extract.relative);
    if (extract.multiplier != 1) text += ",multiplier " + number(extract.multiplier);
    if (extract.align != 1) text += ",align " + number(extract.align);
    add(text);
  }

  void print(const ByteMath& math) {
    constexpr std::array<std::string_view, 6> kSigns = {"+", "-", "*", "/", "<<", ">>"};
    select(math.target);
    add("byte_math:bytes " + operand(math.form.bytes) + ",offset " + operand(math.offset) +
        ",oper " + std::string(kSigns[static_cast<std::size_t>(math.operation)]) + ",rvalue " +
        operand(math.right) + ",result " + operand({0, math.result}) +
        form_text(math.form, math.relative));
  }

  void print(const IsDataAt& test) {
    select(test.target);
    add(std::string("isdataat:") + (test.negated ? "!" : "") + operand(test.offset) +
        (test.relative ? ",relative" : "") +
        (test.target.buffer == Buffer::raw_payload ? ",rawbytes" : ""));
  }

  const Rule& rule_;
  std::string text_;
  std::optional<Target> sticky_ = Target{};
};

}  // namespace

std::string to_text(const Rule& rule) {
  return Printer(rule).text();
}

}  // namespace chatgate::detect
