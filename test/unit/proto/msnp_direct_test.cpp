#include "proto/msnp_direct.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "messenger_checks.h"
#include "msnp_message.h"

namespace chatgate::proto::test {
namespace {

constexpr Direction kUp = Direction::to_server;
constexpr Direction kDown = Direction::to_client;

using Messages = std::vector<std::string>;

std::string frame(const std::string& message) {
  return le(message.size(), 4) + message;
}

const std::string kFoo = frame(std::string("foo\0", 4));
const std::string kNonce =
    frame(le(0, 4) + le(9, 4) + le(0, 20) + le(0x100, 4) + "0123456789abcdef");

TEST(Msnftp, FollowsBothSides) {
  const std::string receiver = "VER MSNFTP\r\nUSR bob@example.com 93301\r\nTFR\r\nBYE 16777989\r\n";
  const Heard up = listen_to_every_cut(msnftp::kParser, kUp, as_bytes(receiver), "msn");
  EXPECT_EQ(up.lines,
            (Messages{"file-transfer version=MSNFTP", "file-transfer login=bob@example.com",
                      "file-transfer", "file-transfer"}));
  EXPECT_EQ(up.next, Next::message);

  const std::string sender = "VER MSNFTP\r\nFIL 11\r\n";
  const std::string file("\0\x0b\0hello world\1\0\0", 17);
  const std::string all = sender + file;
  const Heard down = listen_to_every_cut(msnftp::kParser, kDown, as_bytes(all), "msn");
  EXPECT_EQ(down.lines, (Messages{"file-transfer version=MSNFTP", "file-transfer then opaque"}));
  EXPECT_EQ(down.next, Next::opaque);
  EXPECT_EQ(down.end, sender.size());
}

TEST(Msnftp, IsRecognisedByItsGreeting) {
  for (const char* bytes : {"VER MSNFTP\r", "ver msnftp\n", "VER MSNFTP MSN_SECURE_FTP\r\n",
                            "VER MSN_SECURE_FTP\r\n"}) {
    expect_probe(msnftp::kParser, bytes, Probe::certain);
    expect_chosen(AppProto::msnp, bytes);
  }
  for (const char* bytes : {"", "V", "VER MSN", "VER MSNFTP", "VER MSN_SEC"}) {
    expect_probe(msnftp::kParser, bytes, Probe::unsure);
  }
  for (const char* bytes : {"VER 1 MSNP8\r\n", "VER MSNFTPX\r\n", "VER MSNP8\r\n",
                            "USR bob@example.com 93301\r\n", "FIL 11\r\n", "VER FTP\r\n"}) {
    expect_probe(msnftp::kParser, bytes, Probe::not_mine);
  }
  expect_none_of_others(msnftp::kParser);
  const std::string endless = "VER MSNFTP " + std::string(msnftp::kByteLimit, 'x');
  EXPECT_EQ(listen(msnftp::kParser, kUp, as_bytes(endless), {endless.size()}, "msn").last,
            ParseStatus::malformed);
}

TEST(MsnPeers, FollowsBothSides) {
  const std::string request = session_request("A4268EEC-FEC5-49E5-95C3-F126696BDBF6", "1", "AAAA");
  const std::string data = peer_header(4, 0x1000030, 8) + "filedata";
  const std::string picture = peer_header(4, 0x20, 8) + "filedata";
  const std::string up_bytes = kFoo + kNonce + frame(data) + frame(picture) +
                               frame(peer_header(0, 0, request.size()) + request) +
                               frame(peer_header(4, 2, 0));
  const Heard up = listen_to_every_cut(msn_peers::kParser, kUp, as_bytes(up_bytes), "msn");
  EXPECT_EQ(up.lines,
            (Messages{"file-transfer", "file-transfer", "file-transfer", "presence",
                      "presence login=alice@example.com peer=bob@example.com", "file-transfer"}));

  const std::string down_bytes = kNonce + frame(data);
  const Heard down = listen_to_every_cut(msn_peers::kParser, kDown, as_bytes(down_bytes), "msn");
  EXPECT_EQ(down.lines, (Messages{"file-transfer", "file-transfer"}));
}

TEST(MsnPeers, KnowsTheSecondHeaderByItsNonce) {
  const std::string picture = std::string("\x08\0\0\x14\0\0\0\1\x08\5", 10) + "1234567";
  const std::string bytes = kFoo + frame("0123456789abcdef") + frame(picture);
  const Heard heard = listen_to_every_cut(msn_peers::kParser, kUp, as_bytes(bytes), "msn");
  EXPECT_EQ(heard.lines, (Messages{"file-transfer", "file-transfer", "presence"}));
}

TEST(MsnPeers, SkipsWhatIsLong) {
  const std::string data = peer_header(4, 0x1000030, 100000) + std::string(100000, 'x');
  const std::string bytes = kFoo + kNonce + frame(data) + frame(data);
  const Heard heard = listen(msn_peers::kParser, kUp, as_bytes(bytes), {bytes.size()}, "msn");
  EXPECT_EQ(heard.lines, Messages(4, "file-transfer"));
  EXPECT_EQ(heard.end, bytes.size());
  ParserState state;
  Facts facts;
  EXPECT_EQ(msn_peers::feed(state, as_bytes(frame(data)).first(msn_peers::kByteLimit), facts),
            ParseStatus::done);
}

TEST(MsnPeers, IsRecognisedByItsFirstFrames) {
  expect_probe(msn_peers::kParser, kFoo + kNonce, Probe::certain);
  expect_probe(msn_peers::kParser, kFoo + frame("0123456789abcdef"), Probe::certain);
  expect_probe(msn_peers::kParser, kNonce, Probe::certain);
  for (const std::string& bytes : {kFoo + kNonce, kNonce}) expect_chosen(AppProto::msnp, bytes);
  for (std::size_t size = 0; size < 12; ++size) {
    expect_probe(msn_peers::kParser, (kFoo + kNonce).substr(0, size), Probe::unsure);
  }
  for (std::size_t size = 0; size < 36; ++size) {
    expect_probe(msn_peers::kParser, kNonce.substr(0, size), Probe::unsure);
  }
  const std::vector<std::string> others = {
      kFoo + frame("12345"),
      frame("fool"),
      frame("foo"),
      le(4, 4) + "bar!" + le(48, 4),
      frame(std::string(48, '\0')),                                  // no flag
      frame(le(1, 4) + le(9, 4) + le(0, 20) + le(0x100, 4) + "16"),  // a session
      frame(le(0, 4) + le(9, 4) + le(7, 20) + le(0x100, 4) + "16bytes"),
      le(48, 4) + std::string(48, '0')};
  for (const std::string& bytes : others) {
    expect_probe(msn_peers::kParser, bytes, Probe::not_mine);
  }
  expect_none_of_others(msn_peers::kParser);
}

TEST(MsnWebcam, ReadsItsFirstLine) {
  const std::string line = "recipientid=42&sessionid=1337\r\n";
  const std::string bytes = line + "\r\n" + std::string("\x0c\0\0\0ML20", 8);
  const Heard heard = listen_to_every_cut(msn_webcam::kParser, kUp, as_bytes(bytes), "msn");
  EXPECT_EQ(heard.lines, Messages{"webcam then opaque"});
  expect_chosen(AppProto::msnp, bytes);
  EXPECT_EQ(heard.next, Next::opaque);
  EXPECT_EQ(heard.end, line.size());
  for (const char* other :
       {"recipientid=x", "recipientid=&sessionid=1", "recipientid=12345678901&",
        "recipientid=4&session=7", "recipientid=4&sessionid=x", "recipientId=4&sessionid=1"}) {
    expect_probe(msn_webcam::kParser, other, Probe::not_mine);
  }
  for (const char* start : {"", "recip", "recipientid=", "recipientid=42", "recipientid=42&sess"}) {
    expect_probe(msn_webcam::kParser, start, Probe::unsure);
  }
  expect_none_of_others(msn_webcam::kParser);
  const std::string endless = "recipientid=42&sessionid=" + std::string(200, '1');
  EXPECT_EQ(listen(msn_webcam::kParser, kUp, as_bytes(endless), {endless.size()}, "msn").last,
            ParseStatus::malformed);
}

}  // namespace
}  // namespace chatgate::proto::test
