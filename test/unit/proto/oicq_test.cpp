#include "proto/oicq.h"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "messenger_checks.h"
#include "oscar_message.h"

namespace chatgate::proto::test {
namespace {

using namespace std::string_literals;

constexpr std::uint32_t kUser = 565052022;
const std::string kBody = std::string(8, '\0') + "ciphertext";
// As clients have it behind the number since 2009.
const std::string kMarked = "\2\0\0\0\1\1\1\0\0\x67\x92"s + "ciphertext";

std::string message(std::uint16_t version, std::uint16_t command, const std::string& body = kBody,
                    std::uint32_t user = kUser) {
  return "\2" + be16(version) + be16(command) + be16(0x1234) + be32(user) + body + "\3";
}
std::string over_tcp(const std::string& text) {
  return be16(text.size() + 2) + text;
}

std::string read(const std::string& payload, bool on_port) {
  const std::vector<std::uint8_t> bytes(payload.begin(), payload.end());
  const DatagramParser& parser = on_port ? oicq::kDatagramsOnPort : oicq::kDatagrams;
  if (parser.probe(bytes) != Probe::certain) return "not mine";
  Facts facts;
  EXPECT_EQ(parser.parse(bytes, Direction::to_server, facts), ParseStatus::done);
  EXPECT_EQ(facts.protocol, AppProto::oicq);
  return to_line(facts);
}

TEST(Oicq, TellsServicesApart) {
  struct Row {
    std::uint16_t version;
    std::uint16_t command;
    const char* service;
  };
  const std::vector<Row> rows = {
      {0x3b0b, 0x0001, "presence"},   {0x0d55, 0x0002, "presence"},  {0x3624, 0x0002, "conference"},
      {0x0d55, 0x0030, "conference"}, {0x3624, 0x0030, "login"},     {0x115b, 0x0016, "text-chat"},
      {0x115b, 0x0017, "text-chat"},  {0x3624, 0x00cd, "text-chat"}, {0x3624, 0x00ce, "text-chat"},
      {0x0d55, 0x0022, "login"},      {0x0d55, 0x0062, "login"},     {0x3624, 0x00dd, "login"},
      {0x3624, 0x0091, "login"},      {0x0d55, 0x000d, "presence"},  {0x3624, 0x00ec, "presence"},
      {0x0d55, 0x0026, "presence"},   {0x3624, 0x0058, "presence"},  {0x3624, 0x0081, "presence"},
      {0x0d55, 0x003c, "conference"}, {0x0d55, 0x001d, "any"},       {0x0d55, 0x0080, "any"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.version << 16 | row.command);
    const std::string text = message(row.version, row.command);
    const std::string expected = "qq "s + row.service + " login=565052022 version=";
    EXPECT_EQ(read(text, false).substr(0, expected.size()), expected);
    EXPECT_EQ(read(text, true), read(text, false));
    EXPECT_EQ(read(text, false).size(), expected.size() + 4);
    expect_lines(oicq::kParser, over_tcp(text), {read(text, false)});
  }
  EXPECT_EQ(read(message(0x0d55, 0x0022), false), "qq login login=565052022 version=0d55");
}

TEST(Oicq, KnowsLaterClientsByWhatTheySay) {
  EXPECT_EQ(read(message(0x3777, 0x0017, kMarked), false),
            "qq text-chat login=565052022 version=3777");
  EXPECT_EQ(read(message(0x3777, 0x0017), false), "not mine");
  EXPECT_EQ(read(message(0x3777, 0x0017), true), "qq text-chat login=565052022 version=3777");
  EXPECT_EQ(read(message(0x0d77, 0x0017, kMarked), false), "not mine");
  expect_lines(oicq::kParser, over_tcp(message(0x3777, 0x0017, kMarked)),
               {"qq text-chat login=565052022 version=3777"});
  expect_lines(oicq::kParser, over_tcp(message(0x3777, 0x0017)), {"not certain"});
}

TEST(Oicq, FollowsAStream) {
  const std::string log_in = over_tcp(message(0x0d55, 0x0022));
  const std::string text = over_tcp(message(0x0d55, 0x0016, std::string(5000, 'x')));
  const std::string unknown = over_tcp(message(0x0d55, 0x7777));
  expect_lines(
      oicq::kParser, log_in + text + unknown + log_in,
      {"qq login login=565052022 version=0d55", "qq text-chat login=565052022 version=0d55",
       "qq any login=565052022 version=0d55", "qq login login=565052022 version=0d55"});
  expect_lines(oicq::kParser, log_in + "\0\x20\1garbage"s,
               {"qq login login=565052022 version=0d55", "malformed"});
  expect_lines(oicq::kParser, log_in + "\0\x01\2"s,
               {"qq login login=565052022 version=0d55", "malformed"});
  expect_lines(oicq::kParser, text, {"not certain"});  // too long for a first
}

TEST(Oicq, IsNotTakenForOthers) {
  std::vector<std::string> others = {
      "",
      "\2",
      "\2\3",
      message(0x0d55, 0x7777),  // no such command
      message(0x0000, 0x0022),  // no such version
      message(0x7fff, 0x0022),
      message(0x0d55, 0x0022, kBody, 99),  // no such number
      message(0x0d55, 0x0022) + "x",       // no end
      "\3" + message(0x0d55, 0x0022).substr(1),
      // ICQ's version 2, whose port is used by QQ's clients.
      "\2\0\xe8\3\1\0\x87\xd6\x12\0\xcf\7\0\0\7\0secret\0\3"s,
      // DNS with an id that begins with 2, and ends with 3.
      "\2\x3b\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\3"s,
      "\2\x3b\x81\x80\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\3"s,
      std::string(40, '\0'),
      std::string(40, '\2'),
      std::string(40, '\3'),
  };
  std::mt19937 random(2);
  for (int i = 0; i < 20'000; ++i) {
    std::string noise(12 + random() % 60, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    noise.front() = 2;
    noise.back() = 3;
    others.push_back(noise);
  }
  int on_port = 0;
  for (const std::string& other : others) {
    EXPECT_EQ(read(other, false), "not mine") << testing::PrintToString(other);
    EXPECT_EQ(oicq::probe(as_bytes(over_tcp(other))), Probe::not_mine)
        << testing::PrintToString(other);
    if (read(other, true) != "not mine") ++on_port;
  }
  EXPECT_LT(on_port, 20);
}

TEST(Oicq, IsNotTakenForOtherStreams) {
  const std::vector<std::string> others = {
      "GET / HTTP/1.1\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s,
      // DNS over TCP.
      "\0\x1d\2\x3b\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\3"s,
      "\0\x0e\2\x0d\x55\0"s + std::string(20, '\0'),
      std::string(64, '\0'),
      std::string(64, '\2'),
      over_tcp(message(0x0d55, 0x0022).substr(0, 15)),
  };
  for (const std::string& other : others) {
    SCOPED_TRACE(testing::PrintToString(other));
    expect_lines(oicq::kParser, other, {"not certain"});
  }
  expect_none_of_others(oicq::kParser);
}

}  // namespace
}  // namespace chatgate::proto::test
