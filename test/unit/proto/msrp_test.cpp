#include "proto/msrp.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "allocation_count.h"
#include "messenger_checks.h"

namespace chatgate::proto::test {
namespace {

constexpr Direction kUp = Direction::to_server;
constexpr Direction kDown = Direction::to_client;
const std::string kPaths =
    "To-Path: msrp://relay.example:2855/r;tcp msrp://bob@192.0.2.20:7654/s;tcp\r\n"
    "From-Path: msrp://alice@192.0.2.10:7777/t;tcp\r\n";
const std::string kUsers = " login=alice@192.0.2.10 peer=bob@192.0.2.20";
const std::string kOthers = " login=bob@192.0.2.20 peer=alice@192.0.2.10";
const std::string kEnd = "-------d93kswow$\r\n";

std::string request(const std::string& method, const std::string& rest) {
  return "MSRP d93kswow " + method + "\r\n" + kPaths + rest;
}
std::string send(const std::string& fields, const std::string& body,
                 const std::string& end = "\r\n" + kEnd) {
  return request("SEND", "Message-ID: 1234\r\n" + fields + "\r\n" + body + end);
}

TEST(Msrp, TellsWhatIsSent) {
  const std::string cpim = "Content-Type: message/cpim\r\n";
  const std::string people =
      "From: Ann <im:ann@example.com>\r\nTo: <sip:anonymous@anonymous.invalid>\r\n\r\n";
  check_sayings(
      msrp::kParser, "-", "",
      {
          {kUp, send("Byte-Range: 1-5/5\r\nContent-Type: text/plain\r\n", "hello"),
           "text-chat" + kUsers},
          {kDown, send("Content-Type: text/plain; charset=UTF-8\r\n", "hello"),
           "text-chat" + kOthers},
          {kUp, send("Content-Type: text/x-own\r\n", "hello"), "text-chat" + kUsers},
          {kUp, send("Content-Type: text/plain\r\n", ""), "text-chat" + kUsers},
          {kUp, send("Content-Type: text/plain\r\n", "", kEnd), "text-chat" + kUsers},
          {kUp, send("Content-Type: application/im-iscomposing+xml\r\n", "<a/>"),
           "presence" + kUsers},
          {kUp, request("SEND", "Message-ID: 1\r\n" + kEnd), "presence" + kUsers},
          {kUp, send("Content-Type: image/jpeg\r\n", std::string("\xff\xd8\0\n", 4)),
           "file-transfer" + kUsers},
          {kUp,
           send("Content-Disposition: attachment; filename=\"plan of ours.txt\"\r\n"
                "Content-Type: text/plain\r\n",
                "hello"),
           "file-transfer" + kUsers + " file=plan of ours.txt"},
          {kUp, send("Content-Type: application/x-own\r\n", "x"), "file-transfer" + kUsers},
          {kUp, send(cpim, people + "Content-Type: text/plain\r\n\r\nhello"), "text-chat" + kUsers},
          {kUp, send(cpim, people + "Content-Type: message/imdn+xml\r\n\r\n<imdn/>"),
           "presence" + kUsers},
          {kUp,
           send(cpim, people + "Content-Type: image/png\r\n"
                               "Content-Disposition: render; filename=cat.png\r\n\r\nx"),
           "file-transfer" + kUsers + " file=cat.png"},
          {kUp, send(cpim, "\r\n"), "text-chat" + kUsers},
          {kUp, send("Byte-Range: 2049-4096/9000\r\n" + cpim, "middle", "\r\n-------d93kswow+\r\n"),
           "any" + kUsers},
          {kUp, send("Content-Type: text/plain\r\n", "given up", "\r\n-------d93kswow#\r\n"),
           "text-chat" + kUsers},
      });
}

TEST(Msrp, ReadsTheOtherMessages) {
  check_sayings(
      msrp::kParser, "-", "",
      {
          {kDown, "MSRP d93kswow 200 OK\r\n" + kPaths + kEnd, "any" + kOthers},
          {kDown, "MSRP d93kswow 403\r\n" + kPaths + kEnd, "any" + kOthers},
          {kUp, request("REPORT", "Status: 000 200 OK\r\n" + kEnd), "any" + kUsers},
          {kUp, request("AUTH", kEnd), "login" + kUsers},
          {kUp,
           "MSRP d93kswow AUTH\r\nTo-Path: msrps://a.example:9000;tcp\r\n"
           "Authorization: Digest realm=\"x\", username=\"alice\"\r\n" +
               kEnd,
           "login login=alice"},
          {kUp, request("NICKNAME", "Use-Nickname: \"Alice the great\"\r\n" + kEnd),
           "conference login=Alice the great peer=bob@192.0.2.20"},
          {kUp, request("XOWN", "Content-Type: text/plain\r\n\r\nx\r\n" + kEnd), "any" + kUsers},
      });
}

TEST(Msrp, NamesCpimsPeopleWhereThePathsNameNone) {
  const std::string message =
      "MSRP d93kswow SEND\r\nTo-Path: msrp://192.0.2.20:7654/s;tcp\r\n"
      "From-Path: msrp://192.0.2.10:7777/t;tcp\r\nContent-Type: message/cpim\r\n\r\n"
      "From: Ann <im:ann@example.com>\r\nTo: <im:ben@example.com>\r\n\r\n\r\nhello\r\n" +
      kEnd;
  check_sayings(msrp::kParser, "-", "",
                {{kUp, message, "text-chat login=ann@example.com peer=ben@example.com"},
                 {kDown, message, "text-chat login=ben@example.com peer=ann@example.com"}});
}

TEST(Msrp, FindsTheEndByItsOwnIdentifierAlone) {
  const std::string body =
      "-------\r\n-------d93kswox$\r\n-------d93kswow\r\n-------d93kswow$ \r\n--------d93kswow$\r\n"
      " -------d93kswow$\r\n-------d93kswoww$\r\n-------" +
      std::string(60, 'a') +
      "$\r\n"
      "MSRP aaaaaaaa SEND\r\n\r\n-------aaaaaaaa$\r\n\n\n-------d93\r\n-------";
  const std::string first = send("Content-Type: image/png\r\nByte-Range: 1-4/4\r\n", body);
  const std::string second = "MSRP e93kswow 200 OK\r\n" + kPaths + "-------e93kswow$\r\n";
  for (const char* const type : {"image/png", "message/cpim"}) {
    std::string stream = first + second;
    stream.replace(stream.find("image/png"), 9, type);
    const Heard heard = listen_to_every_cut(msrp::kParser, kUp, as_bytes(stream), "-");
    EXPECT_EQ(heard.lines.size(), 2u) << type;
    EXPECT_EQ(heard.lines.back(), "any" + kUsers);
    EXPECT_EQ(heard.end, stream.size());
  }
}

TEST(Msrp, FollowsASession) {
  const std::string stream =
      request("SEND", "Message-ID: 1\r\n" + kEnd) + send("Content-Type: text/plain\r\n", "one") +
      send("Content-Type: application/im-iscomposing+xml\r\n", "<a/>") +
      send("Content-Type: application/octet-stream\r\n", std::string(300, '\n')) +
      "MSRP zzzz 200 OK\r\n" + kPaths + "-------zzzz$\r\n";
  const Heard heard = listen_to_every_cut(msrp::kParser, kUp, as_bytes(stream), "-");
  const std::vector<std::string> expected = {"presence" + kUsers, "text-chat" + kUsers,
                                             "presence" + kUsers, "file-transfer" + kUsers,
                                             "any" + kUsers};
  EXPECT_EQ(heard.lines, expected);
  EXPECT_EQ(heard.end, stream.size());
}

TEST(Msrp, HoldsLittleOfLongBodies) {
  std::string file;
  for (int i = 0; i < 20000; ++i) file += "\r\n-------d93k" + std::to_string(i);
  const std::string stream = send("Content-Type: image/png\r\n", file) +
                             send("Content-Type: message/cpim\r\n", file) +
                             send("Content-Type: text/plain\r\n", "x");
  const Heard whole = listen(msrp::kParser, kUp, as_bytes(stream), {stream.size()}, "-");
  const std::vector<std::string> expected = {"file-transfer" + kUsers, "text-chat" + kUsers,
                                             "text-chat" + kUsers};
  EXPECT_EQ(whole.lines, expected);
  EXPECT_EQ(whole.end, stream.size());
  EXPECT_EQ(listen(msrp::kParser, kUp, as_bytes(stream), steps(stream.size(), 509), "-"), whole);

  ParserState state;
  Facts facts;
  const std::size_t allocations = allocation_count();
  EXPECT_EQ(msrp::feed(state, as_bytes(stream), facts), ParseStatus::done);
  const Bytes rest = as_bytes(stream).subspan(state.offset, 100000);
  EXPECT_EQ(msrp::feed(state, rest, facts), ParseStatus::piece);
  EXPECT_GT(state.offset, 100000u - 50);
  EXPECT_EQ(allocation_count(), allocations);
}

TEST(Msrp, BreaksWhereNobodyReadsOn) {
  for (const std::string& stream :
       {send("Content-Type: text/plain\r\n", "x") + "hello\r\n",
        send("Content-Type: text/plain\r\n", "x") + "MSRP d93kswow send\r\n",
        send("Content-Type: text/plain\r\n", "x") + "\r\n"}) {
    EXPECT_EQ(listen_to_every_cut(msrp::kParser, kUp, as_bytes(stream), "-").last,
              ParseStatus::malformed);
  }
  const std::string endless = request("SEND", "x: " + std::string(9000, 'x'));
  for (const std::size_t step : {std::size_t{97}, endless.size()}) {
    EXPECT_EQ(listen(msrp::kParser, kUp, as_bytes(endless), steps(endless.size(), step)).last,
              ParseStatus::malformed);
  }
}

TEST(Msrp, IsCertainOfAFirstLine) {
  for (const std::string line : {"MSRP a786hjs2 SEND\r\n", "MSRP a.-+%=1 REPORT\n",
                                 "MSRP a786hjs2 200 OK\r\n", "MSRP a786hjs2 481\r\n"}) {
    expect_probe(msrp::kParser, line, Probe::certain);
    for (std::size_t size = 0; size < line.size(); ++size) {
      expect_probe(msrp::kParser, line.substr(0, size), Probe::unsure);
    }
    expect_chosen(AppProto::msrp, line + kPaths);
  }
}

TEST(Msrp, TakesNothingElseForItself) {
  std::vector<std::string> others = {
      "MSRP a78 SEND\r\n",          "MSRP " + std::string(33, 'a') + " SEND\r\n",
      "MSRP a786hjs2 send\r\n",     "MSRP a786hjs2 SEND now\r\n",
      "MSRP a786hjs2 20 OK\r\n",    "MSRP a786hjs2\r\n",
      "MSRP a786!hjs2 SEND\r\n",    "MSRPS a786hjs2 SEND\r\n",
      "msrp a786hjs2 SEND\r\n",     "MSRP a786hjs2 SE\x01ND\r\n",
      "\r\nMSRP a786hjs2 SEND\r\n", "MSRP " + std::string(300, 'a'),
  };
  for (const LookAlike& other : other_streams()) {
    if (!other.bytes.starts_with("MSRP ")) others.push_back(other.bytes);
  }
  for (const std::string& other : others) {
    for (std::size_t size = 0; size <= other.size(); ++size) {
      ASSERT_NE(msrp::probe(as_bytes(std::string_view(other).substr(0, size))), Probe::certain)
          << other.substr(0, size);
    }
    EXPECT_EQ(msrp::probe(as_bytes(other)), Probe::not_mine) << other;
  }
}

}  // namespace
}  // namespace chatgate::proto::test
