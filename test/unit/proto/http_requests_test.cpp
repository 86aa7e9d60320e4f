// Several requests of one HTTP/1 connection: where each ends, what its body may hide, what follows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "proto/http.h"

#include "checks.h"
#include "malloc_count.h"

namespace chatgate::proto::test {
namespace {

const std::string kFirst = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
const std::string kSecond = "GET /b HTTP/1.1\r\nHost: b.example\r\n\r\n";

std::string post(const std::string& fields) {
  return "POST /p HTTP/1.1\r\nHost: p.example\r\n" + fields + "\r\n";
}
std::string chunked(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n") + body;
}

struct Case {
  std::string stream;
  std::vector<std::string> names;
};

void check(const std::vector<Case>& cases, ParseStatus status = ParseStatus::done) {
  for (const Case& row : cases) {
    SCOPED_TRACE(row.stream);
    Outcome expected = found(AppProto::http, row.names);
    expected.status = status;
    expect_outcome(http::kParser, as_bytes(row.stream), expected);
  }
}

void check_broken(const std::vector<Case>& cases) {
  check(cases, ParseStatus::malformed);
}

// What comes behind the last message, and where.
struct End {
  std::string stream;
  Next next;
  std::size_t end;
};

void check_end(const std::vector<End>& cases) {
  for (const End& row : cases) {
    SCOPED_TRACE(row.stream);
    expect_outcome(http::kParser, as_bytes(row.stream),
                   run_whole(http::kParser, as_bytes(row.stream)));
    const Outcome outcome = run_whole(http::kParser, as_bytes(row.stream));
    EXPECT_EQ(outcome.status, ParseStatus::done);
    EXPECT_EQ(outcome.next, row.next);
    EXPECT_EQ(outcome.end, row.end);
  }
}

struct Read {
  ParseStatus status;
  ParserState state;
  Facts facts;
};

Read read(const std::string& stream) {
  Read result{};
  result.status = http::feed(result.state, as_bytes(stream), result.facts);
  return result;
}

TEST(HttpRequests, ReadsEachOfAConnection) {
  check({
      {kFirst + kSecond, {"a.example", "b.example"}},
      {kFirst + "\r\n\r\n" + kSecond, {"a.example", "b.example"}},
      {kFirst + "\n" + kSecond, {"a.example", "b.example"}},
      {kFirst + kSecond + kFirst + "GET http://c.example/ HTTP/1.1\r\n\r\n",
       {"a.example", "b.example", "c.example"}},
      // Servers read on, whatever the version and `Connection` say.
      {"GET / HTTP/1.0\r\nHost: a.example\r\n\r\n" + kSecond, {"a.example", "b.example"}},
      {"GET /\r\n" + kSecond, {"b.example"}},
      {"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n" + kSecond,
       {"a.example", "b.example"}},
      // Behind a request servers take more words for a method than the probe does.
      {kFirst + "get /b HTTP/1.1\r\nHost: b.example\r\n\r\n", {"a.example", "b.example"}},
      {kFirst + "x!y /b HTTP/1.1\r\nHost: b.example\r\n\r\n", {"a.example", "b.example"}},
      {kFirst + "GET b HTTP/1.1\r\nHost: b.example\r\n\r\n", {"a.example", "b.example"}},
      {kFirst + "GET /b\r\n", {"a.example"}},
      // Not complete yet.
      {kFirst + "GET /b HTTP/1.1\r\nHost: b.exam", {"a.example"}},
      {kFirst + "\r\n", {"a.example"}},
      {kFirst + "G", {"a.example"}},
  });
  check_end({{kFirst + kSecond, Next::message, kFirst.size() + kSecond.size()},
             {kFirst, Next::message, kFirst.size()}});
}

TEST(HttpRequests, EndWhereNoRequestFollows) {
  check_broken({
      {kFirst + "\x16\x03\x01", {"a.example"}},
      {kFirst + "SM\r\n\r\n", {"a.example"}},
      {kFirst + "Host: b.example\r\n\r\n", {"a.example"}},
      {kFirst + "HTTP/1.1 200 OK\r\n\r\n", {"a.example"}},
      {kFirst + "hello b.example\r\n\r\n", {"a.example"}},
      {kFirst + "OPTIONS rtsp://b.example/ RTSP/1.0\r\n\r\n", {"a.example"}},
      {kFirst + std::string(1100, '\n'), {"a.example"}},
      {kFirst + std::string(80, 'A') + " / HTTP/1.1\r\n\r\n", {"a.example"}},
      {kFirst + kSecond + "{}", {"a.example", "b.example"}},
      {"GET /\r\nHost: b.example\r\n\r\n", {}},
  });
}

TEST(HttpRequests, SkipsBodiesOfKnownLength) {
  check({
      {post("Content-Length: 3\r\n") + "abc" + kSecond, {"p.example", "b.example"}},
      {post("content-length:3\r\n") + "abc" + kSecond, {"p.example", "b.example"}},
      {post("Content-Length:\t003 \r\n") + "abc" + kSecond, {"p.example", "b.example"}},
      {post("Content-Length: 3\r\nContent-Length: 3\r\n") + "abc" + kSecond,
       {"p.example", "b.example"}},
      {post("Content-Length: 3, 3\r\n") + "abc" + kSecond, {"p.example", "b.example"}},
      {post("Content-Length: 0\r\n") + kSecond, {"p.example", "b.example"}},
      {post("Expect: 100-continue\r\nContent-Length: 3\r\n") + "abc" + kSecond,
       {"p.example", "b.example"}},
      {"POST / HTTP/1.1\nHost: p.example\nContent-Length: 3\n\nabc" + kSecond,
       {"p.example", "b.example"}},
      {"\nPOST / HTTP/1.1\r\nHost: p.example\r\nContent-Length: 3\r\n\r\nabc" + kSecond,
       {"p.example", "b.example"}},
      // Whatever is in a body that all servers skip, it is no request.
      {post("Content-Length: 36\r\n") + kSecond, {"p.example"}},
      {post("Content-Length: 100\r\n") + kSecond, {"p.example"}},
      {post("Content-Length: 9223372036854775807\r\n") + kSecond, {"p.example"}},
      // Neither of these is about the body.
      {post("X-Content-Length: 36\r\nTransfer-Encodings: chunked\r\n") + kSecond,
       {"p.example", "b.example"}},
  });
  const Read body = read(post("Content-Length: 9223372036854775807\r\n"));
  EXPECT_EQ(body.state.skip, 0x7fffffffffffffff);
  EXPECT_EQ(body.facts.next, Next::message);
}

TEST(HttpRequests, BodiesThatMayHideARequestAreBroken) {
  std::vector<Case> cases;
  for (const char* const fields : {
           "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
           "Content-Length: 3\r\nContent-Length: 4\r\n",
           "Content-Length: 3, 4\r\n",
           "Content-Length: 3,\r\n",
           "Content-Length: +3\r\n",
           "Content-Length: -3\r\n",
           "Content-Length: 0x3\r\n",
           "Content-Length: 3 4\r\n",
           "Content-Length: 3;\r\n",
           "Content-Length:\r\n",
           "Content-Length: 9223372036854775808\r\n",
           "Content-Length: 99999999999999999999999\r\n",
           "Content-Length : 3\r\n",
           "X: y\r\n Content-Length: 3\r\n",
           "Content-Length: 3\r\n 0\r\n",
           "Content-\x01Length: 3\r\n",
           "X: y\rContent-Length: 3\r\n",
           "X: y\nContent-Length: 3\r\n",
           "Transfer-Encoding: identity\r\n",
           "Transfer-Encoding: xchunked\r\n",
           "Transfer-Encoding: chunked, identity\r\n",
           "Transfer-Encoding: chunked, chunked\r\n",
           "Transfer-Encoding: x, chunked\r\n",
           "Transfer-Encoding: \"chunked\"\r\n",
           "Transfer-Encoding: chunked;q=1\r\n",
           "Transfer-Encoding:\x0b"
           "chunked\r\n",
           "Transfer-Encoding : chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
           "Transfer-Encoding:\r\n chunked\r\n",
           "\x0bTransfer-Encoding: chunked\r\n",
       }) {
    cases.push_back({post(fields) + "abc" + kSecond, {"p.example"}});
  }
  cases.push_back(
      {"POST / HTTP/1.0\r\nHost: p.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
           kSecond,
       {"p.example"}});
  cases.push_back(
      {"CONNECT p.example:443 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", {"p.example"}});
  check_broken(cases);
}

TEST(HttpRequests, LooksIntoBodiesThatSomeServersDoNotRead) {
  const std::string get = "GET /p HTTP/1.1\r\nHost: p.example\r\nContent-Length: ";
  check_broken({
      {get + "36\r\n\r\n" + kSecond, {"p.example"}},
      {get + "5\r\n\r\nGET /", {"p.example"}},
      {"DELETE /p HTTP/1.1\r\nHost: p.example\r\nContent-Length: 36\r\n\r\n" + kSecond,
       {"p.example"}},
      {get + "38\r\n\r\n\r\n" + kSecond, {"p.example"}},
      {get + "4294967296\r\n\r\n", {"p.example"}},
  });
  check({
      {get + "14\r\n\r\n{\"query\": \"x\"}" + kSecond, {"p.example", "b.example"}},
      {get + "3\r\n\r\nGET" + kSecond, {"p.example", "b.example"}},
      {get + "3\r\n\r\nGE", {"p.example"}},
      {get + "1000000\r\n\r\n{" + kSecond, {"p.example"}},
  });
}

TEST(HttpRequests, SkipsChunks) {
  check({
      {chunked("0\r\n\r\n") + kSecond, {"p.example", "b.example"}},
      {chunked("3\r\nabc\r\n0\r\n\r\n") + kSecond, {"p.example", "b.example"}},
      {chunked("3\r\nabc\r\n0A\r\n0123456789\r\n000\r\n\r\n") + kSecond,
       {"p.example", "b.example"}},
      {chunked("3;x=y; z=\"a;b\"\r\nabc\r\n0;last\r\n\r\n") + kSecond, {"p.example", "b.example"}},
      {chunked("3 \r\nabc\r\n 0\t\r\n\r\n") + kSecond, {"p.example", "b.example"}},
      {chunked("3\nabc\n0\n\n") + kSecond, {"p.example", "b.example"}},
      {chunked("0\r\nX-Sum: 1\r\nY: z\r\n\r\n") + kSecond, {"p.example", "b.example"}},
      {chunked("24\r\n" + kSecond + "\r\n0\r\n\r\n") + kFirst, {"p.example", "a.example"}},
      {chunked("7fffffffffffffff\r\nabc") + kSecond, {"p.example"}},
      {post("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n" + kSecond,
       {"p.example", "b.example"}},
      {post("transfer-encoding:CHUNKED\r\n") + "0\r\n\r\n" + kSecond, {"p.example", "b.example"}},
      {chunked("3\r\nabc\r\n0\r\n\r\n") + chunked("0\r\n\r\n") + kSecond,
       {"p.example", "b.example"}},
      // Not complete yet.
      {chunked("3\r\nabc\r"), {"p.example"}},
      {chunked("3"), {"p.example"}},
      {chunked("0\r\nX-Sum"), {"p.example"}},
  });
}

TEST(HttpRequests, ChunksThatServersReadInSeveralWaysAreBroken) {
  std::vector<Case> cases;
  for (const std::string& body : {
           std::string("\r\n0\r\n\r\n"),
           std::string("0x3\r\nabc\r\n"),
           std::string("-3\r\nabc\r\n"),
           std::string("g\r\n"),
           std::string("3 3\r\nabc\r\n"),
           std::string("3\r\nabcd\r\n"),
           std::string("3\r\nabc\rx"),
           std::string("3\r\nabc\r\n\r\n"),
           std::string("3;x\nabc\r\n"),
           std::string("3;x\rabc\r\n"),
           std::string("3\0\r\nabc\r\n", 10),
           std::string("8000000000000000\r\n"),
           std::string("10000000000000003\r\n"),
           std::string("3;" + std::string(5000, 'x') + "\r\nabc\r\n"),
           std::string(5000, '0') + "\r\n",
           "0\r\n" + kSecond,
           std::string("0\r\nGET http://b.example/ HTTP/1.1\r\n\r\n"),
           std::string("0\r\n: x\r\n\r\n"),
           std::string("0\r\nX: a\rHost: b\r\n\r\n"),
           "0\r\nX: " + std::string(17000, 'x') + "\r\n\r\n",
       }) {
    cases.push_back({chunked(body), {"p.example"}});
  }
  check_broken(cases);
}

TEST(HttpRequests, ConnectLeadsIntoATunnel) {
  const std::string connect =
      "CONNECT chat.example:443 HTTP/1.1\r\nHost: proxy.example:3128\r\n\r\n";
  check_end({{connect, Next::protocol, connect.size()},
             {connect + "\x16\x03\x01", Next::protocol, connect.size()},
             {connect + kSecond, Next::protocol, connect.size()},
             {kFirst + connect + kSecond, Next::protocol, kFirst.size() + connect.size()},
             {"CONNECT h:1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", Next::protocol, 43}});
  const Read result = read(connect);
  ASSERT_EQ(result.facts.name_count, 2);
  EXPECT_EQ(result.facts.names[0].source, NameSource::tunnel_target);
  EXPECT_EQ(result.facts.names[0].host.view(), "chat.example");
  EXPECT_EQ(result.facts.names[1].source, NameSource::http_host);
  EXPECT_EQ(result.facts.names[1].host.view(), "proxy.example");
  EXPECT_EQ(result.facts.target_port, 443);
}

TEST(HttpRequests, TellsTheTargetsPort) {
  const std::vector<std::pair<std::string, std::uint16_t>> cases = {
      {"CONNECT [2001:db8::1]:8443 HTTP/1.1\r\n\r\n", std::uint16_t{8443}},
      {"CONNECT chat.example HTTP/1.1\r\n\r\n", std::uint16_t{0}},
      {"CONNECT chat.example:65536 HTTP/1.1\r\n\r\n", std::uint16_t{0}},
      {"CONNECT chat.example:https HTTP/1.1\r\n\r\n", std::uint16_t{0}},
      {"GET http://chat.example:8080/x HTTP/1.1\r\n\r\n", std::uint16_t{8080}},
      {"GET http://u:p@chat.example:8080/x HTTP/1.1\r\n\r\n", std::uint16_t{8080}},
      {"GET http://chat.example/:80 HTTP/1.1\r\n\r\n", std::uint16_t{0}},
      {"GET / HTTP/1.1\r\nHost: chat.example:8080\r\n\r\n", std::uint16_t{0}},
  };
  for (const auto& [stream, port] : cases)
    EXPECT_EQ(read(stream).facts.target_port, port) << stream;
}

TEST(HttpRequests, UpgradeLeadsIntoAnotherProtocol) {
  const auto upgrade = [](const std::string& to, const std::string& fields = "") {
    return "GET /u HTTP/1.1\r\nHost: u.example\r\nConnection: Upgrade\r\nUpgrade: " + to + "\r\n" +
           fields + "\r\n";
  };
  const std::string h2c = upgrade("h2c", "HTTP2-Settings: AAMAAABk\r\n");
  const std::string posted = "POST /u HTTP/1.1\r\nUpgrade: h2c\r\n";
  const std::string chunks = posted + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
  const std::string sized = posted + "Content-Length: 2\r\n\r\n";
  const std::string ws = upgrade("WebSocket");
  check_end({
      {h2c, Next::protocol, h2c.size()},
      {h2c + kSecond, Next::protocol, h2c.size()},
      {chunks + "PRI", Next::protocol, chunks.size()},
      {sized + "ab", Next::protocol, sized.size()},
      {upgrade("TLS/1.0") + "\x16", Next::protocol, upgrade("TLS/1.0").size()},
      {upgrade("h2c", "Content-Length: 2\r\n") + "{}PRI", Next::protocol,
       upgrade("h2c", "Content-Length: 2\r\n").size()},
      {upgrade("websocket, h2c"), Next::protocol, upgrade("websocket, h2c").size()},
      // A websocket's frames, masked as a client's are; without them anything may come.
      {ws, Next::message, ws.size()},
      {ws + "\x81\x85"
            "abcd",
       Next::opaque, ws.size()},
      {ws + "\x41\xfe", Next::opaque, ws.size()},
      {ws + "\x88\x80", Next::opaque, ws.size()},
      {ws + "\x81\x05hello", Next::protocol, ws.size()},
      {ws + "\x16\x03\x01", Next::protocol, ws.size()},
      {ws + "\x81", Next::message, ws.size()},
  });
  // Where the server declined, another request comes.
  check({{ws + kSecond, {"u.example", "b.example"}},
         {ws + "\r\n" + kSecond, {"u.example", "b.example"}},
         {"GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade-Insecure-Requests: 1\r\n\r\n" + kSecond,
          {"a.example", "b.example"}}});
  EXPECT_EQ(read(sized).state.skip, 2u);
}

// The view grows byte by byte through many requests; each is dealt with once.
TEST(HttpRequests, CostsTheSameForEachOfMany) {
  std::string stream;
  for (int i = 0; i < 2000; ++i) stream += chunked("3\r\nabc\r\n0\r\n\r\n");
  const Outcome outcome = run_whole(http::kParser, as_bytes(stream));
  EXPECT_EQ(outcome.status, ParseStatus::done);
  ParserState state;
  std::size_t begin = 0;
  std::size_t calls = 0;
  while (begin < stream.size()) {
    Facts facts;
    const ParseStatus status = http::feed(state, as_bytes(stream).subspan(begin), facts);
    ASSERT_TRUE(status == ParseStatus::done || status == ParseStatus::piece);
    ASSERT_GT(state.offset + state.skip, 0u);
    begin += state.offset + static_cast<std::size_t>(state.skip);
    state.offset = 0;
    state.skip = 0;
    ++calls;
  }
  EXPECT_EQ(calls, 2000u * 4);
}

TEST(HttpRequests, LooksAtEachByteOfALineOnce) {
  const std::string begin = chunked("0\r\n");
  ParserState state;
  Facts facts;
  ASSERT_EQ(http::feed(state, as_bytes(begin), facts), ParseStatus::done);
  const Bytes chunk = as_bytes(begin).subspan(state.offset);
  state.offset = 0;
  ASSERT_EQ(http::feed(state, chunk, facts), ParseStatus::piece);
  state.offset = 0;
  const std::string trailer = "X: " + std::string(16000, 'x');
  for (std::size_t length = 1; length < trailer.size(); ++length) {
    ASSERT_EQ(http::feed(state, as_bytes(trailer).first(length), facts), ParseStatus::need_more);
    ASSERT_EQ(state.offset, length);
  }
}

TEST(HttpRequests, TakeNothingFromTheHeap) {
  if (!mallocs_are_counted()) GTEST_SKIP() << "AddressSanitizer has the heap's functions";
  const std::string stream = kFirst + chunked("3\r\nabc\r\n0\r\n\r\n") + "CONNECT " +
                             std::string(200, 'n') + ":443 HTTP/1.1\r\n\r\n";
  ParserState state;
  Facts facts;
  std::size_t begin = 0;
  const std::size_t before = malloc_count();
  while (begin < stream.size()) {
    facts.clear();
    const ParseStatus status = http::feed(state, as_bytes(stream).subspan(begin), facts);
    if (status != ParseStatus::done && status != ParseStatus::piece) break;
    begin += state.offset + static_cast<std::size_t>(state.skip);
    state.offset = 0;
    state.skip = 0;
  }
  EXPECT_EQ(malloc_count(), before);
  EXPECT_EQ(begin, stream.size());
  EXPECT_EQ(facts.next, Next::protocol);
}

}  // namespace
}  // namespace chatgate::proto::test
