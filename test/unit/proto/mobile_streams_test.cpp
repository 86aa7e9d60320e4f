// First bytes of WhatsApp, WeChat, KakaoTalk, DingTalk, Steam, Viber, Skype and TeamSpeak's query.
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "proto/loco.h"
#include "proto/lwp.h"
#include "proto/skype.h"
#include "proto/steam.h"
#include "proto/teamspeak.h"
#include "proto/viber.h"
#include "proto/wechat.h"
#include "proto/whatsapp.h"

#include "hex.h"
#include "look_alikes.h"
#include "malloc_count.h"
#include "messenger_checks.h"

namespace chatgate::proto::test {
namespace {

using namespace std::string_literals;

const StreamParser* const kParsers[] = {&whatsapp::kParser, &whatsapp::kAnswer, &wechat::kParser,
                                        &loco::kParser,     &lwp::kParser,      &steam::kParser,
                                        &viber::kParser,    &skype::kParser,    &teamspeak::kQuery};

std::string random_bytes(std::size_t size, std::uint32_t seed = 7) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

std::string be32(std::size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string le32(std::size_t value) {
  const std::string bytes = be32(value);
  return {bytes.rbegin(), bytes.rend()};
}

TEST(Whatsapp, KnowsHowClientsBegin) {
  const std::string hello = hex("00010e 12 8b02 0a20") + random_bytes(200);
  struct Row {
    std::string stream;
    const char* line;
  };
  const Row rows[] = {
      {hex("45440001"), "whatsapp login"},
      {hex("45440001 000004 08080902 57410502") + hello, "whatsapp login"},
      {hex("57410502") + hello, "whatsapp login version=5"},
      {hex("57410603"), "whatsapp login version=6"},
      {hex("57410603") + hello, "whatsapp login version=6"},
      {hex("57410105 00001a f80501a59189 fc12") + "iPhone-2.12.2-5222" + hex("000019 f802"),
       "whatsapp login version=1 client=iPhone-2.12.2-5222"},
      {hex("57410104 000006 f80501a59189"), "whatsapp login version=1"},
      {hex("57410105 0003e8 f80501a59189"), "whatsapp login version=1"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.line);
    expect_lines(whatsapp::kParser, row.stream, {std::string(row.line) + " then opaque"});
  }
  // Whose first stanza has not come yet.
  expect_lines(whatsapp::kParser, hex("57410105 00001a f805"), {});
  for (const std::string& other :
       {hex("57410000"), hex("57410605"), hex("57410703"), hex("45440002"), hex("45440100"),
        hex("57420603"), "WA\r\n"s, "WAIT 1\r\n"s}) {
    expect_lines(whatsapp::kParser, other, {"not certain"});
  }
}

TEST(Whatsapp, KnowsAServersAnswer) {
  const std::string key = random_bytes(32);
  const std::string resumed = hex("000036 1a34 0a20") + key + hex("1a10") + random_bytes(16);
  const std::string whole =
      hex("00013a 1ab702 0a20") + key + hex("1230") + random_bytes(48) + hex("1ae101");
  expect_lines(whatsapp::kAnswer, resumed, {"whatsapp login then opaque"});
  expect_lines(whatsapp::kAnswer, whole, {"whatsapp login then opaque"});
  for (const std::string& other :
       {hex("000037 1a34 0a20") + key + hex("1a10"), hex("000036 1a34 0a21") + key + hex("1a10"),
        hex("000036 1234 0a20") + key + hex("1a10"), hex("000024 1a22 0a20") + key + hex("1a10"),
        hex("000036 1a34 0a20") + key + hex("2210"), hex("00013a 1ab782 0a20") + key}) {
    expect_lines(whatsapp::kAnswer, other, {"not certain"});
  }
}

std::string mmtls_hello(const std::string& type, const std::string& minor, std::size_t size,
                        const std::string& begin) {
  return type + hex("f1") + minor + be32(size + 4).substr(2) + be32(size) + begin +
         random_bytes(size - begin.size());
}

TEST(Wechat, KnowsMmtls) {
  const std::string v3 = mmtls_hello("\x16", "\x03", 0xd0, hex("01 03f1 01 c02b"));
  const std::string v4 = mmtls_hello("\x16", "\x04", 0xd9, hex("01 04f1 01 c02b"));
  const std::string early = mmtls_hello("\x19", "\x04", 0x9d, hex("01 03f1 01 00a8"));
  const std::string answer = mmtls_hello("\x16", "\x04", 0xd0, hex("02 03f1 c02b"));
  expect_lines(wechat::kParser, v3, {"wechat login version=mmtls f103 then opaque"});
  for (const std::string& stream : {v4, early, answer}) {
    expect_lines(wechat::kParser, stream, {"wechat login version=mmtls f104 then opaque"});
  }
  for (const std::string& other : {mmtls_hello("\x17", "\x04", 0xd0, hex("01 03f1")),
                                   mmtls_hello("\x16", "\x05", 0xd0, hex("01 03f1")),
                                   mmtls_hello("\x16", "\x04", 0xd0, hex("03 03f1")),
                                   mmtls_hello("\x16", "\x04", 0xd0, hex("01 0303")),
                                   mmtls_hello("\x16", "\x04", 20, hex("01 03f1")),
                                   hex("16f104 00d4 000000d1 0103f1"), hex("16f104 00")}) {
    expect_lines(wechat::kParser, other, {"not certain"});
  }
}

TEST(Wechat, KnowsTheHeaderWithoutEncryption) {
  const std::string packed = hex("00000040 0010 0001 000000ed 00000002 bf555f") + random_bytes(45);
  const std::string heartbeat = hex("00000010 0010 0001 00000006 ffffffff");
  for (const std::string& stream : {packed, heartbeat, heartbeat + packed}) {
    expect_lines(wechat::kParser, stream, {"wechat login then opaque"});
  }
  // The same header of others, and almost the same.
  for (const std::string& other :
       {hex("00000010 0010 0001 00000006 00000001"), hex("00000010 0010 0001 00000002 ffffffff"),
        hex("00000040 0010 0001 00000007 00000001 7b22"),
        hex("00000040 0010 0002 00000007 00000001 bf"), hex("0000000f 0010 0001 00000006 ffffffff"),
        hex("00000040 0010 0001 000000ed 00000002")}) {
    expect_lines(wechat::kParser, other, {"not certain"});
  }
}

TEST(Wechat, KnowsTransfersOfFiles) {
  const auto text = [](const std::string& value) { return be32(value.size()) + value; };
  const std::string texts = text("ver") + text("1") + text("weixinnum") + text("123456789") +
                            text("clientostype") + text("Windows 10") + text("authkey") +
                            text(std::string(69, 'k'));
  const auto transfer = [&](const std::string& all) {
    return hex("ab") + be32(25 + all.size()) + hex("2714 15cd5b07") + std::string(10, '\0') +
           be32(all.size()) + all;
  };
  const std::string line = "wechat file-transfer login=123456789 client=Windows 10 then opaque";
  expect_lines(wechat::kParser, transfer(texts), {line});
  expect_lines(wechat::kParser, transfer(texts + text("filedata") + text(std::string(5000, 'f'))),
               {line});
  // Lengths that lead beyond the texts.
  expect_lines(wechat::kParser, transfer(text("ver") + hex("ffffffff 31")),
               {"wechat file-transfer then opaque"});
  std::string wrong = transfer(texts);
  wrong[24] = static_cast<char>(wrong[24] + 1);
  expect_lines(wechat::kParser, wrong, {"not certain"});
  expect_lines(wechat::kParser, transfer(text("vex") + text("1")), {"not certain"});
}

std::string loco_message(std::uint32_t id, std::string method, std::size_t length) {
  method.resize(11, '\0');
  return le32(id) + hex("0000") + method + hex("00") + le32(length) + le32(length) +
         std::string(length - 4, 'b');
}

TEST(Loco, KnowsTheSecuredForm) {
  for (const char* const method : {"05", "0c", "0e", "10"}) {
    const std::string stream =
        hex("00010000") + hex(method) + hex("000000 02000000") + random_bytes(300);
    expect_lines(loco::kParser, stream, {"kakaotalk login then opaque"});
  }
  for (const std::string& other :
       {hex("00010000 00000000 02000000") + random_bytes(256),
        hex("00010000 40000000 02000000") + random_bytes(256),
        hex("00010000 05000000 03000000") + random_bytes(256),
        hex("00010000 05000000 02000000") + std::string(256, '\x33'),
        hex("00010000 05000000 02000000 0100000002000000 0300000004000000"),
        hex("00020000 05000000 02000000") + random_bytes(256)}) {
    expect_lines(loco::kParser, other, {"not certain"});
  }
}

TEST(Loco, FollowsTheFormInClear) {
  const std::string session = loco_message(0, "CHECKIN", 90) + loco_message(1, "LOGINLIST", 4000) +
                              loco_message(2, "PING", 5) + loco_message(3, "WRITE", 77) +
                              loco_message(4, "SHIP", 60) + loco_message(70000, "ABC", 5);
  expect_lines(loco::kParser, session,
               {"kakaotalk login", "kakaotalk login", "kakaotalk presence", "kakaotalk text-chat",
                "kakaotalk file-transfer", "kakaotalk any"});
  const std::string answers = loco_message(1, "LOGINLIST", 50) + loco_message(0, "MSG", 80);
  expect_lines(loco::kParser, answers, {"kakaotalk login", "kakaotalk text-chat"},
               Direction::to_client);
  expect_lines(loco::kParser, loco_message(0, "CHECKIN", 9) + std::string(40, 'x'),
               {"kakaotalk login", "malformed"});
  std::string long_document = loco_message(0, "CHECKIN", 9);
  long_document.replace(22, 4, le32(10));
  for (const std::string& other :
       {long_document, loco_message(70000, "CHECKIN", 9), loco_message(0, "Checkin", 9),
        loco_message(0, "AB", 9), loco_message(0, "", 9), loco_message(0, "CHE\0KIN"s, 9)}) {
    expect_lines(loco::kParser, other, {"not certain"});
  }
}

TEST(Lwp, KnowsTheFirstMessage) {
  const std::string fields = hex("010001 00 020002 646b 030020") + random_bytes(32);
  const std::string program = hex("820002 574b 84001a") + "android/3.0.28-dingtalk.gp";
  const auto message = [](const std::string& all) {
    return hex("10") + static_cast<char>(all.size()) + hex("8780") + all;
  };
  expect_lines(lwp::kParser, message(fields), {"dingtalk login then opaque"});
  expect_lines(lwp::kParser, message(fields + program) + "more",
               {"dingtalk login client=android/3.0.28-dingtalk.gp then opaque"});
  // A field that leads beyond the message.
  expect_lines(lwp::kParser, message(fields + hex("84ffff 61")), {"dingtalk login then opaque"});
  expect_lines(lwp::kParser, message(fields + program).substr(0, 60), {});
  for (const std::string& other : {message(hex("010001 00 020002 646c 030020") + random_bytes(32)),
                                   message(hex("010001 00 020002 646b 030010") + random_bytes(32)),
                                   hex("10 20 8780 010001 00")}) {
    expect_lines(lwp::kParser, other, {"not certain"});
  }
}

TEST(Steam, KnowsItsStreams) {
  expect_lines(steam::kParser, hex("1c000000") + "VT01" + random_bytes(28),
               {"- login then opaque"});
  for (const std::string& other : {hex("00000000") + "VT01", hex("ffffffff") + "VT01",
                                   hex("1c000000") + "VT02", "VT01\0\0\0\0"s}) {
    expect_lines(steam::kParser, other, {"not certain"});
  }
}

TEST(Viber, KnowsFirstMessages) {
  for (const std::string& stream : {hex("3200 0100 0000 fcff 00 80 01") + random_bytes(39),
                                    hex("9a00 0000 0380 01020304 0a") + random_bytes(143)}) {
    expect_lines(viber::kParser, stream, {"viber login then opaque"});
  }
  for (const std::string& other :
       {hex("0a00 0100 0000 fcff 00 80 01"), hex("0020 0100 0000 fcff 00 80 01"),
        hex("3200 0100 0000 fcff 00 81 01"), hex("9a00 0000 0380 01020304 0b"),
        hex("1800 0a000000 000000000000")}) {
    expect_lines(viber::kParser, other, {"not certain"});
  }
}

TEST(Skype, KnowsAServersEmptyRecord) {
  expect_lines(skype::kParser, hex("1703010000") + random_bytes(20), {"skype login then opaque"});
  for (const std::string& other : {hex("1603010000"), hex("1703010001 00"), hex("1703030000")}) {
    expect_lines(skype::kParser, other, {"not certain"});
  }
}

TEST(Skype, TellsTheNumberOfWhatMayBeANodesDatagram) {
  EXPECT_EQ(skype::datagram_number(as_bytes(hex("1a2b02") + random_bytes(9))), 0x1a2b);
  EXPECT_EQ(skype::datagram_number(as_bytes(hex("000002") + random_bytes(600))), 0);
  // No more than the header, and other types.
  for (const std::string& other : {std::string(), hex("1a2b"), hex("1a2b02") + random_bytes(8),
                                   hex("1a2b03") + random_bytes(40), std::string(40, '\0')}) {
    EXPECT_FALSE(skype::datagram_number(as_bytes(other))) << other.size();
  }
}

TEST(Teamspeak, KnowsTheBannersOfItsQuery) {
  expect_lines(teamspeak::kQuery, "TS3\n\rWelcome to the ServerQuery\n\r",
               {"teamspeak login version=3 then opaque"});
  expect_lines(teamspeak::kQuery, "[TS]\r\n", {"teamspeak login version=2 then opaque"});
  for (const std::string& other : {"TS3\r\n"s, "[TS]\n"s, "TS4\n\r"s}) {
    expect_lines(teamspeak::kQuery, other, {"not certain"});
  }
}

TEST(MobileStreams, TakeNoOther) {
  for (const StreamParser* const parser : kParsers) {
    for (const LookAlike& row : other_streams()) {
      SCOPED_TRACE(std::string(to_string(parser->protocol)) + " " + row.name);
      expect_lines(*parser, row.bytes, {"not certain"});
    }
    for (std::uint32_t round = 0; round < 5'000; ++round) {
      const std::string stream = random_bytes(48, round);
      ASSERT_NE(parser->probe(as_bytes(stream)), Probe::certain) << round;
    }
  }
}

TEST(MobileStreams, TakeNothingFromTheHeap) {
  if (!mallocs_are_counted()) GTEST_SKIP() << "AddressSanitizer has the heap's functions";
  const std::string streams[] = {hex("57410105 00001a f80501a59189 fc12") + "iPhone-2.12.2-5222",
                                 loco_message(0, "CHECKIN", 90),
                                 mmtls_hello("\x16", "\x03", 0xd0, hex("01 03f1 01 c02b"))};
  const StreamParser* const parsers[] = {&whatsapp::kParser, &loco::kParser, &wechat::kParser};
  for (std::size_t i = 0; i < std::size(parsers); ++i) {
    ParserState state;
    Facts facts;
    const std::size_t before = malloc_count();
    const ParseStatus status = parsers[i]->feed(state, as_bytes(streams[i]), facts);
    EXPECT_EQ(malloc_count(), before);
    EXPECT_EQ(status, ParseStatus::done);
  }
}

}  // namespace
}  // namespace chatgate::proto::test
