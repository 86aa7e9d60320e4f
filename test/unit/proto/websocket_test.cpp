// WebSockets: where they begin, frames, and what they carry.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "carrier_checks.h"
#include "ymsg_message.h"

namespace chatgate::proto::test {
namespace {

using namespace std::string_literals;

const std::string kYahoo = ymsg_packet(6, {{1, "alice"}, {5, "bob"}, {14, "hello"}});
const std::string kYahooSaid = "ymsg yahoo text-chat login=alice peer=bob version=16";
const std::string kOpen =
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='chat.example' version='1.0'/>";
const std::string kOpenSaid = "xmpp xmpp login version=1.0 name=chat.example";
const std::string kStanza =
    "<message xmlns='jabber:client' to='bob@chat.example' type='chat'><body>hi</body></message>";
const std::string kStanzaSaid = "xmpp xmpp text-chat peer=bob@chat.example";

std::string upgrade(const std::string& fields = "") {
  return "GET /ws HTTP/1.1\r\nHost: chat.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         fields + "\r\n";
}
std::string accepted(const std::string& fields = "") {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
         fields + "\r\n";
}
const std::string kSubprotocol = "Sec-WebSocket-Protocol: chat, xmpp\r\n";

enum Opcode : unsigned { more = 0, text = 1, binary = 2, close = 8, ping = 9 };
constexpr unsigned kFinal = 0x80, kCompressed = 0x40;

std::string frame(unsigned first, const std::string& payload, bool masked = true,
                  std::size_t width = 0) {
  std::string bytes(1, static_cast<char>(first));
  const unsigned mask = masked ? 0x80 : 0;
  if (width == 8 || payload.size() > 0xffff) {
    bytes += static_cast<char>(mask | 127);
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes += static_cast<char>(std::uint64_t{payload.size()} >> shift & 0xff);
    }
  } else if (width == 2 || payload.size() > 125) {
    bytes += static_cast<char>(mask | 126);
    bytes += be16_text(payload.size());
  } else {
    bytes += static_cast<char>(mask | payload.size());
  }
  if (!masked) return bytes + payload;
  const std::string key = "\x5a\x01\xff\x80";
  bytes += key;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    bytes += static_cast<char>(payload[i] ^ key[i % key.size()]);
  }
  return bytes;
}

TEST(WebSocket, XmppIsReadMessageByMessage) {
  const std::string stream = upgrade(kSubprotocol) + frame(kFinal | text, kOpen) +
                             frame(kFinal | text, kStanza) + frame(kFinal | text, kStanza);
  EXPECT_EQ(said(stream), Lines({kOpenSaid, kStanzaSaid, kStanzaSaid}));
  const std::string answered = accepted("Sec-WebSocket-Protocol: xmpp\r\n") +
                               frame(kFinal | text, kOpen, false) +
                               frame(kFinal | text, kStanza, false);
  const Lines lines = said(answered, kAnswered);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1].substr(0, 19), "xmpp xmpp text-chat");
}

TEST(WebSocket, AnyProtocolIsReadWhateverTheSubprotocol) {
  const Lines xmpp = {kOpenSaid, kStanzaSaid};
  EXPECT_EQ(said(upgrade() + frame(kFinal | text, kOpen) + frame(kFinal | text, kStanza)), xmpp);
  EXPECT_EQ(said(upgrade() + frame(kFinal | binary, kYahoo)), Lines({kYahooSaid}));
  EXPECT_EQ(said(accepted() + frame(kFinal | binary, kYahoo, false), kAnswered).size(), 1u);
  // Messages are one stream where a protocol goes on from one to the next.
  EXPECT_EQ(said(upgrade() + frame(kFinal | binary, kYahoo + kYahoo.substr(0, 30)) +
                 frame(kFinal | binary, kYahoo.substr(30))),
            Lines({kYahooSaid, kYahooSaid}));
}

TEST(WebSocket, FragmentsAreJoined) {
  std::string stream = upgrade() + frame(binary, kYahoo.substr(0, 1));
  for (std::size_t at = 1; at + 1 < kYahoo.size(); at += 7) {
    stream += frame(kFinal | ping, "ping");
    stream += frame(more, kYahoo.substr(at, std::min<std::size_t>(7, kYahoo.size() - 1 - at)));
  }
  stream += frame(more, "") + frame(kFinal | more, kYahoo.substr(kYahoo.size() - 1));
  EXPECT_EQ(said(stream + frame(kFinal | close, "\x03\xe8")), Lines({kYahooSaid}));
}

TEST(WebSocket, LengthsOfEveryFormAreRead) {
  for (const std::size_t width : {0, 2, 8}) {
    EXPECT_EQ(said(upgrade() + frame(kFinal | binary, kYahoo, true, width) +
                   frame(kFinal | binary, kYahoo, false, width)),
              Lines({kYahooSaid, kYahooSaid}))
        << width;
  }
  const std::string large =
      upgrade() + frame(kFinal | binary, std::string(70000, 'x')) + frame(kFinal | binary, kYahoo);
  EXPECT_EQ(said(large), Lines({kYahooSaid}));
}

TEST(WebSocket, WhatIsNobodysIsPassedOver) {
  for (const std::string& other :
       {"hello"s, "{\"type\":\"YMSG\"}"s, "42[\"message\",\"VER 1 MSNP8\"]"s,
        "<message>no namespace</message>"s, std::string("\0\1\2\3", 4), ""s}) {
    const std::string stream =
        upgrade() + frame(kFinal | text, other) + frame(kFinal | text, other + other);
    EXPECT_EQ(said(stream), Lines()) << other;
    EXPECT_EQ(said(stream + frame(kFinal | binary, kYahoo)), Lines({kYahooSaid})) << other;
    EXPECT_EQ(said(accepted() + frame(kFinal | text, other, false), kAnswered), Lines()) << other;
  }
  // Within a message, not at its beginning.
  EXPECT_EQ(said(upgrade() + frame(kFinal | binary, "x" + kYahoo)), Lines());
}

TEST(WebSocket, CompressedMessagesAreNotRead) {
  const std::string stream =
      upgrade() + frame(kFinal | kCompressed | text, kYahoo) + frame(kFinal | binary, kYahoo);
  EXPECT_EQ(said(stream), Lines({kYahooSaid}));
  // The subprotocol says what they are.
  EXPECT_EQ(said(upgrade(kSubprotocol) + frame(kFinal | kCompressed | text, "abc") +
                 frame(kFinal | kCompressed | text, "abc")),
            Lines({"xmpp xmpp any"}));
  const std::string fragments = upgrade() + frame(kCompressed | binary, "abc") +
                                frame(kFinal | more, kYahoo) + frame(kFinal | binary, kYahoo);
  EXPECT_EQ(said(fragments), Lines({kYahooSaid}));
}

TEST(WebSocket, OddFramesEndNothing) {
  EXPECT_EQ(said(upgrade() + frame(kFinal | ping, "") + frame(kFinal | 3, kYahoo) +
                 frame(kFinal | 11, kYahoo) + frame(kFinal | binary, kYahoo)),
            Lines({kYahooSaid}));
  // A length that no endpoint takes.
  EXPECT_EQ(said(upgrade() + frame(kFinal | binary, kYahoo) + "\x82\xff" + std::string(8, '\xff') +
                 std::string(20, 'x')),
            Lines({kYahooSaid}));
}

TEST(WebSocket, AnUpgradeThatWasDeclinedIsHttp) {
  const std::string request =
      "POST /x HTTP/1.1\r\nHost: chat.example\r\nContent-Length: " + std::to_string(kYahoo.size()) +
      "\r\n\r\n" + kYahoo;
  EXPECT_EQ(said(upgrade(kSubprotocol) + request), Lines({kYahooSaid}));
  EXPECT_EQ(said("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: " +
                     std::to_string(kYahoo.size()) + "\r\n\r\n" + kYahoo,
                 kAnswered)
                .size(),
            1u);
}

}  // namespace
}  // namespace chatgate::proto::test
