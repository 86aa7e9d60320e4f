#include "proto/dns.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "checks.h"
#include "dns_message.h"

namespace chatgate::proto::test {
namespace {

constexpr DnsHeader kTwo = {.questions = 2};

// A name with its labels of `size`, as many as fit into `total` encoded bytes.
std::string long_name(std::size_t total) {
  std::string encoded;
  while (encoded.size() + 1 < total) {
    const std::size_t size = std::min<std::size_t>(63, total - encoded.size() - 2);
    encoded += static_cast<char>(size) + std::string(size, 'n');
  }
  return encoded + '\0';
}

std::string many_questions(std::uint16_t count) {
  std::string message = dns_header({.questions = count});
  for (unsigned i = 0; i < count; ++i) message += dns_question(dns_name("q.example"));
  return message;
}

struct DatagramCase {
  std::string what;
  std::string message;
  ParseStatus status;
  std::vector<std::string> names;
};

const std::vector<DatagramCase>& datagram_cases() {
  static const std::vector<DatagramCase> cases = {
      {"one question", dns_query("chat.example"), ParseStatus::done, {"chat.example"}},
      {"0x20 case", dns_query("cHaT.ExAmPle"), ParseStatus::done, {"chat.example"}},
      {"EDNS",
       dns_query("chat.example", {.additionals = 1}) + dns_opt(true),
       ParseStatus::done,
       {"chat.example"}},
      {"trailing junk", dns_query("chat.example") + "junk", ParseStatus::done, {"chat.example"}},
      {"two questions",
       dns_header(kTwo) + dns_question(dns_name("a.example")) +
           dns_question(dns_name("b.example"), 65),
       ParseStatus::done,
       {"a.example", "b.example"}},
      {"pointer to the first question",
       dns_header(kTwo) + dns_question(dns_name("a.example")) + dns_question("\1b\xc0\x0e"),
       ParseStatus::done,
       {"a.example", "b.example"}},
      {"pointer forwards, behind the question",
       dns_header() + dns_question("\4chat\xc0\x17") + dns_name("example"),
       ParseStatus::done,
       {"chat.example"}},
      {"pointer to a pointer",
       dns_header(kTwo) + dns_question("\xc0\x12") + dns_question("\xc0\x18") +
           dns_name("a.example"),
       ParseStatus::done,
       {"a.example"}},
      {"SRV and underscores",
       dns_query("_xmpp-client._tcp.example.com"),
       ParseStatus::done,
       {"_xmpp-client._tcp.example.com"}},
      {"label of 63",
       dns_query(std::string(63, 'l') + ".example"),
       ParseStatus::done,
       {std::string(63, 'l') + ".example"}},
      {"a dot in a label",
       dns_header() + dns_question("\x0c"
                                   "chat.example\4evil" +
                                   std::string(1, '\0')),
       ParseStatus::done,
       {"chat\\.example.evil"}},
      {"a backslash in a label",
       dns_header() + dns_question("\3a\\b" + std::string(1, '\0')),
       ParseStatus::done,
       {"a\\\\b"}},
      {"the root", dns_query(""), ParseStatus::done, {}},
      {"no question", dns_header({.questions = 0}), ParseStatus::done, {}},
      {"a response", dns_query("chat.example", {.flags = 0x8180}), ParseStatus::done, {}},
      {"an update", dns_query("chat.example", {.flags = 0x2800}), ParseStatus::done, {}},
      {"a notify", dns_query("chat.example", {.flags = 0x2400}), ParseStatus::done, {}},
      {"unassigned operation",
       dns_query("chat.example", {.flags = 0x7800}),
       ParseStatus::not_mine,
       {}},
      {"header cut", dns_header().substr(0, 11), ParseStatus::not_mine, {}},
      {"nothing", "", ParseStatus::not_mine, {}},
      {"type cut", dns_query("chat.example").substr(0, 28), ParseStatus::malformed, {}},
      {"name cut", dns_query("chat.example").substr(0, 20), ParseStatus::malformed, {}},
      {"second question missing",
       dns_header(kTwo) + dns_question(dns_name("a.example")),
       ParseStatus::malformed,
       {"a.example"}},
      {"pointer to itself", dns_header() + dns_question("\xc0\x0c"), ParseStatus::malformed, {}},
      {"pointers in a circle",
       dns_header(kTwo) + dns_question("\xc0\x12") + dns_question("\xc0\x0c"),
       ParseStatus::malformed,
       {}},
      {"a circle with a label",
       dns_header() + dns_question("\1a\xc0\x0c"),
       ParseStatus::malformed,
       {}},
      {"pointer out of the message",
       dns_header() + dns_question("\xff\xff"),
       ParseStatus::malformed,
       {}},
      {"pointer cut", dns_header() + "\xc0", ParseStatus::malformed, {}},
      {"label of 64",
       dns_header() + dns_question('\x40' + std::string(64, 'l') + '\0'),
       ParseStatus::malformed,
       {}},
      {"reserved label type",
       dns_header() + dns_question('\x80' + std::string(9, 'l') + '\0'),
       ParseStatus::malformed,
       {}},
      {"name of 256", dns_header() + dns_question(long_name(256)), ParseStatus::malformed, {}},
      {"too many questions",
       dns_query("a.example", {.questions = 65}),
       ParseStatus::malformed,
       {"a.example"}},
      {"too many questions, all there", many_questions(65), ParseStatus::malformed, {"q.example"}},
      {"as many questions as may be", many_questions(64), ParseStatus::done, {"q.example"}},
  };
  return cases;
}

TEST(Dns, ReadsDatagrams) {
  for (const DatagramCase& row : datagram_cases()) {
    SCOPED_TRACE(row.what);
    Facts facts;
    EXPECT_EQ(dns::parse(as_bytes(row.message), Direction::to_server, facts), row.status);
    EXPECT_EQ(names_of(facts), row.names);
    EXPECT_EQ(facts.protocol,
              row.status == ParseStatus::not_mine ? AppProto::unknown : AppProto::dns);
  }
}

TEST(Dns, ReadsTheLongestName) {
  Facts facts;
  const std::string message = dns_header() + dns_question(long_name(255));
  EXPECT_EQ(dns::parse(as_bytes(message), Direction::to_server, facts), ParseStatus::done);
  ASSERT_EQ(facts.name_count, 1);
  EXPECT_EQ(facts.names[0].host.view().size(), 253u);
  EXPECT_TRUE(facts.names[0].host.well_formed());
}

TEST(Dns, CutDatagramsGiveNoName) {
  const std::string message = dns_query("chat.example", {.additionals = 1}) + dns_opt(false);
  const std::size_t question_end = dns_query("chat.example").size();
  for (std::size_t length = 0; length <= message.size(); ++length) {
    const std::vector<std::uint8_t> cut(message.begin(),
                                        message.begin() + static_cast<std::ptrdiff_t>(length));
    Facts facts;
    const ParseStatus status = dns::parse(cut, Direction::to_server, facts);
    EXPECT_EQ(status == ParseStatus::done, length >= question_end) << length;
    EXPECT_EQ(facts.name_count, length >= question_end ? 1 : 0) << length;
    EXPECT_EQ(dns::parse_dns_query(cut).has_value(), length >= question_end) << length;
  }
}

TEST(Dns, TellsWhatAnAnswerNeeds) {
  const std::string plain = dns_query("chat.example", {.id = 0xbeef, .flags = 0x0110});
  const auto query = dns::parse_dns_query(as_bytes(plain));
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->id, 0xbeef);
  EXPECT_EQ(query->flags, 0x0110);
  EXPECT_EQ(query->question_count, 1);
  EXPECT_EQ(query->questions_end, plain.size());
  EXPECT_TRUE(query->self_contained);
  EXPECT_FALSE(query->edns);

  struct EdnsCase {
    std::string what;
    std::string message;
    bool edns;
    bool dnssec_ok;
    bool self_contained;
  };
  const std::string name = dns_name("chat.example");
  const std::string tsig = name + std::string("\0\xfa\0\xff\0\0\0\0\0\2zz", 12);
  const EdnsCase cases[] = {
      {"OPT", dns_query("a", {.additionals = 1}) + dns_opt(false), true, false, true},
      {"OPT with DO", dns_query("a", {.additionals = 1}) + dns_opt(true), true, true, true},
      {"OPT second", dns_query("a", {.additionals = 2}) + tsig + dns_opt(true), true, true, true},
      {"OPT cut", dns_query("a", {.additionals = 1}) + dns_opt(true).substr(0, 20), false, false,
       true},
      {"OPT not counted", dns_query("a") + dns_opt(true), false, false, true},
      {"OPT missing", dns_query("a", {.additionals = 1}), false, false, true},
      {"name behind the question",
       dns_header() + dns_question("\4chat\xc0\x17") + dns_name("example"), false, false, false},
      {"name over the end of the question",
       dns_header() + dns_question("\xc0\x0f", 0x0002, 0x3161) + std::string("\0", 1), false, false,
       false},
      {"name in the header",
       dns_header({.id = 0x0161, .flags = 0x0000}) + dns_question(std::string("\xc0\x00", 2)),
       false, false, false},
  };
  for (const EdnsCase& row : cases) {
    SCOPED_TRACE(row.what);
    const auto parsed = dns::parse_dns_query(as_bytes(row.message));
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->edns, row.edns);
    EXPECT_EQ(parsed->dnssec_ok, row.dnssec_ok);
    EXPECT_EQ(parsed->self_contained, row.self_contained);
  }
  EXPECT_FALSE(dns::parse_dns_query(as_bytes(dns_query("a", {.flags = 0x8180}))));
  EXPECT_FALSE(dns::parse_dns_query(as_bytes(dns_query("a", {.flags = 0x2800}))));
}

TEST(Dns, ReadsStreams) {
  struct Case {
    std::string what;
    std::string stream;
    Outcome expected;
  };
  const Outcome only_a = found(AppProto::dns, {"a.example"});
  const Outcome both = found(AppProto::dns, {"a.example", "b.example"});
  const std::string a = over_tcp(dns_query("a.example"));
  const std::string b = over_tcp(dns_query("b.example"));
  const Case cases[] = {
      {"one query", a, found(AppProto::dns, {"a.example"})},
      {"two pipelined", a + b, found(AppProto::dns, {"a.example", "b.example"})},
      {"the second cut", a + b.substr(0, 20), only_a},
      {"the second's length cut", a + b.substr(0, 1), only_a},
      {"EDNS", over_tcp(dns_query("a.example", {.additionals = 1}) + dns_opt(true)),
       found(AppProto::dns, {"a.example"})},
      {"a zone transfer", over_tcp(dns_header() + dns_question(dns_name("a.example"), 252)),
       found(AppProto::dns, {"a.example"})},
      {"a response between", a + over_tcp(dns_query("x.example", {.flags = 0x8180})) + b,
       found(AppProto::dns, {"a.example", "b.example"})},
      {"a broken one between", a + over_tcp(dns_header()) + b, both},
      {"a circle between", a + over_tcp(dns_header() + dns_question("\xc0\x0c")) + b, both},
      {"one half read between", a + over_tcp(dns_query("c.example", kTwo)) + b,
       found(AppProto::dns, {"a.example", "c.example", "b.example"})},
      {"an empty one between", a + std::string("\0\0", 2) + b, both},
      {"pointer forwards",
       over_tcp(dns_header() + dns_question("\4chat\xc0\x17") + dns_name("example")),
       found(AppProto::dns, {"chat.example"})},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.what);
    expect_outcome(AppProto::dns, as_bytes(row.stream), row.expected);
  }
}

TEST(Dns, MessagesComeOneByOne) {
  const std::string a = over_tcp(dns_query("a.example"));
  const std::string b = over_tcp(dns_query("b.example"));
  ParserState state;
  Facts facts;
  EXPECT_EQ(dns::feed(state, as_bytes(a + b), facts), ParseStatus::done);
  EXPECT_EQ(names_of(facts), std::vector<std::string>{"a.example"});
  EXPECT_EQ(facts.next, Next::message);
  EXPECT_EQ(state.offset, a.size());

  state.offset = 0;
  facts.clear();
  EXPECT_EQ(dns::feed(state, as_bytes(b).first(b.size() - 1), facts), ParseStatus::need_more);
  EXPECT_EQ(facts.name_count, 0);
  EXPECT_EQ(dns::feed(state, as_bytes(b), facts), ParseStatus::done);
  EXPECT_EQ(names_of(facts), std::vector<std::string>{"b.example"});
}

TEST(Dns, LongConnectionsAreReadToTheirEnd) {
  std::string stream;
  while (stream.size() < 2 * dns::kByteLimit) stream += over_tcp(dns_query("a.example"));
  stream += over_tcp(dns_query("last.example"));
  const StreamParser& parser = stream_parser(AppProto::dns);
  Outcome expected = found(AppProto::dns, {"a.example", "last.example"});
  expected.next = Next::message;
  expected.end = stream.size();
  EXPECT_EQ(run_whole(parser, as_bytes(stream)), expected);
  EXPECT_EQ(run_in_steps(parser, as_bytes(stream), 1448), expected);
}

TEST(Dns, IsNotTakenForGrantedOverTcp) {
  const std::string query = dns_query("chat.example");
  const std::vector<std::string> others = {
      over_tcp(dns_query("chat.example", {.flags = 0x8180})),
      over_tcp(dns_query("chat.example", {.flags = 0x2800})),
      over_tcp(dns_query("chat.example", {.flags = 0x0103})),
      over_tcp(dns_query("chat.example", {.questions = 0})),
      over_tcp(dns_query("chat.example", {.questions = 500})),
      over_tcp(dns_query("chat.example", {.answers = 1})),
      over_tcp(dns_header() + dns_question(dns_name("chat.example"), 1, 77)),
      over_tcp(dns_header() + dns_question("\xc0\x0c")),
      over_tcp(query.substr(0, 27)),
      std::string("\0\x10", 2) + query,
      "GET / HTTP/1.1\r\nHost: chat.example\r\n\r\n",
      "SSH-2.0-OpenSSH_9.2\r\nabcdefgh",
      "USER anonymous\r\nPASS x\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03zzzzzzzz", 19),
      std::string("\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00", 15),
      std::string("\x00\x00\x00\x55\xff"
                  "SMBr\0\0\0\0",
                  13),
      std::string("\xef\x01\x02\x03zzzzzzzzzzzz", 16),
      std::string(64, '\0'),
  };
  for (std::size_t i = 0; i < others.size(); ++i) {
    SCOPED_TRACE(i);
    expect_outcome(AppProto::dns, as_bytes(others[i]), not_mine());
  }
}

TEST(Dns, AnswersOverTcpComeOneByOne) {
  const std::string answer =
      over_tcp(dns_header({.flags = 0x8180, .answers = 1}) + dns_question(dns_name("a.example")) +
               dns_record("\xc0\x0c", 1, "\x0a\x01\x02\x03"));
  const StreamParser& parser = stream_parser(AppProto::dns, Direction::to_client);
  Outcome expected = found(AppProto::dns, {});
  expected.next = Next::message;
  expected.end = 2 * answer.size();
  expect_outcome(parser, as_bytes(answer + answer), expected);
  for (const std::string& other :
       {over_tcp(dns_query("a.example")), over_tcp(dns_query("a.example", {.flags = 0xa800})),
        over_tcp(dns_header({.flags = 0x8180, .questions = 0}) + std::string(20, 'x'))}) {
    expect_outcome(parser, as_bytes(other), not_mine());
  }
}

TEST(Dns, KnowsAQueryOnAnyPortByItsShape) {
  const std::string name = dns_name("chat.example");
  const std::string query = dns_query("chat.example");
  const std::string with_more = dns_query("chat.example", {.additionals = 1});
  struct Row {
    std::string message;
    bool plain;
  };
  const Row rows[] = {
      {query, true},
      {with_more + dns_opt(false), true},
      {dns_header() + dns_question(name, 28, 3), true},
      {dns_header({.flags = 0}) + dns_question(name, 255, 255), true},
      {dns_header() + dns_question(name, 1, 77), false},
      {dns_query("chat.example", {.flags = 0x8180}), false},
      {dns_query("chat.example", {.flags = 0x2800}), false},
      {dns_query("chat.example", {.flags = 0x0103}), false},
      {dns_query("chat.example", {.questions = 0}), false},
      {dns_header(kTwo) + dns_question(name) + dns_question(name), false},
      {dns_query("chat.example", {.answers = 1}), false},
      {dns_header() + dns_question("\xc0\x0c"), false},  // a name that points to itself
      {query + "x", false},
      {with_more, false},  // OPT is said and not there
      {with_more + dns_record(dns_name("a"), 1, "\x0a\x01\x02\x03"), false},
      {std::string(64, '\0'), false},
      {std::string("\x23\0\x06\xec", 4) + std::string(44, '\0'), false},  // NTP
      {"\x80\x60" + std::string(160, '\x11'), false},                     // RTP
  };
  for (const Row& row : rows) {
    EXPECT_EQ(dns::is_plain_query(as_bytes(row.message)), row.plain)
        << testing::PrintToString(row.message);
  }
  for (std::size_t cut = 0; cut < query.size(); ++cut) {
    EXPECT_FALSE(dns::is_plain_query(as_bytes(query).first(cut))) << cut;
  }
}

}  // namespace
}  // namespace chatgate::proto::test
