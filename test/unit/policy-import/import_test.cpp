// Parts of the import by themselves: words, addresses, ports, regular expressions.

#include "policy/import/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/import/addresses.h"
#include "policy/import/lines.h"
#include "policy/import/patterns.h"
#include "policy/import/ports.h"

namespace chatgate::policy::import {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Command command(std::string_view text) {
  Ledger ledger({std::string(text)});
  return read_commands({std::string(text)}, Dialect::ios, ledger).at(0);
}

TEST(ImportWords, HaveColumnsAndQuotes) {
  const auto words = split_words(R"(regex  exe "\.exe$ or \"it\"" 7)");
  ASSERT_EQ(words.size(), 4u);
  EXPECT_EQ(words[1].text, "exe");
  EXPECT_EQ(words[1].column, 8u);
  EXPECT_EQ(words[2].text, R"(\.exe$ or "it")");
  EXPECT_TRUE(words[2].quoted);
  EXPECT_EQ(words[3].text, "7");
  // A quote that never ends is a character like any other.
  EXPECT_EQ(split_words("a \"b c").size(), 3u);
  EXPECT_THAT(split_words("   "), IsEmpty());
}

TEST(ImportLines, EndAsTheyLike) {
  EXPECT_THAT(split_lines("a\r\nb\rc\nd"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(split_lines("a\n\n"), ElementsAre("a", ""));
  EXPECT_THAT(split_lines(""), IsEmpty());
}

TEST(ImportMasks, OfNetworks) {
  EXPECT_THAT(with_netmask("10.1.2.3", "255.255.255.0")->words(), ElementsAre("10.1.2.0/24"));
  EXPECT_THAT(with_netmask("10.1.2.3", "255.255.255.255")->words(), ElementsAre("10.1.2.3"));
  EXPECT_THAT(with_netmask("0.0.0.0", "0.0.0.0")->words(), ElementsAre("0.0.0.0/0"));
  // A wildcard mask is no netmask, and neither is a mask with a hole.
  for (const char* mask : {"0.0.0.255", "255.0.255.0", "255.255.255.256", "ten", ""}) {
    EXPECT_FALSE(with_netmask("10.1.2.3", mask)) << mask;
  }
}

TEST(ImportMasks, OfWildcards) {
  EXPECT_THAT(with_wildcard("10.1.2.3", "0.0.0.255")->words(), ElementsAre("10.1.2.0/24"));
  EXPECT_THAT(with_wildcard("10.1.2.3", "0.0.0.0")->words(), ElementsAre("10.1.2.3"));
  EXPECT_THAT(with_wildcard("10.1.0.0", "255.255.255.255")->words(), ElementsAre("0.0.0.0/0"));
  EXPECT_THAT(with_wildcard("10.1.0.1", "0.0.2.0")->words(), ElementsAre("10.1.0.1", "10.1.2.1"));
  EXPECT_THAT(with_wildcard("10.1.0.0", "0.0.0.254")->words().size(), 128u);
  // More than 256 prefixes, and no mask at all.
  EXPECT_FALSE(with_wildcard("10.1.0.0", "0.255.255.254"));
  EXPECT_FALSE(with_wildcard("10.1.0.0", "host"));
}

TEST(ImportAddresses, UnionIntersectionComplement) {
  const auto lan = *with_netmask("10.0.0.0", "255.0.0.0");
  EXPECT_THAT(lan.complement().words(),
              ElementsAre("0.0.0.0/5", "8.0.0.0/7", "11.0.0.0/8", "12.0.0.0/6", "16.0.0.0/4",
                          "32.0.0.0/3", "64.0.0.0/2", "128.0.0.0/1", "::/0"));
  EXPECT_EQ(lan.complement().complement(), lan);
  EXPECT_TRUE(lan.intersect(lan.complement()).none());
  Addresses all = lan;
  all.add(lan.complement());
  EXPECT_TRUE(all.is_any());
  EXPECT_THAT(all.words(), ElementsAre("any"));
  EXPECT_TRUE(Addresses::any().complement().none());
  EXPECT_THAT(Addresses::of(*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.6")).words(),
              ElementsAre("10.0.0.1", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6"));
}

TEST(ImportPorts, NamesAndOperators) {
  EXPECT_EQ(port_number("www"), 80);
  EXPECT_EQ(port_number("aol"), 5190);
  EXPECT_EQ(port_number("65535"), 65535);
  for (const char* word : {"65536", "ww", "80x", "", "-1"}) EXPECT_FALSE(port_number(word)) << word;
  struct Case {
    const char* text;
    std::vector<std::string> ports;
    std::size_t end;
  };
  for (const Case& each : {Case{"eq www", {"80"}, 2}, Case{"eq 80 443 log", {"80", "443"}, 3},
                           Case{"range 5000 4000", {"4000-5000"}, 3}, Case{"range 0 9", {"1-9"}, 3},
                           Case{"gt 1023", {"1024-65535"}, 2}, Case{"lt 1024", {"1-1023"}, 2},
                           Case{"neq 25", {"1-24", "26-65535"}, 2}}) {
    std::size_t at = 0;
    const auto ports = read_ports(command(each.text), at, Dialect::ios);
    ASSERT_TRUE(ports) << each.text;
    EXPECT_EQ(port_words(*ports), each.ports) << each.text;
    EXPECT_EQ(at, each.end) << each.text;
  }
  // None of these may become "any port".
  for (const char* text : {"eq 0", "eq", "lt 1", "gt 65535", "range 5", "eq chat", "log"}) {
    std::size_t at = 0;
    EXPECT_FALSE(read_ports(command(text), at, Dialect::ios)) << text;
  }
  EXPECT_EQ(protocol_word("gre"), "47");
  EXPECT_EQ(protocol_word("6"), "tcp");
  EXPECT_EQ(protocol_word("ipx"), "");
}

TEST(ImportPatterns, DomainsOfExpressions) {
  EXPECT_EQ(domain_of("\\.icq\\.com$"), "icq.com");
  EXPECT_EQ(domain_of("^.*Messenger[.]hotmail[.]com"), "messenger.hotmail.com");
  for (const char* more :
       {"chat[0-9]\\.example\\.com", "(a|b)\\.com", "com", "", "icq\\.", "a..b"}) {
    EXPECT_EQ(domain_of(more), "") << more;
  }
}

TEST(ImportReport, AccountsForEveryLineOfAnyText) {
  for (const char* text :
       {"", "\n\n", "deny everything", "access-list", "class-map", "policy-map\n match",
        "service-policy x global", "access-list 1 permit", "match any\nhostname x"}) {
    for (const auto& import : {from_asa, from_ios}) {
      const ImportReport report = import(text, {}).report;
      EXPECT_EQ(report.converted + report.harmless + report.not_converted.size(), report.lines)
          << text;
    }
  }
  EXPECT_EQ(from_asa("deny everything\n").report.not_converted.size(), 1u);
}

}  // namespace
}  // namespace chatgate::policy::import
