#include "policy/import/harmless.h"

#include <span>

#include "policy/import/text.h"

namespace chatgate::policy::import {
namespace {

using std::string_view;

struct Reason {
  string_view word;    // the first of the command, or the first two
  string_view second;  // empty: any
  string_view why;     // empty: harmless
};

constexpr string_view kNat = "address translation";
constexpr string_view kVpn = "a virtual private network";
constexpr string_view kRoute = "routing";
constexpr string_view kAaa = "who may log in to what";
constexpr string_view kItself = "traffic to the device itself";
constexpr string_view kQuality = "quality of service";
constexpr string_view kOther = "an inspection or filter that has no counterpart";

constexpr Reason kCommon[] = {{"hostname", "", ""},
                              {"domain-name", "", ""},
                              {"enable", "", ""},
                              {"username", "", ""},
                              {"logging", "", ""},
                              {"clock", "", ""},
                              {"ntp", "", ""},
                              {"banner", "", ""},
                              {"boot", "", ""},
                              {"no", "", ""},
                              {"end", "", ""},
                              {"exit", "", ""},
                              {"quit", "", ""},
                              {"snmp-server", "", ""},
                              {"version", "", ""},
                              {"privilege", "", ""},
                              {"license", "", ""},
                              {"call-home", "", ""},
                              {"prompt", "", ""},
                              {"alias", "exec", ""},
                              {"aaa", "", kAaa},
                              {"crypto", "", kVpn},
                              {"router", "", kRoute},
                              {"ipv6", "route", kRoute},
                              {"building", "", ""},
                              {"current", "", ""},
                              {"key", "", ""},
                              {"route-map", "", kRoute},
                              {"prefix-list", "", kRoute},
                              {"radius-server", "", kAaa},
                              {"tacacs-server", "", kAaa},
                              {"archive", "", ""},
                              {"file", "", ""},
                              {"dhcpd", "", ""},
                              {"track", "", ""},
                              {"sla", "", ""},
                              {"flow-export", "", ""},
                              {"zone", "", ""}};

constexpr Reason kAsa[] = {
    {"asa", "version", ""},
    {"pix", "version", ""},
    {"fwsm", "version", ""},
    {"names", "", ""},
    {"passwd", "", ""},
    {"password", "", ""},
    {"mtu", "", ""},
    {"pager", "", ""},
    {"asdm", "", ""},
    {"arp", "", ""},
    {"ftp", "", ""},
    {"dns", "", ""},
    {"terminal", "", ""},
    {"ssh", "", ""},
    {"telnet", "", ""},
    {"http", "", ""},
    {"crashinfo", "", ""},
    {"console", "", ""},
    {"checkheaps", "", ""},
    {"cryptochecksum", "", ""},
    {"jumbo-frame", "", ""},
    {"same-security-traffic", "", ""},
    {"sysopt", "", ""},
    {"xlate", "", ""},
    {"tftp-server", "", ""},
    {"smtp-server", "", ""},
    {"management-access", "", ""},
    {"user-identity", "", ""},
    {"hw-module", "", ""},
    {"compatible", "", ""},
    {"auth-prompt", "", ""},
    {"access-list", "alert-interval", ""},
    {"ddns", "", ""},
    {"setup", "", ""},
    {"firewall", "transparent", ""},
    {"service", "", ""},
    {"buffer", "", ""},
    {"monitor-interface", "", ""},
    {"nat", "", kNat},
    {"global", "", kNat},
    {"static", "", kNat},
    {"alias", "", kNat},
    {"nat-control", "", kNat},
    {"nat-assigned-to-public-ip", "", kNat},
    {"route", "", kRoute},
    {"isakmp", "", kVpn},
    {"tunnel-group", "", kVpn},
    {"group-policy", "", kVpn},
    {"webvpn", "", kVpn},
    {"vpn-sessiondb", "", kVpn},
    {"vpdn", "", kVpn},
    {"vpnclient", "", kVpn},
    {"ip", "local", kVpn},
    {"ssl", "", kVpn},
    {"l2tp", "", kVpn},
    {"vpn-addr-assign", "", kVpn},
    {"dynamic-access-policy-record", "", kVpn},
    {"aaa-server", "", kAaa},
    {"failover", "", "failover"},
    {"priority-queue", "", kQuality},
    {"url-server", "", kOther},
    {"url-cache", "", kOther},
    {"url-block", "", kOther},
    {"filter", "", kOther},
    {"ips", "", kOther},
    {"csc", "", kOther},
    {"ip", "audit", kOther},
    {"dynamic-filter", "", kOther},
    {"scansafe", "", kOther},
    {"ip", "verify", "checks of source addresses"},
    {"icmp", "", kItself},
    {"threat-detection", "basic-threat", ""},
    {"threat-detection", "statistics", ""},
    {"threat-detection", "", "it shuns hosts"},
    {"shun", "", "hosts that are shut out by hand"},
    {"conduit", "", "lists of PIX 6: write them as access lists"},
    {"outbound", "", "lists of PIX 6: write them as access lists"},
    {"apply", "", "lists of PIX 6: write them as access lists"},
    {"established", "", "connections that one lets another open"},
    {"fragment", "", "limits for fragments"},
    {"tcp-map", "", "TCP normalisation"},
    {"mac-list", "", "lists of hardware addresses"},
    {"virtual", "", kAaa},
    {"mac-address-table", "", ""},
    {"cluster", "", "failover"},
    {"ipv6", "access-list", "IPv6 lists of this kind: write them as extended access lists"}};

constexpr Reason kIos[] = {{"service", "", ""},
                           {"line", "", ""},
                           {"control-plane", "", kItself},
                           {"memory-size", "", ""},
                           {"mmi", "", ""},
                           {"multilink", "", ""},
                           {"voice-card", "", ""},
                           {"redundancy", "", ""},
                           {"scheduler", "", ""},
                           {"spanning-tree", "", ""},
                           {"vlan", "", ""},
                           {"vtp", "", ""},
                           {"cdp", "", ""},
                           {"lldp", "", ""},
                           {"dot11", "", ""},
                           {"resource", "", ""},
                           {"security", "", ""},
                           {"security-zone", "", ""},
                           {"password", "", ""},
                           {"card", "", ""},
                           {"network-clock-participate", "", ""},
                           {"platform", "", ""},
                           {"diagnostic", "", ""},
                           {"subscriber", "", ""},
                           {"cpu", "", ""},
                           {"using", "", ""},
                           {"last", "", ""},
                           {"nvram", "", ""},
                           {"ntp", "", ""},
                           {"dial-peer", "", ""},
                           {"gateway", "", ""},
                           {"webvpn", "", kVpn},
                           {"bridge", "", ""},
                           {"ip", "cef", ""},
                           {"ip", "domain", ""},
                           {"ip", "domain-name", ""},
                           {"ip", "domain-lookup", ""},
                           {"ip", "name-server", ""},
                           {"ip", "host", ""},
                           {"ip", "subnet-zero", ""},
                           {"ip", "classless", ""},
                           {"ip", "http", ""},
                           {"ip", "ssh", ""},
                           {"ip", "dhcp", ""},
                           {"ip", "forward-protocol", ""},
                           {"ip", "ftp", ""},
                           {"ip", "tftp", ""},
                           {"ip", "source-route", ""},
                           {"ip", "bootp", ""},
                           {"ip", "finger", ""},
                           {"ip", "scp", ""},
                           {"ip", "flow-export", ""},
                           {"ip", "flow-cache", ""},
                           {"ip", "tcp", ""},
                           {"ip", "gratuitous-arps", ""},
                           {"ip", "multicast-routing", ""},
                           {"ip", "options", "IP options"},
                           {"ip", "sla", ""},
                           {"ip", "telnet", ""},
                           {"ip", "radius", kAaa},
                           {"ip", "tacacs", kAaa},
                           {"ip", "vrf", kRoute},
                           {"ip", "nbar", ""},
                           {"ip", "port-map",
                            "applications on other ports are recognised by what "
                            "they say"},
                           {"ip", "route", kRoute},
                           {"ip", "default-gateway", kRoute},
                           {"ip", "default-network", kRoute},
                           {"ip", "prefix-list", kRoute},
                           {"ip", "as-path", kRoute},
                           {"ip", "local", kRoute},
                           {"ip", "nat", kNat},
                           {"ip", "ips", kOther},
                           {"ip", "audit", kOther},
                           {"ip", "urlfilter", kOther},
                           {"ip", "auth-proxy", kAaa},
                           {"ip", "admission", kAaa},
                           {"ip", "tcp", "limits of connections"},
                           {"ip", "verify", "checks of source addresses"},
                           {"ip", "reflexive-list", ""},
                           {"ip", "unreachables", ""},
                           {"ipv6", "unicast-routing", ""},
                           {"ipv6", "cef", ""},
                           {"ipv6", "access-list", "IPv6 lists of a router are not read"},
                           {"ipv6", "", "IPv6 settings are not read"},
                           {"vpdn", "", kVpn},
                           {"vpdn-group", "", kVpn}};

Elsewhere look_up(const Command& command, std::span<const Reason> table) {
  for (const Reason& each : table) {
    if (each.word != command.word(0)) continue;
    if (each.second.empty() || each.second == command.word(1)) return {true, each.why};
  }
  return {};
}

}  // namespace

Elsewhere elsewhere(const Command& command, Dialect dialect) {
  // "Cryptochecksum:c4d9…", "Building configuration..."
  const string_view first = command.word(0);
  if (first.starts_with("cryptochecksum:") ||
      is_one_of(first, {"boot-start-marker", "boot-end-marker"})) {
    return {true, ""};
  }
  const std::span<const Reason> own =
      dialect == Dialect::asa ? std::span<const Reason>(kAsa) : std::span<const Reason>(kIos);
  const Elsewhere found = look_up(command, own);
  return found.known ? found : look_up(command, kCommon);
}

}  // namespace chatgate::policy::import
