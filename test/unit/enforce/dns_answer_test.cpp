#include "enforce/dns_answer.h"

#include <array>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

#include "proto/dns.h"

#include "../proto/dns_message.h"

namespace chatgate::enforce {
namespace {

using namespace proto::test;

std::string answer(std::string_view query) {
  std::array<std::uint8_t, 4096> buffer;
  return std::string(as_text(answer_dns(DnsAnswerKind::nxdomain, as_bytes(query), buffer)));
}

// OPT with extended error 15: root, type 41, size 1232, DO, option 15 with code 15.
std::string blocked_opt(bool dnssec_ok) {
  std::string record("\0\0\x29\x04\xd0\0\0\0\0\0\x06\0\x0f\0\x02\0\x0f", 17);
  if (dnssec_ok) record[7] = '\x80';
  return record;
}

TEST(DnsAnswer, IsNxdomainWithTheQuestion) {
  struct Case {
    std::string what;
    std::uint16_t query_flags;
    std::uint16_t answer_flags;
  };
  const Case cases[] = {
      {"recursion desired", 0x0100, 0x8183}, {"not desired", 0x0000, 0x8083},
      {"checking disabled", 0x0110, 0x8193}, {"authentic data asked for", 0x0120, 0x8183},
      {"nonsense bits", 0x076f, 0x8183},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.what);
    const std::string question = dns_question(dns_name("cHaT.ExAmPle"), 65);
    const std::string query = dns_header({.id = 0xcafe, .flags = row.query_flags}) + question;
    EXPECT_EQ(answer(query), dns_header({.id = 0xcafe, .flags = row.answer_flags}) + question);
    EXPECT_EQ(answer(query + "junk"), answer(query));
  }
}

TEST(DnsAnswer, SaysBlockedWhereTheQueryHadEdns) {
  for (const bool dnssec_ok : {false, true}) {
    const std::string query = dns_query("chat.example", {.additionals = 1}) + dns_opt(dnssec_ok);
    EXPECT_EQ(answer(query), dns_query("chat.example", {.flags = 0x8183, .additionals = 1}) +
                                 blocked_opt(dnssec_ok));
  }
}

TEST(DnsAnswer, RepeatsAllQuestions) {
  const std::string questions = dns_question(dns_name("a.example")) + dns_question("\1b\xc0\x0e");
  EXPECT_EQ(answer(dns_header({.questions = 2}) + questions),
            dns_header({.flags = 0x8183, .questions = 2}) + questions);
}

TEST(DnsAnswer, IsNoneToWhatIsNoQuery) {
  const std::vector<std::string> messages = {
      "",
      dns_header().substr(0, 11),
      dns_header(),
      dns_header({.questions = 0}),
      dns_query("chat.example", {.flags = 0x8180}),
      dns_query("chat.example", {.flags = 0x2900}),
      dns_query("chat.example", {.questions = 2}),
      dns_header() + dns_question("\xc0\x0c"),
      dns_header() + dns_question("\4chat\xc0\x17") + dns_name("example"),
  };
  for (std::size_t i = 0; i < messages.size(); ++i) EXPECT_EQ(answer(messages[i]), "") << i;
}

const DnsAnswer kAddresses(IpAddress::parse("192.0.2.80"), IpAddress::parse("2001:db8::80"));

// SOA of the question's name for ten seconds, MNAME and RNAME the root.
std::string soa() {
  return dns_record("\xc0\x0c", 6,
                    std::string(2, '\0') + dns_be32(1) + dns_be32(3600) + dns_be32(600) +
                        dns_be32(86400) + dns_be32(10),
                    10);
}

TEST(DnsAnswer, Kinds) {
  const std::string v4 = dns_record("\xc0\x0c", 1, "\xc0" + std::string("\0\2P", 3), 10);
  const std::string v6 =
      dns_record("\xc0\x0c", 28, "\x20\x01\x0d\xb8" + std::string(11, '\0') + "\x80", 10);
  const DnsAnswer only_v4(IpAddress::parse("192.0.2.80"), std::nullopt);
  const DnsAnswer only_v6(std::nullopt, IpAddress::parse("2001:db8::80"));
  struct Case {
    std::string what;
    DnsAnswer kind;
    std::uint16_t type;
    std::uint16_t code;
    std::uint16_t answers;
    std::string records;
    std::uint16_t dns_class = 1;
  };
  const Case cases[] = {
      {"nxdomain for A", DnsAnswerKind::nxdomain, 1, 3, 0, ""},
      {"nxdomain for SRV", DnsAnswerKind::nxdomain, 33, 3, 0, ""},
      {"refused for A", DnsAnswerKind::refused, 1, 5, 0, ""},
      {"refused for HTTPS", DnsAnswerKind::refused, 65, 5, 0, ""},
      {"no data for A", DnsAnswerKind::nodata, 1, 0, 0, soa()},
      {"no data for TXT", DnsAnswerKind::nodata, 16, 0, 0, soa()},
      {"no data for ANY", DnsAnswerKind::nodata, 255, 0, 0, soa()},
      {"address for A", kAddresses, 1, 0, 1, v4},
      {"address for AAAA", kAddresses, 28, 0, 1, v6},
      {"address for ANY", kAddresses, 255, 0, 2, v4 + v6},
      {"address for any class", kAddresses, 1, 0, 0, "", 255},
      {"address for HTTPS", kAddresses, 65, 0, 0, soa()},
      {"address for SVCB", kAddresses, 64, 0, 0, soa()},
      {"address for SRV", kAddresses, 33, 0, 0, soa()},
      {"address for TXT", kAddresses, 16, 0, 0, soa()},
      {"only IPv4 for AAAA", only_v4, 28, 0, 0, soa()},
      {"only IPv4 for ANY", only_v4, 255, 0, 1, v4},
      {"only IPv6 for A", only_v6, 1, 0, 0, soa()},
      {"no address configured", DnsAnswerKind::address, 1, 0, 0, soa()},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.what);
    const std::string question = dns_question(dns_name("chat.example"), row.type, row.dns_class);
    const auto flags = static_cast<std::uint16_t>(0x8180 | row.code);
    const std::uint16_t authorities = row.records == soa() || row.dns_class == 255 ? 1 : 0;
    const std::string records = row.dns_class == 255 ? soa() : row.records;
    for (const bool edns : {false, true}) {
      const auto additionals = static_cast<std::uint16_t>(edns);
      const std::string opt = edns ? dns_opt(false) : "";
      const std::string expected = dns_header({.flags = flags,
                                               .answers = row.answers,
                                               .authorities = authorities,
                                               .additionals = additionals}) +
                                   question + records + (edns ? blocked_opt(false) : "");
      const std::string query = dns_header({.additionals = additionals}) + question + opt;
      std::array<std::uint8_t, 512> buffer;
      EXPECT_EQ(as_text(answer_dns(row.kind, as_bytes(query), buffer)), expected);
      const std::string response =
          dns_header({.flags = 0x85b3, .answers = 1, .additionals = additionals}) + question +
          dns_record("\xc0\x0c", 1, "abcd") + opt;
      EXPECT_EQ(as_text(replace_dns_answer(row.kind, as_bytes(response), buffer)),
                expected.substr(0, 3) + static_cast<char>(expected[3] | 0x10) + expected.substr(4));
      EXPECT_TRUE(replace_dns_answer(row.kind, as_bytes(query), buffer).empty());
    }
  }
}

TEST(DnsAnswer, GrowsAsMuchAsItSays) {
  const std::string query =
      dns_header({.additionals = 1}) + dns_question(dns_name("chat.example"), 255);
  const std::string with_opt = query + dns_opt(false);
  std::vector<std::uint8_t> buffer(query.size() + kDnsAnswerGrowth);
  EXPECT_EQ(answer_dns(kAddresses, as_bytes(with_opt), buffer).size(), buffer.size());
  buffer.pop_back();
  EXPECT_TRUE(answer_dns(kAddresses, as_bytes(with_opt), buffer).empty());
}

TEST(DnsAnswer, NeedsRoom) {
  const std::string query = dns_query("chat.example", {.additionals = 1}) + dns_opt(true);
  const std::size_t size = answer(query).size();
  EXPECT_LE(size, query.size() + kDnsAnswerGrowth);
  std::vector<std::uint8_t> exact(size);
  EXPECT_EQ(answer_dns(DnsAnswerKind::nxdomain, as_bytes(query), exact).size(), size);
  std::vector<std::uint8_t> short_by_one(size - 1);
  EXPECT_TRUE(answer_dns(DnsAnswerKind::nxdomain, as_bytes(query), short_by_one).empty());
}

TEST(DnsAnswer, CutQueriesAreSafe) {
  const std::string query = dns_query("chat.example", {.additionals = 1}) + dns_opt(true);
  const std::size_t question_end = dns_query("chat.example").size();
  for (std::size_t length = 0; length <= query.size(); ++length) {
    const std::vector<char> cut(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_EQ(answer({cut.data(), cut.size()}).empty(), length < question_end) << length;
  }
}

}  // namespace
}  // namespace chatgate::enforce
