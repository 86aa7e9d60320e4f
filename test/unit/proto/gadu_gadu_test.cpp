#include "proto/gadu_gadu.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "messenger_checks.h"
#include "oscar_message.h"

namespace chatgate::proto::test {
namespace {

using namespace std::string_literals;
using gadu_gadu::kClient;
using gadu_gadu::kServer;

constexpr std::uint32_t kUin = 2345678;

std::string packet(std::uint32_t type, const std::string& body) {
  return le32(type) + le32(static_cast<std::uint32_t>(body.size())) + body;
}

const std::string kEnds = "\x0a\0\0\1"s + le16(1550) + "\0\0\0\0"s + le16(0);

std::string log_in_80(const std::string& client = "Gadu-Gadu Client Build 8.0.0.8731") {
  return packet(0x31, le32(kUin) + "pl" + "\2" + std::string(64, 'h') + le32(2) + le32(0) +
                          le32(0x367) + kEnds + "\xff\x64" +
                          le32(static_cast<std::uint32_t>(client.size())) + client + le32(0));
}
std::string text_uin(char mark, const std::string& digits) {
  return mark + sized8("\0"s + sized8(digits));
}
const std::string kLogIn = log_in_80("GG");
const std::string kLogInLine = "gadu-gadu login login=2345678 client=GG";

TEST(GaduGadu, EveryLogIn) {
  expect_lines(kClient,
               packet(0x0c, le32(kUin) + le32(1) + le32(2) + le32(0x18) + kEnds.substr(0, 6)),
               {"gadu-gadu login login=2345678 version=24"});
  expect_lines(kClient, packet(0x13, le32(kUin) + le32(1) + le32(2) + le32(0x40000018) + kEnds),
               {"gadu-gadu login login=2345678 version=24"});
  expect_lines(
      kClient,
      packet(0x15, le32(kUin) + le32(1) + le32(2) + le32(0x20) + "\0"s + kEnds + "\x40\xbe"),
      {"gadu-gadu login login=2345678 version=32"});
  expect_lines(kClient,
               packet(0x19, le32(kUin) + "\2" + std::string(64, 'h') + le32(2) + le32(0x2a) +
                                "\0"s + kEnds + "\x40\xbe"),
               {"gadu-gadu login login=2345678 version=42"});
  expect_lines(kClient, log_in_80(),
               {"gadu-gadu login login=2345678 client=Gadu-Gadu Client Build 8.0.0.8731"});
  expect_lines(kClient,
               packet(0x83, "\x0a\2pl" + text_uin('\x12', "2345678") + "\x1a\x14" +
                                std::string(20, 'h') + "\x22\x03gg!" + std::string(10, 'x')),
               {"gadu-gadu login login=2345678"});
}

void expect_client(const std::string& text, const std::string& line) {
  expect_lines(kClient, kLogIn + text, {kLogInLine, line});
}
const std::string kWelcome = packet(1, "seed");
const std::string kOk = packet(0x35, le32(1));
void expect_server(const std::string& text, const std::string& line) {
  expect_lines(kServer, kWelcome + kOk + text, {"gadu-gadu login", "gadu-gadu login", line},
               Direction::to_client);
}

TEST(GaduGadu, ClientMessages) {
  const std::string to = le32(777) + le32(1);
  const std::string others = "\1"s + le32(2) + le32(888) + le32(999);
  expect_client(packet(0x0b, to + le32(8) + "hi\0"s), "gadu-gadu text-chat peer=777");
  expect_client(packet(0x0b, to + le32(8) + "hi\0"s + others), "gadu-gadu conference peer=777");
  expect_client(packet(0x0b, to + le32(8) + "hi\0\2"s + le16(6) + "format"),
                "gadu-gadu text-chat peer=777");
  expect_client(packet(0x0b, to + le32(0x10) + "\2"), "gadu-gadu file-transfer peer=777");
  const std::string html = "<b>hi</b>\0hi\0"s;
  expect_client(packet(0x2d, to + le32(8) + le32(30) + le32(33) + html),
                "gadu-gadu text-chat peer=777");
  expect_client(packet(0x2d, to + le32(8) + le32(30) + le32(33) + html + others),
                "gadu-gadu conference peer=777");
  expect_client(packet(0x7d, text_uin('\x0a', "777") + "\x10\1\x2a\2hi"),
                "gadu-gadu text-chat peer=777");
  expect_client(packet(0x59, le16(1) + le32(777)), "gadu-gadu text-chat peer=777");
}

TEST(GaduGadu, ServerMessages) {
  const std::string from = le32(777) + le32(1) + le32(0x50000000);
  expect_server(packet(0x0a, from + le32(8) + "hi\0"s), "gadu-gadu text-chat peer=777");
  expect_server(packet(0x0a, from + le32(0x10) + "\2"), "gadu-gadu file-transfer peer=777");
  expect_server(packet(0x0a, from + le32(8) + "hi\0\1"s + le32(1) + le32(888)),
                "gadu-gadu conference peer=777");
  expect_server(packet(0x2e, from + le32(8) + le32(24) + le32(27) + "hi\0"s),
                "gadu-gadu text-chat peer=777");
  expect_server(packet(0x7e, text_uin('\x0a', "777") + "\x10\1"), "gadu-gadu text-chat peer=777");
  expect_server(packet(0x5a, "<xml/>"), "gadu-gadu text-chat");
  expect_server(packet(0x05, le32(2) + le32(777) + le32(1)), "gadu-gadu any");
}

TEST(GaduGadu, PresenceAndTheRest) {
  for (const std::uint32_t type :
       {0x02u, 0x08u, 0x0du, 0x0fu, 0x10u, 0x12u, 0x14u, 0x38u, 0x40u, 0x63u, 0x78u}) {
    SCOPED_TRACE(type);
    expect_client(packet(type, "body"), "gadu-gadu presence");
  }
  for (const std::uint32_t type :
       {0x02u, 0x08u, 0x0cu, 0x0fu, 0x11u, 0x17u, 0x18u, 0x36u, 0x37u, 0x41u, 0x44u}) {
    SCOPED_TRACE(type);
    expect_server(packet(type, "body"), "gadu-gadu presence");
  }
  expect_client(packet(0x1234, ""), "gadu-gadu any");
  expect_client(packet(0x46, le32(1)), "gadu-gadu any");
  expect_server(packet(0x2c, "<event/>"), "gadu-gadu any");
  expect_server(packet(0x0b, ""), "gadu-gadu login");
}

std::string offer(std::uint32_t kind, const std::string& name) {
  return packet(0x20, "8 bytes!" + le32(kUin) + le32(777) + le32(kind) + name +
                          std::string(255 - name.size(), '\0') + le32(9) + le32(0) +
                          std::string(20, 'h'));
}
std::string info(std::uint32_t how, const std::string& text) {
  return packet(0x1f,
                le32(777) + le32(how) + "8 bytes!" + text + std::string(64 - text.size(), '\0'));
}

TEST(GaduGadu, FilesAndCalls) {
  expect_client(packet(0x23, le32(4)), "gadu-gadu file-transfer");
  expect_client(packet(0x23, le32(1)), "gadu-gadu voice");
  expect_client(offer(4, "plan.txt"),
                "gadu-gadu file-transfer login=2345678 peer=777 file=plan.txt");
  expect_server(offer(4, "plan.txt"),
                "gadu-gadu file-transfer login=777 peer=2345678 file=plan.txt");
  expect_client(packet(0x21, le32(777) + "8 bytes!" + le32(0) + le32(0)),
                "gadu-gadu file-transfer peer=777");
  expect_client(packet(0x22, le32(777) + "8 bytes!" + le32(2)), "gadu-gadu file-transfer peer=777");
  expect_client(info(1, "10.0.0.1 1550"),
                "gadu-gadu file-transfer peer=777 expect=10.0.0.1:1550/file-transfer");
  expect_client(info(1, "nowhere 1550"), "gadu-gadu file-transfer peer=777");
  expect_client(info(2, "GG12345CH6789"), "gadu-gadu file-transfer peer=777");
  // A call stays one up to where it leads.
  expect_lines(kClient, kLogIn + offer(1, "") + info(1, "10.0.0.1 1550"),
               {kLogInLine, "gadu-gadu voice login=2345678 peer=777",
                "gadu-gadu voice peer=777 expect=10.0.0.1:1550/voice"});
}

TEST(GaduGadu, WholeSession) {
  expect_lines(
      kClient,
      kLogIn + packet(0x12, "") + packet(0x0b, le32(777) + le32(1) + le32(8) + "hi\0"s) +
          packet(0x08, ""),
      {kLogInLine, "gadu-gadu presence", "gadu-gadu text-chat peer=777", "gadu-gadu presence"});
  expect_lines(kServer, kWelcome + packet(0x09, ""), {"gadu-gadu login", "gadu-gadu login"},
               Direction::to_client);
}

TEST(GaduGadu, SkipsWhatIsLongAndBreaksWhereItIsTooLong) {
  const std::string text = packet(
      0x2d, le32(777) + le32(1) + le32(8) + le32(20) + le32(60000) + std::string(60000, 'x'));
  expect_lines(kClient, kLogIn + text + packet(0x08, ""),
               {kLogInLine, "gadu-gadu text-chat peer=777", "gadu-gadu presence"});
  expect_lines(kClient, kLogIn + le32(0x0b) + le32(70000), {kLogInLine, "malformed"});
  expect_lines(kClient, kLogIn + "GET / HTTP/1.1\r\n", {kLogInLine, "malformed"});
}

TEST(GaduGadu, IsNotTakenForOthers) {
  const std::vector<std::string> others = {
      "GET / HTTP/1.1\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s,
      "\x0c\0\0\0\x16\0\0\0"s + std::string(22, '\0'),  // no number
      "\x0c\0\0\0\x16\0\0\0"s + std::string(22, '\x7f'),
      packet(0x0c, le32(kUin) + le32(1) + le32(2) + le32(0x18)),  // too short
      packet(0x15, le32(kUin) + std::string(27, 'x')),
      // Versions that are too low, too high, and with flags that are none.
      packet(0x0c, le32(kUin) + le32(1) + le32(2) + le32(0x05) + kEnds.substr(0, 6)),
      packet(0x0c, le32(kUin) + le32(1) + le32(2) + le32(0x77) + kEnds.substr(0, 6)),
      packet(0x0c, le32(kUin) + le32(1) + le32(2) + le32(0x01000018) + kEnds.substr(0, 6)),
      packet(0x31, le32(kUin) + "PL\2" + std::string(100, 'x')),
      packet(0x31, le32(kUin) + "pl\7" + std::string(100, 'x')),
      packet(0x83, "\x0a\2pl" + text_uin('\x12', "23x") + std::string(40, 'x')),
      packet(0x83, "\x0a\2pl" + text_uin('\x13', "2345678") + std::string(40, 'x')),
      packet(0x0b, le32(777) + le32(1) + le32(8) + "hi\0"s),
      // MongoDB, SMB behind NetBIOS, MySQL, TDS
      le32(58) + le32(1) + le32(0) + le32(2004) + std::string(42, 'x'),
      "\0\0\0\x54\xffSMB"s,
      "\x4a\0\0\0\x0a"
      "5.7.1\0"s,
      std::string(64, '\0'),
      std::string(64, '\x19'),
  };
  for (const std::string& other : others) {
    SCOPED_TRACE(testing::PrintToString(other));
    expect_lines(kClient, other, {"not certain"});
    expect_lines(kServer, other, {"not certain"}, Direction::to_client);
  }
  for (const std::string& other :
       {kWelcome,  // a frame of type 1 and length 4 may be anybody's
        kWelcome + packet(2, "x"), kWelcome + kWelcome, kWelcome + "GET / HTTP/1.1\r\n",
        packet(1, "seed!") + kOk, packet(1, "seed") + packet(0x35, "12345")}) {
    SCOPED_TRACE(testing::PrintToString(other));
    expect_lines(kServer, other, {"not certain"}, Direction::to_client);
  }
  expect_none_of_others(kClient);
  expect_none_of_others(kServer);
}

}  // namespace
}  // namespace chatgate::proto::test
