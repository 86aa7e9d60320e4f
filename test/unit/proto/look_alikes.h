// First bytes of all kinds of protocols, in streams and in datagrams, of which a messenger's parser
// may take none but its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/facts.h"

#include "hex.h"

namespace chatgate::proto::test {

struct LookAlike {
  std::string name;
  std::string bytes;
  AppProto protocol = AppProto::unknown;  // of the messenger that it is
};

inline const std::vector<LookAlike>& other_streams() {
  using namespace std::string_literals;
  static const std::vector<LookAlike> rows = {
      {"TLS", hex("160301 0200 01 0001fc 0303") + std::string(80, '\x5a')},
      {"TLS server", hex("160303 007a 02 000076 0303") + std::string(80, '\x5a')},
      {"TLS alert", hex("150301 0002 0228")},
      {"TLS data", hex("170303 0030") + std::string(48, '\x5a')},
      {"TLS data of TLS 1.0", hex("170301 0020") + std::string(32, '\x5a')},
      {"SSL 2", hex("802e 01 0301 0015 0000 0010") + std::string(60, '\x5a')},
      {"HTTP",
       "GET /WA HTTP/1.1\r\nHost: example.org\r\nUser-Agent: test/1.0\r\nAccept: */*\r\n\r\n"},
      {"HTTP answer",
       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nServer: test/1.0\r\nConnection: close\r\n\r\n"},
      {"WebDAV", "PROPFIND / HTTP/1.1\r\nHost: example.org\r\n\r\n"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hex("000012 04 00 00000000")},
      {"RTSP", "OPTIONS rtsp://example.org/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n"},
      {"SIP", "REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1\r\n\r\n"},
      {"SSH", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n"},
      {"SMTP", "EHLO mail.example.org\r\n"},
      {"SMTP ED", "EDIT\r\n"},
      {"SMTP server", "220 mail.example.org ESMTP Postfix\r\n"},
      {"IMAP", "a001 LOGIN user password\r\n"},
      {"IMAP server", "* OK [CAPABILITY IMAP4rev1] ready\r\n"},
      {"POP3", "USER user\r\n"},
      {"POP3 server", "+OK POP3 ready\r\n"},
      {"FTP", "USER anonymous\r\n"},
      {"text WA", "WATCH out\r\n"},
      {"text TS3", "TS3 server\r\n"},
      {"IRC", "NICK x\r\nUSER x 0 * :x\r\n", AppProto::irc},
      {"XMPP", "<?xml version='1.0'?><stream:stream to='example.org' xmlns='jabber:client'>",
       AppProto::xmpp},
      {"DNS query",
       hex("001d 1234 0100 0001 0000 0000 0000 07 6578616d706c65 03 6f7267 00 0001 0001")},
      {"STUN", hex("0003 0008 2112a442 000102030405060708090a0b 0019 0004 11000000")},
      {"SOCKS 5", hex("05 01 00 05 01 00 01 c0000207 01bb")},
      {"SOCKS 4", hex("04 01 01bb c0000207 00")},
      {"MQTT", hex("10 64 0004 4d515454 04 02 003c") + std::string(90, 'c')},
      {"RDP", hex("03 00 0013 0e e0 0000 0000 00 01 00 08 00 0b000000")},
      {"MySQL server", hex("4a000000 0a") + "8.0.36\0"s + std::string(68, '\x12')},
      {"PostgreSQL", hex("00000008 04d2162f")},
      {"PostgreSQL startup", hex("00000054 00030000") + "user\0postgres\0database\0postgres\0\0"s},
      {"SMB", hex("00000054 ff534d42 72000000 00 1853c8") + std::string(60, '\0')},
      {"SMB 2", hex("000000f0 fe534d42 40000100 00000000") + std::string(60, '\0')},
      {"BitTorrent",
       "\x13"
       "BitTorrent protocol" +
           std::string(48, '\x5a')},
      {"DCE/RPC", hex("05000b03 10000000 48000000 01000000 b810b810 00000000")},
      {"ONC RPC", hex("80000028 12345678 00000000 00000002 000186a0 00000002 00000003")},
      {"OSCAR", hex("2a 01 1234 0004 00000001"), AppProto::oscar},
      {"YMSG", "YMSG" + hex("0010 0000 0000 004c 00000000 00000000"), AppProto::ymsg},
      {"Gadu-Gadu", hex("01000000 04000000 12345678"), AppProto::gadu_gadu},
      {"MSN", "VER 1 MSNP18 CVR0\r\n", AppProto::msnp},
      {"TDS", hex("12 01 002f 0000 0100 00 001a 0006 01 0020 0001 02 0021 0001 03 0022 0004")},
      {"LDAP", hex("30 0c 02 01 01 60 07 02 01 03 04 00 80 00")},
      {"RTMP", hex("03 00000000 00000000") + std::string(80, '\x5a')},
      {"MongoDB", hex("3a000000 01000000 00000000 d4070000 00000000") + "admin.$cmd\0"s},
      {"Redis", "*1\r\n$7\r\nCOMMAND\r\n"},
      {"goim heartbeat", hex("00000010 0010 0001 00000002 00000001")},
      {"goim authorisation",
       hex("00000030 0010 0001 00000007 00000001") + R"({"uid":0,"roomid":1234,"p":2})"},
      {"filler ee", std::string(80, '\xee')},
      {"filler dd", std::string(80, '\xdd')},
      {"filler ef", std::string(80, '\xef')},
      {"filler ff", std::string(80, '\xff')},
      {"zeros", std::string(80, '\0')},
      {"small numbers", hex("00010000 05000000 02000000") + std::string(80, '\0')},
      {"counting", hex("0001020304050607 08090a0b0c0d0e0f 1011121314151617 18191a1b1c1d1e1f"
                       "2021222324252627 28292a2b2c2d2e2f 3031323334353637 38393a3b3c3d3e3f")},
      {"MSN in HTTP",
       "POST /gateway/gateway.dll?Action=open&Server=NS HTTP/1.1\r\nHost: x\r\n\r\nVER 1 "
       "MSNP8\r\n"},
      {"CONNECT", "CONNECT scs.msg.yahoo.com:5050 HTTP/1.1\r\n\r\n"},
      {"YMSG in HTTP", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nYMSG"},
      {"SMTP, two lines", "EHLO client.example\r\nMAIL FROM:<a@example.com>\r\n"},
      {"SMTP server, two lines", "220 mail.example ESMTP\r\n250-mail.example\r\n"},
      {"IMAP with an address", "a001 LOGIN someone@example.com secret\r\n"},
      {"POP3 with an address", "USER someone@example.com\r\nPASS secret\r\n"},
      {"POP3 server with a time", "+OK POP3 ready <1896.697170952@mail.example>\r\n"},
      {"FTP, two lines", "USER anonymous\r\nPASS guest@example.com\r\n"},
      {"FTP server", "220 FTP server ready\r\n331 Password\r\n"},
      {"SIP's INVITE", "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP pc.example\r\n\r\n"},
      {"SIP's MESSAGE", "MESSAGE sip:bob@example.com SIP/2.0\r\n\r\n"},
      {"MSRP",
       "MSRP a786hjs2 SEND\r\nTo-Path: msrp://bob.example.com:8888/9di4eae923wzd;tcp\r\n\r\n"},
      {"IRC server", ":irc.example 001 someone :Welcome\r\n", AppProto::irc},
      {"IRC's JOIN", "JOIN #channel\r\n", AppProto::irc},
      {"text VER", "VER\r\n"},
      {"text VERSION", "VERSION 3\r\n"},
      {"text MSG", "MSG hello\r\n"},
      {"OSCAR, a start of it", hex("2a 01 1234 0004"), AppProto::oscar},
      {"TLS, a start of it", hex("160301 0200 01 0001fc 0303")},
      {"DNS, a start of it", hex("001c 1234 0100 0001 0000 0000 0000 03 777777")},
      {"SOCKS 5, a start of it", hex("05 01 00")},
      {"RDP with its end", hex("03 00 0013 0e e0 0000 0000 00 01 00 08 00 03000000")},
      {"text V", std::string(2000, 'V')},
      {"text Y", std::string(2000, 'Y')},
  };
  return rows;
}

inline const std::vector<LookAlike>& other_datagrams() {
  static const std::vector<LookAlike> rows = {
      {"empty", ""},
      {"a byte", "a"},
      {"DNS query", hex("1234 0100 0001 0000 0000 0000 07 6578616d706c65 03 6f7267 00 0001 0001")},
      {"DNS query, number zero",
       hex("0000 0100 0001 0000 0000 0000 07 6578616d706c65 03 6f7267 00 0001 0001")},
      {"mDNS",
       hex("0000 0000 0001 0000 0000 0000 05 5f68747470 04 5f746370 05 6c6f63616c 00 000c 0001")},
      {"STUN", hex("0001 0000 2112a442 000102030405060708090a0b")},
      {"STUN answer",
       hex("0101 000c 2112a442 000102030405060708090a0b 0020 0008 0001a147e112a643")},
      {"classic STUN", hex("0001 0008 00112233445566778899aabbccddeeff 0003 0004 00000000")},
      {"QUIC", hex("c0 00000001 08 8394c8f03e515708 00 00 449e 00000002") + std::string(1180, 'q')},
      {"QUIC, short header", hex("4083 94c8f03e 5157 0800 449e 7b9a ec34 d1b1 c98d d768")},
      {"DTLS", hex("16 feff 0000 0000 0000 0000 0008 01 000000 0000 000000 000000")},
      {"RTP", hex("8060 5e2f 2112a442 3aaf0001") + std::string(160, 'r')},
      {"RTP with contributors", hex("b612 0068 00000001 00000002") + std::string(100, 'r')},
      {"RTCP", hex("80c8 0006 2112a442 e3b1d2a1 00000000 00000000 00000000 00000000")},
      {"NTP", hex("e3 00 06 ec") + std::string(44, '\0')},
      {"NetBIOS name",
       hex("8000 0110 0001 0000 0000 0000 20") + std::string(32, 'C') + hex("00 0020 0001")},
      {"SNMP", hex("30 29 02 01 01 04 06 7075626c6963 a0 1c 02 04 12345678 02 01 00 02 01 00")},
      {"TFTP", hex("0001") + "file" + std::string(1, '\0') + "octet" + std::string(1, '\0')},
      {"RADIUS", hex("01 02 0014 00112233445566778899aabbccddeeff")},
      {"BitTorrent DHT", "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"},
      {"BitTorrent uTP", hex("4100 0001 2112a442 00000000 00000000 0001 0000")},
      {"WireGuard", hex("01000000 2112a442") + std::string(140, 'w')},
      {"OpenVPN", hex("38 0102030405060708 00 00000000")},
      {"SIP", "OPTIONS sip:a@example.org SIP/2.0\r\n\r\n"},
      {"DHCP", hex("01 01 06 00 12345678") + std::string(228, '\0') + hex("63825363 350101 ff")},
      {"IKE", hex("1122334455667788 0000000000000000 21202208 00000000 0000001c")},
      {"syslog", "<34>Oct 11 22:14:15 host su: failed"},
      {"wake on LAN", std::string(6, '\xff') + std::string(96, '\x42')},
      {"filler ff", std::string(40, '\xff')},
      {"filler of zeros and ff", std::string(16, '\0') + std::string(24, '\xff')},
      {"zeros, 8", std::string(8, '\0')},
      {"zeros, 74", std::string(74, '\0')},
      {"Source engine", hex("ffffffff 54") + "Source Engine Query" + std::string(1, '\0')},
      {"Steam's broadcast", hex("ffffffff 214c5fa0") + std::string(20, '\x08')},
      {"text VS01", "VS01 is a text and no header of the manager"},
  };
  return rows;
}

// Bytes without any form, the same every time.
inline std::vector<std::string> noises() {
  std::vector<std::string> all;
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

}  // namespace chatgate::proto::test
