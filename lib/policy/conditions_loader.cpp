#include "policy/conditions_loader.h"

#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "catalog/entries.h"
#include "policy/words.h"

namespace chatgate::policy {
namespace {

using config::in_quotes;
using config::JsonType;
using config::JsonValue;
using config::ObjectReader;
using config::Reporter;

constexpr std::uint16_t kMostVlan = 4094;
constexpr std::int64_t kMostPair = 63;
constexpr Word<bool> kDirections[] = {{"outbound", true}, {"inbound", false}};

std::span<const JsonValue> values_of(const JsonValue& value) {
  if (value.type == JsonType::list) return value.items;
  return {&value, 1};
}

// "100-110"
std::optional<PathCondition::VlanRange> vlan_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  const auto number = [](std::string_view digits) -> std::uint16_t {
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() ? value : std::uint16_t{0};
  };
  const PathCondition::VlanRange range{number(text.substr(0, dash)), number(text.substr(dash + 1))};
  if (range.first == 0 || range.last < range.first || range.last > kMostVlan) return std::nullopt;
  return range;
}

void load_vlans(Reporter& reporter, const JsonValue& value, PathCondition& path) {
  if (value.type == JsonType::list && value.items.empty()) {
    reporter.error(value.at, "\"vlan\" is an empty list", "name at least one");
  }
  for (const JsonValue& each : values_of(value)) {
    if (each.type == JsonType::string) {
      if (const auto range = vlan_range(each.text)) {
        path.vlans.push_back(*range);
      } else {
        reporter.error(each.at, in_quotes(each.text) + " is no range of VLANs",
                       "expected one such as \"100-110\", or a number from 1 to 4094");
      }
    } else if (const auto id = reporter.integer(each, "\"vlan\"", 1, kMostVlan)) {
      const auto vlan = static_cast<std::uint16_t>(*id);
      path.vlans.push_back({vlan, vlan});
    }
  }
}

void load_macs(Reporter& reporter, const JsonValue& value, PathCondition& path) {
  for (const JsonValue* text : reporter.strings(value, "\"mac\"")) {
    const auto mac = parse_mac(text->text);
    if (!mac) {
      reporter.error(text->at, in_quotes(text->text) + " is no hardware address",
                     "expected one such as \"00:11:22:33:44:55\"");
    } else if (((*mac)[0] & 1) != 0) {
      reporter.error(text->at, in_quotes(text->text) + " is the address of a group",
                     "no client sends from it");
    } else {
      path.macs.push_back(*mac);
    }
  }
}

}  // namespace

PathCondition load_path(Reporter& reporter, ObjectReader& object) {
  PathCondition path;
  if (const JsonValue* value = object.get("vlan")) load_vlans(reporter, *value, path);
  if (const JsonValue* value = object.get("mac")) load_macs(reporter, *value, path);
  if (const JsonValue* value = object.get("interface")) {
    if (value->type == JsonType::list && value->items.empty()) {
      reporter.error(value->at, "\"interface\" is an empty list", "name at least one");
    }
    for (const JsonValue& each : values_of(*value)) {
      if (const auto pair = reporter.integer(each, "\"interface\"", 0, kMostPair)) {
        path.pairs.push_back(PairId(static_cast<std::uint8_t>(*pair)));
      }
    }
  }
  if (object.get("direction") != nullptr) {
    bool inside_opened = true;
    read_word(reporter, object, "direction", kDirections, inside_opened);
    path.inside_opened = inside_opened;
  }
  return path;
}

ServerSet load_server(Reporter& reporter, const ObjectReader& object) {
  const JsonValue* value = object.get("server");
  if (value == nullptr) return {};
  std::vector<std::string> names, exact;
  std::vector<Prefix> addresses;
  for (const JsonValue* entry : reporter.strings(*value, "\"server\"")) {
    const bool is_address =
        IpAddress::parse(entry->text) || entry->text.find('/') != std::string::npos;
    if (is_address) {
      if (const auto prefix = catalog::read_prefix(reporter, *entry)) addresses.push_back(*prefix);
      continue;
    }
    const bool is_exact = entry->text.front() == '=';
    JsonValue word = *entry;
    if (is_exact) word.text.erase(0, 1);
    if (auto name = catalog::read_name(reporter, word)) {
      (is_exact ? exact : names).push_back(std::move(*name));
    }
  }
  return ServerSet(std::move(names), std::move(exact), std::move(addresses));
}

}  // namespace chatgate::policy
