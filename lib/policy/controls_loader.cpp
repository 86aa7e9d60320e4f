#include "policy/controls_loader.h"

#include <string>

#include "catalog/entries.h"
#include "policy/control_words.h"
#include "policy/http_loader.h"

namespace chatgate::policy {
namespace {

using config::in_quotes;
using config::JsonValue;
using config::ObjectReader;
using config::Reporter;

constexpr std::string_view kInspectionKeys[] = {"encapsulations", "midstream", "incomplete",
                                                "timeouts", "exhaustion"};
constexpr std::string_view kTimeoutKeys[] = {"embryonic", "established", "closing",
                                             "udp",       "blocked",     "incomplete"};
constexpr std::string_view kExhaustionKeys[] = {"flows", "inspections", "fragments"};
constexpr std::string_view kDnsKeys[] = {"answer", "addresses", "learn_servers", "header",
                                         "message_length"};
constexpr std::string_view kMessageLengthKeys[] = {"max", "action"};
constexpr std::string_view kTlsKeys[] = {"encrypted_client_hello", "ech_public_names", "quic",
                                         "unreadable_quic"};
constexpr std::string_view kEvasionKeys[] = {"doh", "dot", "proxies"};

void load_encapsulations(Reporter& reporter, ObjectReader& object, net::Encapsulations& into) {
  const JsonValue* value = object.get("encapsulations");
  if (value == nullptr) return;
  // Unlike other lists this one may be empty: then nothing is looked through.
  into = net::Encapsulations::none();
  if (value->type == config::JsonType::list && value->items.empty()) return;
  for (const JsonValue* word : reporter.strings(*value, "\"encapsulations\"")) {
    const auto* kind = find_word(reporter, *word, "\"encapsulations\"", kEncapsulations);
    if (kind != nullptr) into = into.with(*kind);
  }
}

void load_timeouts(Reporter& reporter, const JsonValue& value, Timeouts& timeouts) {
  ObjectReader object(reporter, value, "\"timeouts\"", kTimeoutKeys);
  if (!object.ok()) return;
  std::uint32_t* const fields[] = {&timeouts.embryonic, &timeouts.established,
                                   &timeouts.closing,   &timeouts.udp,
                                   &timeouts.blocked,   &timeouts.incomplete};
  for (std::size_t i = 0; i < std::size(kTimeoutKeys); ++i) {
    const JsonValue* seconds = object.get(kTimeoutKeys[i]);
    if (seconds == nullptr) continue;
    const auto number =
        reporter.integer(*seconds, in_quotes(kTimeoutKeys[i]), Timeouts::kLeast, Timeouts::kMost);
    if (number) *fields[i] = static_cast<std::uint32_t>(*number);
  }
}

void load_exhaustion(Reporter& reporter, const JsonValue& value, InspectionControls& controls) {
  ObjectReader object(reporter, value, "\"exhaustion\"", kExhaustionKeys);
  if (!object.ok()) return;
  const auto read = [&](std::string_view key, std::optional<OnExhaustion>& into) {
    OnExhaustion word{};
    if (object.get(key) == nullptr) return;
    read_word(reporter, object, key, kOnExhaustion, word);
    into = word;
  };
  read("flows", controls.flows);
  read("inspections", controls.inspections);
  read_word(reporter, object, "fragments", kOnExhaustion, controls.fragments);
}

void load_inspection(Reporter& reporter, ObjectReader& object, Controls& controls) {
  InspectionControls& inspection = controls.inspection;
  load_encapsulations(reporter, object, inspection.look_through);
  read_word(reporter, object, "midstream", kMidstream, inspection.midstream);
  read_word(reporter, object, "incomplete", kIncomplete, inspection.incomplete);
  if (const JsonValue* value = object.get("timeouts")) {
    load_timeouts(reporter, *value, inspection.timeouts);
  }
  if (const JsonValue* value = object.get("exhaustion")) {
    load_exhaustion(reporter, *value, inspection);
  }
}

void load_dns(Reporter& reporter, ObjectReader& object, Controls& controls) {
  DnsControls& dns = controls.dns;
  // The head of a message has 12 bytes, and a datagram no more than 65,527.
  read_limit(reporter, object, "message_length", kMessageLengthKeys, {12, 65535},
             dns.message_length);
  read_word(reporter, object, "header", kActionWords, dns.header);
  read_word(reporter, object, "answer", kAnswers, dns.answer);
  dns.learn_servers = object.boolean("learn_servers").value_or(dns.learn_servers);
  const JsonValue* addresses = object.get("addresses");
  if (addresses != nullptr) {
    for (const JsonValue* text : reporter.strings(*addresses, "\"addresses\"")) {
      const auto address = IpAddress::parse(text->text);
      if (!address) {
        reporter.error(text->at, in_quotes(text->text) + " is no address",
                       "one IPv4 address, one IPv6 address, or one of each");
        continue;
      }
      std::optional<IpAddress>& into = address->is_v4() ? dns.ipv4 : dns.ipv6;
      if (into) {
        reporter.error(text->at, "there is an address of this family already",
                       "one IPv4 address, one IPv6 address, or one of each");
      }
      into = address;
    }
  }
  if (dns.answer == DnsAnswer::address && addresses == nullptr) {
    reporter.error(object.get("answer")->at, "the answer \"address\" needs \"addresses\"",
                   "such as \"addresses\": \"10.0.0.80\"");
  } else if (dns.answer != DnsAnswer::address && addresses != nullptr) {
    reporter.error(addresses->at, "\"addresses\" is for the answer \"address\" only",
                   "write \"answer\": \"address\", or leave it out");
  }
}

void load_tls(Reporter& reporter, ObjectReader& object, Controls& controls) {
  read_word(reporter, object, "encrypted_client_hello", kEch, controls.tls.ech);
  if (const JsonValue* names = object.get("ech_public_names")) {
    controls.tls.ech_public_names.clear();
    for (const JsonValue* text : reporter.strings(*names, "\"ech_public_names\"")) {
      if (auto name = catalog::read_name(reporter, *text)) {
        controls.tls.ech_public_names.push_back(std::move(*name));
      }
    }
  }
  read_word(reporter, object, "quic", kQuic, controls.tls.quic);
  read_word(reporter, object, "unreadable_quic", kActionWords, controls.tls.unreadable_quic);
}

void load_evasion(Reporter& reporter, ObjectReader& object, Controls& controls) {
  read_word(reporter, object, "doh", kActionWords, controls.evasion.doh);
  read_word(reporter, object, "dot", kActionWords, controls.evasion.dot);
  read_word(reporter, object, "proxies", kProxies, controls.evasion.proxies);
}

constexpr ControlSection kSections[] = {
    {"inspection", kInspectionKeys, load_inspection},
    {"dns", kDnsKeys, load_dns},
    {"tls", kTlsKeys, load_tls},
    {"evasion", kEvasionKeys, load_evasion},
    {"http", kHttpKeys, load_http},
};

}  // namespace

std::span<const ControlSection> control_sections() {
  return kSections;
}
std::span<const std::string_view> timeout_keys() {
  return kTimeoutKeys;
}
std::span<const std::string_view> exhaustion_keys() {
  return kExhaustionKeys;
}
std::span<const std::string_view> message_length_keys() {
  return kMessageLengthKeys;
}

void load_controls(Reporter& reporter, ObjectReader& policy, Controls& controls) {
  for (const ControlSection& section : kSections) {
    const JsonValue* value = policy.get(section.key);
    if (value == nullptr) continue;
    ObjectReader object(reporter, *value, in_quotes(section.key), section.keys);
    if (object.ok()) section.load(reporter, object, controls);
  }
}

}  // namespace chatgate::policy
