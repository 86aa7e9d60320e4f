#include "control/policy_parts.h"

#include <chrono>
#include <cstdio>

#include "control/context.h"
#include "detect/printer.h"
#include "policy/control_words.h"

namespace chatgate::control {
namespace {

using policy::word_of;

std::string text_of(std::string_view text) {
  return std::string(text);
}

template <typename Things, typename Text>
Json list_of(const Things& things, Text text) {
  Json list = Json::array();
  for (const auto& each : things) list.push_back(text(each));
  return list;
}

// A check of a number, and what meets what is beyond it.
std::string limit_text(std::uint32_t most, policy::Action action) {
  return "at most " + std::to_string(most) + ": " + text_of(to_string(action));
}

// Only what is given, so that a key that is left out is told as one.
void add(Json& says, const char* key, const std::optional<policy::LengthLimit>& limit) {
  if (limit) says[key] = limit_text(limit->bytes, limit->action);
}
void add(Json& says, const char* key, const std::optional<policy::Action>& action) {
  if (action) says[key] = to_string(*action);
}
// An action that does nothing is as if it were left out.
void add_check(Json& says, const char* key, policy::Action action) {
  if (action != policy::Action::allow) says[key] = to_string(action);
}

Part inspection_part(const policy::InspectionControls& controls) {
  Part part{"inspection"};
  Json& through = part.says["encapsulations"] = Json::array();
  for (const auto& each : policy::kEncapsulations) {
    if (controls.look_through.has(each.value)) through.push_back(each.word);
  }
  if (through.empty()) through.push_back("none");
  part.says["midstream"] = word_of(policy::kMidstream, controls.midstream);
  part.says["incomplete"] = to_string(controls.incomplete);
  const policy::Timeouts& timeouts = controls.timeouts;
  const std::pair<const char*, std::uint32_t> seconds[] = {
      {"embryonic", timeouts.embryonic}, {"established", timeouts.established},
      {"closing", timeouts.closing},     {"udp", timeouts.udp},
      {"blocked", timeouts.blocked},     {"incomplete", timeouts.incomplete}};
  for (const auto& [key, value] : seconds) {
    part.says[std::string("timeout of ") + key] = std::to_string(value) + " s";
  }
  const auto exhaustion = [](std::optional<policy::OnExhaustion> given) {
    return given ? text_of(word_of(policy::kOnExhaustion, *given)) : "as the gateway was started";
  };
  part.says["exhausted flows"] = exhaustion(controls.flows);
  part.says["exhausted inspections"] = exhaustion(controls.inspections);
  part.says["exhausted fragments"] = exhaustion(controls.fragments);
  return part;
}

Part dns_part(const policy::DnsControls& controls) {
  Part part{"dns"};
  part.says["answer"] = word_of(policy::kAnswers, controls.answer);
  for (const auto& address : {controls.ipv4, controls.ipv6}) {
    if (address) part.says["addresses"].push_back(address->to_string());
  }
  part.says["learn_servers"] = controls.learn_servers ? "true" : "false";
  add_check(part.says, "header", controls.header);
  add(part.says, "message_length", controls.message_length);
  return part;
}

Part tls_part(const policy::TlsControls& controls) {
  Part part{"tls"};
  part.says["encrypted_client_hello"] = word_of(policy::kEch, controls.ech);
  part.says["ech_public_names"] = controls.ech_public_names;
  part.says["quic"] = word_of(policy::kQuic, controls.quic);
  part.says["unreadable_quic"] = to_string(controls.unreadable_quic);
  return part;
}

Part evasion_part(const policy::EvasionControls& controls) {
  Part part{"evasion"};
  part.says["doh"] = to_string(controls.doh);
  part.says["dot"] = to_string(controls.dot);
  part.says["proxies"] = word_of(policy::kProxies, controls.proxies);
  return part;
}

void add(Json& says, const char* key, const std::optional<policy::HttpControls::Methods>& given) {
  if (!given) return;
  std::string words;
  for (const std::string& word : given->allow) words += (words.empty() ? "" : ", ") + word;
  says[key] = "only " + words + ", else " + text_of(to_string(given->action));
}

void add(Json& says, const char* key,
         const std::vector<policy::HttpControls::UriPattern>& patterns) {
  for (const auto& each : patterns) {
    says[key].push_back(each.pattern.text() + ": " + text_of(to_string(each.action)));
  }
}

std::string header_text(const policy::HttpControls::HeaderPattern& header) {
  std::string text = header.name;
  if (header.name_pattern) text += "/" + header.name_pattern->text() + "/";
  if (header.pattern) text += (text.empty() ? "" : " ") + header.pattern->text();
  return text + ": " + text_of(to_string(header.action));
}

Part http_part(const policy::HttpControls& controls) {
  Part part{"http"};
  Json& says = part.says;
  add(says, "port_misuse of im", controls.port_misuse.im);
  add(says, "port_misuse of p2p", controls.port_misuse.p2p);
  add(says, "port_misuse of tunneling", controls.port_misuse.tunneling);
  add(says, "port_misuse by default", controls.port_misuse.rest);
  add_check(says, "protocol_violation", controls.protocol_violation);
  add(says, "request_methods", controls.methods);
  add(says, "max_uri_length", controls.max_uri_length);
  add(says, "uri", controls.uri);
  add(says, "arguments", controls.arguments);
  add(says, "max_header_count", controls.max_header_count);
  add(says, "max_header_line_length", controls.max_header_line_length);
  for (const auto& header : controls.headers) says["headers"].push_back(header_text(header));
  add(says, "transfer_encoding", controls.transfer_encoding);
  add(says, "max_header_length", controls.max_header_length);
  if (const auto& length = controls.content_length) {
    const bool bounded = length->max != ~std::uint64_t{0};
    says["content_length"] = "from " + std::to_string(length->min) +
                             (bounded ? " to " + std::to_string(length->max) : std::string()) +
                             ", else " + text_of(to_string(length->action));
  }
  add_check(says, "content_type_verification", controls.content_type_verification);
  return part;
}

Part part_of(const policy::Rule& rule, const engine::Snapshot& snapshot) {
  Part part{"rule \"" + rule.name + "\"", match_json(rule, *snapshot.policy, *snapshot.catalogue)};
  part.says["action"] = to_string(rule.action);
  if (rule.log) part.says["log"] = "true";
  if (rule.monitor) part.says["monitor"] = "true";
  if (rule.confidence) part.says["confidence"] = to_string(*rule.confidence);
  return part;
}

Part part_of(const policy::AccessEntry& entry, const engine::Snapshot& snapshot) {
  Part part{entry.name, path_json(entry.path)};
  part.says["entry"] = entry.text;
  if (entry.action == policy::Action::reset) part.says["reset"] = "true";
  if (entry.when != 0) part.says["when"] = time_names(snapshot.policy->times(), entry.when);
  return part;
}

Part part_of(const policy::NamedNetwork& network, const engine::Snapshot&) {
  Part part{"network \"" + network.name + "\""};
  part.says["addresses"] = range_list(policy::AddressSet(network.prefixes));
  return part;
}

std::string clock_text(std::uint16_t minutes) {
  char text[8];
  std::snprintf(text, sizeof text, "%02u:%02u", unsigned{minutes} / 60, unsigned{minutes} % 60);
  return text;
}

std::string date_text(std::int64_t minutes) {
  using namespace std::chrono;
  const auto day = floor<days>(std::chrono::minutes(minutes));
  const year_month_day date{sys_days(day)};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text + clock_text(static_cast<std::uint16_t>(
                    minutes - duration_cast<std::chrono::minutes>(day).count()));
}

std::string window_text(const policy::Window& window) {
  constexpr const char* kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  std::string text;
  for (std::size_t day = 0; day < 7; ++day) {
    if ((window.days >> day & 1) != 0) text += (text.empty() ? "" : ",") + std::string(kDays[day]);
  }
  text += " " + clock_text(window.from) + "-" + clock_text(window.to);
  if (window.start) text += " from " + date_text(*window.start);
  if (window.end) text += " to " + date_text(*window.end);
  return text + " " + text_of(window.zone.name());
}

Part part_of(const policy::NamedTime& time, const engine::Snapshot&) {
  Part part{"time \"" + time.name + "\""};
  part.says["windows"] = list_of(time.windows, window_text);
  return part;
}

std::string port_text(const catalog::PortRange& range) {
  std::string text = range.transport == catalog::Transport::tcp ? "tcp/" : "udp/";
  text += std::to_string(range.first);
  if (range.last != range.first) text += "-" + std::to_string(range.last);
  return text + (range.is_default ? "" : " (not by itself)") + (range.shared ? " (shared)" : "");
}

std::string name_text(const catalog::ServerName& name) {
  return (name.exact ? "=" : "") + name.name + (name.label ? ".*" : "") +
         (name.exclusive ? "" : " (shared)");
}

Part part_of(const catalog::Application& application, const engine::Snapshot&) {
  Part part{"application \"" + application.word + "\""};
  part.says["name"] = application.name;
  part.says["category"] = to_string(application.category);
  if (!application.names.empty()) part.says["names"] = list_of(application.names, name_text);
  if (!application.addresses.empty()) {
    part.says["addresses"] =
        list_of(application.addresses, [](const catalog::ServerAddress& address) {
          return address.prefix.to_string() + (address.exclusive ? "" : " (shared)");
        });
  }
  if (!application.ports.empty()) part.says["ports"] = list_of(application.ports, port_text);
  return part;
}

Part part_of(const lists::Lists::Entry& list, const engine::Snapshot&) {
  constexpr std::size_t kDigest = 16;
  Part part{"list \"" + list.word + "\""};
  part.says["entries"] = std::to_string(list.list->entries());
  part.says["files"] = list_of(list.list->files, [](const lists::ListFile& file) {
    return file.path + " (" + file.sha256.substr(0, kDigest) + ")";
  });
  return part;
}

Part part_of(const detect::Rule& rule, const engine::Snapshot&) {
  Part part{"Snort rule " + std::to_string(rule.gid) + ":" + std::to_string(rule.sid)};
  part.says["text"] = detect::to_text(rule);
  return part;
}

template <typename Things>
PartList parts(const Things& things, const engine::Snapshot& snapshot, bool ordered = false) {
  PartList list{ordered, {}};
  for (const auto& each : things) list.parts.push_back(part_of(each, snapshot));
  return list;
}

// What is one word for the whole policy.
Part policy_part(const policy::Policy& policy) {
  Part part{"policy"};
  part.says["mode"] = to_string(policy.mode());
  part.says["default"] = to_string(policy.fallback());
  part.says["unclassified"] =
      policy.unclassified() ? text_of(to_string(*policy.unclassified())) : "as default";
  part.says["confidence"] = to_string(policy.confidence());
  return part;
}

}  // namespace

PolicyParts parts_of(const engine::Snapshot& snapshot) {
  const policy::Policy& policy = *snapshot.policy;
  const policy::Controls& controls = policy.controls();
  const std::span<const lists::Lists::Entry> lists =
      snapshot.lists == nullptr ? std::span<const lists::Lists::Entry>() : snapshot.lists->all();
  const std::span<const detect::Rule> signatures = snapshot.signatures == nullptr
                                                       ? std::span<const detect::Rule>()
                                                       : snapshot.signatures->rules();
  return {parts(policy.access().entries(), snapshot, true),
          parts(policy.rules(), snapshot, true),
          {false,
           {policy_part(policy), inspection_part(controls.inspection), dns_part(controls.dns),
            tls_part(controls.tls), evasion_part(controls.evasion), http_part(controls.http)}},
          parts(policy.networks(), snapshot),
          parts(policy.times().all(), snapshot),
          parts(snapshot.catalogue->applications(), snapshot),
          parts(lists, snapshot),
          parts(signatures, snapshot)};
}

}  // namespace chatgate::control
