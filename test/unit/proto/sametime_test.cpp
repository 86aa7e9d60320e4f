#include "proto/sametime.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "messenger_checks.h"
#include "oscar_message.h"

namespace chatgate::proto::test {
namespace {

using namespace std::string_literals;
using sametime::kParser;

std::string message(std::uint16_t type, std::uint32_t channel, const std::string& body,
                    std::uint16_t options = 0, const std::string& attributes = "") {
  return sized32(be16(type) + be16(options) + be32(channel) + attributes + body);
}
std::string handshake(std::uint16_t client = 0x1700) {
  return message(0, 0,
                 be16(0x1e) + be16(0x1d) + be32(0) + be32(0) + be16(client) + be32(0x0a000001) +
                     be16(0x100) + be32(0) + sized16("host"));
}
const std::string kHandshake = handshake();
const std::string kHandshakeLine = "sametime login version=30.29 client=0x1700";
const std::string kAnswer =
    message(0x8000, 0, be16(0x1e) + be16(0x1d) + be32(0) + be32(0x01234567) + sized32("key"));
const std::string kAnswerLine = "sametime login version=30.29";

void expect_client(const std::string& text, const std::string& line) {
  expect_lines(kParser, kHandshake + text, {kHandshakeLine, line});
}
void expect_server(const std::string& text, const std::string& line) {
  expect_lines(kParser, kAnswer + text, {kAnswerLine, line}, Direction::to_client);
}

std::string user(const std::string& name) {
  return sized16("login-id") + be16(0x1002) + sized16(name) + sized16("Their Name") + sized16("") +
         "\0"s;
}
std::string create(std::uint32_t channel, std::uint32_t service, const std::string& detail = "",
                   const std::string& creator = "\0"s) {
  return message(2, 0,
                 be32(0) + be32(channel) + sized16("peer@example.com") + sized16("") +
                     be32(service) + be32(1) + be32(3) + be32(0) + sized32(detail) + creator +
                     be32(0));
}

TEST(Sametime, LogIn) {
  expect_lines(kParser,
               message(0, 0, be16(0x1e) + be16(0x17) + be32(0) + be32(0) + be16(0x1003) + be32(0)),
               {"sametime login version=30.23 client=0x1003"});
  expect_client(message(1, 0, be16(0x1700) + sized16("somebody") + sized32("secret") + be16(4)),
                "sametime login login=somebody client=0x1700");
  expect_client(message(0x16, 0, ""), "sametime login");
  expect_server(message(0x8001, 0, user("CN=somebody/O=example")),
                "sametime login login=CN=somebody/O=example");
  expect_server(message(0x18, 0, sized16("10.0.0.9") + sized16("id")),
                "sametime login expect=10.0.0.9:1533/any");
  expect_server(message(0x18, 0, sized16("sametime.example.com") + sized16("id")),
                "sametime login");
}

TEST(Sametime, ChannelsByService) {
  struct Row {
    std::uint32_t service;
    const char* word;
  };
  for (const Row& row : std::vector<Row>{{0x1000, "text-chat"},
                                         {0x11, "presence"},
                                         {0x15, "presence"},
                                         {0x18, "presence"},
                                         {0x80000010, "conference"},
                                         {0x80000022, "conference"},
                                         {0x38, "file-transfer"},
                                         {0x1234, "other"}}) {
    SCOPED_TRACE(row.word);
    const std::string line = "sametime "s + row.word;
    expect_client(create(1, row.service), line + " peer=peer@example.com");
    // What is sent in it, and its end; behind that it says nothing any more.
    expect_lines(kParser,
                 kHandshake + create(5, row.service) + message(4, 5, be16(1) + sized32("x")) +
                     message(3, 5, be32(0)) + message(4, 5, be16(1) + sized32("x")),
                 {kHandshakeLine, line + " peer=peer@example.com", line, line, "sametime any"});
  }
}

TEST(Sametime, FilesAndWhoOffersThem) {
  const std::string file = be32(0) + sized16("plan.txt") + sized16("look") + be32(9);
  expect_client(create(1, 0x38, file),
                "sametime file-transfer peer=peer@example.com file=plan.txt");
  expect_server(create(0x80000001, 0x38, file, "\1"s + user("CN=other")),
                "sametime file-transfer peer=CN=other file=plan.txt");
}

TEST(Sametime, WhatIsSentInChannelsOfTheOtherEnd) {
  const auto sent = [](std::uint16_t kind) {
    return message(4, 0x80000003, be16(kind) + sized32(""));
  };
  expect_client(sent(0x64), "sametime text-chat");
  expect_client(sent(0x68), "sametime presence");
  expect_client(sent(0x1f4), "sametime presence");
  expect_client(sent(0x02), "sametime any");
  // Accepting one tells what it is for.
  expect_lines(kParser,
               kHandshake + message(6, 0x80000003, be32(0x80000010) + be32(1)) + sent(0x02),
               {kHandshakeLine, "sametime conference", "sametime conference"});
  // With attributes before the body.
  expect_client(message(9, 0, be16(0x20), 0x8000, sized32("attributes")), "sametime presence");
}

TEST(Sametime, TheRest) {
  expect_client(message(0x0b, 0, "list"), "sametime presence");
  expect_client(message(0x11, 0, be32(0x1000)), "sametime text-chat");
  expect_server(message(0x19, 0, sized16("the server goes down")), "sametime any");
  expect_server(message(0x22, 0, "announcement"), "sametime text-chat");
  expect_client(message(0x7777, 0, ""), "sametime any");
  expect_client(message(2, 0, "short"), "sametime any");
  // Bytes that keep the connection alive stand between messages.
  expect_lines(kParser, kHandshake + "\x80\x80\x81" + message(0x0b, 0, ""),
               {kHandshakeLine, "sametime presence"});
}

TEST(Sametime, SkipsWhatIsLongAndBreaks) {
  expect_lines(kParser,
               kHandshake + message(4, 1, be16(0x64) + sized32(std::string(70000, 'x'))) +
                   message(9, 0, std::string(9000, 'x')) + message(0x0b, 0, ""),
               {kHandshakeLine, "sametime text-chat", "sametime presence", "sametime presence"});
  expect_client("\x01\x00\x00\x01\0\0"s, "malformed");
  expect_client("\0\0\0\7\0\0\0"s, "malformed");
  expect_client("GET / HTTP/1.1\r\n", "malformed");
}

TEST(Sametime, IsNotTakenForOthers) {
  const std::vector<std::string> others = {
      "GET / HTTP/1.1\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s,
      std::string(64, '\0'),
      handshake(0x2700),  // no kind of client
      handshake(0),
      message(0, 0, be16(0x1f) + be16(0x1d) + std::string(20, '\0')),  // another version
      message(0, 1, be16(0x1e) + be16(0x1d) + std::string(20, '\0')),
      message(0, 0, be16(0x1e) + be16(0x1d) + be32(0)),
      message(0x8000, 0, be16(0x1e) + be16(0x1d)),
      message(0, 0,
              be16(0x1e) + be16(0x1d) + be32(0) + be32(0) + be16(0x1700) + std::string(900, '\0')),
      message(1, 0, be16(0x1700) + sized16("somebody") + std::string(20, '\0')),
      // DNS over TCP, NetBIOS, Kafka and others with a length before all else
      "\0\x1d\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1"s,
      "\0\0\0\x54\xffSMBr\0\0\0\0\x18\x53\xc8\0\0"s,
      "\0\0\0\x1e\0\x12\0\3\0\0\0\1\0\x0b"
      "rdkafka-1.0\0\0"s,
      "\0\0\0\x1a\x03\x0c"
      "ssh-key-exchange"s,
      "\x80" + kHandshake,
  };
  for (const std::string& other : others) {
    SCOPED_TRACE(testing::PrintToString(other));
    expect_lines(kParser, other, {"not certain"});
  }
  expect_none_of_others(kParser, "PostgreSQL");
}

}  // namespace
}  // namespace chatgate::proto::test
