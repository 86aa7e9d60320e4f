#include "policy/import/ports.h"

#include <set>
#include <string>

#include "policy/import/text.h"

namespace chatgate::policy::import {
namespace {

struct Named {
  std::string_view name;
  std::uint16_t number;
};

constexpr Named kPorts[] = {{"aol", 5190},
                            {"bgp", 179},
                            {"biff", 512},
                            {"bootpc", 68},
                            {"bootps", 67},
                            {"chargen", 19},
                            {"cifs", 3020},
                            {"citrix-ica", 1494},
                            {"cmd", 514},
                            {"ctiqbe", 2748},
                            {"daytime", 13},
                            {"discard", 9},
                            {"dnsix", 195},
                            {"domain", 53},
                            {"drip", 3949},
                            {"echo", 7},
                            {"exec", 512},
                            {"finger", 79},
                            {"ftp", 21},
                            {"ftp-data", 20},
                            {"gopher", 70},
                            {"h323", 1720},
                            {"hostname", 101},
                            {"http", 80},
                            {"https", 443},
                            {"ident", 113},
                            {"imap4", 143},
                            {"irc", 194},
                            {"isakmp", 500},
                            {"kerberos", 750},
                            {"klogin", 543},
                            {"kshell", 544},
                            {"ldap", 389},
                            {"ldaps", 636},
                            {"login", 513},
                            {"lotusnotes", 1352},
                            {"lpd", 515},
                            {"mobile-ip", 434},
                            {"msrpc", 135},
                            {"nameserver", 42},
                            {"netbios-dgm", 138},
                            {"netbios-ns", 137},
                            {"netbios-ss", 139},
                            {"netbios-ssn", 139},
                            {"nfs", 2049},
                            {"nntp", 119},
                            {"non500-isakmp", 4500},
                            {"ntp", 123},
                            {"pcanywhere-data", 5631},
                            {"pcanywhere-status", 5632},
                            {"pim-auto-rp", 496},
                            {"pop2", 109},
                            {"pop3", 110},
                            {"pptp", 1723},
                            {"radius", 1645},
                            {"radius-acct", 1646},
                            {"rip", 520},
                            {"rsh", 514},
                            {"rtsp", 554},
                            {"secureid-udp", 5510},
                            {"sip", 5060},
                            {"smtp", 25},
                            {"snmp", 161},
                            {"snmptrap", 162},
                            {"sqlnet", 1521},
                            {"ssh", 22},
                            {"sunrpc", 111},
                            {"syslog", 514},
                            {"tacacs", 49},
                            {"tacacs-ds", 49},
                            {"talk", 517},
                            {"telnet", 23},
                            {"tftp", 69},
                            {"time", 37},
                            {"uucp", 540},
                            {"vxlan", 4789},
                            {"who", 513},
                            {"whois", 43},
                            {"www", 80},
                            {"xdmcp", 177}};

constexpr Named kProtocols[] = {
    {"ah", 51},   {"ahp", 51},  {"eigrp", 88}, {"esp", 50},   {"gre", 47}, {"icmp6", 58},
    {"igmp", 2},  {"igrp", 9},  {"ipinip", 4}, {"ipsec", 50}, {"nos", 94}, {"ospf", 89},
    {"pcp", 108}, {"pim", 103}, {"pptp", 47},  {"sctp", 132}, {"snp", 109}};

}  // namespace

std::optional<std::uint16_t> port_number(std::string_view word) {
  if (const auto number = to_number(word, 65535)) return static_cast<std::uint16_t>(*number);
  for (const Named& each : kPorts) {
    if (each.name == word) return each.number;
  }
  return std::nullopt;
}

std::string protocol_word(std::string_view word) {
  if (is_one_of(word, {"tcp", "udp", "icmp", "ip"})) return std::string(word);
  if (word == "ipv4" || word == "ipv6") return "ip";
  for (const Named& each : kProtocols) {
    if (each.name == word) return std::to_string(each.number);
  }
  const auto number = to_number(word, 255);
  if (!number) return {};
  switch (*number) {
    case 0: return "ip";
    case 1: return "icmp";
    case 6: return "tcp";
    case 17: return "udp";
    default: return std::to_string(*number);
  }
}

std::vector<std::string> port_words(const Ports& ports) {
  std::vector<std::string> words;
  std::set<std::string> said;
  for (const PortRange& each : ports) {
    std::string text = std::to_string(each.first);
    if (each.last != each.first) text += "-" + std::to_string(each.last);
    if (said.insert(text).second) words.push_back(std::move(text));
  }
  return words;
}

bool is_port_operator(std::string_view word) {
  return is_one_of(word, {"eq", "neq", "lt", "gt", "range"});
}

std::optional<Ports> read_ports(const Command& command, std::size_t& at, Dialect dialect) {
  const std::string_view word = command.word(at);
  const auto first = port_number(command.word(at + 1));
  if (!is_port_operator(word) || !first) return std::nullopt;
  if (word == "range") {
    const auto last = port_number(command.word(at + 2));
    if (!last || std::max(*first, *last) == 0) return std::nullopt;
    at += 3;
    const std::uint16_t least = std::max<std::uint16_t>(1, std::min(*first, *last));
    return Ports{{least, std::max(*first, *last)}};
  }
  at += 2;
  const std::uint16_t port = *first;
  if (word == "lt") {
    if (port < 2) return std::nullopt;
    return Ports{{1, static_cast<std::uint16_t>(port - 1)}};
  }
  if (word == "gt") {
    if (port == 65535) return std::nullopt;
    return Ports{{static_cast<std::uint16_t>(port + 1), 65535}};
  }
  Ports ports;
  if (word == "neq") {
    if (port > 1) ports.push_back({1, static_cast<std::uint16_t>(port - 1)});
    if (port != 65535) ports.push_back({static_cast<std::uint16_t>(port + 1), 65535});
    return ports;
  }
  if (port == 0) return std::nullopt;
  ports.push_back({port, port});
  while (dialect == Dialect::ios) {
    // A number may also begin what follows, but no address is a mere number.
    const auto more = port_number(command.word(at));
    if (!more || *more == 0) break;
    ports.push_back({*more, *more});
    ++at;
  }
  return ports;
}

}  // namespace chatgate::policy::import
