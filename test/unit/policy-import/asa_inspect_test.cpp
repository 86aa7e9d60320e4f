// Service policies of an ASA and the maps below them: what becomes of each line, above all of those
// that inspect nothing.

#include <gtest/gtest.h>
#include <set>
#include <string>

#include "imports.h"

namespace chatgate::policy::import {
namespace {

const char* const kNames =
    "! the names of these messengers in DNS, HTTP and TLS are refused too; an ASA knows only their "
    "own protocols";
const char* const kStrict =
    "! a map switches strict checks on, which reset and log: they became \"protocol_violation\"";
const char* const kEverything =
    "! an ASA resets every connection here that is not HTTP; the policy's checks hold for what "
    "speaks HTTP, and for what does not on port 80";
const char* const kLookUps =
    "! connections to these names are refused too, not their look-up alone, and names below them";

std::string at(int line, const char* remark) {
  return std::to_string(line) + remark;
}

const ImportCase kCases[] = {
    {"policies without a class",
     R"(policy-map edge
 inspect http
 class gone
  inspect http strict-web
service-policy edge interface outside
service-policy nowhere global
service-policy edge sideways)",
     0,
     "{}",
     {"2: it is in no class", "4: there is no class map \"gone\"", "6: there is no such policy map",
      "7: neither global nor an interface"}},

    {"classes that select by what is not known",
     R"(class-map voice
 match dscp ef
class-map shadow
 match access-list nowhere
class-map blank
class-map broken
 match port tcp eq
policy-map type inspect im chat
 match protocol msn-im
  reset
policy-map edge
 class voice
  inspect im chat
 class shadow
  inspect im chat
 class blank
  inspect im chat
 class broken
  inspect im chat
service-policy edge global)",
     0,
     "{}",
     {"2: this match is not known here", "4: there is no access list \"nowhere\"",
      "7: the class's ports are missing", "8: nothing that is in force uses this policy map",
      "9: nothing that is in force uses this policy map",
      "10: nothing that is in force uses this policy map",
      "13: its class selects by what is not known here", "15: there is no access list \"nowhere\"",
      "17: the class \"blank\" has no match", "19: the class's ports are missing"}},

    {"matches of messengers that are none",
     R"(class-map inspection_default
 match default-inspection-traffic
class-map chat-port
 match port tcp eq 5050
policy-map type inspect im chat
 parameters
  body-match-maximum 200
 class gone
  reset
 class listed
  drop-connection log
 match service chat
  mask
 match protocol icq-im
  reset
 match ip-address 10.1.1.300 255.255.255.0
  reset
 match colour blue
  reset
 match login-name regex
  reset
class-map type inspect im match-any listed
 description what is said of it
 match version regex nowhere
 match protocol yahoo-im
policy-map edge
 class inspection_default
  inspect im chat
 class chat-port
  inspect im chat
service-policy edge global)",
     1,
     R"({"rules": [{"name": "chat: class listed", "application": "yahoo", "action": "drop",
                    "log": true}]})",
     {"7: a map of messengers has no such parameter",
      "8: there is no class map of type inspect im with this name",
      "9: there is no class map of type inspect im with this name",
      "12: \"mask\" has no counterpart", "13: \"mask\" has no counterpart",
      "14: \"icq-im\" is not known here", "15: \"icq-im\" is not known here",
      "16: \"10.1.1.300 255.255.255.0\" is no address with its mask",
      "17: \"10.1.1.300 255.255.255.0\" is no address with its mask",
      "18: this match is not known here", "19: this match is not known here",
      "20: the regular expression is missing", "21: the regular expression is missing",
      "24: there is no regex \"nowhere\"",
      "28: messengers have no default port: on an ASA this inspects nothing",
      "30! refused on every port, not on those of the class alone", at(30, kNames)}},

    {"conditions that must all hold",
     R"(regex boss "boss"
regex guest "guest"
class-map type inspect im match-all narrow
 match protocol msn-im yahoo-im
 match protocol yahoo-im
 match login-name regex boss
 match not login-name regex guest
 match not service chat
 match service file-transfer chat
class-map type inspect im match-all odd
 match protocol yahoo-im
 match version regex nowhere
class-map type inspect im match-all hollow
policy-map type inspect im chat
 description ours
 class narrow
  reset
 class odd
  reset
 class hollow
  reset
access-list users extended permit ip 10.1.0.0 255.255.0.0 any
access-list users extended permit ip 10.2.0.0 255.255.0.0 any inactive
access-list users extended deny tcp any any eq 1863
class-map those
 match access-list users
policy-map edge
 class those
  inspect im chat
service-policy edge interface inside)",
     2,
     R"json({"rules": [{"name": "chat: class narrow", "application": "yahoo",
                    "service": "file-transfer", "from": "10.1.0.0/16",
                    "login": "(?s)^(?=.*(?:(?-i)boss))(?=.*(?:(?-i)(?s)^(?!.*(?:guest))))",
                    "action": "reset"}]})json",
     {"12: there is no regex \"nowhere\"", "18: there is no regex \"nowhere\"",
      "19: there is no regex \"nowhere\"", "20: the class has no match",
      "21: the class has no match", "24: an exception for some ports only cannot be made",
      at(29, kNames)}},

    {"a condition on the client's address within a list",
     R"(access-list users extended permit tcp 10.1.0.0 255.255.0.0 any eq 1863
class-map those
 match access-list users
policy-map type inspect im chat
 match ip-address 10.1.1.0 255.255.255.0
  reset
policy-map edge
 class those
  inspect im chat
service-policy edge interface inside)",
     0,
     R"({"rules": [{"name": "chat: match ip-address 10.1.1.0 255.255.255.0",
                    "application": ["msn", "yahoo"], "from": "10.1.1.0/24",
                    "action": "reset"}]})",
     {"1! what is inspected because of this entry is refused on every port, not on these alone",
      "9! a condition on the client's address is taken instead of the class's access list",
      at(9, kNames)}},

    {"checks of HTTP that are none",
     R"(regex marked "X-Chat"
class-map type inspect http match-any noisy
 description what is said of it
 match request uri length gt 2000
 match request header te unknown
 match request header transfer-encoding pigeon
class-map type inspect http match-all both
 match request uri regex marked
 match response header content-type violation
class-map type inspect http match-all nowhere
 match request uri regex gone
 match request uri regex marked
class-map type inspect http match-all hollow
policy-map type inspect http web
 parameters
  body-match-maximum 200
  spoof-server "hidden"
 class gone
  reset
 class noisy
  drop-connection
 class both
  reset
 class nowhere
  reset
 class hollow
  reset
 match request method get post
  rate-limit 100
class-map proxies
 match port tcp eq 8080
policy-map edge
 class proxies
  inspect http web
 class class-default
  inspect http nowhere
service-policy edge global)",
     2,
     R"({"http": {"protocol_violation": "reset",
                  "max_uri_length": {"bytes": 2000, "action": "drop"}}})",
     {"5: this field of HTTP has no check here", "6: this field of HTTP has no check here",
      "8: conditions on several fields that must all hold cannot be brought together",
      "9: conditions on several fields that must all hold cannot be brought together",
      "11: there is no regex \"gone\"", "12: there is no regex \"gone\"",
      "17: this parameter of HTTP has no counterpart",
      "18: there is no class map of type inspect http with this name",
      "22: conditions on several fields that must all hold cannot be brought together",
      "24: there is no regex \"gone\"", "26: the class has no match",
      "28: \"rate-limit 100\" has no counterpart", "29: \"rate-limit 100\" has no counterpart",
      "36: there is no map of type inspect http with this name",
      "34! the checks of HTTP hold on every port", at(34, kStrict), at(36, kEverything)}},

    {"lines of an http-map that are none",
     R"(http-map old
 description of 7.0
 max-uri-length 2000 action reset
 max-header-length response 400 action reset
 port-misuse chat action reset
 request-method rfc
 request-method odd get action reset
 content-length
 strange action reset
policy-map edge
 class class-default
  inspect http old
service-policy edge global)",
     1,
     R"({"http": {"protocol_violation": "reset",
                  "max_uri_length": {"bytes": 2000, "action": "reset"}}})",
     {"4: headers of answers have no limit here", "5: this kind of misuse is not known",
      "6: the method is missing", "7: neither rfc nor extension",
      "8: this check of HTTP is not known here", "9: this check of HTTP is not known here",
      at(12, kEverything), at(12, kStrict)}},

    {"methods that meet several actions",
     R"(http-map old
 strict-http action allow
 request-method rfc get action allow
 request-method rfc default action drop
 request-method ext default action reset
policy-map edge
 class class-default
  inspect http old
service-policy edge global)",
     0,
     R"({"http": {"request_methods": {"allow": ["GET"], "action": "reset"}}})",
     {"5! the policy has one action for methods: all that are named meet the strictest",
      at(8, kEverything)}},

    {"DNS",
     R"(regex chat-domain "\.chat\.example\.com$"
regex greedy "chat[0-9]"
class-map type inspect dns match-all two
 match domain-name regex chat-domain
 match domain-name regex greedy
class-map type inspect dns match-any one
 description what is said of it
 match domain-name regex chat-domain
policy-map type inspect dns names
 parameters
  message-length maximum client 512
 class gone
  drop
 class two
  drop
 class one
  drop log
 match header-flag QR
  drop
 match domain-name regex greedy
  drop
policy-map edge
 class class-default
  inspect dns names
  inspect dns nowhere
  inspect dns maximum-length 512
  inspect dns maximum-length 4
service-policy edge global)",
     1,
     R"({"rules": [{"name": "names: class one", "server": "chat.example.com", "action": "drop",
                    "log": true}],
         "dns": {"message_length": {"max": 512, "action": "drop"}}})",
     {"4: conditions that must all hold cannot be brought together",
      "5: conditions that must all hold cannot be brought together",
      "11: a limit for clients or servers alone has no counterpart",
      "12: there is no class map of type inspect dns with this name",
      "13: there is no class map of type inspect dns with this name",
      "14: conditions that must all hold cannot be brought together",
      "15: conditions that must all hold cannot be brought together",
      "18: of a DNS message only names are judged", "19: of a DNS message only names are judged",
      "20: \"chat[0-9]\" is more than a domain's name",
      "21: \"chat[0-9]\" is more than a domain's name",
      "25: there is no map of type inspect dns with this name", "27: the length is missing",
      at(16, kLookUps)}},

    {"expressions",
     R"(regex alone
regex broken "chat("
regex fine "chat"
regex unused "("
class-map type regex match-any several
 description what is said of it
 match regex fine
 match regex broken
 match fine
class-map type regex match-any spare
 match regex fine
policy-map type inspect im chat
 match login-name regex broken
  reset
 match filename regex class several
  reset
 match version regex class nowhere
  reset
 match version regex _default_yahoo-messenger
  reset
policy-map edge
 class class-default
  inspect im chat
service-policy edge global)",
     4,
     R"({"rules": [{"name": "chat: match version regex _default_yahoo-messenger",
                    "application": ["msn", "yahoo"], "version": "(?-i)YMSG",
                    "action": "reset"}]})",
     {"1: a regex needs a name and an expression",
      "2: \"chat(\" is no regular expression: missing closing parenthesis at character 6",
      "8: \"chat(\" is no regular expression: missing closing parenthesis at character 6",
      "9: neither a pattern nor a regex",
      "13: \"chat(\" is no regular expression: missing closing parenthesis at character 6",
      "14: \"chat(\" is no regular expression: missing closing parenthesis at character 6",
      "15: neither a pattern nor a regex", "16: neither a pattern nor a regex",
      "17: there is no class of regular expressions \"nowhere\"",
      "18: there is no class of regular expressions \"nowhere\"", at(23, kNames)}},
};

TEST(ImportAsaInspections, EveryLineComesToWhatItIs) {
  for (const ImportCase& each : kCases) expect_import(each, from_asa(each.configuration));
}

constexpr char kImFirst[] = R"(policy-map type inspect im chat
 match protocol msn-im
  reset
policy-map type inspect http web
 match request port-misuse im
  reset
policy-map edge
 class class-default
  inspect im chat
  inspect http web
service-policy edge global)";

TEST(ImportAsaInspections, TheFirstTakesTheConnectionWhereThatIsAskedFor) {
  const char* const rule =
      R"({"rules": [{"name": "chat: match protocol msn-im", "application": "msn",
                     "action": "reset"}]})";
  const std::string why = ": nothing that is in force uses this policy map";
  expect_import({"first class",
                 kImFirst,
                 0,
                 rule,
                 {"4" + why, "5" + why, "6" + why,
                  "10: a class before it takes every connection for inspect im (--asa-combine "
                  "first-class)",
                  at(9, kNames)}},
                from_asa(kImFirst, {Combine::first_class, {}}));
}

TEST(ImportAsaInspections, MisuseIsRecognisedByRules) {
  const std::string asks =
      "0! port-misuse is recognised by Snort rules: add im-http.rules, p2p.rules and tunnel.rules "
      "with --signatures";
  EXPECT_EQ(remarks_of(from_asa(kImFirst).report).front(), asks);
  const Imported named = from_asa(kImFirst, {Combine::both, {"rules/im-http.rules"}});
  EXPECT_EQ(named.policy["signatures"], nlohmann::ordered_json({"rules/im-http.rules"}));
  EXPECT_EQ(named.policy["http"]["port_misuse"], nlohmann::ordered_json({{"im", "reset"}}));
  for (const std::string& each : remarks_of(named.report)) EXPECT_NE(each, asks);
}

TEST(ImportAsaInspections, MethodsOfOneKindMeetTheAction) {
  const Imported got = from_asa(R"(http-map old
 strict-http action reset
 request-method rfc default action reset
policy-map edge
 class class-default
  inspect http old
service-policy edge global)");
  const std::vector<std::string> remarks = {"3! methods that nobody knows meet the action too",
                                            at(6, kEverything)};
  EXPECT_EQ(remarks_of(got.report), remarks);
  const auto allowed = got.policy["http"]["request_methods"]["allow"].get<std::set<std::string>>();
  EXPECT_TRUE(allowed.contains("PROPFIND")) << "an extension";
  for (const char* rfc : {"GET", "POST", "CONNECT"}) EXPECT_FALSE(allowed.contains(rfc)) << rfc;
  expect_loads(got.policy);
}

}  // namespace
}  // namespace chatgate::policy::import
