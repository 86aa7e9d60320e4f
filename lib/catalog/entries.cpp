#include "catalog/entries.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace chatgate::catalog {
namespace {

using config::in_quotes;
using config::JsonValue;
using config::Reporter;

constexpr std::size_t kMaxIdentifier = 40;
constexpr std::size_t kMaxName = 253, kMaxLabel = 63;  // RFC 1035 section 2.3.4, as text
constexpr unsigned kWidestV4 = 96 + 8, kWidestV6 = 16;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

// What is wrong with a lower-case host name, and what would be right; two empty strings where
// nothing is.
struct Fault {
  std::string message, remedy;
};

Fault fault_of(std::string_view name) {
  if (name.find("://") != name.npos || name.find('/') != name.npos) {
    return {"is not a host name", "write the name alone, without scheme and path"};
  }
  if (IpAddress::parse(name)) return {"is an address", "addresses have a key of their own"};
  if (name.starts_with("*.")) {
    return {"is a pattern", in_quotes(name.substr(2)) + " covers everything below it already"};
  }
  if (name.find(':') != name.npos) return {"holds a port", "ports have a key of their own"};
  if (std::any_of(name.begin(), name.end(), [](char c) { return (c & 0x80) != 0; })) {
    return {"is not ASCII", "write its form on the wire, beginning with xn--"};
  }
  if (name.size() > kMaxName) return {"is longer than a host name can be", {}};
  const auto wrong = std::find_if(name.begin(), name.end(), [](char c) {
    return !is_lower(c) && !is_digit(c) && c != '-' && c != '_' && c != '.';
  });
  if (wrong != name.end()) {
    return {"is not a host name", "letters, digits, hyphens and dots only"};
  }
  std::size_t labels = 0;
  for (std::string_view rest = name;;) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    if (label.empty()) return {"is not a host name", "a label between two dots is empty"};
    if (label.size() > kMaxLabel) return {"is not a host name", "a label is longer than 63"};
    ++labels;
    if (label.size() == rest.size()) break;
    rest.remove_prefix(label.size() + 1);
  }
  if (labels < 2) return {"has one label only", "it would cover every name below it"};
  return {};
}

}  // namespace

bool is_identifier(std::string_view word) {
  return !word.empty() && word.size() <= kMaxIdentifier && word.front() != '-' &&
         word.back() != '-' && word.find("--") == word.npos &&
         std::all_of(word.begin(), word.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

std::optional<std::string> read_name(Reporter& reporter, const JsonValue& value) {
  std::string name = value.text;
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (name.size() > 1 && name.back() == '.') name.pop_back();
  if (Fault fault = fault_of(name); !fault.message.empty()) {
    reporter.error(value.at, in_quotes(value.text) + " " + fault.message, std::move(fault.remedy));
    return std::nullopt;
  }
  return name;
}

std::optional<PortSpan> read_ports(Reporter& reporter, const JsonValue& value,
                                   std::string_view text) {
  PortSpan span;
  const char* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, span.first);
  bool good = error == std::errc{} && is_digit(text.front());
  span.last = span.first;
  if (good && at != end && *at == '-') {
    const auto last = std::from_chars(at + 1, end, span.last);
    good = last.ec == std::errc{};
    at = last.ptr;
  }
  if (!good || at != end || span.first == 0 || span.last < span.first) {
    reporter.error(value.at, in_quotes(value.text) + " holds no port",
                   "expected a port from 1 to 65535, or two such as 5222-5223");
    return std::nullopt;
  }
  return span;
}

std::optional<PortRange> read_transport_ports(Reporter& reporter, const JsonValue& value) {
  const std::string_view text = value.text;
  const std::size_t slash = text.find('/');
  const std::string_view transport = text.substr(0, slash);
  if (slash == text.npos || (transport != "tcp" && transport != "udp")) {
    reporter.error(value.at, in_quotes(text) + " names no transport",
                   "expected one such as tcp/5223 or udp/4000-4010");
    return std::nullopt;
  }
  const auto span = read_ports(reporter, value, text.substr(slash + 1));
  if (!span) return std::nullopt;
  PortRange range;
  range.transport = transport == "tcp" ? Transport::tcp : Transport::udp;
  range.first = span->first;
  range.last = span->last;
  return range;
}

std::optional<std::string> read_label(Reporter& reporter, const JsonValue& value) {
  if (is_identifier(value.text)) return value.text;
  reporter.error(value.at, in_quotes(value.text) + " is no first label of host names",
                 "lower-case letters, digits and single hyphens, such as \"lyncdiscover\"");
  return std::nullopt;
}

std::optional<Prefix> read_prefix(Reporter& reporter, const JsonValue& value) {
  bool host_bits_set = false;
  const auto prefix = Prefix::parse(value.text, &host_bits_set);
  if (!prefix) {
    reporter.error(value.at, in_quotes(value.text) + " is no address",
                   "expected one such as 10.0.0.1, 10.0.0.0/8 or fd00::/8");
    return std::nullopt;
  }
  if (host_bits_set) {
    reporter.error(value.at, in_quotes(value.text) + " has bits set behind its prefix length",
                   "did you mean " + in_quotes(prefix->to_string()) + "?");
    return std::nullopt;
  }
  return prefix;
}

std::optional<Prefix> read_server_prefix(Reporter& reporter, const JsonValue& value) {
  const auto prefix = read_prefix(reporter, value);
  const bool v4 = prefix && prefix->address.is_v4() && prefix->length >= 96;
  if (prefix && prefix->length < (v4 ? kWidestV4 : kWidestV6)) {
    reporter.error(value.at, in_quotes(value.text) + " is too wide for one application",
                   v4 ? "at most a /8" : "at most a /16");
    return std::nullopt;
  }
  return prefix;
}

std::optional<Category> read_category(Reporter& reporter, const JsonValue& value) {
  const auto category = parse_category(value.text);
  if (!category) {
    std::string remedy = suggestion(value.text, category_words());
    if (remedy.empty()) {
      remedy = "one of";
      for (const std::string_view word : category_words()) {
        remedy += (remedy == "one of" ? " " : ", ") + std::string(word);
      }
    }
    reporter.error(value.at, "unknown category " + in_quotes(value.text), std::move(remedy));
  }
  return category;
}

}  // namespace chatgate::catalog
