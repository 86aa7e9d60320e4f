#include "proto/http.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "checks.h"

namespace chatgate::proto::test {
namespace {

struct Case {
  std::string stream;
  Outcome expected;
};

void check(const std::vector<Case>& cases) {
  for (const Case& row : cases) {
    SCOPED_TRACE(row.stream.substr(0, 120));
    expect_outcome(http::kParser, as_bytes(row.stream), row.expected);
  }
}

Outcome names(std::vector<std::string> expected) {
  return found(AppProto::http, std::move(expected));
}

TEST(Http, ReadsHost) {
  check({
      {"GET / HTTP/1.1\r\nHost: chat.example\r\n\r\n", names({"chat.example"})},
      {"GET / HTTP/1.1\r\nHost: Chat.Example.:80\r\n\r\n", names({"chat.example"})},
      {"GET / HTTP/1.1\r\nhOsT: chat.example\r\n\r\n", names({"chat.example"})},
      {"GET / HTTP/1.1\r\nHost:chat.example\r\n\r\n", names({"chat.example"})},
      {"GET / HTTP/1.1\r\nHost:\tchat.example\t\r\n\r\n", names({"chat.example"})},
      {"GET / HTTP/1.1\r\nHost  : chat.example\r\n\r\n", names({"chat.example"})},
      {"GET / HTTP/1.1\r\nHost: chat.example:xyz\r\n\r\n", names({"chat.example"})},
      {"GET / HTTP/1.1\r\nHost: u@chat.example\r\n\r\n", names({"chat.example"})},
      {"GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n", names({"2001:db8::1"})},
      {"POST /a HTTP/1.1\r\nAccept: */*\r\nContent-Length: 10\r\nHost: b.example\r\n\r\nHost: body",
       names({"b.example"})},
      {"GET / HTTP/1.1\nHost: chat.example\n\n", names({"chat.example"})},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: chat.example\r\n\r\n", names({"chat.example"})},
      {"\nGET / HTTP/1.1\r\nHost: chat.example\r\n\r\n", names({"chat.example"})},
      {"GET   /  HTTP/1.1 \r\nHost: chat.example\r\n\r\n", names({"chat.example"})},
      {"GET\t/\tHTTP/1.1\r\nHost: chat.example\r\n\r\n", names({"chat.example"})},
      {"GET /a b HTTP/1.1\r\nHost: chat.example\r\n\r\n", names({"chat.example"})},
      {"GET / XTTP/1.1\r\nHost: chat.example\r\n\r\n", names({"chat.example"})},
      {"GET / HTTP/1.1\r\nX: y\rHost: chat.example\r\n\r\n", names({"chat.example"})},
      {std::string("GET / HTTP/1.1\r\nHost: chat.example\0.b.example\r\n\r\n", 49),
       names({"chat.example", ".b.example"})},
      {"GET / HTTP/1.1\r\nHost: a.example\r\nX: y\r\nHost: b.example\r\n\r\n",
       names({"a.example", "b.example"})},
      {"FOOBAR /x HTTP/1.1\r\nHost: chat.example\r\n\r\n", names({"chat.example"})},
      {"PROPFIND /dav HTTP/1.1\r\nHost: chat.example\r\n\r\n", names({"chat.example"})},
      {"REPORT /dav HTTP/1.1\r\nHost: chat.example\r\n\r\n", names({"chat.example"})},
      {"OPTIONS * HTTP/1.1\r\nHost: chat.example\r\n\r\n", names({"chat.example"})},
      {"PATCH /x HTTP/2\r\nHost: chat.example\r\n\r\n", names({"chat.example"})},
  });
}

TEST(Http, ReadsFoldedHost) {
  check({
      {"GET / HTTP/1.1\r\nHost:\r\n chat.example\r\n\r\n", names({"chat.example"})},
      {"GET / HTTP/1.1\r\nHost: a.example\r\n\tb.example\r\n  c.example\r\n\r\n",
       names({"a.example", "b.example", "c.example"})},
      {"GET / HTTP/1.1\r\n Host: chat.example\r\n\r\n", names({"chat.example"})},
      {"GET / HTTP/1.1\r\nX: y\r\n Host: chat.example\r\n\r\n", names({"chat.example"})},
      // What continues another field is no host.
      {"GET / HTTP/1.1\r\nHost: a.example\r\nX: y\r\n b.example\r\n\r\n", names({"a.example"})},
  });
}

TEST(Http, ReadsTarget) {
  check({
      {"GET http://Chat.Example:80/x HTTP/1.1\r\nHost: b.example\r\n\r\n",
       names({"chat.example", "b.example"})},
      {"GET HTTP://chat.example HTTP/1.0\r\n\r\n", names({"chat.example"})},
      {"GET https://user:pw@chat.example?x HTTP/1.1\r\n\r\n", names({"chat.example"})},
      {"GET ftp://chat.example/ HTTP/1.1\r\n\r\n", names({"chat.example"})},
      {"GET http://[::1]:80/ HTTP/1.1\r\n\r\n", names({"::1"})},
      {"CONNECT chat.example:443 HTTP/1.1\r\nHost: proxy.example:443\r\n\r\n",
       names({"chat.example", "proxy.example"})},
      {"CONNECT chat.example:443 HTTP/1.0\r\n\r\n", names({"chat.example"})},
      // A URI inside a path or a query is no host.
      {"GET /http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", names({"a.example"})},
      {"GET /?u=http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", names({"a.example"})},
  });
}

TEST(Http, MayHaveNoHost) {
  check({
      {"GET / HTTP/1.0\r\n\r\n", names({})},
      {"GET /\r\n", names({})},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", names({})},
      {"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", names({})},
      {"GET / HTTP/1.1\r\nX-Host: a.example\r\nHostname: b.example\r\nReferer: "
       "http://c.example/\r\n"
       "\r\n",
       names({})},
      // A method like another, but for HTTP/2's preface.
      {"PRI * HTTP/2.0\r\n\r\n\r\n", names({})},
  });
}

TEST(Http, WaitsForTheEndOfTheHead) {
  const Outcome waiting = {.probe = Probe::certain};
  check({
      {"GET /", waiting},
      {"GET / HTTP/1.1\r\nHost: chat.example\r\n", waiting},
      {"GET / HTTP/1.1\r\nHost: chat.example\r\n\r", waiting},
      {"GE", {.probe = Probe::unsure}},
      {"CONNECT chat.example:443 HTT", {.probe = Probe::unsure}},
      {"\r\n\r\n", {.probe = Probe::unsure}},
  });
}

TEST(Http, ReadsLongHeads) {
  std::string filler;
  while (filler.size() < 64 * 1024 - 200) filler += "X-Filler: " + std::string(400, 'f') + "\r\n";
  const std::string late = "GET / HTTP/1.1\r\n" + filler + "Host: chat.example\r\n\r\n";
  const std::string one_line =
      "GET / HTTP/1.1\r\nCookie: " + std::string(60000, 'c') + "\r\nHost: chat.example\r\n\r\n";
  check({{late, names({"chat.example"})}, {one_line, names({"chat.example"})}});

  const std::string endless =
      "GET / HTTP/1.1\r\nHost: chat.example\r\n" + std::string(http::kByteLimit, 'x') + "\r\n\r\n";
  const StreamParser& parser = http::kParser;
  const Outcome expected = broken(AppProto::http, {"chat.example"});
  EXPECT_EQ(run_whole(parser, as_bytes(endless)), expected);
  EXPECT_EQ(run_in_steps(parser, as_bytes(endless), 1448), expected);
}

TEST(Http, TakesEveryHostUntilFull) {
  std::string stream = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 12; ++i) stream += "Host: h" + std::to_string(i) + ".example\r\n";
  stream += "\r\n";
  const Outcome outcome = run_whole(http::kParser, as_bytes(stream));
  EXPECT_EQ(outcome.names.size(), Facts::kMaxNames);
  EXPECT_TRUE(outcome.names_cut);
}

TEST(Http, LooksAtEachByteOnce) {
  // A byte at a time over 64 KiB in one line: with a fresh search each time this takes minutes.
  const std::string stream = "GET /" + std::string(http::kByteLimit - 6, 'a');
  ParserState state;
  Facts facts;
  for (std::size_t length = 6; length < stream.size(); ++length) {
    ASSERT_EQ(http::feed(state, as_bytes(stream).first(length), facts), ParseStatus::need_more);
    ASSERT_EQ(state.offset, length);
  }
}

TEST(Http, LeavesOthersAlone) {
  const std::vector<std::string> others = {
      "NICK x\r\nUSER x 0 * :x\r\n",
      "USER anonymous\r\n",
      "PASS secret\r\n",
      "JOIN #http\r\n",
      "PRIVMSG #c :GET / HTTP/1.1\r\n",
      "CAP LS 302\r\n",
      "INVITE sip:b@example.com SIP/2.0\r\n",
      "REGISTER sip:example.com SIP/2.0\r\n",
      "OPTIONS sip:b@example.com SIP/2.0\r\n",
      "NOTIFY sip:b@example.com SIP/2.0\r\n",
      "SUBSCRIBE sip:b@example.com SIP/2.0\r\n",
      "OPTIONS rtsp://example.com/s RTSP/1.0\r\n",
      "OPTIONS * RTSP/1.0\r\n",
      "DESCRIBE rtsp://example.com/s RTSP/1.0\r\n",
      "VER 1 MSNP8 CVR0\r\n",
      "CVR 2 0x0409 win 4.10 i386 MSNMSGR 5.0.0544 MSMSGS a@example.com\r\n",
      "EHLO example.com\r\n",
      "HELO example.com\r\n",
      "MAIL FROM:<a@example.com>\r\n",
      "a001 LOGIN a b\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n",
      "HTTP/1.1 200 OK\r\n",
      "get / http/1.1\r\n",
      "GET\r\n",
      "<stream:stream to='example.com'>",
      "YMSG\x0a\x01",
      "ICY 200 OK\r\n",
      "OPTIONS icap://example.com/x ICAP/1.0\r\n",
      "ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\n",
      "LOGIN /x\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.1 5000 80\r\nGET / HTTP/1.1\r\n\r\n",
  };
  for (const std::string& stream : others) {
    SCOPED_TRACE(stream);
    expect_outcome(http::kParser, as_bytes(stream), not_mine());
  }
  // Taken for HTTP by method and path, given back at the end of the line.
  const Outcome given_back = {.probe = Probe::certain, .status = ParseStatus::not_mine};
  check({{"POST /x RTSP/1.0\r\n\r\n", given_back}, {"GET / SIP/2.0\r\n\r\n", given_back}});
}

TEST(Http, DoesNotSearchForever) {
  const StreamParser& parser = http::kParser;
  for (const std::string& stream :
       {std::string(3000, '\n'), "OPTIONS " + std::string(5000, 'x'),
        "GET" + std::string(5000, ' '), "FOO /" + std::string(5000, 'x') + " HTTP/1.1\r\n"}) {
    EXPECT_EQ(run_whole(parser, as_bytes(stream)), not_mine()) << stream.substr(0, 9);
    EXPECT_EQ(run_in_steps(parser, as_bytes(stream), 7), not_mine()) << stream.substr(0, 9);
  }
}

}  // namespace
}  // namespace chatgate::proto::test
