#include "policy/access_loader.h"

#include <algorithm>
#include <arpa/inet.h>
#include <limits>
#include <string>

#include "base/ip_protocol.h"
#include "catalog/entries.h"
#include "policy/conditions_loader.h"
#include "policy/words.h"

namespace chatgate::policy {
namespace {

using config::in_quotes;
using config::JsonType;
using config::JsonValue;
using config::ObjectReader;
using config::Reporter;

struct Protocol {
  std::string_view word;
  std::vector<std::uint8_t> numbers;
};

const std::vector<Protocol>& protocols() {
  static const std::vector<Protocol> kTable = {{"ip", {}},
                                               {"tcp", {ip_protocol::kTcp}},
                                               {"udp", {ip_protocol::kUdp}},
                                               {"icmp", {ip_protocol::kIcmp, ip_protocol::kIcmp6}},
                                               {"icmp6", {ip_protocol::kIcmp6}},
                                               {"igmp", {ip_protocol::kIgmp}},
                                               {"gre", {ip_protocol::kGre}},
                                               {"esp", {ip_protocol::kEsp}},
                                               {"ah", {ip_protocol::kAh}},
                                               {"eigrp", {ip_protocol::kEigrp}},
                                               {"ospf", {ip_protocol::kOspf}},
                                               {"sctp", {ip_protocol::kSctp}}};
  return kTable;
}

constexpr Word<bool> kPermits[] = {{"permit", true}, {"deny", false}};

// "access-list" has its own words for what an address is.
std::string text_of(const AddressSet& set, const JsonValue* words) {
  if (set.any()) return "any";
  if (words != nullptr && words->type == JsonType::string && set.ranges().size() != 1) {
    return "object-group " + words->text;
  }
  if (set.ranges().size() != 1) return "object-group (" + std::to_string(set.ranges().size()) + ")";
  const AddressSet::Range& range = set.ranges()[0];
  if (range.first == range.last) return "host " + range.first.to_string();
  const std::vector<Prefix> prefixes = set.prefixes();
  if (prefixes.size() != 1) {
    return "range " + range.first.to_string() + " " + range.last.to_string();
  }
  if (!prefixes[0].address.is_v4() || prefixes[0].length < 96) return prefixes[0].to_string();
  const std::uint32_t host_bits = 128u - prefixes[0].length;
  const std::uint32_t mask =
      host_bits == 32 ? 0 : std::numeric_limits<std::uint32_t>::max() << host_bits;
  const std::uint32_t network_order = htonl(mask);
  return range.first.to_string() + " " +
         IpAddress::from_v4(reinterpret_cast<const std::uint8_t*>(&network_order)).to_string();
}

class AccessLoader {
 public:
  AccessLoader(Reporter& reporter, NetworksLoader& networks, TimesLoader& times)
      : reporter_(reporter), networks_(networks), times_(times) {}

  std::optional<AccessEntry> load(const JsonValue& value, std::size_t number) {
    const std::string what = "line " + std::to_string(number) + " of \"access\"";
    const std::size_t errors = reporter_.diagnostics().error_count();
    ObjectReader object(reporter_, value, what, kAccessKeys);
    if (!object.ok()) return std::nullopt;
    AccessEntry entry;
    entry.name = "access line " + std::to_string(number);
    if (const std::string* name = object.string("name")) entry.name = *name;
    load_action(object, entry);
    const std::string protocol = load_protocols(object, entry);
    entry.from = networks_.addresses(object, "from");
    entry.to = networks_.addresses(object, "to");
    const std::string port = load_ports(object, entry);
    entry.when = times_.when(object);
    entry.path = load_path(reporter_, object);
    entry.log = object.boolean("log").value_or(false);
    if (reporter_.diagnostics().error_count() != errors) return std::nullopt;
    entry.text = std::string(entry.permits() ? "permit " : "deny ") + protocol + " " +
                 text_of(entry.from, object.get("from")) + " " +
                 text_of(entry.to, object.get("to")) + port + (entry.log ? " log" : "");
    return entry;
  }

 private:
  void load_action(ObjectReader& object, AccessEntry& entry) {
    const JsonValue* word = object.require("action", "\"permit\" or \"deny\"");
    bool permits = true;
    if (word != nullptr) read_word(reporter_, object, "action", kPermits, permits);
    const bool reset = object.boolean("reset").value_or(false);
    if (reset && permits && word != nullptr) {
      reporter_.error(object.get("reset")->at, "\"reset\" is for \"deny\" only", "leave it out");
    }
    if (!permits) entry.action = reset ? Action::reset : Action::drop;
  }

  // Answers the protocol's word.
  std::string load_protocols(const ObjectReader& object, AccessEntry& entry) {
    const JsonValue* value = object.get("protocol");
    if (value == nullptr && object.get("port") != nullptr) {
      entry.protocols = {ip_protocol::kTcp, ip_protocol::kUdp};
      return "tcp,udp";
    }
    if (value == nullptr) return "ip";
    std::string text;
    bool all = false;
    const std::span<const JsonValue> values = value->type == JsonType::list
                                                  ? std::span<const JsonValue>(value->items)
                                                  : std::span<const JsonValue>(value, 1);
    if (values.empty()) {
      reporter_.error(value->at, "\"protocol\" is an empty list", "name at least one");
    }
    for (const JsonValue& each : values) {
      if (!text.empty()) text += ",";
      if (each.type == JsonType::integer) {
        const auto number = reporter_.integer(each, "\"protocol\"", 0, 255);
        if (number) entry.protocols.push_back(static_cast<std::uint8_t>(*number));
        text += std::to_string(each.integer);
        continue;
      }
      if (reporter_.string(each, "\"protocol\"") == nullptr) continue;
      text += each.text;
      std::vector<std::string_view> words;
      for (const Protocol& known : protocols()) words.push_back(known.word);
      const auto at = std::find(words.begin(), words.end(), each.text);
      if (at == words.end()) {
        reporter_.error(each.at, "unknown protocol " + in_quotes(each.text),
                        suggestion(each.text, words));
        continue;
      }
      const auto& numbers = protocols()[static_cast<std::size_t>(at - words.begin())].numbers;
      all = all || numbers.empty();
      entry.protocols.insert(entry.protocols.end(), numbers.begin(), numbers.end());
    }
    if (all) entry.protocols.clear();
    return all ? "ip" : text;
  }

  // Answers what an ASA writes behind the server's address.
  std::string load_ports(const ObjectReader& object, AccessEntry& entry) {
    const JsonValue* value = object.get("port");
    if (value == nullptr) return {};
    std::string text;
    const std::span<const JsonValue> values = value->type == JsonType::list
                                                  ? std::span<const JsonValue>(value->items)
                                                  : std::span<const JsonValue>(value, 1);
    if (values.empty()) {
      reporter_.error(value->at, "\"port\" is an empty list", "name at least one");
    }
    for (const JsonValue& each : values) {
      JsonValue word = each;
      if (each.type == JsonType::integer) {
        word.text = std::to_string(each.integer);
      } else if (reporter_.string(each, "\"port\"") == nullptr) {
        continue;
      }
      const auto span = catalog::read_ports(reporter_, word, word.text);
      if (!span) continue;
      entry.ports.push_back({span->first, span->last});
      text += (text.empty() ? "" : ",") + std::to_string(span->first) +
              (span->first == span->last ? "" : "-" + std::to_string(span->last));
    }
    const bool has_ports =
        !entry.protocols.empty() &&
        std::all_of(entry.protocols.begin(), entry.protocols.end(), [](std::uint8_t p) {
          return p == ip_protocol::kTcp || p == ip_protocol::kUdp;
        });
    if (!has_ports) {
      reporter_.error(value->at, "\"port\" is for \"tcp\" and \"udp\" only",
                      "leave one of them out");
    }
    if (entry.ports.size() == 1 && entry.ports[0].first != entry.ports[0].last) {
      return " range " + std::to_string(entry.ports[0].first) + " " +
             std::to_string(entry.ports[0].last);
    }
    return " eq " + text;
  }

  Reporter& reporter_;
  NetworksLoader& networks_;
  TimesLoader& times_;
};

}  // namespace

std::vector<AccessEntry> load_access(Reporter& reporter, const ObjectReader& policy,
                                     NetworksLoader& networks, TimesLoader& times) {
  std::vector<AccessEntry> entries;
  const JsonValue* value = policy.get("access");
  if (value == nullptr) return entries;
  const auto* lines = reporter.list(*value, "\"access\"");
  if (lines == nullptr) return entries;
  if (lines->size() >= AccessId::capacity() - 1) {
    reporter.error(value->at, "the access list is too long",
                   "at most " + std::to_string(AccessId::capacity() - 2) + " lines");
    return entries;
  }
  AccessLoader loader(reporter, networks, times);
  std::size_t all_from = 0;  // line of the file that decides everything behind it
  for (std::size_t i = 0; i < lines->size(); ++i) {
    const JsonValue& line = (*lines)[i];
    auto entry = loader.load(line, i + 1);
    if (!entry) continue;
    if (all_from != 0) {
      reporter.warning(line.at,
                       in_quotes(entry->name) + " can never match: the line before it on " +
                           std::to_string(all_from) + " decides everything",
                       "move it up or remove it");
    }
    if (all_from == 0 && entry->unconditional()) all_from = line.at.line;
    entries.push_back(std::move(*entry));
  }
  return entries;
}

}  // namespace chatgate::policy
