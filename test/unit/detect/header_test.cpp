// Actions, protocols, addresses, ports, variables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules.h"

namespace chatgate::detect {
namespace {

Variables test_variables() {
  Diagnostics findings;
  Variables variables = Variables::customary(
      AddressSet::of({{*IpAddress::parse("10.0.0.0"), *IpAddress::parse("10.255.255.255")}}));
  variables.define_addresses("PAIR", "[192.0.2.1,192.0.2.2]", "policy", findings);
  variables.define_addresses("NOT_PAIR", "!$PAIR", "policy", findings);
  variables.define_ports("WEB", "[80,8080:8088]", "policy", findings);
  EXPECT_TRUE(findings.empty());
  return variables;
}

struct Row {
  const char* header;
  const char* canonical;  // or the error
};

TEST(Header, Reads) {
  constexpr Row kRows[] = {
      {"alert tcp any any -> any any", "alert tcp any any -> any any"},
      {"drop udp any any <> any 53", "drop udp any any <> any 53"},
      {"reject icmp 192.0.2.1 any -> 2001:db8::/32 any",
       "reject icmp 192.0.2.1 any -> 2001:db8::/32 any"},
      {"sdrop ip any any -> any any", "drop ip any any -> any any"},
      {"log\ttcp  any any   ->  any   any", "log tcp any any -> any any"},
      {"pass tcp-pkt any any -> any any", "pass tcp-pkt any any -> any any"},
      {"alert tcp-stream any any -> any any", "alert tcp-stream any any -> any any"},
      {"alert http any any -> any any", "alert http any any -> any any"},
      {"alert dns any any -> any any", "alert dns any any -> any any"},
      {"alert ssl any any -> any any", "alert tls any any -> any any"},
      {"alert http", "alert http any any -> any any"},
      // Not recognised by content: held to their ports
      {"alert ftp any any -> any any", "alert tcp any any -> any 21"},
      {"alert smb any any -> any 445", "alert tcp any any -> any 445"},
      {"alert ssh any any -> any !22", "alert tcp any any -> any !22"},
      {"alert sip any any -> any 5000:5060", "alert udp any any -> any 5060"},
      // Addresses
      {"alert tcp $HOME_NET any -> $EXTERNAL_NET any",
       "alert tcp 10.0.0.0/8 any -> !10.0.0.0/8 any"},
      {"alert tcp !$HOME_NET any -> !$EXTERNAL_NET any",
       "alert tcp !10.0.0.0/8 any -> 10.0.0.0/8 any"},
      {"alert tcp [192.0.2.0/25,192.0.2.128/25] any -> any any",
       "alert tcp 192.0.2.0/24 any -> any any"},
      {"alert tcp [192.0.2.0/24,![192.0.2.0/25, 192.0.2.128/26]] any -> any any",
       "alert tcp 192.0.2.192/26 any -> any any"},
      {"alert tcp [$HOME_NET, !10.0.0.0/9] any -> any any",
       "alert tcp 10.128.0.0/9 any -> any any"},
      {"alert tcp [$NOT_PAIR,$PAIR] any -> any any", "alert tcp any any -> any any"},
      {"alert tcp ![$PAIR,192.0.2.0] any -> any any",
       "alert tcp !192.0.2.0-192.0.2.2 any -> any any"},
      {"alert tcp !!192.0.2.1 any -> any any", "alert tcp 192.0.2.1 any -> any any"},
      {"alert tcp 192.0.2.1/24 any -> any any", "alert tcp 192.0.2.0/24 any -> any any"},
      // Ports
      {"alert tcp any 1024: -> any :80", "alert tcp any 1024:65535 -> any 0:80"},
      {"alert tcp any !80 -> any ![80,443]", "alert tcp any !80 -> any ![80,443]"},
      {"alert tcp any [1,2,3,5:7] -> any $WEB", "alert tcp any [1:3,5:7] -> any [80,8080:8088]"},
      {"alert tcp any [$WEB,!8080] -> any !$WEB",
       "alert tcp any [80,8081:8088] -> any ![80,8080:8088]"},
      {"alert tcp any 0 -> any 65535", "alert tcp any 0 -> any 65535"},
      // Wrong
      {"alert tpc any any -> any any", "1:7: unknown protocol \"tpc\", did you mean \"tcp\"?"},
      {"alert websocket any any -> any any",
       "1:7: the protocol \"websocket\" is not recognised by chatgate, write tcp or udp with its "
       "port"},
      {"alert tcp any any any any", "1:19: the header has no direction, -> or <> between the ends"},
      {"alert tcp any any <- any any", "1:19: there is no direction \"<-\""},
      {"alert tcp any -> any any", "1:15: an address and a port, no more, stand on each side"},
      {"alert tcp any any -> any any any", "1:19: an address and a port, no more"},
      {"alert", "1:1: the header is not complete"},
      {"alert tcp 1.2.3 any -> any any", "1:11: \"1.2.3\" is not an address"},
      {"alert tcp 1.2.3.4/33 any -> any any", "1:11: \"1.2.3.4/33\" is not an address"},
      {"alert tcp $HOME_NTE any -> any any",
       "1:11: there is no variable \"$HOME_NTE\", did you mean \"$HOME_NET\"?"},
      {"alert tcp any $HOME_NET -> any any", "1:15: there is no variable \"$HOME_NET\""},
      {"alert tcp !any any -> any any", "1:11: \"!any\" leaves nothing"},
      {"alert tcp [$PAIR,![192.0.2.0/24]] any -> any any", "leaves nothing"},
      {"alert tcp [1.2.3.4 any -> any any", "1:11: the header has no direction"},
      {"alert tcp [1.2.3.4,] any -> any any", "the list has an empty member"},
      {"alert tcp any 65536 -> any any", "1:15: \"65536\" is not a port"},
      {"alert tcp any 20:10 -> any any", "1:15: \"20:10\" is not a port"},
      {"alert tcp any : -> any any", "1:15: \":\" is not a port"},
      {"alert tcp any [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]] -> any any",
       "lists are nested too deeply"},
  };
  const Variables variables = test_variables();
  for (const Row& row : kRows) {
    const std::string result = canonical(std::string(row.header) + " (sid:1;)", variables);
    EXPECT_THAT(result, testing::HasSubstr(row.canonical)) << row.header;
  }
}

TEST(Header, SetsContain) {
  const RuleSet set = parse_rules(
      "alert tcp [10.0.0.0/8,!10.1.0.0/16] !1024: -> 2001:db8::/32 [80,443] (sid:1;)", "f");
  ASSERT_EQ(set.rules.size(), 1u);
  const Rule& rule = set.rules[0];
  const auto from = [&](const char* text) {
    return rule.source.addresses->contains(*IpAddress::parse(text));
  };
  EXPECT_TRUE(from("10.0.0.0"));
  EXPECT_TRUE(from("10.255.255.255"));
  EXPECT_FALSE(from("10.1.0.0"));
  EXPECT_FALSE(from("10.1.255.255"));
  EXPECT_TRUE(from("10.2.0.0"));
  EXPECT_FALSE(from("9.255.255.255"));
  EXPECT_FALSE(from("11.0.0.0"));
  EXPECT_TRUE(rule.source.ports->contains(1023));
  EXPECT_FALSE(rule.source.ports->contains(1024));
  EXPECT_TRUE(rule.destination.addresses->contains(*IpAddress::parse("2001:db8:ffff::1")));
  EXPECT_FALSE(rule.destination.addresses->contains(*IpAddress::parse("192.0.2.1")));
  EXPECT_TRUE(rule.destination.ports->contains(443));
  EXPECT_FALSE(rule.destination.ports->contains(444));
}

// Against a plain array of what is in the set.
TEST(Header, SetAlgebra) {
  std::uint32_t random = 1;
  const auto next = [&] { return (random = random * 1664525 + 1013904223) >> 16; };
  for (int round = 0; round < 200; ++round) {
    std::array<std::vector<bool>, 2> wanted = {std::vector<bool>(65536), std::vector<bool>(65536)};
    std::array<PortSet, 2> sets;
    for (std::size_t i = 0; i < 2; ++i) {
      std::vector<PortSet::Range> ranges;
      for (std::uint32_t n = next() % 5; n > 0; --n) {
        const auto first = static_cast<std::uint16_t>(next());
        const auto last =
            static_cast<std::uint16_t>(std::min<std::uint32_t>(65535, first + next() % 999));
        ranges.push_back({first, last});
        for (std::size_t p = first; p <= last; ++p) wanted[i][p] = true;
      }
      sets[i] = PortSet::of(ranges);
    }
    const PortSet both = sets[0].united(sets[1]);
    const PortSet less = sets[0].without(sets[1]);
    const PortSet rest = sets[0].complement();
    for (std::size_t p = 0; p < 65536; p += 1 + next() % 7) {
      const auto port = static_cast<std::uint16_t>(p);
      ASSERT_EQ(both.contains(port), wanted[0][p] || wanted[1][p]) << p;
      ASSERT_EQ(less.contains(port), wanted[0][p] && !wanted[1][p]) << p;
      ASSERT_EQ(rest.contains(port), !wanted[0][p]) << p;
    }
  }
}

TEST(Header, VariablesAreShared) {
  const RuleSet set = parse_rules(
      "alert tcp $HTTP_SERVERS $HTTP_PORTS -> any any (sid:1;)\n"
      "alert tcp any any -> $HTTP_SERVERS $HTTP_PORTS (sid:2;)\n",
      "f");
  ASSERT_EQ(set.rules.size(), 2u);
  EXPECT_EQ(set.rules[0].source.ports, set.rules[1].destination.ports);
  EXPECT_EQ(set.rules[0].source.addresses, set.rules[1].destination.addresses);
}

TEST(Header, DefinitionsFromOutside) {
  Diagnostics findings;
  Variables variables;
  variables.define_ports("P", "80,", "policy.json", findings);
  variables.define_addresses("A", "[1.2.3.4,$B]", "policy.json", findings);
  EXPECT_EQ(variables.ports("P"), nullptr);
  EXPECT_EQ(variables.addresses("A"), nullptr);
  ASSERT_EQ(findings.error_count(), 2u);
  EXPECT_THAT(findings.all()[1].to_string(),
              testing::HasSubstr("policy.json:1:10: there is no variable \"$B\""));
}

}  // namespace
}  // namespace chatgate::detect
