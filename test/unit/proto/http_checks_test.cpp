// What a policy may ask of a request's head: lengths, and what servers refuse.
#include "proto/http_checks.h"

#include <gtest/gtest.h>
#include <string>

namespace chatgate::proto::http {
namespace {

const std::string kEnd = "Host: a.example\r\n\r\n";

struct LineCase {
  std::string head;
  const char* method;
  const char* target;
};

TEST(HttpChecks, MethodAndTarget) {
  const LineCase cases[] = {
      {"GET /a HTTP/1.1\r\n" + kEnd, "GET", "/a"},
      {"\r\n\r\nGET /a HTTP/1.1\r\n" + kEnd, "GET", "/a"},
      {"GET  /a b\tc  HTTP/1.1\r\n" + kEnd, "GET", "/a b\tc"},
      {"get /a\r\n\r\n", "get", "/a"},
      {"CONNECT a.example:443 HTTP/1.1\r\n" + kEnd, "CONNECT", "a.example:443"},
      {"OPTIONS * HTTP/1.1\n" + kEnd, "OPTIONS", "*"},
      {"GET http://a.example/?x=HTTP/1.0 HTTP/1.1\r\n" + kEnd, "GET",
       "http://a.example/?x=HTTP/1.0"},
      {"\r\n", "", ""},
      {"GET", "GET", ""},
  };
  for (const LineCase& row : cases) {
    const RequestChecks checks = check_request(row.head);
    EXPECT_EQ(checks.method, row.method) << row.head;
    EXPECT_EQ(checks.target, row.target) << row.head;
  }
}

TEST(HttpChecks, LengthsAreOfTheFieldsAlone) {
  const std::string line = "POST / HTTP/1.1\r\n";
  const std::string fields = "Host: a.example\r\nContent-Length: 12\r\n";
  RequestChecks checks = check_request(line + fields + "\r\n");
  EXPECT_EQ(checks.header_length, fields.size());
  EXPECT_EQ(checks.content_length, 12u);
  // What follows the head is not part of it.
  checks = check_request(line + fields + "\r\nX: 1\r\nContent-Length: 99\r\n\r\n");
  EXPECT_EQ(checks.header_length, fields.size());
  EXPECT_EQ(checks.content_length, 12u);
  checks = check_request("GET / HTTP/1.1\nHost: a\n\n");
  EXPECT_EQ(checks.header_length, 8u);
  EXPECT_FALSE(checks.content_length);
  EXPECT_EQ(check_request(line + "content-length:\t0\r\n" + kEnd).content_length, 0u);
  EXPECT_FALSE(check_request(line + "X-Content-Length: 5\r\n" + kEnd).content_length);
  EXPECT_EQ(check_request("GET /\r\n").header_length, 0u);
}

TEST(HttpChecks, WhatServersTakeIsNoViolation) {
  const std::string cases[] = {
      "GET / HTTP/1.1\r\n" + kEnd,
      "\r\nGET / HTTP/1.1\r\n" + kEnd,
      "GET / HTTP/1.1\nHost: a.example\n\n",
      "GET / HTTP/1.0\r\n\r\n",
      "GET /a?b=c%20d&e='(f)' HTTP/1.1\r\n" + kEnd,
      "GET /\xc3\xa4 HTTP/1.1\r\n" + kEnd,
      "get / HTTP/1.1\r\n" + kEnd,
      "PROPFIND / HTTP/1.1\r\nDepth: 1\r\n" + kEnd,
      "X!Y / HTTP/1.1\r\n" + kEnd,
      "OPTIONS * HTTP/1.1\r\n" + kEnd,
      "CONNECT [2001:db8::1]:443 HTTP/1.1\r\n" + kEnd,
      "GET https://a.example HTTP/1.1\r\n" + kEnd,
      "GET / HTTP/1.1\r\nHost:\r\n\r\n",
      "GET / HTTP/1.1\r\nHOST:a.example:80  \r\n\r\n",
      "GET / HTTP/1.1\r\nX-Empty:\r\nX: a: b\t\"c\"\r\n" + kEnd,
      "GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n",
  };
  for (const std::string& head : cases) EXPECT_FALSE(check_request(head).violation) << head;
}

TEST(HttpChecks, WhatServersRefuseIs) {
  const std::string line = "GET / HTTP/1.1\r\n";
  const std::string cases[] = {
      "GET /\r\n",
      "GET / HTTP/2.0\r\n" + kEnd,
      "GET / http/1.1\r\n" + kEnd,
      "GET / HTTP/1.1 \r\n" + kEnd,
      "GET  / HTTP/1.1\r\n" + kEnd,
      "GET /a b HTTP/1.1\r\n" + kEnd,
      "GET\t/ HTTP/1.1\r\n" + kEnd,
      std::string("GET /\0 HTTP/1.1\r\n", 17) + kEnd,
      "GET /\x01 HTTP/1.1\r\n" + kEnd,
      "GET /\x7f HTTP/1.1\r\n" + kEnd,
      "GET a HTTP/1.1\r\n" + kEnd,
      "GET * HTTP/1.1\r\n" + kEnd,
      "CONNECT / HTTP/1.1\r\n" + kEnd,
      "CONNECT a.example HTTP/1.1\r\n" + kEnd,
      "CONNECT a.example:x HTTP/1.1\r\n" + kEnd,
      "G(T / HTTP/1.1\r\n" + kEnd,
      line + "\r\n",
      line + "Host : a.example\r\n\r\n",
      line + "Host: a.example\r\nHost: a.example\r\n\r\n",
      line + "Host: a b\r\n\r\n",
      line + "Host: a/b\r\n\r\n",
      line + " X: folded\r\n" + kEnd,
      line + "X: a\r\n b\r\n" + kEnd,
      line + "no field\r\n" + kEnd,
      line + ": x\r\n" + kEnd,
      line + "X(: x\r\n" + kEnd,
      line + "X: a\rb\r\n" + kEnd,
      line + std::string("X: a\0b\r\n", 8) + kEnd,
      "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
  };
  for (const std::string& head : cases) EXPECT_TRUE(check_request(head).violation) << head;
}

// Any part of a head is read within its bounds, whatever is missing.
TEST(HttpChecks, EveryCutIsRead) {
  const std::string head = "POST /a?b HTTP/1.1\r\nHost: a.example\r\nContent-Length: 77\r\n\r\n";
  for (std::size_t cut = 0; cut <= head.size(); ++cut) {
    const std::string part = head.substr(0, cut);
    const RequestChecks checks = check_request(part);
    EXPECT_LE(checks.header_length, cut);
    EXPECT_TRUE(head.find(checks.method) != head.npos && head.find(checks.target) != head.npos);
  }
}

}  // namespace
}  // namespace chatgate::proto::http
