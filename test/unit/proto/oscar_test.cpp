#include "proto/oscar.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "messenger_checks.h"
#include "oscar_message.h"

namespace chatgate::proto::test {
namespace {

using namespace std::string_literals;

const std::string kHello = flap(1, be32(1));
const std::string kCookie = "8 bytes!";

// Behind a bare first frame, which tells nothing.
void expect_after_hello(const std::string& frame, const std::string& line,
                        Direction way = Direction::to_server) {
  SCOPED_TRACE(testing::PrintToString(line));
  expect_lines(oscar::kParser, kHello + frame, {"- login", line}, way);
}

TEST(Oscar, LogInWithRoastedPassword) {
  const auto sign_on = [](const std::string& name, const std::string& client) {
    return flap(1, be32(1) + tlv(1, name) + tlv(2, "\xf3\x26") + tlv(3, client));
  };
  expect_lines(oscar::kParser, sign_on("123456789", "ICQ Inc. - Product of ICQ"),
               {"icq login login=123456789 client=ICQ Inc. - Product of ICQ"});
  expect_lines(oscar::kParser, sign_on("Some Body", "AOL Instant Messenger, version 5.9"),
               {"aim login login=Some Body client=AOL Instant Messenger, version 5.9"});
  expect_lines(oscar::kParser, flap(1, be32(1) + tlv(6, std::string(256, 'c'))), {"aim login"});
  expect_lines(oscar::kParser, flap(1, be32(1) + tlv(3, "ICQBasic") + tlv(6, "cookie")),
               {"icq login client=ICQBasic"});
}

TEST(Oscar, LogInInTwoSteps) {
  expect_after_hello(snac(0x17, 0x06, tlv(1, "42424242")), "icq login login=42424242");
  expect_after_hello(
      snac(0x17, 0x02,
           tlv(1, "somebody") + tlv(0x25, "0123456789abcdef") + tlv(3, "AOL Instant Messenger")),
      "aim login login=somebody client=AOL Instant Messenger");
  expect_after_hello(snac(0x17, 0x07, sized16("1234567890")), "aim login", Direction::to_client);
  expect_after_hello(
      snac(0x17, 0x03, tlv(1, "42424242") + tlv(5, "64.12.24.1:5190") + tlv(6, "cookie")),
      "icq login login=42424242 expect=64.12.24.1:5190/any", Direction::to_client);
  expect_after_hello(snac(0x17, 0x03, tlv(1, "somebody") + tlv(8, be16(5))),
                     "aim login login=somebody", Direction::to_client);
}

TEST(Oscar, AnswersAndGoodbyes) {
  const Direction back = Direction::to_client;
  expect_after_hello(flap(4, tlv(1, "42424242") + tlv(5, "64.12.24.1") + tlv(6, "cookie")),
                     "icq login login=42424242 expect=64.12.24.1:5190/any", back);
  // The name behind a look-up leads where the look-up says.
  expect_after_hello(flap(4, tlv(5, "bos.oscar.aol.com:5190")), "aim login", back);
  expect_after_hello(flap(4, ""), "aim presence");
  expect_after_hello(flap(5, ""), "aim presence");
  expect_after_hello(flap(3, "what?"), "aim any");
  expect_after_hello(flap(9, "what?"), "aim any");
}

TEST(Oscar, TellsFamiliesApart) {
  struct Row {
    std::uint16_t family;
    std::uint16_t subtype;
    std::string body;
    std::string line;
  };
  const std::vector<Row> rows = {
      {0x01, 0x02, be16(1) + be16(3), "aim login"},
      {0x01, 0x03, be16(1) + be16(2), "aim login"},
      {0x01, 0x04, be16(0x0e), "aim conference"},
      {0x01, 0x04, be16(0x10), "aim presence"},
      {0x01, 0x05, tlv(0x0d, be16(0x0e)) + tlv(5, "10.1.2.3:443") + tlv(6, "c"),
       "aim conference expect=10.1.2.3:443/conference"},
      {0x01, 0x05, tlv(5, "10.1.2.3") + tlv(0x0d, be16(0x10)),
       "aim presence expect=10.1.2.3:5190/presence"},
      {0x01, 0x07, "rates", "aim login"},
      {0x01, 0x0f, sized8("42424242") + be16(0) + be16(0), "icq presence login=42424242"},
      {0x01, 0x0f, sized8("somebody") + be16(0) + be16(0), "aim presence login=somebody"},
      {0x01, 0x12, be16(1) + be16(4) + tlv(5, "10.9.9.9:5190"),
       "aim login expect=10.9.9.9:5190/any"},
      {0x01, 0x1e, tlv(6, be32(0)), "aim presence"},
      {0x01, 0x77, "", "aim any"},
      {0x02, 0x04, tlv(5, ""), "aim presence"},
      {0x03, 0x04, sized8("a") + sized8("b"), "aim presence"},
      {0x03, 0x0b, sized8("peer") + be16(0) + be16(0), "aim presence peer=peer"},
      {0x03, 0x0c, sized8("peer") + be16(0) + be16(0), "aim presence peer=peer"},
      {0x08, 0x02, "", "aim any"},
      {0x09, 0x02, be32(0x1f), "aim presence"},
      {0x0b, 0x02, "", "aim any"},
      {0x0d, 0x08, "", "aim conference"},
      {0x0e, 0x05, kCookie + be16(3) + tlv(5, "text"), "aim conference"},
      {0x0f, 0x02, "", "aim presence"},
      {0x13, 0x04, "", "aim presence"},
      {0x25, 0x02, "", "aim any"},
      {0x1234, 0x02, "", "aim any"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.family << 8 | row.subtype);
    expect_after_hello(snac(row.family, row.subtype, row.body), row.line);
  }
}

TEST(Oscar, ReadsBehindAHeaderThatIsLonger) {
  expect_after_hello(snac(0x17, 0x06, sized16("\x77\xff\0\1\0\2"s) + tlv(1, "42"), 0x8000),
                     "icq login login=42");
  // What does not fit ends the reading.
  expect_after_hello(snac(0x17, 0x06, be16(1) + be16(99) + "42"), "aim login");
  expect_after_hello(flap(2, "\0\4\0\6"s), "aim any");
  expect_after_hello(flap(2, ""), "aim any");
}

// --- ICBM

std::string to_host(std::uint16_t channel, const std::string& tlvs) {
  return snac(4, 6, kCookie + be16(channel) + sized8("peer") + tlvs);
}
std::string to_client(std::uint16_t channel, const std::string& tlvs) {
  const std::string user =
      sized8("peer") + be16(0) + be16(2) + tlv(1, be16(0x10)) + tlv(5, "their own");
  return snac(4, 7, kCookie + be16(channel) + user + tlvs);
}

TEST(Oscar, TextMessages) {
  const std::string text = tlv(2, tlv(0x0501, "\1") + tlv(0x0101, "\0\0\0\0hi"s));
  expect_after_hello(to_host(1, text), "aim text-chat peer=peer");
  expect_after_hello(to_client(1, text), "aim text-chat peer=peer", Direction::to_client);
  expect_after_hello(snac(4, 0x14, kCookie + be16(1) + sized8("peer") + be16(2)),
                     "aim text-chat peer=peer");
  expect_after_hello(snac(4, 0x0c, kCookie + be16(1) + sized8("peer")), "aim any peer=peer");
  expect_after_hello(snac(4, 0x0a, be16(1) + sized8("peer") + be16(0) + be16(0)),
                     "aim text-chat peer=peer", Direction::to_client);
  expect_after_hello(snac(4, 0x10, ""), "aim text-chat");
  expect_after_hello(snac(4, 0x02, "parameters"), "aim any");
}

TEST(Oscar, OldMessagesOfIcq) {
  const auto old = [](char kind) {
    return to_host(4, tlv(5, le32(42424242) + kind + '\0' + le16(3) + "hi\0"s));
  };
  expect_after_hello(old(1), "aim text-chat peer=peer");
  expect_after_hello(old(2), "aim conference peer=peer");
  expect_after_hello(old(3), "aim file-transfer peer=peer");
  expect_after_hello(old(6), "aim presence peer=peer");
  expect_after_hello(old('\xe8'), "aim presence peer=peer");
}

std::string proposal(const std::string& uuid, const std::string& tlvs, std::uint16_t type = 0) {
  return tlv(5, be16(type) + kCookie + uuid + tlvs);
}

TEST(Oscar, TellsCapabilitiesApart) {
  struct Row {
    std::string uuid;
    const char* service;
  };
  const std::vector<Row> rows = {
      {capability(0x1341), "voice"},
      {capability(0x1343), "file-transfer"},
      {capability(0x1345), "text-chat"},
      {capability(0x1348), "file-transfer"},
      {capability(0x134a), "games"},
      {capability(0x1346), "other"},
      {capability(0x1347), "other"},
      {capability(0x0100), "video"},
      {capability(0x0101), "video"},
      {capability(0x0102), "webcam"},
      {capability(0x0104), "voice"},
      {capability(0x134b), "presence"},
      {"\x74\x8f\x24\x20\x62\x87\x11\xd1\x82\x22\x44\x45\x53\x54\0\0"s, "conference"},
      {std::string(16, 'x'), "other"},
  };
  for (const Row& row : rows) {
    const std::string line = "aim "s + row.service + " peer=peer";
    expect_after_hello(to_host(2, proposal(row.uuid, tlv(0x0a, be16(1)))), line);
    expect_after_hello(to_client(2, proposal(row.uuid, tlv(0x0a, be16(1)))), line,
                       Direction::to_client);
  }
  expect_after_hello(to_host(2, ""), "aim other peer=peer");
  expect_after_hello(to_host(2, tlv(5, "short")), "aim other peer=peer");
}

TEST(Oscar, FilesAndWhereTheyGo) {
  const std::string where =
      tlv(2, "\x0a\0\0\x01"s) + tlv(3, "\xc0\xa8\0\x02"s) + tlv(5, be16(4443));
  const std::string file = tlv(0x2711, be16(1) + be16(1) + be32(9) + "plan.txt\0"s);
  expect_after_hello(to_host(2, proposal(capability(0x1343), where + file)),
                     "aim file-transfer peer=peer file=plan.txt expect=10.0.0.1:4443/file-transfer "
                     "expect=192.168.0.2:4443/file-transfer");
  // Addresses that come twice, and none at all.
  expect_after_hello(
      to_client(2, proposal(capability(0x1345), tlv(2, "\x0a\0\0\x01"s) + tlv(4, "\x0a\0\0\x01"s) +
                                                    tlv(3, "\0\0\0\0"s) + tlv(5, be16(5190)))),
      "aim text-chat peer=peer expect=10.0.0.1:5190/text-chat", Direction::to_client);
  // By the proxy: its address alone, and the port that it listens on.
  expect_after_hello(to_client(2, proposal(capability(0x1343), where + tlv(0x10, "") + file)),
                     "aim file-transfer peer=peer file=plan.txt expect=10.0.0.1:5190/file-transfer",
                     Direction::to_client);
  // Acceptance and cancellation announce nothing.
  expect_after_hello(to_host(2, proposal(capability(0x1343), where, 2)),
                     "aim file-transfer peer=peer");
  expect_after_hello(to_host(2, proposal(capability(0x1343), where, 1)),
                     "aim file-transfer peer=peer");
  const std::string wide = "\0z\0\xfc\x20\xac\xd8\x3d\xde\0\xdc\0\0\0"s;
  expect_after_hello(
      to_host(2, proposal(capability(0x1343),
                          tlv(0x2711, be32(0) + be32(0) + wide) + tlv(0x2712, "unicode-2-0"))),
      "aim file-transfer peer=peer file=z\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd");
}

TEST(Oscar, MessagesRelayedByIcqsServer) {
  const auto relayed = [](char kind, const std::string& behind) {
    const std::string first = le16(8) + std::string(16, '\0') + std::string(9, '\0');
    const std::string second = le16(1) + std::string(12, '\0');
    return to_host(2, proposal(capability(0x1349),
                               tlv(0x2711, le16(first.size()) + first + le16(second.size()) +
                                               second + kind + behind)));
  };
  const std::string common = "\0\0\0\0\0"s + le16(1) + '\0';
  const auto plugin = [&](const std::string& name) {
    return relayed(0x1a, common + le16(60) + std::string(16, 'u') + le16(0) +
                             le32(static_cast<std::uint32_t>(name.size())) + name);
  };
  expect_after_hello(relayed(1, common), "aim text-chat peer=peer");
  expect_after_hello(relayed(3, common), "aim file-transfer peer=peer");
  expect_after_hello(plugin("File Transfer"), "aim file-transfer peer=peer");
  expect_after_hello(plugin("Send Web Page Address (URL)"), "aim text-chat peer=peer");
  expect_after_hello(relayed(0x1a, ""), "aim text-chat peer=peer");
}

TEST(Oscar, IcqsOwnFamily) {
  const auto request = [](std::uint16_t subtype, std::uint16_t command, const std::string& more) {
    const std::string block = le32(42424242) + le16(command) + le16(2) + more;
    return snac(0x15, subtype, tlv(1, le16(block.size()) + block));
  };
  expect_after_hello(request(2, 0x3c, ""), "icq text-chat login=42424242");
  expect_after_hello(request(2, 0x7d0, le16(0x51f)), "icq presence login=42424242");
  expect_after_hello(request(3, 0x41, le32(777777) + "\xd7\x07\1\2\3\4\1"s + "\0\3\0hi\0"s),
                     "icq text-chat login=42424242 peer=777777", Direction::to_client);
  // From then on it is ICQ's.
  expect_lines(oscar::kParser, kHello + request(2, 0x3c, "") + flap(5, ""),
               {"- login", "icq text-chat login=42424242", "icq presence"});
}

TEST(Oscar, WholeSession) {
  expect_lines(oscar::kParser,
               flap(1, be32(1) + tlv(6, "cookie")) + snac(1, 0x17, be16(1) + be16(3)) +
                   snac(1, 6, "") + snac(3, 4, sized8("peer")) + to_host(1, tlv(2, "hi")) +
                   to_host(2, proposal(capability(0x1343), "")) + flap(5, "") + flap(4, ""),
               {"aim login", "aim login", "aim login", "aim presence", "aim text-chat peer=peer",
                "aim file-transfer peer=peer", "aim presence", "aim presence"});
}

// The last message of a stream.
Messenger last_said(const std::string& text) {
  Facts facts;
  ParserState state;
  for (Bytes rest = as_bytes(text); !rest.empty();) {
    EXPECT_EQ(oscar::feed(state, rest, facts), ParseStatus::done);
    rest = rest.subspan(state.offset + static_cast<std::size_t>(state.skip));
    state.offset = 0;
    state.skip = 0;
  }
  return facts.messenger;
}

TEST(Oscar, OnlyAssumesAimUntilANameWasSaid) {
  const Messenger cookie = last_said(flap(1, be32(1) + tlv(6, "cookie")));
  EXPECT_EQ(cookie.application, "aim");
  EXPECT_TRUE(cookie.assumed);
  EXPECT_EQ(cookie.alternative, "icq");
  EXPECT_TRUE(last_said(kHello + to_host(1, tlv(2, "hi"))).assumed);
  for (const char* name : {"42424242", "somebody"}) {
    EXPECT_FALSE(last_said(flap(1, be32(1) + tlv(1, name)) + flap(5, "")).assumed) << name;
  }
  EXPECT_FALSE(last_said("FLAPON\r\n\r\n").assumed);
}

TEST(Oscar, SkipsWhatIsLong) {
  const std::string text = tlv(2, std::string(7000, 'x'));
  expect_lines(oscar::kParser, kHello + to_host(1, text) + flap(5, ""),
               {"- login", "aim text-chat peer=peer", "aim presence"});
  expect_lines(oscar::kParser, kHello + flap(2, std::string(65535, '\0')) + flap(5, ""),
               {"- login", "aim any", "aim presence"});
}

TEST(Oscar, BreaksWhereNoFrameBegins) {
  expect_lines(oscar::kParser, kHello + "GET / HTTP/1.1\r\n", {"- login", "malformed"});
  expect_lines(oscar::kParser, kHello + "FLAPON\r\n\r\n", {"- login", "malformed"});
}

TEST(Toc, ClientCommands) {
  const std::string start = "FLAPON\r\n\r\n" + flap(1, be32(1) + tlv(1, "somebody"));
  const auto command = [](const std::string& line) { return flap(2, line + '\0'); };
  const auto expect_command = [&](const std::string& line, const std::string& expected) {
    expect_lines(oscar::kParser, start + command(line),
                 {"aim login", "aim login login=somebody", expected});
  };
  expect_command("toc_signon login.oscar.aol.com 5190 somebody 0x2408105c english \"TIC:TOC 1\"",
                 "aim login login=somebody client=TIC:TOC 1");
  expect_command("toc2_signon login.oscar.aol.com 29999 \"Some Body\" 0x24 English \"x\" 160",
                 "aim login login=Some Body client=x");
  expect_command("toc_init_done", "aim login");
  expect_command("toc_add_buddy peer", "aim presence");
  expect_command("toc_set_away \"gone\"", "aim presence");
  expect_command("toc_send_im peer \"hello there\"", "aim text-chat peer=peer");
  expect_command("toc2_send_im \"The Peer\" \"hello\"", "aim text-chat peer=The Peer");
  expect_command("toc_chat_join 4 \"Room\"", "aim conference");
  expect_command("toc_evil peer norm", "aim any");
  expect_command("toc_rvous_accept peer Y29va2ll 09461343-4C7F-11D1-8222-444553540000",
                 "aim file-transfer peer=peer");
  expect_command("toc_rvous_propose peer 09461341-4c7f-11d1-8222-444553540000 Y29va2ll 1",
                 "aim voice peer=peer");
  expect_command("toc_rvous_cancel peer Y29va2ll nonsense", "aim other peer=peer");
  expect_lines(oscar::kParser, "FLAPON\n\n" + flap(5, ""), {"aim login", "aim presence"});
}

TEST(Toc, ServerAnswers) {
  const auto expect_answer = [](const std::string& line, const std::string& expected) {
    expect_lines(oscar::kParser, kHello + flap(2, line), {"- login", expected},
                 Direction::to_client);
  };
  expect_answer("SIGN_ON:TOC1.0", "aim login");
  expect_answer("CONFIG:m 1", "aim login");
  expect_answer("NICK:Some Body", "aim login login=Some Body");
  expect_answer("IM_IN:peer:F:hello: there", "aim text-chat peer=peer");
  expect_answer("IM_IN_ENC2:peer:F:F:T:hello", "aim text-chat peer=peer");
  expect_answer("UPDATE_BUDDY2:peer:T:0:1:0: O:", "aim presence peer=peer");
  expect_answer("CLIENT_EVENT2:peer:2", "aim text-chat peer=peer");
  expect_answer("CHAT_INVITE:Room:1:peer:come", "aim conference");
  expect_answer("ERROR:901:peer", "aim any");
  expect_answer(
      "RVOUS_PROPOSE:peer:09461343-4C7F-11D1-8222-444553540000:Yw==:0:10.0.0.1:10.0.0.2:10.0.0.1:"
      "4443:10001:x",
      "aim file-transfer peer=peer expect=10.0.0.1:4443/file-transfer "
      "expect=10.0.0.2:4443/file-transfer");
}

TEST(Oscar, IsNotTakenForOthers) {
  const std::vector<std::string> others = {
      "GET / HTTP/1.1\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s,
      "220 mail.example ESMTP\r\n",
      "* OK IMAP4rev1 ready\r\n",  // 2a 20
      "*1\r\n$4\r\nPING\r\n",      // Redis
      "*3\r\n$3\r\nSET\r\n",
      "* BYE\r\n",
      "FLAP\r\n\r\n",
      "FLAPON HTTP/1.1\r\n",
      "FLAPON\r\nabc",
      "\x2a\x01\0\0\0\4\0\0\0\2"s,                // another version
      "\x2a\x01\0\0\0\3\0\0\0\1"s,                // too short for one
      "\x2a\x02\0\0\0\x0a\0\1\0\3\0\0\0\0\0\1"s,  // not the first frame
      "\x2a\x05\0\0\0\0\0\0\0\1"s,
      "\x2a\x01\0\0\1\0 text"s,
      std::string(64, '\0'),
      std::string(64, '*'),
      "SSH-2.0-OpenSSH_9.2\r\n",
  };
  for (const std::string& other : others) {
    SCOPED_TRACE(testing::PrintToString(other));
    expect_lines(oscar::kParser, other, {"not certain"});
  }
  EXPECT_EQ(oscar::probe(as_bytes("\x2a\x01\0\0\0\4\0\0"s)), Probe::unsure);
  EXPECT_EQ(oscar::probe(as_bytes("FLAPO")), Probe::unsure);
  expect_none_of_others(oscar::kParser);
}

}  // namespace
}  // namespace chatgate::proto::test
