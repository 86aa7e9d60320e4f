#include "detect/variables.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/ascii.h"

namespace chatgate::detect {
namespace {

constexpr std::size_t kMaxDepth = 16;
// Bounds what a file can make of few words; a published block list has some hundred.
constexpr std::size_t kMaxRanges = 4096;

// ---- What differs between addresses and ports

struct AddressKind {
  using Set = AddressSet;
  using Shared = SharedAddresses;
  static constexpr std::string_view kWhat = "an address";
  static constexpr std::string_view kRemedy =
      "an address is any, $NAME, 192.0.2.1, 192.0.2.0/24, 2001:db8::/32 or a list [a,b,!c]";

  static Shared find(const Variables& variables, std::string_view name) {
    return variables.addresses(name);
  }
  static std::string suggest(const Variables& variables, std::string_view name) {
    return variables.suggest_addresses(name);
  }

  static std::optional<AddressSet> parse_one(std::string_view text) {
    bool host_bits = false;
    if (const auto prefix = Prefix::parse(text, &host_bits)) {
      return AddressSet::of({{prefix->first(), prefix->last()}});
    }
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return {};
    const auto first = IpAddress::parse(trimmed(text.substr(0, dash)));
    const auto last = IpAddress::parse(trimmed(text.substr(dash + 1)));
    if (!first || !last || *last < *first) return {};
    return AddressSet::of({{*first, *last}});
  }
};

struct PortKind {
  using Set = PortSet;
  using Shared = SharedPorts;
  static constexpr std::string_view kWhat = "a port";
  static constexpr std::string_view kRemedy =
      "a port is any, $NAME, 80, 1024:, :1023, 6660:6669 or a list [a,b,!c]";

  static Shared find(const Variables& variables, std::string_view name) {
    return variables.ports(name);
  }
  static std::string suggest(const Variables& variables, std::string_view name) {
    return variables.suggest_ports(name);
  }

  static std::optional<PortSet> parse_one(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view low = trimmed(text.substr(0, colon));
    const std::string_view high =
        colon == std::string_view::npos ? low : trimmed(text.substr(colon + 1));
    if (low.empty() && high.empty()) return {};
    const auto first = low.empty() ? std::uint64_t{0} : to_number(low, UINT16_MAX);
    const auto last = high.empty() ? std::uint64_t{UINT16_MAX} : to_number(high, UINT16_MAX);
    if (!first || !last || *last < *first) return {};
    return PortSet::of({{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)}});
  }
};

// ---- The grammar they share: item = "!"? ( "any" | "$" NAME | "[" item,… "]" | one )

template <typename Kind>
class SetParser {
 public:
  using Set = typename Kind::Set;

  SetParser(const Variables& variables, Reporter& reporter)
      : variables_(variables), reporter_(reporter) {}

  // The set without a leading "!", which is cut off and counted; nothing after an error.
  std::optional<Set> item(std::string_view text, bool& negated, std::size_t depth) {
    negated = false;
    for (text = trimmed(text); text.starts_with('!'); text = trimmed(text.substr(1))) {
      negated = !negated;
    }
    if (text.starts_with('[')) return list(text, depth);
    if (text == "any") return Set::any();
    if (text.starts_with('$')) {
      const auto set = Kind::find(variables_, text.substr(1));
      if (set != nullptr) return *set;
      std::string remedy = Kind::suggest(variables_, text.substr(1));
      if (remedy.empty()) remedy = "define it before it is used";
      return wrong(text, "there is no variable " + quoted(text), std::move(remedy));
    }
    auto set = Kind::parse_one(text);
    if (!set) {
      return wrong(text, quoted(text) + " is not " + std::string(Kind::kWhat),
                   std::string(Kind::kRemedy));
    }
    return set;
  }

  // An item with its negation done, which must leave something.
  std::optional<Set> whole(std::string_view text) {
    bool negated = false;
    auto set = item(text, negated, 0);
    if (!set) return {};
    if (negated) set = set->complement();
    if (set->empty()) return wrong(text, quoted(text) + " leaves nothing", "negate less");
    return set;
  }

 private:
  std::optional<Set> wrong(std::string_view part, std::string message, std::string remedy) {
    reporter_.error(part, std::move(message), std::move(remedy));
    return {};
  }

  std::optional<Set> list(std::string_view text, std::size_t depth) {
    if (depth == kMaxDepth) {
      return wrong(text, "lists are nested too deeply",
                   "at most " + std::to_string(kMaxDepth) + " levels");
    }
    if (text.size() < 2 || !text.ends_with(']')) {
      return wrong(text, "the list " + quoted(text) + " is not closed", "a list ends with ]");
    }
    std::vector<typename Set::Range> positive, negative;
    bool has_positive = false;
    std::string_view rest = text.substr(1, text.size() - 2);
    for (bool more = true; more;) {
      const std::string_view member = trimmed(cut_member(rest, more));
      if (member.empty()) {
        return wrong(member.data() == nullptr ? text : member, "the list has an empty member",
                     "members are separated by one comma");
      }
      bool negated = false;
      const auto set = item(member, negated, depth + 1);
      if (!set) return {};
      auto& ranges = negated ? negative : positive;
      ranges.insert(ranges.end(), set->ranges().begin(), set->ranges().end());
      has_positive = has_positive || !negated;
      if (positive.size() + negative.size() > kMaxRanges) {
        return wrong(text, "the list has too many members",
                     "at most " + std::to_string(kMaxRanges) + " ranges");
      }
    }
    Set result = has_positive ? Set::of(std::move(positive)) : Set::any();
    if (!negative.empty()) result = result.without(Set::of(std::move(negative)));
    if (result.empty()) return wrong(text, quoted(text) + " leaves nothing", "negate less");
    return result;
  }

  // Up to the next comma outside of brackets; `more` says whether there was one.
  static std::string_view cut_member(std::string_view& rest, bool& more) {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      if (rest[i] == '[') ++depth;
      if (rest[i] == ']' && depth > 0) --depth;
      if (rest[i] == ',' && depth == 0) {
        const std::string_view member = rest.substr(0, i);
        rest.remove_prefix(i + 1);
        return member;
      }
    }
    more = false;
    return rest;
  }

  const Variables& variables_;
  Reporter& reporter_;
};

template <typename Kind>
typename Kind::Shared parse_set(std::string_view text, const Variables& variables,
                                Reporter& reporter) {
  text = trimmed(text);
  if (text.starts_with('$')) {
    if (auto shared = Kind::find(variables, text.substr(1)); shared != nullptr) return shared;
  }
  static const auto any = std::make_shared<const typename Kind::Set>(Kind::Set::any());
  if (text == "any") return any;
  auto set = SetParser<Kind>(variables, reporter).whole(text);
  if (!set) return nullptr;
  return std::make_shared<const typename Kind::Set>(std::move(*set));
}

template <typename Map>
std::string suggest_from(const Map& map, std::string_view name) {
  constexpr std::size_t kMost = 256;  // bounds the work on a file that is nothing but mistakes
  if (map.size() > kMost) return {};
  std::vector<std::string_view> names;
  for (const auto& [known, set] : map) names.push_back(known);
  const std::string_view best = name.size() > 32 ? std::string_view{} : closest(name, names);
  return best.empty() ? std::string{} : "did you mean \"$" + std::string(best) + "\"?";
}

std::string range_text(const AddressSet::Range& range) {
  for (int length = 0; length <= 128; ++length) {
    const Prefix prefix{range.first, static_cast<std::uint8_t>(length)};
    if (prefix.first() == range.first && prefix.last() == range.last) {
      const bool host = length == 128;
      return host ? range.first.to_string() : prefix.to_string();
    }
  }
  return range.first.to_string() + "-" + range.last.to_string();
}

std::string range_text(const PortSet::Range& range) {
  if (range.first == range.last) return std::to_string(range.first);
  return std::to_string(range.first) + ":" + std::to_string(range.last);
}

template <typename Set>
std::string list_text(const Set& set) {
  std::string text;
  for (const auto& range : set.ranges()) text += (text.empty() ? "" : ",") + range_text(range);
  return set.ranges().size() == 1 ? text : "[" + text + "]";
}

template <typename Set>
std::string set_text(const Set& set) {
  if (set.is_any()) return "any";
  const Set rest = set.complement();
  return rest.ranges().size() < set.ranges().size() ? "!" + list_text(rest) : list_text(set);
}

}  // namespace

Variables Variables::customary(const AddressSet& home) {
  Variables result;
  result.define_addresses("HOME_NET", home);
  result.define_addresses("EXTERNAL_NET", home.is_any() ? home : home.complement());
  for (const char* name :
       {"HTTP_SERVERS", "SMTP_SERVERS", "SQL_SERVERS", "DNS_SERVERS", "TELNET_SERVERS",
        "SSH_SERVERS", "FTP_SERVERS", "SIP_SERVERS", "SNMP_SERVERS", "DC_SERVERS", "DNP3_SERVER",
        "DNP3_CLIENT", "MODBUS_SERVER", "MODBUS_CLIENT", "ENIP_SERVER", "ENIP_CLIENT"}) {
    result.addresses_[name] = result.addresses_["HOME_NET"];
  }
  // The networks they once named belong to others now.
  result.define_addresses("AIM_SERVERS", AddressSet::any());
  constexpr std::array<std::pair<const char*, const char*>, 14> kPorts = {
      {{"HTTP_PORTS", "[80,81,311,591,593,3128,8000,8008,8080,8081,8088,8888]"},
       {"SHELLCODE_PORTS", "!80"},
       {"ORACLE_PORTS", "[1024:]"},
       {"FTP_PORTS", "[21,2100,3535]"},
       {"SSH_PORTS", "22"},
       {"SIP_PORTS", "[5060,5061,5600]"},
       {"MAIL_PORTS", "[25,110,143,465,587,993,995]"},
       {"FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]"},
       {"GTP_PORTS", "[2123,2152,3386]"},
       {"DNP3_PORTS", "20000"},
       {"MODBUS_PORTS", "502"},
       {"GENEVE_PORTS", "6081"},
       {"VXLAN_PORTS", "4789"},
       {"TEREDO_PORTS", "3544"}}};
  Diagnostics none;
  for (const auto& [name, text] : kPorts) result.define_ports(name, text, {}, none);
  return result;
}

void Variables::define_addresses(std::string name, AddressSet set) {
  addresses_[std::move(name)] = std::make_shared<const AddressSet>(std::move(set));
}

void Variables::define_ports(std::string name, PortSet set) {
  ports_[std::move(name)] = std::make_shared<const PortSet>(std::move(set));
}

void Variables::define_addresses(std::string name, std::string_view text, const std::string& source,
                                 Diagnostics& findings) {
  const LogicalLine line{std::string(text)};
  Reporter reporter(line, source, findings);
  if (auto set = parse_addresses(line.text(), *this, reporter); set != nullptr) {
    addresses_[std::move(name)] = std::move(set);
  }
}

void Variables::define_ports(std::string name, std::string_view text, const std::string& source,
                             Diagnostics& findings) {
  const LogicalLine line{std::string(text)};
  Reporter reporter(line, source, findings);
  if (auto set = parse_ports(line.text(), *this, reporter); set != nullptr) {
    ports_[std::move(name)] = std::move(set);
  }
}

SharedAddresses Variables::addresses(std::string_view name) const {
  const auto found = addresses_.find(name);
  return found == addresses_.end() ? nullptr : found->second;
}

SharedPorts Variables::ports(std::string_view name) const {
  const auto found = ports_.find(name);
  return found == ports_.end() ? nullptr : found->second;
}

std::string Variables::suggest_addresses(std::string_view name) const {
  return suggest_from(addresses_, name);
}

std::string Variables::suggest_ports(std::string_view name) const {
  return suggest_from(ports_, name);
}

bool is_variable_name(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  if (text.empty() || text.size() > kLongest || is_digit(text.front())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

SharedAddresses parse_addresses(std::string_view text, const Variables& variables,
                                Reporter& reporter) {
  return parse_set<AddressKind>(text, variables, reporter);
}

SharedPorts parse_ports(std::string_view text, const Variables& variables, Reporter& reporter) {
  return parse_set<PortKind>(text, variables, reporter);
}

std::string to_text(const AddressSet& set) {
  return set_text(set);
}
std::string to_text(const PortSet& set) {
  return set_text(set);
}

}  // namespace chatgate::detect
