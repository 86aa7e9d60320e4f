#include "policy/import/glue.h"

#include <string>
#include <string_view>

#include "policy/import/text.h"

namespace chatgate::policy::import {
namespace {

using std::string_view;

// These begin a command at the left margin, whatever stands in front of them.
constexpr string_view kAsaTop[] = {
    "access-list", "access-group", "class-map",   "policy-map", "interface", "object-group",
    "time-range",  "regex",        "http-map",    "hostname",   "names",     "name",
    "route",       "aaa",          "aaa-server",  "crypto",     "username",  "logging",
    "mtu",         "tunnel-group", "snmp-server", "telnet",     "ssh",       "enable",
    "passwd",      "prompt",       "pager",       "icmp",       "global",    "static",
    "ftp",         "tftp-server",  "boot",        "banner",     "failover",  "service-policy"};
constexpr string_view kIosTop[] = {
    "access-list", "class-map", "policy-map", "parameter-map", "interface",  "object-group",
    "time-range",  "zone-pair", "appfw",      "hostname",      "zone",       "crypto",
    "username",    "aaa",       "logging",    "enable",        "boot",       "banner",
    "snmp-server", "router",    "line",       "control-plane", "voice-port", "ntp"};

// What follows `ip` in the mode of an interface; all else after it stands by itself.
constexpr string_view kInterfaceIp[] = {"address",
                                        "access-group",
                                        "nat",
                                        "inspect",
                                        "virtual-reassembly",
                                        "mtu",
                                        "nbar",
                                        "ospf",
                                        "helper-address",
                                        "route-cache",
                                        "unreachables",
                                        "redirects",
                                        "proxy-arp",
                                        "verify",
                                        "flow",
                                        "tcp",
                                        "directed-broadcast",
                                        "unnumbered",
                                        "policy",
                                        "ips",
                                        "mask-reply",
                                        "igmp",
                                        "pim",
                                        "rip"};

struct Mode {
  std::initializer_list<string_view> head;
  std::initializer_list<string_view> words;
};

const Mode kModes[] = {
    {{"interface"}, {"nameif",     "security-level", "description",    "shutdown",
                     "speed",      "duplex",         "zone-member",    "bridge-group",
                     "switchport", "ipv6",           "vlan",           "encapsulation",
                     "no",         "media-type",     "bandwidth",      "service-policy",
                     "crypto",     "load-interval",  "allow-ssc-mgmt", "management-only"}},
    {{"class-map"}, {"match", "description"}},
    {{"policy-map"},
     {"class",
      "match",
      "inspect",
      "parameters",
      "drop",
      "reset",
      "log",
      "allow",
      "pass",
      "police",
      "set",
      "description",
      "message-length",
      "dns-guard",
      "id-mismatch",
      "id-randomization",
      "nat-rewrite",
      "mask",
      "spoof-server",
      "body-match-maximum",
      "service-policy",
      "priority",
      "drop-connection",
      "protocol-enforcement",
      "rate-limit",
      "tsig",
      "tcp-inspection",
      "protocol-violation",
      "no",
      "bandwidth",
      "queue-limit",
      "fair-queue"}},
    {{"object-group"},
     {"network-object", "port-object", "group-object", "service-object", "protocol-object",
      "icmp-object", "description", "host", "range", "tcp", "udp", "tcp-udp", "icmp", "ip", "any"}},
    {{"object"}, {"host", "subnet", "range", "fqdn", "service", "description", "nat"}},
    {{"time-range"}, {"periodic", "absolute"}},
    {{"http-map"},
     {"content-length", "content-type-verification", "max-header-length", "max-uri-length",
      "port-misuse", "request-method", "strict-http", "transfer-encoding", "description"}},
    {{"appfw", "policy-name"},
     {"application", "audit-trail", "timeout", "strict-http", "content-length",
      "content-type-verification", "max-header-length", "max-uri-length", "port-misuse",
      "request-method", "transfer-encoding", "server", "service", "alert"}},
    {{"ip", "access-list"}, {"permit", "deny", "remark", "evaluate", "dynamic"}},
    {{"parameter-map"},
     {"server", "pattern", "audit-trail", "alert", "tcp", "udp", "max-incomplete", "one-minute",
      "dns-timeout", "icmp", "sessions"}},
    {{"zone", "security"}, {"description"}},
    {{"zone-pair"}, {"service-policy", "description"}},
    {{"dns", "server-group"}, {"name-server", "domain-name"}},
    {{"line"}, {"login", "password", "exec-timeout", "transport", "access-class", "stopbits"}}};

bool opens(const Command& head, const Mode& mode) {
  return head.starts(mode.head);
}

bool is_free_text(string_view keyword) {
  return is_one_of(keyword,
                   {"description", "banner", "regex", "username", "remark", "snmp-server"});
}

bool is_list_start(const std::vector<Word>& words, std::size_t at) {
  if (at + 2 >= words.size()) return false;
  const std::string third = lower_case(words[at + 2].text);
  return is_one_of(third, {"extended", "standard", "remark", "permit", "deny", "line"});
}

// Actions of an inspection behind the match that they are for.
bool is_action(string_view word) {
  return is_one_of(word, {"drop-connection", "reset", "mask"});
}

bool is_glued_in_map(string_view head, string_view before, string_view word) {
  const bool in_map = is_one_of(head, {"policy-map", "class-map", "class", "inspect", "match",
                                       "parameters", "drop-connection", "reset", "log"});
  if (!in_map) return false;
  if (word == "inspect") return before != "type";
  if (word == "parameters") return true;
  if (word == "match") return before != "not";
  if (word == "class") return !is_one_of(before, {"regex", "type"}) && head != "match";
  return is_action(word) && head == "match";
}

bool is_glued_appfw(string_view head, string_view word, string_view next) {
  if (word == "application") return is_one_of(next, {"http", "im"});
  if (word == "server") return is_one_of(next, {"permit", "deny"});
  if (word == "service") {
    return head != "match" && is_one_of(next, {"default", "text-chat"});
  }
  if (word == "port-misuse") return head == "application";
  return false;
}

bool belongs_unindented_ip(const Command& command) {
  if (!is_one_of(command.word(1), kInterfaceIp)) return false;
  if (command.word(1) == "nat") return command.words.size() == 3;
  if (command.word(1) == "inspect") return is_one_of(command.word(3), {"in", "out"});
  if (command.word(1) == "access-group") return true;
  return command.word(1) != "policy" && command.word(1) != "tcp";
}

}  // namespace

bool is_glued(const std::vector<Word>& words, std::size_t first, std::size_t at, Dialect dialect) {
  if (words[at].quoted) return false;
  const std::string head = lower_case(words[first].text);
  const std::string word = lower_case(words[at].text);
  const std::string before = lower_case(words[at - 1].text);
  const std::string next = at + 1 < words.size() ? lower_case(words[at + 1].text) : "";
  if (is_free_text(head) || before == "no") return false;
  if (head == "access-list" && at > first + 2 && lower_case(words[first + 2].text) == "remark") {
    return false;
  }
  if (word == "access-list") {
    return before != "match" && before != "ip" && is_list_start(words, at);
  }
  if (before == "match") return false;
  if (word == "access-group") return before != "ip" && at + 2 < words.size();
  if (is_one_of(word, {"policy-map", "class-map"})) return !next.empty();
  if (word == "service-policy") return !next.empty() && before != "show";
  if (word == "names") return is_one_of(before, {"encrypted", "pbkdf2"});
  if (word == "hostname") return is_one_of(head, {"enable", "names", "version", "asa", "pix"});
  if (word == "http-map") return !next.empty() && is_one_of(head, {"hostname", "names"});
  if (word == "object" || word == "object-group") {
    return is_one_of(next, {"network", "service"}) && at + 2 < words.size() &&
           is_one_of(head, {"network-object", "host", "subnet", "range", "fqdn", "names"});
  }
  if (word == "appfw" && next == "policy-name") return true;
  if (dialect == Dialect::ios && is_glued_appfw(head, word, next)) return true;
  return is_glued_in_map(head, before, word);
}

bool continues(const Command& before, const std::vector<Word>& words, Dialect dialect) {
  const std::string first = lower_case(words[0].text);
  const bool entry = before.word(0) == "access-list" ||
                     (dialect == Dialect::ios && is_one_of(before.word(0), {"permit", "deny"}));
  if (!entry || before.word(2) == "remark") return false;
  if (is_one_of(first, {"permit", "deny"})) {
    return before.word(0) == "access-list" && before.words.size() <= 3 &&
           !is_one_of(before.word(2), {"permit", "deny"});
  }
  if (is_one_of(first, {"any", "any4", "host", "eq", "gt", "lt", "neq", "range", "time-range",
                        "established", "inactive"})) {
    return true;
  }
  // An address or mask by itself begins no command.
  return first.find('.') != std::string::npos &&
         first.find_first_not_of("0123456789.") == std::string::npos;
}

bool belongs(const Command& head, const Command& command, bool indented, Dialect dialect) {
  const string_view word = command.word(0);
  if (dialect == Dialect::asa && is_one_of(word, kAsaTop)) return false;
  if (dialect == Dialect::ios && is_one_of(word, kIosTop)) {
    return indented && is_one_of(word, {"crypto", "aaa", "logging", "zone"});
  }
  if (word == "ip") {
    if (is_one_of(command.word(1), {"access-list", "inspect"}) && command.word(2) == "name") {
      return false;
    }
    if (command.word(1) == "access-list") return false;
    return indented || (head.word(0) == "interface" && belongs_unindented_ip(command)) ||
           head.word(0) == "object-group";
  }
  if (word == "object" && is_one_of(command.word(1), {"network", "service"})) return false;
  if (indented) return true;
  // Sequence numbers of entries, and addresses in a group of them.
  const bool numeric = is_digit(word.front());
  for (const Mode& mode : kModes) {
    if (!opens(head, mode)) continue;
    if (word == "service" && command.word(1).starts_with("reset")) return false;
    if (numeric && is_one_of(head.word(0), {"ip", "object-group"})) return true;
    if (is_one_of(word, std::span(mode.words.begin(), mode.words.size()))) return true;
  }
  return false;
}

}  // namespace chatgate::policy::import
