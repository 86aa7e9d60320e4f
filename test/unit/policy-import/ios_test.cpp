// A router's lists, inspection sets, zones and NBAR: what becomes of each line, above all of those
// that cannot be held.

#include <gtest/gtest.h>

#include "imports.h"

namespace chatgate::policy::import {
namespace {

const ImportCase kCases[] = {
    {"lists",
     R"(ip access-list logging interval 10
ip access-list role-based marked
 permit tcp dst eq 80
ip access-list extended in
 10 deny tcp any any established
 20 deny tcp any any eq 5050 log-input
 30 permit ip any any
interface GigabitEthernet0/0
 ip address 192.0.2.1 255.255.255.0
 ip access-group in
 ip access-group in in)",
     3,
     R"({"access": [{"name": "in, line 6", "action": "deny", "protocol": "tcp", "port": "5050",
                     "direction": "inbound", "log": true},
                    {"name": "in, line 7", "action": "permit", "direction": "inbound"}]})",
     {"2: this kind of list is not known here", "3: this kind of list is not known here",
      "5: only first packets of connections are held against the list", "10: neither in nor out",
      "11! the list is held against connections that the outside opens; their answers pass by "
      "themselves"}},

    {"groups",
     R"(object-group network offices
 10.1.0.0 /16
 10.2.0.0 255.255.0.0
 host 10.3.3.3
 10.4.4.4
 2001:db8::/129
object-group network fine
 10.1.0.0 /16
 10.4.4.4
object-group service chat
 tcp eq 5222
 tcp 5190
 udp 4000
ip access-list extended in
 deny object-group chat object-group fine any
 deny object-group chat object-group offices any
 permit ip any any
interface Vlan1
 ip address 10.1.1.1 255.255.0.0
 ip access-group in in)",
     2,
     R"({"networks": {"fine": ["10.1.0.0/16", "10.4.4.4"]},
         "access": [{"name": "in, line 15 tcp", "action": "deny", "from": "fine",
                     "protocol": "tcp", "port": ["5222", "5190"], "direction": "outbound"},
                    {"name": "in, line 15 udp", "action": "deny", "from": "fine",
                     "protocol": "udp", "port": "4000", "direction": "outbound"},
                    {"name": "in, line 17", "action": "permit", "direction": "outbound"}]})",
     {"6: \"2001:db8::/129\" is no address", "16: \"2001:db8::/129\" is no address",
      "20! the list is held against connections that the inside opens; their answers pass by "
      "themselves"}},

    {"inspection sets and messengers",
     R"(ip inspect audit-trail
ip inspect name fw tcp
ip inspect name fw appfw chat
ip inspect name fw2 appfw gone
ip inspect name spare udp
ip inspect name spare2 appfw chat
appfw policy-name chat
 application im yahoo
  server permit name scs.msg.yahoo.com
  server permit ip-address 300.1.1.1
  server permit ip-address range 203.0.113.9 203.0.113.1
  server permit url chat.example.com
  server offer name a.example.com
  service text-chat action reset alarm
  service default action reset
  service text-chat action allow quietly
  service picture action reset
  strict-http action reset
 application im msn
  server permit name messenger.hotmail.com
 application pigeon
  service default action reset
interface GigabitEthernet0/1
 ip inspect fw in
 ip inspect fw2 in
 ip inspect gone in)",
     4,
     R"({"rules": [
        {"name": "chat, im yahoo: service text-chat", "application": "yahoo",
         "service": "text-chat", "server": "=scs.msg.yahoo.com", "action": "reset", "log": true},
        {"name": "chat, im yahoo: service default", "server": "=scs.msg.yahoo.com",
         "action": "reset"},
        {"name": "chat, im yahoo: service text-chat, other servers", "application": "yahoo",
         "service": "text-chat", "action": "reset", "log": true},
        {"name": "chat, im yahoo: service default, other servers", "application": "yahoo",
         "service": ["file-transfer", "voice", "video", "webcam", "conference", "games",
                     "screen-share", "other"], "action": "reset"}]})",
     {"4: there is no policy \"gone\": on a router this enforces nothing",
      "6: no interface has this inspection set", "10: \"300.1.1.1\" is no address or range",
      "11: \"range 203.0.113.9 203.0.113.1\" is no address or range",
      "12: neither the name of a host nor ip-address", "13: neither permit nor deny",
      "16: \"quietly\" is not known here", "17: neither text-chat nor default, or no action",
      "18: this line of a messenger is not known here", "21: this application is not known here",
      "22: it belongs to no application", "26: there is no inspection set \"gone\"",
      "8! every service on the servers' addresses is meant, as on the router: check that nothing "
      "else shares them. Names are learned from DNS answers that pass",
      "15! sessions with servers that are not listed are judged too, by what is said in them: a "
      "router has the native port beside the list",
      "19! every service on the servers' addresses is meant, as on the router: check that nothing "
      "else shares them. Names are learned from DNS answers that pass",
      "19! servers are permitted, but no line says what their services may do: nothing is "
      "refused"}},

    {"zones",
     R"(class-map type inspect match-any chat
 description what is said of it
 match protocol msn-messenger-ft
 match protocol msnmsgr gone
 match class-map nowhere
 match cos 3
class-map type inspect match-any modern
 match protocol whatsapp
class-map type inspect match-all listed
 match protocol http
 match access-group name GONE
class-map type inspect match-any by-list
 match access-group name MISSING
 match access-group name EXCEPT
class-map type inspect match-all narrow
 match protocol https
 match access-group name NAMES
class-map type inspect match-any idle
 match protocol ftp
class-map type inspect match-any wrong
 match protocol icq servers
ip access-list extended EXCEPT
 deny ip host 10.1.1.5 any
 permit ip any any
ip access-list extended NAMES
 permit tcp any any eq nothing
parameter-map type protocol-info spare
 server name a.example.com
parameter-map type protocol-info servers
 server name login.icq.com
 server ip 300.1.1.1
policy-map type inspect out
 drop
 class type inspect chat
  drop log
 class type inspect modern
  inspect
 class type inspect listed
  inspect
 class type inspect by-list
  inspect
 class type inspect narrow
  inspect
 class type inspect idle
  police rate 1000
 class type inspect nothing
  inspect
 class type inspect wrong
  drop
zone-pair security a source inside destination outside
 service-policy type inspect nowhere
 service-policy type inspect out
 service-policy type inspect out)",
     3,
     R"({"access": [{"name": "out, class by-list, line 24", "action": "permit",
                     "direction": "outbound"},
                    {"name": "out, class-default", "action": "deny", "direction": "outbound"}],
         "rules": [{"name": "out, class chat: protocol msn-messenger-ft", "application": "msn",
                    "service": "file-transfer", "action": "drop", "log": true},
                   {"name": "out, class chat: protocol msnmsgr gone", "application": "msn",
                    "action": "drop", "log": true},
                   {"name": "out, class wrong: protocol icq servers", "server": "=login.icq.com",
                    "action": "drop"}]})",
     {"5: there is no class map \"nowhere\"", "6: this match is not known here",
      "11: there is no access list \"GONE\"", "13: there is no access list \"MISSING\"",
      "18: its class has no action", "19: its class has no action",
      "23: an exception within a class has no counterpart",
      "26: \"eq nothing\" begins with no ports",
      "31: this line of a list of servers is not known here", "33: it is in no class",
      "44: its class has no action", "45: this action has no counterpart",
      "46: there is no class map \"nothing\"", "51: there is no policy map \"nowhere\"",
      "53: something else is in force for connections from this side already, and a gateway has "
      "two sides",
      "4! there are no servers \"gone\": the whole application is meant",
      "8! its port is not known: its connections pass only where another class lets them"}},

    {"maps below classes",
     R"(class-map type inspect match-any im
 match protocol ymsgr
class-map type inspect match-any web
 match protocol http
class-map type inspect match-any p2p
 match protocol gnutella
class-map type inspect ymsgr match-any talk
 description what is said of it
 match pictures
 match service text-chat
class-map type inspect http match-all both
 match request uri regex bad
 match not request uri regex good
class-map type inspect http match-all wrong
 match request uri regex bad
 match request uri regex odd
parameter-map type regex bad
 pattern chat
parameter-map type regex good
 description what may be
 pattern shop
parameter-map type regex odd
 pattern (
parameter-map type regex spare
 pattern (
policy-map type inspect im im-map
 allow
 class type inspect ymsgr talk
  reset
policy-map type inspect http http-map
 class type inspect http both
  reset
 class type inspect http wrong
  reset
 class type inspect http gone
  reset
policy-map type inspect out
 class type inspect im
  inspect
  service-policy im im-map
 class type inspect web
  inspect
  service-policy http http-map
 class type inspect p2p
  inspect
  service-policy p2p nowhere
 class class-default
  pass
zone security lobby
zone security blue
interface GigabitEthernet0/0
 ip address 198.51.100.1 255.255.255.0
 zone-member security blue
zone-pair security a source blue destination lobby
 service-policy type inspect out)",
     9,
     R"json({"access": [{"name": "out, class web: protocol http", "action": "permit",
                     "protocol": "tcp", "port": "80", "direction": "inbound"}],
         "http": {"uri": [
            {"pattern": "(?s)^(?=.*(?:(?-i)chat))(?=.*(?:(?-i)(?s)^(?!.*(?:shop))))",
             "action": "reset"}]},
         "rules": [{"name": "im-map, class talk: match service text-chat", "application": "yahoo",
                    "service": "text-chat", "action": "reset"}]
})json",
     {"9: this match is not known here",
      "15: \"(\" is no regular expression: missing closing parenthesis at character 2",
      "16: \"(\" is no regular expression: missing closing parenthesis at character 2",
      "23: \"(\" is no regular expression: missing closing parenthesis at character 2",
      "27: it is in no class",
      "33: \"(\" is no regular expression: missing closing parenthesis at character 2",
      "34: \"(\" is no regular expression: missing closing parenthesis at character 2",
      "35: there is no class map of type inspect http with this name",
      "36: there is no class map of type inspect http with this name",
      "46: there is no map of messengers, HTTP or peer-to-peer with this name",
      "30! the checks of HTTP hold in both directions and on every port"}},

    {"NBAR",
     R"(class-map match-any junk
 description what is said of it
 match protocol msn-messenger
 match protocol http host *chat*
 match access-group 101
policy-map mark
 class junk
  drop
 class gone
  drop
interface GigabitEthernet0/1
 service-policy output mark
 service-policy output nowhere)",
     2,
     R"({"rules": [{"name": "mark, class junk: protocol msn-messenger", "application": "msn",
                    "action": "drop"}]})",
     {"4: it names no whole domain", "5: this match is not known here",
      "9: there is no class map \"gone\"", "13: there is no policy map \"nowhere\""}},

    {"an interface whose indentation is lost",
     R"(ip inspect name fw tcp
interface Vlan1
ip address 10.1.1.1 255.255.0.0
ip access-group in in
ip inspect fw in
ip nat inside
ip nat inside source list 1 interface Dialer1 overload
ip access-list extended in
deny tcp any any eq 5050
permit ip any any)",
     3,
     R"({"access": [{"name": "in, line 9", "action": "deny", "protocol": "tcp", "port": "5050",
                     "direction": "outbound"},
                    {"name": "in, line 10", "action": "permit", "direction": "outbound"}]})",
     {"6: address translation", "7: address translation",
      "4! the list is held against connections that the inside opens; their answers pass by "
      "themselves"}},
};

TEST(ImportIos, EveryLineComesToWhatItIs) {
  for (const ImportCase& each : kCases) expect_import(each, from_ios(each.configuration));
}

}  // namespace
}  // namespace chatgate::policy::import
