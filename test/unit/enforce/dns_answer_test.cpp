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
