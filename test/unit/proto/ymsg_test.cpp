#include "proto/ymsg.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "proto/ymsg_webcam.h"

#include "messenger_checks.h"
#include "ymsg_message.h"

namespace chatgate::proto::test {
namespace {

constexpr Direction kUp = Direction::to_server;
constexpr Direction kDown = Direction::to_client;

void check(const std::vector<Saying>& sayings) {
  check_sayings(ymsg::kParser, "yahoo", "", sayings);
}

TEST(Ymsg, ReadsTheLogin) {
  check({
      {kUp, ymsg_packet(0x4c, {}), "login version=16"},
      {kDown, ymsg_packet(0x4c, {}), "login version=16"},
      {kUp, ymsg_packet(0x57, {{1, "alice"}}), "login login=alice version=16"},
      {kDown, ymsg_packet(0x57, {{1, "alice"}, {94, "i|z^2"}, {13, "2"}}),
       "login login=alice version=16"},
      {kUp,
       ymsg_packet(
           0x54,
           {{1, "alice"}, {0, "alice"}, {277, "secret"}, {278, "secret"}, {135, "9.0.0.2162"}}),
       "login login=alice version=16 client=9.0.0.2162"},
      {kDown, ymsg_packet(0x01, {{0, "alice"}, {1, "alice"}, {8, "1"}, {7, "bob"}, {10, "0"}}),
       "login login=alice peer=bob version=16"},
      {kDown, ymsg_packet(0x01, {{7, "bob"}, {10, "0"}}), "presence peer=bob version=16"},
      {kUp, ymsg_packet(0x226, {{1, "alice"}}), "login login=alice version=16"},
      {kUp,
       ymsg_raw(0x54,
                "1\xc0\x80"
                "alice\xc0\x80",
                0x0900),
       "login login=alice version=9"},
      {kUp,
       ymsg_raw(0x54,
                "1\xc0\x80"
                "alice\xc0\x80",
                102),
       "login login=alice version=102"},
  });
}

TEST(Ymsg, TellsServicesByTheirNumber) {
  const auto only = [](int service) { return ymsg_packet(service, {}); };
  std::vector<Saying> sayings;
  const auto expect = [&](const char* service, const std::vector<int>& numbers) {
    for (const int number : numbers) {
      sayings.push_back({kUp, only(number), std::string(service) + " version=16"});
    }
  };
  expect("login", {0x01, 0x4c, 0x54, 0x57, 0x226});
  expect("presence", {0x02, 0x03, 0x04, 0x05, 0x07, 0x08, 0x0a, 0x0f, 0x12, 0x4b, 0x55, 0x6d,
                      0x83, 0x84, 0x86, 0x8a, 0xb9, 0xbc, 0xbe, 0xc6, 0xd6, 0xf0, 0xf1});
  expect("text-chat", {0x06, 0x17, 0xd0, 0x2ea});
  expect("conference",
         {0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x20, 0x96, 0x97, 0x98, 0x9b, 0xa0, 0xa8});
  expect("file-transfer", {0x46, 0x4d, 0xdc, 0xdd, 0xde, 0xdf});
  expect("voice", {0x4a, 0x51});
  expect("webcam", {0x50});
  expect("games", {0x28, 0x29, 0x2a, 0xb7});
  expect("any", {0x09, 0x0b, 0x14, 0x4f, 0x95, 0xa9, 0xfb, 0x7d1, 0xfff});
  check(sayings);
}

TEST(Ymsg, TellsWhoAndToWhom) {
  check({
      {kUp, ymsg_packet(0x06, {{1, "alice"}, {5, "bob"}, {14, "4\xc0not a pair"}, {97, "1"}}),
       "text-chat login=alice peer=bob version=16"},
      {kDown, ymsg_packet(0x06, {{4, "bob"}, {5, "alice"}, {14, "hello"}, {15, "1163"}}),
       "text-chat login=alice peer=bob version=16"},
      // Between two peers.
      {kUp, ymsg_packet(0x06, {{4, "alice"}, {5, "bob"}, {14, "hello"}}),
       "text-chat login=alice peer=bob version=16"},
      {kUp, ymsg_packet(0x4b, {{49, "TYPING"}, {1, "alice"}, {14, " "}, {13, "1"}, {5, "bob"}}),
       "presence login=alice peer=bob version=16"},
      {kDown, ymsg_packet(0x4b, {{4, "bob"}, {5, "alice"}, {49, "WEBCAMINVITE"}}),
       "webcam login=alice peer=bob version=16"},
      {kDown, ymsg_packet(0x4b, {{4, "bob"}, {5, "alice"}, {49, "GAME"}}),
       "games login=alice peer=bob version=16"},
      {kUp, ymsg_packet(0x83, {{1, "alice"}, {7, "bob"}, {65, "Friends"}}),
       "presence login=alice peer=bob version=16"},
      {kDown, ymsg_packet(0x1d, {{1, "alice"}, {57, "room"}, {3, "bob"}, {14, "hello"}}),
       "conference login=alice peer=bob version=16"},
      {kUp,
       ymsg_packet(0x18, {{1, "alice"}, {50, "alice"}, {57, "room"}, {52, "bob"}, {52, "eve"}}),
       "conference login=alice peer=bob version=16"},
      {kDown, ymsg_packet(0xa8, {{104, "Linux:1"}, {109, "bob"}, {117, "hello"}}),
       "conference peer=bob version=16"},
      {kUp, ymsg_packet(0x98, {{109, "alice"}, {104, "Linux:1"}}),
       "conference login=alice version=16"},
      {kUp, ymsg_packet(0x8a, {{0, "alice"}}), "presence login=alice version=16"},
      {kDown, ymsg_packet(0xf0, {{302, "315"}, {7, "bob"}, {10, "2"}}),
       "presence peer=bob version=16"},
  });
}

TEST(Ymsg, AnnouncesWhereItGoesOn) {
  check({
      {kDown,
       ymsg_packet(0x4d, {{4, "bob"},
                          {5, "alice"},
                          {49, "FILEXFER"},
                          {20, "http://192.0.2.9:5101/Messenger.bob.1?AppID=Messenger"},
                          {27, "plan.doc"},
                          {28, "4096"}}),
       "file-transfer login=alice peer=bob file=plan.doc version=16 "
       "expect=192.0.2.9:5101/file-transfer"},
      {kDown, ymsg_packet(0x4d, {{4, "bob"}, {5, "alice"}, {49, "IMVIRONMENT"}}),
       "any login=alice peer=bob version=16"},
      {kDown,
       ymsg_packet(0x46, {{4, "bob"},
                          {5, "alice"},
                          {14, "see"},
                          {27, "a.txt"},
                          {20, "http://filetransfer.msg.yahoo.com:80/bob/x?b.txt"}}),
       "file-transfer login=alice peer=bob file=a.txt version=16"},
      {kDown,
       ymsg_packet(0xdc, {{5, "alice"}, {4, "bob"}, {222, "1"}, {265, "id$$"}, {27, "a.txt"}}),
       "file-transfer login=alice peer=bob file=a.txt version=16"},
      {kDown,
       ymsg_packet(0xdd, {{4, "bob"},
                          {5, "alice"},
                          {265, "id"},
                          {249, "3"},
                          {27, "a.txt"},
                          {250, "98.136.112.33"},
                          {251, "token"}}),
       "file-transfer login=alice peer=bob file=a.txt version=16 "
       "expect=98.136.112.33:80/file-transfer"},
      {kUp,
       ymsg_packet(0xdd, {{1, "alice"}, {5, "bob"}, {249, "1"}, {250, "http://192.0.2.9:8080/x"}}),
       "file-transfer login=alice peer=bob version=16 expect=192.0.2.9:8080/file-transfer"},
      {kDown,
       ymsg_packet(
           0x4f, {{4, "bob"}, {1, "bob"}, {12, "MTY5MDkwNjA="}, {5, "alice"}, {49, "PEERTOPEER"}}),
       "any login=alice peer=bob version=16 expect=4.3.2.1:5101/any"},
      {kUp, ymsg_packet(0x4f, {{1, "alice"}, {4, "alice"}, {12, "LTE="}, {5, "bob"}}),
       "any login=alice peer=bob version=16 expect=255.255.255.255:5101/any"},
      {kUp, ymsg_packet(0x4f, {{1, "alice"}, {12, "eA=="}, {5, "bob"}}),
       "any login=alice peer=bob version=16"},
      {kUp, ymsg_packet(0x4f, {{1, "alice"}, {12, "MA=="}, {5, "bob"}}),
       "any login=alice peer=bob version=16"},
      {kDown, ymsg_packet(0x50, {{5, "alice"}, {61, "token"}, {102, "66.163.174.12"}}),
       "webcam login=alice version=16 expect=66.163.174.12:5100/webcam"},
      {kUp, ymsg_packet(0x50, {{1, "alice"}, {5, "bob"}}),
       "webcam login=alice peer=bob version=16"},
      {kUp, ymsg_packet(0x06, {{1, "alice"}, {20, "http://192.0.2.9:5101/x"}, {5, "bob"}}),
       "text-chat login=alice peer=bob version=16"},
  });
}

TEST(Ymsg, ReadsOldHeaders) {
  check({
      {kUp, old_packet("YPNS2.0", 0x06, "alice", "bob,hello"),
       "text-chat login=alice peer=bob version=2.0"},
      {kUp, old_packet("YPNS2.0", 0x06, "alice", std::string(70, 'x') + ",hello"),
       "text-chat login=alice version=2.0"},
      {kDown, old_packet("YHOO1.0", 0x06, "alice", "bob,,hello"),
       "text-chat login=alice version=1.0"},
      {kDown, old_packet("YHOO1.0", 0x01, "alice", "alice,bob"), "login login=alice version=1.0"},
      {kUp, old_packet("YPNS1.1", 0x18, "alice", ""), "conference login=alice version=1.1"},
      {kUp, old_packet("YPNS2.0", 0x12, std::string(40, 'a'), ""),
       "presence login=" + std::string(36, 'a') + " version=2.0"},
      {kUp, old_packet("YPNS2.0", 0x46, "alice", std::string(60000, 'x')),
       "file-transfer login=alice version=2.0"},
  });
}

TEST(Ymsg, BodiesMayBeBroken) {
  check({
      {kUp,
       ymsg_raw(0x06,
                "1\xc0\x80"
                "alice\xc0\x80"
                "5\xc0\x80no end"),
       "text-chat login=alice version=16"},
      {kUp,
       ymsg_raw(0x06,
                "\xc0\x80\xc0\x80x\xc0\x80y\xc0\x80"
                "5\xc0\x80"
                "bob\xc0\x80"),
       "text-chat peer=bob version=16"},
      {kUp, ymsg_raw(0x06, "no pairs"), "text-chat version=16"},
      {kUp, ymsg_raw(0x06, ""), "text-chat version=16"},
  });
}

TEST(Ymsg, SkipsWhatIsLong) {
  const std::string message =
      ymsg_packet(0x06, {{1, "alice"}, {5, "bob"}, {14, std::string(60000, 'x')}, {27, "late"}});
  const std::string stream = message + ymsg_packet(0x12, {}) + message;
  const Heard heard =
      listen(ymsg::kParser, kUp, as_bytes(stream), steps(stream.size(), 1000), "yahoo");
  EXPECT_EQ(heard.lines, (std::vector<std::string>{"text-chat login=alice peer=bob version=16",
                                                   "presence version=16",
                                                   "text-chat login=alice peer=bob version=16"}));
  EXPECT_EQ(heard.end, stream.size());
  ParserState state;
  Facts facts;
  EXPECT_EQ(ymsg::feed(state, as_bytes(message).first(ymsg::kByteLimit), facts), ParseStatus::done);
}

TEST(Ymsg, FollowsAWholeSession) {
  const std::string up = ymsg_packet(0x4c, {}) + ymsg_packet(0x57, {{1, "alice"}}) +
                         ymsg_packet(0x54, {{0, "alice"}, {1, "alice"}, {135, "9.0.0.2162"}}) +
                         ymsg_packet(0x06, {{1, "alice"}, {5, "bob"}, {14, "hello"}}) +
                         ymsg_packet(0x02, {{1, "alice"}});
  const Heard heard = listen_to_every_cut(ymsg::kParser, kUp, as_bytes(up), "yahoo");
  EXPECT_EQ(heard.lines,
            (std::vector<std::string>{"login version=16", "login login=alice version=16",
                                      "login login=alice version=16 client=9.0.0.2162",
                                      "text-chat login=alice peer=bob version=16",
                                      "presence login=alice version=16"}));
  EXPECT_EQ(heard.next, Next::message);
}

TEST(Ymsg, NothingElseMayFollow) {
  const std::string packet = ymsg_packet(0x06, {{1, "alice"}});
  for (const std::string& behind :
       {std::string("XMSG"), std::string(30, '\0'),
        old_packet("YHOO1.0", 1, "a", "").substr(0, 9) + std::string(120, '\0'),
        std::string("YPNSx.0"),
        std::string("YHOO1.0\0\xff\xff\xff\xff", 12) + std::string(92, '\0')}) {
    const std::string stream = packet + behind;
    EXPECT_EQ(listen_to_every_cut(ymsg::kParser, kUp, as_bytes(stream), "yahoo").last,
              ParseStatus::malformed)
        << behind;
  }
}

TEST(Ymsg, IsRecognisedByItsHeader) {
  const std::string packet = ymsg_packet(0x57, {{1, "alice"}});
  for (std::size_t size = 0; size < packet.size(); ++size) {
    expect_probe(ymsg::kParser, packet.substr(0, size), size < 12 ? Probe::unsure : Probe::certain);
  }
  const std::string old = old_packet("YPNS2.0", 1, "alice", "");
  for (const std::string& bytes : {packet, old}) expect_chosen(AppProto::ymsg, bytes);
  for (std::size_t size = 0; size < old.size(); ++size) {
    expect_probe(ymsg::kParser, old.substr(0, size), size < 8 ? Probe::unsure : Probe::certain);
  }
  const std::vector<std::string> others = {"YMSG hello there, everybody\r\n",
                                           "YMSG\r\n\r\n123456",
                                           "YMSG" + std::string("\1\1\0\0\0\0\0\1", 8),
                                           "YMSG" + std::string("\0\xff\0\0\0\0\0\1", 8),
                                           "YMSG" + std::string("\0\x10\0\0\0\0\x10\0", 8),
                                           "YMSH",
                                           "YHOO 1.0",
                                           "YHOO1.00",
                                           "YPNSa.0\0",
                                           "YPNS2,0",
                                           "YAHOO!",
                                           "ymsg" + std::string("\0\x10\0\0\0\0\0\1", 8),
                                           "XYMSG",
                                           "YES\r\n"};
  for (const std::string& bytes : others) expect_probe(ymsg::kParser, bytes, Probe::not_mine);
  expect_none_of_others(ymsg::kParser);
}

TEST(YmsgWebcam, ReadsItsFirstPacket) {
  const std::string head("\x08\0\1\0\0\0\0", 7);
  const std::string text = "a=2\r\nu=alice\r\nt=token\r\ni=192.0.2.7\r\ng=bob\r\no=w-2-5-1\r\n";
  const std::string bytes = "<REQIMG>" + head + static_cast<char>(text.size()) + text;
  const std::string all = bytes + "\x0d\0picture";
  const Heard heard = listen_to_every_cut(ymsg_webcam::kParser, kUp, as_bytes(all), "yahoo");
  EXPECT_EQ(heard.lines, Lines{"webcam login=alice peer=bob then opaque"});
  expect_chosen(AppProto::ymsg, bytes);
  EXPECT_EQ(heard.next, Next::opaque);
  EXPECT_EQ(heard.end, bytes.size());

  const std::string asks = "<RVWCFG>" + head + "\x07g=bob\r\n";
  EXPECT_EQ(listen_to_every_cut(ymsg_webcam::kParser, kUp, as_bytes(asks), "yahoo").lines,
            Lines{"webcam peer=bob then opaque"});
  const std::string shows = "<RUPCFG>" + head +
                            "\x05"
                            "f=1\r\n";
  EXPECT_EQ(listen_to_every_cut(ymsg_webcam::kParser, kUp, as_bytes(shows), "yahoo").lines,
            Lines{"webcam then opaque"});
  const std::string endless = "<SNDIMG>" + std::string("\x08\0\1\0\x7f\xff\xff\xff", 8) +
                              std::string(ymsg_webcam::kByteLimit, 'x');
  EXPECT_EQ(listen(ymsg_webcam::kParser, kUp, as_bytes(endless), {ymsg_webcam::kByteLimit}, "yahoo")
                .lines,
            Lines{"webcam then opaque"});
}

TEST(YmsgWebcam, IsRecognisedByItsHead) {
  for (const char* bytes : {"", "<", "<R", "<SND", "<REQIMG>", "<REQIMG>\x08"}) {
    expect_probe(ymsg_webcam::kParser, bytes, Probe::unsure);
  }
  for (const char* bytes :
       {"<REQIMG/>", "<REQIMG>text", "<RXW", "<reqimg>", "<html>", "<?xml", "<RVWCFG>\r\n"}) {
    expect_probe(ymsg_webcam::kParser, bytes, Probe::not_mine);
  }
  expect_none_of_others(ymsg_webcam::kParser);
}

}  // namespace
}  // namespace chatgate::proto::test
