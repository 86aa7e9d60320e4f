// Access lists and objects of an ASA: what becomes of each line, above all of those that cannot be
// held.

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

#include "imports.h"

namespace chatgate::policy::import {
namespace {

const ImportCase kCases[] = {
    {"lists of other kinds",
     R"(access-list LAYER2 ethertype permit bpdu
access-list WEB webtype deny url http://chat.example.com/*
access-list cached ACL log flows: total 0, denied 0 (deny-flow-max 4096)
access-list alert-interval 300
access-list deny-flow-max 1024
access-list old rename new)",
     3,
     "{}",
     {"1: access lists of this kind have no counterpart",
      "2: access lists of this kind have no counterpart",
      "3: access lists of this kind have no counterpart"}},

    {"ends that no entry can name",
     R"(object network chat
 fqdn v4 chat.example.com
object-group service chat-ports tcp
 port-object eq 5222
access-list in extended permit tcp any interface outside eq https
access-list in extended permit tcp any any eq chat
access-list in extended permit tcp any any object-group nowhere
access-list in extended deny ip object chat any
access-list in extended deny tcp any object chat object-group chat-ports
access-group in in interface inside)",
     0,
     R"({"access": [{"name": "in, the deny at its end", "action": "deny",
                     "direction": "outbound"}],
         "rules": [{"name": "in, line 9", "server": "chat.example.com", "action": "drop"}]})",
     {"5: an interface's own address is not known here", "6: \"eq chat\" begins with no ports",
      "7: there is no object or group \"nowhere\"", "8: a client cannot be told by a host name",
      "9! refused on every port: a rule about a server's name knows no ports",
      "10! entries of \"in\" that permit were not converted: what they name meets the deny at its "
      "end"}},

    {"a permit is missing for another reason than how it is written",
     R"(object network chat
 fqdn chat.example.com
access-list in extended permit tcp any object chat eq 5222
access-list in extended deny tcp any any eq 5190
access-group in in interface inside)",
     0,
     R"({"access": [{"name": "in, line 4", "action": "deny", "protocol": "tcp", "port": "5190",
                     "direction": "outbound"},
                    {"name": "in, the deny at its end", "action": "deny",
                     "direction": "outbound"}]})",
     {"3: an access list knows servers by address alone",
      "5! entries of \"in\" that permit were not converted: what they name meets the deny at its "
      "end"}},

    {"a group of names alone is one of networks",
     R"(object network chat
 fqdn chat.example.com
object-group network messengers
 network-object object chat
object-group network users
 network-object 10.1.0.0 255.255.0.0
object-group network wrong
 network-object host nobody
access-list in extended deny tcp object-group users object-group messengers eq https
access-list in extended deny tcp any object-group wrong
access-list in extended permit ip any any
access-group in in interface inside)",
     0,
     R"({"networks": {"users": ["10.1.0.0/16"]},
         "access": [{"name": "in, line 11", "action": "permit", "direction": "outbound"}],
         "rules": [{"name": "in, line 9", "server": "chat.example.com", "from": "users",
                    "action": "drop"}]})",
     {"8: \"nobody\" is no address", "10: \"nobody\" is no address",
      "9! refused on every port: a rule about a server's name knows no ports"}},

    {"services",
     R"(object service rtp
 service udp source range 1024 65535 destination range 16384 32767
object-group service voice
 service-object object rtp
object-group service dns
 description both ways
 service-object tcp-udp destination eq 53
object-group icmp-type pings
 icmp-object echo
 icmp-object echo-reply
object-group protocol tcpudp
 protocol-object udp
 protocol-object tcp
object-group service lab
 service-object 132
 service-object 17
access-list in extended permit object-group voice any any
access-list in extended permit object-group dns any any
access-list in extended permit icmp any any object-group pings
access-list in extended deny object-group tcpudp any any eq 5050
access-list in extended deny object-group lab any host 192.0.2.9
access-list in extended permit 0 any any
access-group in in interface inside)",
     1,
     R"({"access": [
        {"name": "in, line 18 tcp", "action": "permit", "protocol": "tcp", "port": "53",
         "direction": "outbound"},
        {"name": "in, line 18 udp", "action": "permit", "protocol": "udp", "port": "53",
         "direction": "outbound"},
        {"name": "in, line 19", "action": "permit", "protocol": "icmp", "direction": "outbound"},
        {"name": "in, line 20 udp", "action": "deny", "protocol": "udp", "port": "5050",
         "direction": "outbound"},
        {"name": "in, line 20 tcp", "action": "deny", "protocol": "tcp", "port": "5050",
         "direction": "outbound"},
        {"name": "in, line 21 132", "action": "deny", "to": "192.0.2.9", "protocol": 132,
         "direction": "outbound"},
        {"name": "in, line 21 udp", "action": "deny", "to": "192.0.2.9", "protocol": "udp",
         "direction": "outbound"},
        {"name": "in, line 22", "action": "permit", "direction": "outbound"}]})",
     {"17: it names ports of the client; entries are about the ports of servers, and answers pass "
      "by themselves",
      "19! every type of ICMP is permitted, not this one alone"}},

    {"members that are none",
     R"(object-group network wrong
 network-object host nobody
 network-object object ports
object network backwards
 range 10.0.0.9 10.0.0.1
object-group network empty
object-group service ports tcp
 port-object
object-group service words
 service-object chat
object-group service late
 service-object tcp destination eq 80 log
object-group service names
 service-object tcp destination eq chat
object-group service mixed
 group-object here
object-group network here
 network-object host 10.2.2.2
access-list in extended deny ip object-group wrong any
access-list in extended deny ip object backwards any
access-list in extended deny ip object-group empty any
access-list in extended deny tcp any any object-group ports
access-list in extended deny object-group words any any
access-list in extended deny object-group late any any
access-list in extended deny object-group names any any
access-list in extended deny object-group mixed any any
access-list in extended permit ip any any
access-group in in interface inside)",
     2,
     R"({"access": [{"name": "in, line 27", "action": "permit", "direction": "outbound"}]})",
     {"2: \"nobody\" is no address", "3: \"ports\" is no group of networks", "5: the range is none",
      "8: the ports or their protocol are missing", "10: \"chat\" is no protocol",
      "12: \"log\" is not known in a service", "14: \"eq chat\" are no ports",
      "16: \"here\" is no group of services", "19: \"nobody\" is no address",
      "20: the range is none", "21: \"empty\" is empty",
      "22: the ports or their protocol are missing", "23: \"chat\" is no protocol",
      "24: \"log\" is not known in a service", "25: \"eq chat\" are no ports",
      "26: \"here\" is no group of services"}},

    {"what nobody uses",
     R"(access-list spare extended deny tcp any any eq 5050
access-list spare extended deny tcp any any eq 5190 inactive
object network behind
 host 10.1.1.9
 nat (inside,outside) static 203.0.113.9
dns server-group DefaultDNS
 domain-name example.com
class-map type management match-any admin
 match any)",
     5,
     "{}",
     {"1: no interface and no class uses this access list", "5: address translation",
      "8: classes of this type have no counterpart",
      "9: classes of this type have no counterpart"}},

    {"lists that are bound to nothing",
     R"(access-list in extended permit ip any any
access-group in sideways interface inside
access-group in in inside
access-group in in interface outside control-plane
access-group nowhere in interface inside)",
     0,
     "{}",
     {"1: no interface and no class uses this access list", "2: neither in nor out of an interface",
      "3: neither in nor out of an interface", "4: traffic to the device itself",
      "5: there is no access list \"nowhere\""}},

    {"times",
     R"(time-range weekend
 periodic weekend 0:00 to 23:59
time-range early
 periodic Monday 8:00 to Monday 18:00
time-range never
 absolute start 08:00 32 January 2026
access-list in extended deny ip any host 203.0.113.7 time-range weekend
access-list in extended deny ip any host 203.0.113.8 time-range early
access-list in extended deny ip any host 203.0.113.9 time-range never
access-list in extended permit ip any any
access-group in in interface inside
time-range
 periodic daily 8:00 to 9:00)",
     0,
     R"({"times": {"early": {"days": "mon", "from": "08:00", "to": "18:00"},
                   "weekend": {"days": "sat,sun", "from": "00:00", "to": "24:00"}},
         "access": [{"name": "in, line 7", "action": "deny", "to": "203.0.113.7",
                     "direction": "outbound", "when": "weekend"},
                    {"name": "in, line 8", "action": "deny", "to": "203.0.113.8",
                     "direction": "outbound", "when": "early"},
                    {"name": "in, line 10", "action": "permit", "direction": "outbound"}]})",
     {"5: the time range was not understood", "6: this is no time",
      "9: there is no time range \"never\"", "12: a time range without a name",
      "13: a time range without a name",
      "1! times of day are those of the gateway's own time zone; name another with \"zone\"",
      "3! times of day are those of the gateway's own time zone; name another with \"zone\""}},
};

TEST(ImportAsaAccess, EveryLineComesToWhatItIs) {
  for (const ImportCase& each : kCases) expect_import(each, from_asa(each.configuration));
}

// Sixteen levels, each of which names the next eight times: 8^15 ways lead to the innermost group.
TEST(ImportAsaAccess, GroupsThatNameAGroupOftenAreReadOnce) {
  std::string text;
  constexpr int kLevels = 16, kTimes = 8;
  for (const std::string kind : {"network", "service"}) {
    for (int level = 0; level < kLevels; ++level) {
      text += "object-group " + kind + " " + kind + std::to_string(level) + "\n";
      const std::string inner = level + 1 < kLevels
                                    ? "group-object " + kind + std::to_string(level + 1)
                                : kind == "network" ? "network-object host 203.0.113.7"
                                                    : "service-object tcp destination eq 5190";
      for (int time = 0; time < kTimes; ++time) text += " " + inner + "\n";
    }
  }
  text +=
      "access-list in extended deny object-group service0 any object-group network0\n"
      "access-list in extended permit ip any any\n"
      "access-group in in interface inside";
  const std::string first = "in, line " + std::to_string(2 * kLevels * (kTimes + 1) + 1);
  const std::string second = "in, line " + std::to_string(2 * kLevels * (kTimes + 1) + 2);
  const std::string policy =
      R"({"networks": {"network0": ["203.0.113.7"]},
          "access": [{"name": ")" +
      first +
      R"(", "action": "deny", "protocol": "tcp", "to": "network0", "port": "5190",
                      "direction": "outbound"},
                     {"name": ")" +
      second + R"(", "action": "permit", "direction": "outbound"}]})";
  expect_import({"groups of groups", text.c_str(), 0, policy.c_str(), {}}, from_asa(text));
}

TEST(ImportAsaAccess, GroupsThatHoldOneAnotherAreRefusedAtOnce) {
  std::string text;
  constexpr int kGroups = 12;  // each names all of them, itself as well
  for (int group = 0; group < kGroups; ++group) {
    text += "object-group network ring" + std::to_string(group) + "\n";
    for (int other = 0; other < kGroups; ++other) {
      text += " group-object ring" + std::to_string(other) + "\n";
    }
  }
  text +=
      "access-list in extended permit ip object-group ring0 any\n"
      "access-group in in interface inside";
  const auto remarks = remarks_of(from_asa(text).report);
  ASSERT_FALSE(remarks.empty());
  EXPECT_EQ(std::count_if(remarks.begin(), remarks.end(),
                          [](const std::string& remark) {
                            return remark.ends_with(": its groups hold one another");
                          }),
            kGroups * kGroups + 1);
}

}  // namespace
}  // namespace chatgate::policy::import
