// Whole messages: every buffer that is there, and none that is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>

#include "http_messages.h"

namespace chatgate::detect::test {
namespace {

using Buffers = std::map<std::string, std::string>;

std::vector<std::size_t> every_length(std::size_t size) {
  std::vector<std::size_t> lengths(size + 1);
  std::iota(lengths.begin(), lengths.end(), 0u);
  return lengths;
}

struct Case {
  const char* what;
  std::string text;
  Buffers expected;
  std::string behind = {};  // the next message
};

void check(Way way, const std::vector<Case>& cases) {
  HttpView view;
  for (const Case& row : cases) {
    SCOPED_TRACE(row.what);
    const std::string all = row.text + row.behind;
    const Shown shown = read_message(view, way, all, true);
    EXPECT_EQ(shown.buffers, row.expected);
    EXPECT_EQ(shown.message.size, row.text.size());
    EXPECT_EQ(contradiction_in_cuts(view, way, all, every_length(all.size())), "");
  }
}

// Only these buffers of the message; where the expected text is "-", it must be absent.
struct Part {
  const char* what;
  std::string text;
  Buffers expected;
};

void check_parts(Way way, const std::vector<Part>& cases) {
  HttpView view;
  for (const Part& row : cases) {
    SCOPED_TRACE(row.what);
    const Shown shown = read_message(view, way, row.text, true);
    for (const auto& [name, value] : row.expected) {
      const auto found = shown.buffers.find(name);
      EXPECT_EQ(found == shown.buffers.end() ? "-" : found->second, value) << name;
    }
    EXPECT_EQ(contradiction_in_cuts(view, way, row.text, every_length(row.text.size())), "");
  }
}

TEST(HttpRequestView, EveryBuffer) {
  const std::string fields =
      "Host: Chat.Example:8080\r\nUser-Agent: curl/7\r\nReferer: http://a/\r\nAccept: */*\r\n"
      "Accept-Encoding: gzip\r\nAccept-Language: en\r\nCookie: a=b\r\nConnection: close\r\n"
      "Content-Type: text/plain\r\nContent-Length: 4\r\nX-Other: y\r\n";
  const std::string without_cookie =
      "Host: Chat.Example:8080\r\nUser-Agent: curl/7\r\nReferer: http://a/\r\nAccept: */*\r\n"
      "Accept-Encoding: gzip\r\nAccept-Language: en\r\nConnection: close\r\n"
      "Content-Type: text/plain\r\nContent-Length: 4\r\nX-Other: y\r\n";
  const std::string line = "POST /a/%2e%2e/b%20c?d=%41+e#f HTTP/1.1";
  check(Way::request, {{"all of them",
                        line + "\r\n" + fields + "\r\nbody",
                        {{"http.method", "POST"},
                         {"http.uri", "/b c?d=A+e#f"},
                         {"http.uri.raw", "/a/%2e%2e/b%20c?d=%41+e#f"},
                         {"http.request_line", line},
                         {"http.protocol", "HTTP/1.1"},
                         {"http.host", "chat.example"},
                         {"http.host.raw", "Chat.Example:8080"},
                         {"http.user_agent", "curl/7"},
                         {"http.referer", "http://a/"},
                         {"http.accept", "*/*"},
                         {"http.accept_enc", "gzip"},
                         {"http.accept_lang", "en"},
                         {"http.request_body", "body"},
                         {"http.header", without_cookie},
                         {"http.header.raw", fields + "\r\n"},
                         {"http.header_names",
                          "\r\nHost\r\nUser-Agent\r\nReferer\r\nAccept\r\nAccept-Encoding\r\n"
                          "Accept-Language\r\nCookie\r\nConnection\r\nContent-Type\r\n"
                          "Content-Length\r\nX-Other\r\n\r\n"},
                         {"http.cookie", "a=b"},
                         {"http.cookie.raw", "a=b"},
                         {"http.connection", "close"},
                         {"http.content_type", "text/plain"},
                         {"http.content_len", "4"},
                         {"http.start", line + "\r\n" + fields + "\r\n"}},
                        "GET / HTTP/1.1\r\n\r\n"}});
}

Buffers bare_request(const std::string& line, const std::string& method, const std::string& uri) {
  return {{"http.method", method},       {"http.uri", uri},
          {"http.uri.raw", uri},         {"http.request_line", line},
          {"http.protocol", "HTTP/1.1"}, {"http.start", line + "\r\n\r\n"},
          {"http.header.raw", "\r\n"}};
}

TEST(HttpRequestView, NoFields) {
  Buffers lf = bare_request("GET / HTTP/1.1", "GET", "/");
  lf["http.header.raw"] = "\n";
  Buffers old = bare_request("GET /x", "GET", "/x");
  for (const char* name : {"http.protocol", "http.start", "http.header.raw"}) old.erase(name);
  check(Way::request,
        {{"as it should be", "GET / HTTP/1.1\r\n\r\n", bare_request("GET / HTTP/1.1", "GET", "/")},
         {"another behind it", "GET / HTTP/1.1\r\n\r\n", bare_request("GET / HTTP/1.1", "GET", "/"),
          "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"},
         {"lines of LF", "GET / HTTP/1.1\n\n", lf, "rest"},
         {"blank lines first", "\r\n\n\r\nGET / HTTP/1.1\r\n\r\n",
          bare_request("GET / HTTP/1.1", "GET", "/")},
         {"words far apart", "GET \t  /  HTTP/1.1\r\n\r\n",
          bare_request("GET \t  /  HTTP/1.1", "GET", "/")},
         {"blanks in the target", "GET /a b HTTP/1.1\r\n\r\n",
          bare_request("GET /a b HTTP/1.1", "GET", "/a b")},
         {"a method nobody knows", "HELLO / HTTP/1.1\r\n\r\n",
          bare_request("HELLO / HTTP/1.1", "HELLO", "/")},
         {"all of the server", "OPTIONS * HTTP/1.1\r\n\r\n",
          bare_request("OPTIONS * HTTP/1.1", "OPTIONS", "*")},
         {"HTTP/0.9", "GET /x\r\n", old, "Host: a\r\n\r\n"}});
}

TEST(HttpRequestView, Hosts) {
  const auto get = [](const std::string& target, const std::string& fields) {
    return "GET " + target + " HTTP/1.1\r\n" + fields + "\r\n";
  };
  check_parts(
      Way::request,
      {{"none", get("/", ""), {{"http.host", "-"}, {"http.host.raw", "-"}}},
       {"empty", get("/", "Host:\r\n"), {{"http.host", ""}, {"http.host.raw", ""}}},
       {"dots at the end", get("/", "Host: a.B..\r\n"), {{"http.host", "a.b"}}},
       {"blanks around",
        get("/", "hOsT \t:\t a.b:80 \r\n"),
        {{"http.host", "a.b"}, {"http.host.raw", "a.b:80"}}},
       {"IPv6",
        get("/", "Host: [::A]:80\r\n"),
        {{"http.host", "[::a]"}, {"http.host.raw", "[::A]:80"}}},
       {"IPv6 without port", get("/", "Host: [::A]\r\n"), {{"http.host", "[::a]"}}},
       {"a bracket never closed", get("/", "Host: [::A\r\n"), {{"http.host", ""}}},
       {"two",
        get("/", "Host: A:1\r\nX: y\r\nHost: B:2\r\n"),
        {{"http.host", "a, b"}, {"http.host.raw", "A:1, B:2"}}},
       {"folded", get("/", "Host:\r\n  a.b\r\n"), {{"http.host", "a.b"}, {"http.host.raw", "a.b"}}},
       {"absolute target",
        get("http://U@A.b:81/c", "Host: other\r\n"),
        {{"http.host", "a.b"},
         {"http.host.raw", "U@A.b:81"},
         {"http.uri", "/c"},
         {"http.uri.raw", "http://U@A.b:81/c"}}},
       {"absolute target of HTTP/0.9",
        "GET http://A.b/c\r\n",
        {{"http.host", "a.b"}, {"http.uri", "/c"}}},
       {"CONNECT",
        "CONNECT A.b:443 HTTP/1.1\r\nHost: other\r\nContent-Length: 9\r\n\r\n",
        {{"http.host", "a.b"}, {"http.uri", "A.b:443"}, {"http.request_body", "-"}}},
       {"another field", get("/", "X-Host: a.b\r\nHosts: c\r\n"), {{"http.host", "-"}}}});
}

TEST(HttpRequestView, Fields) {
  const auto with = [](const std::string& fields) {
    return "GET / HTTP/1.1\r\n" + fields + "\r\n";
  };
  check_parts(
      Way::request,
      {{"cookies joined",
        with("Cookie: a=1\r\nX: y\r\ncookie:b=2 \r\n"),
        {{"http.cookie", "a=1; b=2"},
         {"http.cookie.raw", "a=1; b=2"},
         {"http.header", "X: y\r\n"}}},
       {"cookie folded",
        with("Cookie: a=1;\r\n\tb=2\r\n"),
        {{"http.cookie", "a=1; b=2"}, {"http.cookie.raw", "a=1;\r\n\tb=2"}, {"http.header", "-"}}},
       {"Set-Cookie is none of a request",
        with("Set-Cookie: a\r\nCookies: b\r\n"),
        {{"http.cookie", "-"}, {"http.header", "Set-Cookie: a\r\nCookies: b\r\n"}}},
       {"joined",
        with("Accept: a\r\nAccept: b\r\nUser-Agent:c\r\nAccept:\r\n"),
        {{"http.accept", "a, b, "},
         {"http.user_agent", "c"},
         {"http.header", "Accept: a\r\nAccept: b\r\nUser-Agent: c\r\nAccept: \r\n"}}},
       {"line ends normalised",
        with("A:b\nC :  d\t\r\r\n"),
        {{"http.header", "A: b\r\nC: d\r\n"},
         {"http.header.raw", "A:b\nC :  d\t\r\r\n\r\n"},
         {"http.header_names", "\r\nA\r\nC\r\n\r\n"}}},
       {"unfolded",
        with("User-Agent: a\r\n \r\n\t b\r\n\tc\r\nX: y\r\n"),
        {{"http.user_agent", "a b c"}, {"http.header", "User-Agent: a b c\r\nX: y\r\n"}}},
       {"blanks of other kinds",
        with(std::string("User-Agent\f:\v a\r\n\0b\v\r\n", 22)),
        {{"http.user_agent", "a b"}, {"http.header", "User-Agent: a b\r\n"}}},
       {"first line folded", with(" User-Agent: a\r\n"), {{"http.user_agent", "a"}}},
       {"no colon",
        with("garbage \r\nA: b\r\n \r\n"),
        {{"http.header", "garbage\r\nA: b\r\n"}, {"http.header_names", "\r\nA\r\n\r\n"}}},
       {"no name",
        with(":a\r\n"),
        {{"http.header", ": a\r\n"}, {"http.header_names", "\r\n\r\n\r\n"}}},
       {"responses' fields",
        with("Server: a\r\nLocation: b\r\n"),
        {{"http.server", "-"}, {"http.location", "-"}, {"http.response_line", "-"}}},
       {"look-alikes",
        with("X-User-Agent: a\r\nUser Agent: b\r\nReferrer: c\r\nAccepts: d\r\n"),
        {{"http.user_agent", "-"}, {"http.referer", "-"}, {"http.accept", "-"}}}});
}

TEST(HttpRequestView, Bodies) {
  const auto post = [](const std::string& fields, const std::string& body) {
    return "POST / HTTP/1.1\r\n" + fields + "\r\n" + body;
  };
  const std::string chunked = "Transfer-Encoding: Chunked\r\n";
  struct Row {
    const char* what;
    std::string text;
    std::string body;
    bool whole;
  };
  const Row rows[] = {
      {"none", post("", ""), "-", true},
      {"length 0", post("Content-Length: 0\r\n", ""), "-", true},
      {"sized", post("Content-Length: 3\r\n", "abc"), "abc", true},
      {"the same length twice", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), "abc",
       true},
      {"sized, cut", post("Content-Length: 4\r\n", "abc"), "abc", false},
      {"longer than can be", post("Content-Length: 99999999999999999999999\r\n", "abc"), "abc",
       false},
      {"no number", post("Content-Length: x\r\n", "abc"), "abc", false},
      {"chunked", post(chunked, "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"), "abc0123456789", true},
      {"extensions and trailers", post(chunked, "3;a=b\r\nabc\r\n0;c\r\nX: y\r\nZ: 1\r\n\r\n"),
       "abc", true},
      {"chunks of LF", post(chunked, "3\nabc\n0\n\n"), "abc", true},
      {"blanks and zeros", post(chunked, " 003 \r\nabc\r\n\r\n00\r\n\r\n"), "abc", true},
      {"no chunk", post(chunked, "0\r\n\r\n"), "", true},
      {"chunks before length", post(chunked + "Content-Length: 1\r\n", "2\r\nab\r\n0\r\n\r\n"),
       "ab", true},
      {"codings before it", post("Transfer-Encoding: gzip, chunked\r\n", "1\r\nab\r\n"), "ab\r\n",
       false},
      {"chunk cut", post(chunked, "9\r\nabc"), "abc", false},
      {"chunk larger than can be", post(chunked, "FFFFFFFFFFFFFFFFFFFFF\r\nabc"), "abc", false},
      {"larger by one digit", post(chunked, "10000000000000002\r\nab\r\n0\r\n\r\n"),
       "ab\r\n0\r\n\r\n", false},
      {"no size", post(chunked, "2\r\nab\r\nxyz\r\n0\r\n\r\n"), "abxyz\r\n0\r\n\r\n", false},
      {"negative size", post(chunked, "-2\r\nab\r\n"), "-2\r\nab\r\n", false},
      {"chunk's end missing", post(chunked, "2\r\nabcd\r\n0\r\n\r\n"), "abcd\r\n0\r\n\r\n", false},
      {"trailer cut", post(chunked, "2\r\nab\r\n0\r\nX: y\r\n"), "ab", false},
      {"not quite chunked",
       post("Transfer-Encoding: unchunked\r\nTransfer-Codings: chunked\r\n", ""), "-", true},
  };
  HttpView view;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    const std::string all = row.text + (row.whole ? "GET / HTTP/1.1\r\n\r\n" : "");
    Shown shown = read_message(view, Way::request, all, true);
    EXPECT_EQ(
        shown.buffers.contains("http.request_body") ? shown.buffers["http.request_body"] : "-",
        row.body);
    EXPECT_EQ(shown.message.whole, row.whole);
    EXPECT_EQ(shown.message.size, row.text.size());
    EXPECT_FALSE(shown.buffers.contains("file.data"));
    EXPECT_EQ(contradiction_in_cuts(view, Way::request, all, every_length(all.size())), "");
  }
}

TEST(HttpRequestView, LookAlikesAreNone) {
  HttpView view;
  const std::string rows[] = {"",
                              "\r\n",
                              "G",
                              "GET",
                              "GET ",
                              "get / http/1.1\r\n\r\n",
                              "HELLO /\r\n\r\n",
                              "USER a b :c\r\n",
                              "EHLO a.b\r\n",
                              "HTTP/1.1 200 OK\r\n\r\n",
                              "GETX /",
                              "GET: / HTTP/1.1\r\n",
                              "OPTIONS sip:a@b SIP/2.0\r\n\r\n",
                              "DESCRIBE /a RTSP/1.0\r\n\r\n",
                              "OPTIONS /a RTSP/1.0\r\n\r\n",
                              "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                              std::string("\x16\x03\x01\x02\0", 5),
                              std::string(2000, '\n') + "GET / HTTP/1.1\r\n\r\n"};
  for (const std::string& text : rows) {
    const Shown shown = read_message(view, Way::request, text, true);
    EXPECT_FALSE(shown.message.http) << text;
    EXPECT_THAT(shown.buffers, testing::IsEmpty()) << text;
  }
}

// A head that ends with the turn and not with a blank line, as one that is too long does.
TEST(HttpRequestView, WhatATurnCutsOff) {
  HttpView view;
  const std::string line = "GET /a?b HTTP/1.1";
  Shown shown = read_message(view, Way::request, "GET /a?b=%4", true);
  EXPECT_EQ(shown.buffers, (Buffers{{"http.method", "GET"},
                                    {"http.uri", "/a?b=%4"},
                                    {"http.uri.raw", "/a?b=%4"},
                                    {"http.request_line", "GET /a?b=%4"}}));
  EXPECT_FALSE(shown.message.whole);
  const std::string text = line + "\r\nHost: a\r\nUser-Agent: b\r\nX: cut";
  shown = read_message(view, Way::request, text, true);
  EXPECT_EQ(shown.buffers["http.user_agent"], "b");
  EXPECT_EQ(shown.buffers["http.header_names"], "\r\nHost\r\nUser-Agent\r\n\r\n");
  EXPECT_EQ(shown.buffers["http.header.raw"], "Host: a\r\nUser-Agent: b\r\n");
  EXPECT_FALSE(shown.message.whole);
  EXPECT_EQ(shown.message.size, text.size());
  shown = read_message(view, Way::request, text, false);
  EXPECT_EQ(shown.buffers, (Buffers{{"http.method", "GET"},
                                    {"http.uri", "/a?b"},
                                    {"http.uri.raw", "/a?b"},
                                    {"http.request_line", line},
                                    {"http.protocol", "HTTP/1.1"}}));
}

TEST(HttpRequestView, Pipelined) {
  HttpView view;
  const std::string text =
      "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nab\r\n"
      "POST /3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n\r\nGET /4";
  std::vector<Shown> messages = read_turn(view, Way::request, text, false);
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[0].buffers["http.uri"], "/1");
  EXPECT_EQ(messages[1].buffers["http.request_body"], "ab");
  EXPECT_EQ(messages[2].buffers["http.request_body"], "c");
  EXPECT_TRUE(messages[3].message.http);
  EXPECT_FALSE(messages[3].message.whole);
  EXPECT_THAT(messages[3].buffers, testing::IsEmpty());
}

TEST(HttpResponseView, EveryBuffer) {
  const std::string fields =
      "Server: a/1\r\nLocation: /b\r\nSet-Cookie: c=d\r\nConnection: close\r\n"
      "Content-Type: text/plain\r\nContent-Length: 4\r\n";
  check(Way::response,
        {{"all of them",
          "HTTP/1.1 200 All is well\r\n" + fields + "\r\nbody",
          {{"file.data", "body"},
           {"http.response_line", "HTTP/1.1 200 All is well"},
           {"http.protocol", "HTTP/1.1"},
           {"http.stat_code", "200"},
           {"http.stat_msg", "All is well"},
           {"http.server", "a/1"},
           {"http.location", "/b"},
           {"http.header",
            "Server: a/1\r\nLocation: /b\r\nConnection: close\r\nContent-Type: text/plain\r\n"
            "Content-Length: 4\r\n"},
           {"http.header.raw", fields + "\r\n"},
           {"http.header_names",
            "\r\nServer\r\nLocation\r\nSet-Cookie\r\nConnection\r\nContent-Type\r\n"
            "Content-Length\r\n\r\n"},
           {"http.cookie", "c=d"},
           {"http.cookie.raw", "c=d"},
           {"http.connection", "close"},
           {"http.content_type", "text/plain"},
           {"http.content_len", "4"},
           {"http.start", "HTTP/1.1 200 All is well\r\n" + fields + "\r\n"}},
          "HTTP/1.1 204 No Content\r\n\r\n"},
         {"no more than a code",
          "\r\nhttp/1.0  404 \n\n",
          {{"file.data", ""},
           {"http.response_line", "http/1.0  404 "},
           {"http.protocol", "http/1.0"},
           {"http.stat_code", "404"},
           {"http.header.raw", "\n"},
           {"http.start", "http/1.0  404 \r\n\r\n"}}}});
}

TEST(HttpResponseView, WithoutBody) {
  HttpView view;
  for (const std::string code : {"100", "101", "204", "304"}) {
    const std::string text = "HTTP/1.1 " + code + " x\r\nContent-Length: 5\r\nHost: a\r\n\r\n";
    const Shown shown = read_message(view, Way::response, text + "HTTP/1.1 200 OK\r\n", false);
    EXPECT_TRUE(shown.message.whole);
    EXPECT_EQ(shown.message.size, text.size());
    EXPECT_EQ(shown.message.ends_http, code == "101") << code;
    EXPECT_FALSE(shown.buffers.contains("file.data"));
    EXPECT_FALSE(shown.buffers.contains("http.host"));
    EXPECT_EQ(read_turn(view, Way::response, text + "HTTP/1.1 200 OK\r\n", false).size(),
              code == "101" ? 1u : 2u);
  }
}

TEST(HttpResponseView, BodyToTheEnd) {
  HttpView view;
  const std::string text = "HTTP/1.0 200 OK\r\n\r\nall that follows";
  Shown shown = read_message(view, Way::response, text, false);
  EXPECT_EQ(shown.buffers["file.data"], "all that follows");
  EXPECT_FALSE(shown.complete["file.data"]);
  EXPECT_FALSE(shown.message.whole);
  shown = read_message(view, Way::response, text, true);
  EXPECT_TRUE(shown.complete["file.data"]);
  EXPECT_FALSE(shown.message.whole);
}

TEST(HttpResponseView, LookAlikesAreNone) {
  HttpView view;
  for (const std::string text :
       {"", "HTTP", "HTTP/", "HTTP/x", "HTTPS/1.1 200 OK\r\n\r\n", "RTSP/1.0 200 OK\r\n\r\n",
        "SIP/2.0 200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n", " HTTP/1.1 200 OK\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "<html>HTTP/1.1 200 OK\r\n\r\n"}) {
    const Shown shown = read_message(view, Way::response, text, true);
    EXPECT_FALSE(shown.message.http) << text;
    EXPECT_THAT(shown.buffers, testing::IsEmpty()) << text;
  }
}

}  // namespace
}  // namespace chatgate::detect::test
