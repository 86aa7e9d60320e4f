#include "detect/header.h"

#include <algorithm>
#include <array>
#include <utility>

#include "detect/applications.h"

namespace chatgate::detect {
namespace {

constexpr std::string_view kForm = "ACTION PROTOCOL ADDRESS PORT -> ADDRESS PORT (OPTIONS)";

struct ActionEntry {
  std::string_view word;
  RuleAction action;
};

constexpr ActionEntry kActions[] = {
    {"alert", RuleAction::alert},      {"log", RuleAction::log},
    {"pass", RuleAction::pass},        {"drop", RuleAction::drop},
    {"reject", RuleAction::reject},    {"sdrop", RuleAction::drop},
    {"block", RuleAction::drop},       {"rejectsrc", RuleAction::reject},
    {"rejectdst", RuleAction::reject}, {"rejectboth", RuleAction::reject},
};

constexpr auto kActionWords = [] {
  std::array<std::string_view, std::size(kActions)> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = kActions[i].word;
  return words;
}();

// The words between blanks, where a list in brackets is one word.
std::vector<std::string_view> header_words(std::string_view text) {
  std::vector<std::string_view> result;
  std::size_t depth = 0;
  std::size_t start = 0;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') ++depth;
    if (text[i] == ']' && depth > 0) --depth;
    const bool blank = is_blank(text[i]) && depth == 0;
    if (!blank && !inside) start = i;
    if (blank && inside) result.push_back(text.substr(start, i - start));
    inside = !blank;
  }
  if (inside) result.push_back(trimmed(text.substr(start)));
  return result;
}

bool read_transport(std::string_view word, RuleProtocol& protocol) {
  const bool ip = word == "ip" || word == "pkthdr";
  const bool tcp = word == "tcp" || word == "tcp-pkt" || word == "tcp-stream";
  protocol.tcp = ip || tcp;
  protocol.udp = ip || word == "udp";
  protocol.icmp = ip || word == "icmp";
  protocol.other = ip;
  protocol.only_packets = word == "tcp-pkt";
  protocol.only_stream = word == "tcp-stream";
  return protocol.tcp || protocol.udp || protocol.icmp;
}

void read_protocol(std::string_view word, Reporter& reporter, RuleProtocol& protocol) {
  if (read_transport(word, protocol)) return;
  if (const ApplicationWord* application = find_application_word(word)) {
    protocol.tcp = application->tcp;
    protocol.udp = application->udp;
    protocol.applications = application->any_of();
    return;
  }
  if (const ForeignWord* foreign = find_foreign_word(word); foreign != nullptr) {
    protocol.tcp = foreign->tcp;
    protocol.udp = foreign->udp;
    if (!foreign->ports.empty()) return;
    reporter.error(word, "the protocol " + quoted(word) + " is not recognised by chatgate",
                   "write tcp or udp with its port");
    return;
  }
  std::vector<std::string_view> words = {"tcp", "udp", "icmp", "ip", "tcp-pkt", "tcp-stream"};
  words.insert(words.end(), application_words().begin(), application_words().end());
  std::string remedy = did_you_mean(word, words);
  if (remedy.empty()) remedy = "tcp, udp, icmp, ip, or one of http, tls, dns";
  reporter.error(word, "unknown protocol " + quoted(word), std::move(remedy));
}

void read_endpoint(std::string_view address, std::string_view port, const Variables& variables,
                   Reporter& reporter, Endpoint& endpoint) {
  endpoint.addresses = parse_addresses(address, variables, reporter);
  endpoint.ports = parse_ports(port, variables, reporter);
}

}  // namespace

void narrow_to_ports(std::string_view text, Reporter& reporter, Rule& rule) {
  const auto parts = header_words(text);
  const ForeignWord* foreign = parts.size() < 2 ? nullptr : find_foreign_word(parts[1]);
  if (foreign == nullptr || foreign->ports.empty()) return;
  const auto assigned = parse_ports(foreign->ports, Variables{}, reporter);
  Endpoint& server = rule.flow.way == FlowWay::to_client ? rule.source : rule.destination;
  PortSet narrowed = server.ports->without(assigned->complement());
  // Ports that the author chose by hand are better than ours.
  if (narrowed.empty()) return;
  if (narrowed == *server.ports) return;
  reporter.warning(parts[1], quoted(parts[1]) +
                                 " is not recognised by its content; the rule is "
                                 "held to the ports " +
                                 std::string(foreign->ports));
  server.ports = std::make_shared<const PortSet>(std::move(narrowed));
}

std::span<const std::string_view> action_words() {
  return kActionWords;
}

bool is_action_word(std::string_view word) {
  return std::find(kActionWords.begin(), kActionWords.end(), word) != kActionWords.end();
}

void read_header(std::string_view text, const Variables& variables, Reporter& reporter,
                 Rule& rule) {
  const auto parts = header_words(text);
  rule.spot = reporter.spot_of(parts.empty() ? text : parts[0]);
  for (const ActionEntry& entry : kActions) {
    if (!parts.empty() && parts[0] == entry.word) rule.action = entry.action;
  }
  if (parts.size() < 2) {
    reporter.error(text, "the header is not complete", std::string(kForm));
    return;
  }
  read_protocol(parts[1], reporter, rule.protocol);
  if (parts.size() == 2) {  // Snort 3: `alert http (`
    read_endpoint("any", "any", variables, reporter, rule.source);
    read_endpoint("any", "any", variables, reporter, rule.destination);
    return;
  }
  const auto arrow = std::find_if(parts.begin() + 2, parts.end(), [](std::string_view part) {
    return part == "->" || part == "<>" || part == "<-";
  });
  if (arrow == parts.end()) {
    reporter.error(parts[std::min<std::size_t>(4, parts.size() - 1)], "the header has no direction",
                   "-> or <> between the ends: " + std::string(kForm));
    return;
  }
  if (*arrow == "<-") {
    reporter.error(*arrow, "there is no direction \"<-\"", "exchange the ends and write ->");
    return;
  }
  if (arrow - parts.begin() != 4 || parts.size() != 7) {
    reporter.error(*arrow, "an address and a port, no more, stand on each side of the direction",
                   std::string(kForm));
    return;
  }
  rule.both_ways = *arrow == "<>";
  read_endpoint(parts[2], parts[3], variables, reporter, rule.source);
  read_endpoint(parts[5], parts[6], variables, reporter, rule.destination);
}

}  // namespace chatgate::detect
