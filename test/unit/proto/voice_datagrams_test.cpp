// Datagrams of Telegram's calls, Discord, LINE, Viber, Zalo, Mumble, Tox, Steam, Zoom and
// TeamSpeak.
#include "proto/voice_datagrams.h"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "base/crc32.h"
#include "proto/context.h"
#include "proto/mtproto.h"
#include "proto/question.h"
#include "proto/steam.h"
#include "proto/teamspeak.h"
#include "proto/viber.h"
#include "proto/zoom.h"

#include "hex.h"
#include "look_alikes.h"
#include "messenger_checks.h"

namespace chatgate::proto::test {
namespace {

const DatagramParser* const kParsers[] = {
    &mtproto::kReflector, &discord::kParser, &steam::kDatagrams, &teamspeak::kDatagrams,
    &line::kParser,       &zoom::kParser,    &viber::kDatagrams, &zalo::kParser,
    &mumble::kParser,     &tox::kParser};

struct Datagram {
  Direction direction;
  std::string payload;
};
Datagram up(std::string payload) {
  return {Direction::to_server, std::move(payload)};
}
Datagram down(std::string payload) {
  return {Direction::to_client, std::move(payload)};
}

// What a parser says to a flow's datagrams: lines as those of streams, "-" where it waits or has
// nothing new, and at last "not mine" where it gives the flow up.
Lines hear(const DatagramParser& parser, const std::vector<Datagram>& flow) {
  static Context context(16);
  Lines lines;
  ParserState state;
  for (const Datagram& each : flow) {
    const std::vector<std::uint8_t> payload(each.payload.begin(), each.payload.end());
    Facts facts;
    const bool asked = !lines.empty();
    const Probe probe = parser.probe(payload);
    if (!asked && probe == Probe::not_mine) return {"not mine"};
    const ParseStatus status = parser.read(state, payload, each.direction, facts, context);
    if (!asked && probe == Probe::certain) {
      EXPECT_EQ(status, ParseStatus::done);
    }
    EXPECT_FALSE(state.session.valid());
    if (status == ParseStatus::not_mine) {
      lines.emplace_back("not mine");
      break;
    }
    if (status == ParseStatus::done) {
      EXPECT_EQ(facts.protocol, parser.protocol);
      EXPECT_TRUE(facts.has_messenger);
    }
    lines.push_back(status == ParseStatus::done ? to_line(facts) : "-");
    if (status == ParseStatus::done && facts.next == Next::opaque) break;
  }
  return lines;
}

std::string random_bytes(std::size_t size, std::uint32_t seed = 7) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// A datagram is whole or it is another one.
void expect_one(const DatagramParser& parser, const std::string& payload, const std::string& line) {
  EXPECT_EQ(hear(parser, {up(payload)}), Lines{line});
  EXPECT_EQ(hear(parser, {down(payload)}), Lines{line});
}
void expect_none(const DatagramParser& parser, const std::string& payload) {
  EXPECT_EQ(hear(parser, {up(payload)}), Lines{"not mine"});
}

TEST(Reflector, KnowsItsRequestsAndAnswers) {
  const std::string tag = hex("dc4c00291565b7acbc236da9eda0d597");
  const std::string mark = std::string(12, '\xff');
  for (const char* const word : {"feffffff", "ffffffff", "c77215c0", "1c37d927"}) {
    const std::string payload = tag + mark + hex(word) + random_bytes(8);
    expect_one(mtproto::kReflector, payload, "telegram voice then opaque");
    for (std::size_t size = 0; size < 32; ++size) {
      expect_none(mtproto::kReflector, payload.substr(0, size));
    }
  }
  expect_none(mtproto::kReflector, tag + mark + hex("01000000") + random_bytes(8));
  expect_none(mtproto::kReflector,
              tag + std::string(11, '\xff') + hex("fe feffffff") + random_bytes(8));
  expect_none(mtproto::kReflector,
              std::string(16, '\x41') + mark + hex("feffffff") + random_bytes(8));
  expect_none(mtproto::kReflector, tag + mark + hex("feffffff") + random_bytes(100));
}

TEST(Discord, KnowsDiscoveryAndKeepAlive) {
  const std::string request = hex("00010046 001a7e73") + std::string(64, '\0') + hex("8b19");
  const std::string response =
      hex("00020046 001a7e73") + "192.0.2.7" + std::string(55, '\0') + hex("c35a");
  const std::string alive = hex("1337cafe 0e000000");
  for (const std::string& payload : {request, response, alive}) {
    expect_one(discord::kParser, payload, "discord voice then opaque");
    expect_none(discord::kParser, payload.substr(0, payload.size() - 1));
    expect_none(discord::kParser, payload + "x");
  }
  expect_none(discord::kParser, hex("00010046 001a7e73") + std::string(64, 'a') + hex("8b19"));
  expect_none(discord::kParser, hex("00020046 001a7e73") + std::string(64, '\0') + hex("c35a"));
  expect_none(discord::kParser, hex("00020046 001a7e73") + std::string(64, '\x91') + hex("c35a"));
  expect_none(discord::kParser, hex("1337cafd 0e000000"));
}

TEST(Line, KnowsItsFormsInTheirSizes) {
  struct Row {
    const char* first;
    std::size_t size;
  };
  const Row rows[] = {{"b6070004", 8},  {"b609000c", 16},  {"b6130006", 35},
                      {"b6130006", 46}, {"b6120068", 108}, {"b618006a", 110}};
  for (const Row& row : rows) {
    const std::string payload = hex(row.first) + random_bytes(row.size - 4);
    expect_one(line::kParser, payload, "line voice then opaque");
    expect_none(line::kParser, payload.substr(0, payload.size() - 1));
    expect_none(line::kParser, payload + "x");
  }
  expect_none(line::kParser, hex("b6070005") + random_bytes(4));
  // The set-up of a call has no more than 18 fixed bits.
  expect_none(line::kParser, hex("d9900000 0602") + random_bytes(200));
}

TEST(Steam, KnowsItsDatagrams) {
  const auto datagram = [](std::uint8_t type, std::size_t size) {
    return "VS01" + std::string(1, static_cast<char>(size)) + std::string(1, '\0') +
           std::string(1, static_cast<char>(type)) + std::string(29, '\0') + random_bytes(size);
  };
  for (const std::uint8_t type : {1, 2, 3, 4, 5, 6, 7}) {
    expect_one(steam::kDatagrams, datagram(type, 0), "- login then opaque");
    expect_one(steam::kDatagrams, datagram(type, 40), "- login then opaque");
  }
  expect_none(steam::kDatagrams, datagram(0, 0));
  expect_none(steam::kDatagrams, datagram(8, 0));
  expect_none(steam::kDatagrams, datagram(1, 40) + "x");
  expect_none(steam::kDatagrams, datagram(1, 40).substr(0, 75));
  expect_none(steam::kDatagrams, datagram(1, 0).substr(0, 35));
}

TEST(Viber, KnowsCallsByOneOrByTwo) {
  expect_one(viber::kDatagrams, hex("1234 0100 0500") + random_bytes(14),
             "viber voice then opaque");
  expect_none(viber::kDatagrams, hex("1234 0100 0500") + random_bytes(13));
  const std::string twelve = hex("1234 0300") + random_bytes(8);
  const std::string answer = hex("1234 0400") + random_bytes(8);
  const std::string long_question = hex("1234 0c00") + random_bytes(51);
  const std::string long_answer = hex("1234 0100 0700") + random_bytes(70);
  const Lines done = {"-", "viber voice then opaque"};
  EXPECT_EQ(hear(viber::kDatagrams, {up(twelve), down(answer)}), done);
  EXPECT_EQ(hear(viber::kDatagrams, {up(long_question), down(long_answer)}), done);
  EXPECT_EQ(hear(viber::kDatagrams, {down(long_answer), up(long_question)}), done);
  const Lines given_up = {"-", "not mine"};
  EXPECT_EQ(hear(viber::kDatagrams, {up(twelve), down(hex("1235 0400") + random_bytes(8))}),
            given_up);
  EXPECT_EQ(hear(viber::kDatagrams, {up(twelve), up(answer)}), given_up);
  EXPECT_EQ(hear(viber::kDatagrams, {up(twelve), down(twelve)}), given_up);
  EXPECT_EQ(hear(viber::kDatagrams, {up(twelve), down(long_answer)}), given_up);
  expect_none(viber::kDatagrams, answer);
}

TEST(Zalo, IsKnownByBothEnds) {
  for (const std::size_t size : {26u, 27u, 34u, 42u}) {
    const std::string question = hex("01010000") + random_bytes(size - 4);
    const std::string answer = hex("01010000") + random_bytes(size - 4, 8);
    EXPECT_EQ(hear(zalo::kParser, {up(question), down(answer)}),
              (Lines{"-", "zalo voice then opaque"}));
    EXPECT_EQ(hear(zalo::kParser, {up(question), up(question), down(answer)}),
              (Lines{"-", "-", "zalo voice then opaque"}));
    EXPECT_EQ(hear(zalo::kParser, {up(question), down(hex("01010000") + random_bytes(40))}),
              (Lines{"-", "not mine"}));
    EXPECT_EQ(hear(zalo::kParser, {up(question), down(random_bytes(size))}),
              (Lines{"-", "not mine"}));
  }
  expect_none(zalo::kParser, hex("01010000") + random_bytes(24));
}

TEST(Mumble, IsKnownByTheAnswerToItsPing) {
  const std::string ident = hex("0102030405060708");
  const std::string ping = hex("00000000") + ident;
  const auto answer = [&](const std::string& version, const std::string& users) {
    return hex(version) + ident + hex(users) + hex("00012010");
  };
  EXPECT_EQ(hear(mumble::kParser, {up(ping), down(answer("00010204", "0000000500000064"))}),
            (Lines{"-", "mumble presence version=1.2.4 then opaque"}));
  EXPECT_EQ(
      hear(mumble::kParser, {up(ping), up(ping), down(answer("00010500", "0000006400000064"))}),
      (Lines{"-", "-", "mumble presence version=1.5.0 then opaque"}));
  const Lines given_up = {"-", "not mine"};
  // More users than fit, another version, another number, the ping itself (as BFD's echo).
  EXPECT_EQ(hear(mumble::kParser, {up(ping), down(answer("00010204", "0000006500000064"))}),
            given_up);
  EXPECT_EQ(hear(mumble::kParser, {up(ping), down(answer("00020204", "0000000500000064"))}),
            given_up);
  EXPECT_EQ(hear(mumble::kParser, {up(hex("00000000 1102030405060708")),
                                   down(answer("00010204", "0000000500000064"))}),
            given_up);
  EXPECT_EQ(hear(mumble::kParser, {up(ping), down(ping)}), given_up);
  expect_none(mumble::kParser, ping + "x");
  expect_none(mumble::kParser, hex("00000001") + ident);
}

TEST(Tox, IsKnownByQuestionAndAnswer) {
  const auto packet = [](std::uint8_t id, std::size_t size) {
    return std::string(1, static_cast<char>(id)) + random_bytes(size - 1, id);
  };
  struct Row {
    std::string question;
    std::string answer;
    bool tox;
  };
  const Row rows[] = {
      {packet(0x00, 82), packet(0x01, 82), true},
      {packet(0x02, 113), packet(0x04, 82), true},
      {packet(0x02, 113), packet(0x04, 121), true},
      {packet(0x02, 113), packet(0x04, 82 + 4 * 39), true},
      {packet(0x02, 113), packet(0x04, 82 + 2 * 39 + 2 * 51), true},
      {packet(0x18, 145), packet(0x19, 161), true},
      {packet(0x00, 82), packet(0x02, 82), false},
      {packet(0x00, 82), packet(0x00, 82), false},
      {packet(0x02, 113), packet(0x04, 120), false},
      {packet(0x02, 113), packet(0x04, 82 + 5 * 39), false},
      {packet(0x18, 145), packet(0x19, 145), false},
      {packet(0x18, 145), packet(0x04, 82), false},
      {packet(0x00, 82), std::string(1, '\x01') + std::string(81, '\0'), false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(hear(tox::kParser, {up(row.question), down(row.answer)}),
              (Lines{"-", row.tox ? "tox login then opaque" : "not mine"}))
        << row.answer.size();
  }
  expect_none(tox::kParser, std::string(82, '\0'));
  expect_none(tox::kParser, packet(0x1b, 145));
}

TEST(Question, IsNotAskedForEver) {
  const std::string ping = hex("00000000 0102030405060708");
  const std::vector<Datagram> flow(Question::kMaxAsked + 2, up(ping));
  Lines expected(Question::kMaxAsked, "-");
  expected.emplace_back("not mine");
  EXPECT_EQ(hear(mumble::kParser, flow), expected);
}

// --- Zoom

const std::string kId = hex("c84ac4528718cda2b8477a1b899f3383");
const std::string kGreeting =
    hex("010003") + kId + hex("0000000000000002 006f613f 006f613f 00000040") + random_bytes(84);
const std::string kAnswer = hex("020003") + kId + hex("004f8378 006f613f") + std::string(8, '\0') +
                            hex("004000400003e00300");

std::string media(std::uint8_t type, std::size_t rtp_at, std::uint8_t rtp) {
  std::string payload(1, static_cast<char>(type));
  payload.resize(rtp_at, '\x01');
  return payload + static_cast<char>(rtp) + random_bytes(60);
}
std::string of_server(const std::string& inner) {
  return hex("050002004f837804") + inner;
}

TEST(Zoom, FollowsAMeeting) {
  EXPECT_EQ(hear(zoom::kParser,
                 {up(kGreeting), down(kAnswer), up(of_server(media(0x0c, 20, 0))),
                  down(of_server(media(15, 19, 0x90))), down(of_server(media(15, 19, 0x90))),
                  up(of_server(media(16, 24, 0x40))), up(of_server(media(16, 24, 0x90))),
                  down(of_server(media(13, 19, 0x90))), down(of_server(media(30, 20, 0)))}),
            (Lines{"zoom conference", "-", "-", "zoom voice", "-", "-", "zoom video", "-",
                   "zoom screen-share then opaque"}));
  std::vector<Datagram> flow(zoom::kMaxFollowed + 2, down(kAnswer));
  flow[0] = up(kGreeting);
  const Lines lines = hear(zoom::kParser, flow);
  EXPECT_EQ(lines.size(), zoom::kMaxFollowed + 1);
  EXPECT_EQ(lines.back(), "zoom conference then opaque");
}

TEST(Zoom, KnowsAnOlderGreetingByItsAnswer) {
  const std::string greeting = hex("010002") + kId + random_bytes(60);
  const std::string answer = hex("020002") + kId + random_bytes(25);
  EXPECT_EQ(hear(zoom::kParser, {up(greeting), down(answer)}), (Lines{"-", "zoom conference"}));
  EXPECT_EQ(hear(zoom::kParser, {up(greeting), down(hex("020002") + random_bytes(41))}),
            (Lines{"-", "not mine"}));
  EXPECT_EQ(hear(zoom::kParser, {up(greeting), up(answer)}), (Lines{"-", "not mine"}));
  EXPECT_EQ(hear(zoom::kParser, {up(greeting), down(greeting)}), (Lines{"-", "not mine"}));
  expect_none(zoom::kParser, hex("010004") + kId + random_bytes(60));
  expect_none(zoom::kParser, hex("010003") + kId);
}

TEST(Zoom, KnowsTwoEndsThatGreetEachOther) {
  const std::string peer = hex("1f0201 0008 0001 0004 00 5c9b637b 00000064 000000 62a04c") +
                           hex("0000000d") + "192.168.1.226" + hex("00000024") +
                           "AF065D88-AA9B-4A81-80A4-B85CD31B9B21" + hex("00000000");
  ASSERT_EQ(hear(zoom::kParser, {up(peer)}), Lines{"zoom conference"});
  EXPECT_EQ(hear(zoom::kParser, {up(peer), down(peer), up(media(15, 19, 0x90))}),
            (Lines{"zoom conference", "-", "zoom voice"}));
  expect_none(zoom::kParser, peer.substr(0, peer.size() - 1));
  expect_none(zoom::kParser, peer + "x");
  expect_none(zoom::kParser, "\x1e" + peer.substr(1));
  for (std::size_t size = 0; size < peer.size(); ++size) {
    expect_none(zoom::kParser, peer.substr(0, size));
  }
}

TEST(Zoom, KnowsItsTestOfReachabilityByTheAnswer) {
  const std::string transaction = hex("fca5c232b3da5b2065219f418e9b3e1a");
  const std::string request = hex("00010018") + transaction + hex("01010014") +
                              "1234567890123456789" + std::string(1, '\0');
  const std::string answer = hex("0002000c") + transaction + hex("01030008 00014a2bc0000207");
  EXPECT_EQ(hear(zoom::kParser, {up(request), up(request), down(answer)}),
            (Lines{"-", "-", "zoom conference"}));
  EXPECT_EQ(hear(zoom::kParser, {up(request), down(request)}), (Lines{"-", "not mine"}));
  EXPECT_EQ(hear(zoom::kParser, {up(request), down(hex("0101000c") + transaction +
                                                   hex("01030008 00014a2bc0000207"))}),
            (Lines{"-", "not mine"}));
  std::string other = request;
  other[30] = 'x';
  expect_none(zoom::kParser, other);
}

// --- TeamSpeak

std::string text30(const std::string& text) {
  std::string field = std::string(1, static_cast<char>(text.size())) + text;
  field.resize(30, '\0');
  return field;
}

// With its CRC behind `head`.
std::string with_crc(const std::string& head, const std::string& rest) {
  const std::uint32_t crc = crc32(as_bytes(head + std::string(4, '\0') + rest));
  std::string field;
  for (int shift = 0; shift < 32; shift += 8) field += static_cast<char>(crc >> shift);
  return head + field + rest;
}

const std::string kNumbers = hex("5bf84c00 01000000 01000000");

std::string log_in(const std::string& login) {
  return with_crc(hex("f4be0300 00000000 00000000 01000000"),
                  text30("TeamSpeak") + text30("Linux") + hex("0200000020003c00 0001") +
                      text30(login) + text30("secret") + text30("nick"));
}

TEST(Teamspeak, ReadsVersionTwo) {
  const std::string voice = hex("f2be000b") + kNumbers + random_bytes(60);
  const std::string chat = hex("f0be8200") + kNumbers + random_bytes(60);
  const std::string players = hex("f0be0700") + kNumbers + random_bytes(60);
  const std::string acknowledgment = hex("f1be0000") + kNumbers;
  const std::string ping = with_crc(hex("f4be0100") + kNumbers, "");
  EXPECT_EQ(hear(teamspeak::kDatagrams,
                 {up(log_in("user")), down(with_crc(hex("f4be0400") + kNumbers, random_bytes(300))),
                  up(acknowledgment), down(players), up(ping), up(voice), down(voice), up(chat),
                  down(hex("f3be000b") + kNumbers + random_bytes(60)), up("short")}),
            (Lines{"teamspeak login login=user version=2 client=TeamSpeak 2.0.32.60", "-", "-",
                   "teamspeak presence version=2", "-", "teamspeak voice version=2", "-",
                   "teamspeak text-chat version=2", "teamspeak voice version=2", "-"}));
  EXPECT_EQ(hear(teamspeak::kDatagrams, {up(log_in(""))}),
            Lines{"teamspeak login login=nick version=2 client=TeamSpeak 2.0.32.60"});
  EXPECT_EQ(hear(teamspeak::kDatagrams, {up(ping)}), Lines{"teamspeak presence version=2"});
  // Without the right CRC, and classes that begin no connection.
  std::string wrong = log_in("user");
  wrong.back() = 'x';
  expect_none(teamspeak::kDatagrams, wrong);
  for (const std::string& other : {voice, chat, acknowledgment, hex("f4be0300")}) {
    expect_none(teamspeak::kDatagrams, other);
  }
  // Texts that lead beyond their fields, and a log-in that is cut.
  const std::string odd =
      with_crc(hex("f4be0300 00000000 00000000 01000000"), std::string(160, '\xff'));
  EXPECT_EQ(hear(teamspeak::kDatagrams, {up(odd)}).size(), 1u);
  const std::string cut = with_crc(hex("f4be0300 00000000 00000000 01000000"), text30("TeamSpeak"));
  EXPECT_EQ(hear(teamspeak::kDatagrams, {up(cut)}), Lines{"teamspeak login version=2"});
}

TEST(Teamspeak, KnowsVersionThree) {
  expect_one(teamspeak::kDatagrams,
             "TS3INIT1" + hex("0065 0000 88 0a7e8c00 00 5e4d1c05") + random_bytes(12),
             "teamspeak login version=3 then opaque");
  expect_none(teamspeak::kDatagrams, "TS3INIT1");
  expect_none(teamspeak::kDatagrams, "TS3INIT2" + random_bytes(20));
}

TEST(VoiceDatagrams, TakeNoOther) {
  for (const DatagramParser* const parser : kParsers) {
    for (const LookAlike& row : other_datagrams()) {
      SCOPED_TRACE(std::string(to_string(parser->protocol)) + " " + row.name);
      EXPECT_NE(parser->probe(as_bytes(row.bytes)), Probe::certain);
      const Lines lines = hear(*parser, {up(row.bytes), down(row.bytes), up(row.bytes)});
      EXPECT_EQ(lines.back(), "not mine");
      EXPECT_LE(lines.size(), 2u);
    }
    std::mt19937 random(5389);
    for (std::uint32_t round = 0; round < 20'000; ++round) {
      const std::string payload = random_bytes(random() % 200, round);
      ASSERT_NE(parser->probe(as_bytes(payload)), Probe::certain) << round;
    }
  }
}

}  // namespace
}  // namespace chatgate::proto::test
