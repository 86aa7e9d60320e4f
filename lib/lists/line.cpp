#include "lists/line.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/ascii.h"
#include "base/printable.h"
#include "proto/facts.h"

namespace chatgate::lists {
namespace {

constexpr std::string_view kBlanks = " \t\v\f\r";
constexpr unsigned kWhole = kSelf | kBelow;
constexpr unsigned kNothingOf = kNotSelf | kNotBelow;
constexpr std::size_t kShown = 60;  // characters of a wrong word that a finding repeats

// What stands in every hosts file, and means no server.
constexpr std::string_view kHousekeeping[] = {"localhost",
                                              "localhost.localdomain",
                                              "local",
                                              "localdomain",
                                              "broadcasthost",
                                              "ip6-localhost",
                                              "ip6-loopback",
                                              "ip6-localnet",
                                              "ip6-allnodes",
                                              "ip6-allrouters",
                                              "ip6-allhosts",
                                              "ip6-mcastprefix",
                                              "localhost6",
                                              "localhost4",
                                              "0.0.0.0",
                                              "loopback",
                                              "localhost6.localdomain6",
                                              "localhost4.localdomain4"};

// Options of an Adblock rule under which it still means the whole domain.
constexpr std::string_view kWholeDomain[] = {"important", "all", "document", "doc"};
constexpr std::string_view kElementRules[] = {"##", "#@#", "#?#", "#$#", "#%#", "$$"};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_blank(char c) {
  return kBlanks.find(c) != kBlanks.npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

// Up to a comment that follows a blank.
std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if ((text[i] == '#' || text[i] == ';') && is_blank(text[i - 1])) {
      return trimmed(text.substr(0, i));
    }
  }
  return text;
}

bool equal(std::string_view text, std::string_view small) {
  return text.size() == small.size() && std::equal(text.begin(), text.end(), small.begin(),
                                                   [](char a, char b) { return lower(a) == b; });
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// An address that a hosts file gives to names that nobody shall reach.
bool is_sink(const IpAddress& address) {
  static constexpr std::array<std::uint8_t, 15> kZeros{};
  const auto& bytes = address.bytes;
  if (address.is_v4()) return bytes[12] == 0 || bytes[12] == 127;
  return std::equal(kZeros.begin(), kZeros.end(), bytes.begin()) && bytes[15] <= 1;
}

Prefix all_v4() {
  static constexpr std::array<std::uint8_t, 4> kZero{};
  return {IpAddress::from_v4(kZero.data()), 96};
}

LineResult made(LineKind kind) {
  LineResult result;
  result.kind = kind;
  return result;
}

}  // namespace

LineResult LineReader::read(std::string_view line) {
  line_ = line;
  std::string_view text = trimmed(line);
  if (in_brackets_) {
    in_brackets_ = text.find(')') == text.npos;
    return {};
  }
  if (text.empty() || text[0] == '!' || text[0] == ';' || text[0] == '[') return {};
  const bool element =
      std::any_of(std::begin(kElementRules), std::end(kElementRules), [&](std::string_view sign) {
        const std::size_t at = text.find(sign);
        return at != text.npos && at != 0 && !is_blank(text[at - 1]);
      });
  if (element && text[0] != '#') return made(LineKind::skipped);
  if (text[0] == '#') return {};
  if (text[0] == '|' || text.starts_with("@@")) return read_adblock(text);
  text = without_comment(text);
  if (text.starts_with("address=/") || text.starts_with("server=/") ||
      text.starts_with("local=/")) {
    return read_dnsmasq(text);
  }
  if (text[0] == '$') return read_zone(text);
  const std::vector<Word> all = words(text);
  if (all.size() == 1) return read_word(all[0]);
  if (all.size() == 3 && all[1].text == "-") return read_range(all[0], all[2]);
  if (const auto address = IpAddress::parse(all[0].text)) return read_hosts(*address, text);
  // The link-local addresses of hosts files have a zone.
  if (all[0].text.find('%') != std::string_view::npos) return made(LineKind::skipped);
  return read_zone(text);
}

LineResult LineReader::read_adblock(std::string_view text) {
  const bool exception = text.starts_with("@@");
  std::string_view rule = exception ? text.substr(2) : text;
  if (!rule.starts_with("||")) return made(LineKind::skipped);
  rule.remove_prefix(2);
  if (const std::size_t dollar = rule.find('$'); dollar != rule.npos) {
    for (std::string_view rest = rule.substr(dollar + 1); !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view option = rest.substr(0, comma);
      // An exception for a page's own document says nothing of its server.
      const bool whole = is_one_of(option, std::span(kWholeDomain).first(exception ? 2 : 4));
      if (!whole) return made(LineKind::skipped);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    rule = rule.substr(0, dollar);
  }
  if (rule.ends_with('|')) rule.remove_suffix(1);
  if (rule.ends_with('^')) rule.remove_suffix(1);
  if (const auto address = IpAddress::parse(rule)) {
    add_range(*address, *address, exception);
    return made(LineKind::taken);
  }
  const bool below = rule.starts_with("*.");
  if (below) rule.remove_prefix(2);
  if (rule.find_first_of("/*^|:?=&") != rule.npos) return made(LineKind::skipped);
  const unsigned meanings = exception ? kNothingOf : kWhole;
  if (!add_name(rule, below ? meanings & (kBelow | kNotBelow) : meanings)) {
    return refuse({rule, offset(rule)}, "is no host name", "expected one such as ||example.com^");
  }
  return made(LineKind::taken);
}

LineResult LineReader::read_dnsmasq(std::string_view text) {
  const bool overrides = text.starts_with("address");
  std::vector<Word> parts;
  for (std::size_t at = text.find('/') + 1; at <= text.size();) {
    const std::size_t slash = std::min(text.find('/', at), text.size());
    parts.push_back({text.substr(at, slash - at), offset(text.substr(at))});
    at = slash + 1;
  }
  const Word value = parts.back();
  parts.pop_back();
  if (parts.empty())
    return refuse(value, "is not closed by a slash", "address=/example.com/0.0.0.0");
  // Another resolver is asked for them: nobody blocks them.
  if (!overrides && !value.text.empty() && value.text != "#") return made(LineKind::skipped);
  const unsigned meanings = !overrides && value.text == "#" ? kNothingOf : kWhole;
  LineResult result = made(LineKind::taken);
  for (const Word& part : parts) {
    std::string_view name = part.text;
    const bool below = name.starts_with("*.");
    if (below || name.starts_with('.')) name.remove_prefix(below ? 2 : 1);
    if (!add_name(name, meanings)) {
      result = refuse(part, "is no host name", "expected one such as address=/example.com/0.0.0.0");
    }
  }
  return result;
}

LineResult LineReader::read_hosts(const IpAddress& address, std::string_view text) {
  const auto all = words(text.substr(0, text.find('#')));
  // Another address is a name's real one.
  if (!is_sink(address)) return made(LineKind::skipped);
  LineResult result;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const proto::HostName host = proto::HostName::normalised(all[i].text);
    if (is_one_of(host.view(), kHousekeeping)) continue;
    if (add_name(all[i].text, kSelf, Labels::several)) {
      if (result.kind != LineKind::refused) result.kind = LineKind::taken;
    } else {
      result = refuse(all[i], "is no host name", "expected one such as 0.0.0.0 www.example.com");
    }
  }
  return result;
}

LineResult LineReader::read_zone(std::string_view text) {
  const auto all = words(text);
  const auto absolute = [](std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return name;
  };
  if (all[0].text.starts_with('$')) {
    if (equal(all[0].text, "$origin") && all.size() > 1) origin_ = absolute(all[1].text);
    return equal(all[0].text, "$origin") || equal(all[0].text, "$ttl")
               ? LineResult{}
               : refuse(all[0], "is no entry", "expected a name or an address");
  }
  static constexpr std::string_view kOther[] = {"soa", "ns", "txt", "mx", "dnskey", "rrsig"};
  for (std::size_t i = 0; i + 1 < all.size() && i < 4; ++i) {
    const std::string_view type = all[i].text;
    if (std::any_of(std::begin(kOther), std::end(kOther),
                    [&](std::string_view each) { return equal(type, each); })) {
      in_brackets_ = text.find('(') != text.npos && text.find(')') == text.npos;
      if (equal(type, "soa") && i > 0 && all[0].text.ends_with('.'))
        origin_ = absolute(all[0].text);
      return {};
    }
    const bool address = equal(type, "a") || equal(type, "aaaa");
    if (equal(type, "cname") || (address && IpAddress::parse(all[i + 1].text))) {
      if (i == 0) break;
      std::string_view owner = all[0].text;
      if (owner == "@") return {};
      if (owner.ends_with('.')) {
        owner.remove_suffix(1);
        const std::string tail = "." + origin_;
        if (!origin_.empty() && owner.ends_with(tail)) owner.remove_suffix(tail.size());
      }
      const std::string_view target = absolute(all[i + 1].text);
      if (owner.find(".rpz-") != owner.npos || equal(target, "rpz-tcp-only")) {
        return made(LineKind::skipped);
      }
      const bool below = owner.starts_with("*.");
      if (below) owner.remove_prefix(2);
      const bool passes = equal(target, "rpz-passthru");
      const unsigned meanings = below ? (passes ? kNotBelow : kBelow) : (passes ? kNotSelf : kSelf);
      if (add_name(owner, meanings)) return made(LineKind::taken);
      return refuse(all[0], "is no host name", "expected one such as example.com CNAME .");
    }
    if (i > 0 && !is_number(type) && !equal(type, "in")) break;
  }
  return refuse(all[0], "and what follows is no entry",
                "expected one name or address a line, or a line of a hosts file");
}

LineResult LineReader::read_word(Word word) {
  std::string_view text = word.text;
  if (const std::size_t dash = text.find('-'); dash != text.npos) {
    const Word first{text.substr(0, dash), word.at};
    if (IpAddress::parse(first.text)) {
      return read_range(first, {text.substr(dash + 1), word.at + dash + 1});
    }
  }
  bool cleared = false;
  if (const auto prefix = Prefix::parse(text, &cleared)) {
    if (prefix->length == 0 || (prefix->length == 96 && prefix->address.is_v4())) {
      return refuse(word, "is every address", "a rule without \"list\" means all");
    }
    add_range(prefix->first(), prefix->last());
    return made(LineKind::taken);
  }
  const std::size_t dots = text.starts_with("*.") ? 2 : text.starts_with('.') ? 1 : 0;
  const std::string_view name = text.substr(dots);
  const proto::HostName host = proto::HostName::normalised(name);
  if (dots == 0 && is_one_of(host.view(), kHousekeeping)) return {};
  const unsigned meanings = dots == 2 ? unsigned{kBelow} : kWhole;
  if (add_name(name, meanings, dots == 0 ? Labels::several : Labels::any)) {
    return made(LineKind::taken);
  }
  if (text.find("://") != text.npos) {
    return refuse(word, "is an address of a page", "write its host name alone");
  }
  // Rules of Adblock that are not bound to one domain.
  if (text.find_first_of("^$*|~") != text.npos ||
      (text[0] == '/' && text.size() > 1 && text.back() == '/')) {
    return made(LineKind::skipped);
  }
  if (host.well_formed() && host.view().find('.') == std::string_view::npos) {
    return refuse(word, "is one word, not a domain",
                  "write \"." + std::string(host.view()) + "\" for everything below it");
  }
  return refuse(word, "is no host name and no address",
                "expected one such as example.com, *.example.com or 192.0.2.0/24");
}

LineResult LineReader::read_range(Word first, Word last) {
  const auto from = IpAddress::parse(first.text);
  if (!from) return refuse(first, "is no address", "expected two such as 192.0.2.1-192.0.2.9");
  const auto to = IpAddress::parse(last.text);
  if (!to) return refuse(last, "is no address", "expected two such as 192.0.2.1-192.0.2.9");
  if (*from == all_v4().first() && *to == all_v4().last()) {
    return refuse(first, "begins a range of every address", "a rule without \"list\" means all");
  }
  if (*to < *from || from->is_v4() != to->is_v4()) {
    return refuse(last, "does not come after the first address", "the lower address comes first");
  }
  add_range(*from, *to);
  return made(LineKind::taken);
}

// False where it is no host name; housekeeping is none either.
bool LineReader::add_name(std::string_view text, unsigned meanings, Labels labels) {
  // A port, or brackets, would be something else than a name.
  if (text.find_first_of(":[]") != text.npos) return false;
  const proto::HostName host = proto::HostName::normalised(text);
  const std::string_view name = host.view();
  if (!host.well_formed()) return false;
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos && labels == Labels::several) return false;
  // The last label of a name is no number (RFC 3696 section 2): this is a broken address.
  if (is_number(name.substr(dot == name.npos ? 0 : dot + 1))) return false;
  full_ = !names_.add(name, meanings) || full_;
  return true;
}

void LineReader::add_range(const IpAddress& first, const IpAddress& last, bool exception) {
  if (exception) {
    exceptions_.push_back({first, last});
  } else {
    (first.is_v4() && last.is_v4() ? v4_ : v6_).push_back({first, last});
  }
}

RangeSet<IpAddress> LineReader::take_addresses() {
  using Set = RangeSet<IpAddress>;
  const Prefix v4 = all_v4();
  // A prefix of IPv6 never means IPv4, whose addresses lie within it in this representation.
  const Set v6 = Set::of(std::exchange(v6_, {})).without(Set::of({{v4.first(), v4.last()}}));
  return Set::of(std::exchange(v4_, {}))
      .united(v6)
      .without(Set::of(std::exchange(exceptions_, {})));
}

std::vector<LineReader::Word> LineReader::words(std::string_view text) const {
  std::vector<Word> list;
  for (std::size_t at = text.find_first_not_of(kBlanks); at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    list.push_back({text.substr(at, end - at), offset(text.substr(at))});
    at = std::min(text.find_first_not_of(kBlanks, end), text.size());
  }
  return list;
}

LineResult LineReader::refuse(Word word, std::string_view what, std::string_view remedy) const {
  LineResult result;
  result.kind = LineKind::refused;
  const std::string_view before = line_.substr(0, word.at);
  result.column =
      1 + static_cast<std::size_t>(std::count_if(before.begin(), before.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
      }));
  result.message = "\"" + printable(word.text, kShown) + "\" " + std::string(what);
  result.remedy = remedy;
  return result;
}

}  // namespace chatgate::lists
