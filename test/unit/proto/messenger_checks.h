// Assertions on what a messenger's parser hears, and what it must not take for its own.
#pragma once

#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "messenger_run.h"

namespace chatgate::proto::test {

// What a whole stream says; the same must come of it byte by byte and in two pieces cut anywhere.
inline Heard listen_to_every_cut(const StreamParser& parser, Direction way, Bytes stream) {
  const Heard whole = listen(parser, way, stream, {stream.size()});
  EXPECT_EQ(listen(parser, way, stream, steps(stream.size(), 1)), whole) << "byte by byte";
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    const Heard heard = listen(parser, way, stream, {cut, stream.size()});
    EXPECT_EQ(heard, whole) << "cut at " << cut;
    if (heard != whole) break;
  }
  return whole;
}

// A message and what it is expected to say.
struct Saying {
  Direction way;
  std::string bytes;
  std::string expected;
};

// Each message on its own, behind the bytes by which its direction is recognised.
inline void check_sayings(const StreamParser& parser, const std::string& application,
                          const std::string& greeting, const std::vector<Saying>& sayings) {
  for (const Saying& saying : sayings) {
    SCOPED_TRACE(saying.bytes);
    const std::string stream = greeting + saying.bytes;
    const Heard heard = listen_to_every_cut(parser, saying.way, as_bytes(stream));
    EXPECT_EQ(heard.probe, Probe::certain);
    EXPECT_EQ(heard.last, ParseStatus::done);
    EXPECT_EQ(heard.application, application);
    EXPECT_EQ(heard.end, stream.size());
    ASSERT_FALSE(heard.messages.empty());
    EXPECT_EQ(heard.messages.back(), saying.expected);
  }
}

inline void expect_probe(const StreamParser& parser, const std::string& bytes, Probe expected) {
  EXPECT_EQ(parser.probe(as_bytes(bytes)), expected) << bytes;
}

// What other protocols begin with. None may be certain, whatever of it has arrived.
inline std::vector<std::string> other_protocols() {
  const auto bytes = [](std::initializer_list<int> list) {
    std::string text;
    for (const int byte : list) text += static_cast<char>(byte);
    return text;
  };
  std::vector<std::string> all = {
      "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\n\r\n",
      "POST /gateway/gateway.dll?Action=open&Server=NS HTTP/1.1\r\nHost: x\r\n\r\nVER 1 MSNP8\r\n",
      "CONNECT scs.msg.yahoo.com:5050 HTTP/1.1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nYMSG",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "EHLO client.example\r\nMAIL FROM:<a@example.com>\r\n",
      "220 mail.example ESMTP\r\n250-mail.example\r\n",
      "a001 LOGIN someone@example.com secret\r\n",
      "* OK IMAP4rev1 ready\r\n",
      "USER someone@example.com\r\nPASS secret\r\n",
      "+OK POP3 ready <1896.697170952@mail.example>\r\n",
      "USER anonymous\r\nPASS guest@example.com\r\n",
      "220 FTP server ready\r\n331 Password\r\n",
      "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
      "OPTIONS rtsp://example.com/media RTSP/1.0\r\nCSeq: 1\r\n\r\n",
      "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP pc.example\r\n\r\n",
      "MESSAGE sip:bob@example.com SIP/2.0\r\n\r\n",
      "MSRP a786hjs2 SEND\r\nTo-Path: msrp://bob.example.com:8888/9di4eae923wzd;tcp\r\n\r\n",
      "NICK someone\r\nUSER someone 0 * :Someone\r\n",
      ":irc.example 001 someone :Welcome\r\n",
      "<?xml version='1.0'?><stream:stream to='example.com' xmlns='jabber:client'>",
      "JOIN #channel\r\n",
      "VER\r\n",
      "VERSION 3\r\n",
      "MSG hello\r\n",
      "*\x01\x12\x34\x00\x04",
      bytes({0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3}),
      bytes({0x00, 0x1c, 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w'}),
      bytes({5, 1, 0}),
      bytes({3, 0, 0, 0x13, 0x0e, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0}),  // RDP
      std::string(64, '\0'),
      std::string(64, '\xff'),
      std::string(2000, 'V'),
      std::string(2000, 'Y'),
  };
  std::uint32_t random = 1;
  for (int i = 0; i < 300; ++i) {
    std::string noise;
    for (int k = 0; k < 64; ++k) {
      random = random * 1664525 + 1013904223;
      noise += static_cast<char>(random >> 24);
    }
    all.push_back(noise);
  }
  return all;
}

// Among all parsers, and whatever of it has arrived, the first that is certain is of `protocol`.
inline void expect_chosen(AppProto protocol, const std::string& bytes) {
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    for (const StreamParser& parser : stream_parsers()) {
      if (parser.probe(as_bytes(bytes).first(size)) != Probe::certain) continue;
      EXPECT_EQ(parser.protocol, protocol) << bytes.substr(0, size);
      return;
    }
  }
  ADD_FAILURE() << "no parser for " << bytes;
}

inline void expect_none_of_others(const StreamParser& parser) {
  for (const std::string& other : other_protocols()) {
    for (std::size_t size = 0; size <= other.size(); ++size) {
      ASSERT_NE(parser.probe(as_bytes(std::string_view(other).substr(0, size))), Probe::certain)
          << other.substr(0, size);
    }
    EXPECT_EQ(parser.probe(as_bytes(other)), Probe::not_mine) << other;
  }
}

}  // namespace chatgate::proto::test
