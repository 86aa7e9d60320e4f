// Invitations and the sessions of peers, as switchboards carry them.
#include "proto/msnp_payload.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "proto/msnp.h"

#include "messenger_checks.h"
#include "msnp_message.h"

namespace chatgate::proto::test {
namespace {

constexpr Direction kUp = Direction::to_server;
constexpr Direction kDown = Direction::to_client;
const std::string kFileGuid = "5D3E02AB-6190-11D3-BBBB-00C04F795683";

void check(const std::vector<Saying>& sayings) {
  check_sayings(msnp::kParser, "msn", "VER 1 MSNP8\r\n", sayings);
}

std::string invite(const std::string& guid, const std::string& name, const std::string& more = {}) {
  return invitation("Application-Name: " + name + "\r\nApplication-GUID: {" + guid +
                    "}\r\nInvitation-Command: INVITE\r\nInvitation-Cookie: 33267\r\n" + more +
                    "\r\n");
}

TEST(MsnpInvitation, TellsTheApplication) {
  check({
      {kUp,
       sent(invite("5D3E02AB-6190-11d3-BBBB-00C04F795683", "File Transfer",
                   "Application-File: readme.txt\r\nApplication-FileSize: 60904\r\n")),
       "file-transfer file=readme.txt"},
      {kDown,
       received(invite("5d3e02ab-6190-11d3-bbbb-00c04f795683", "Dateiübertragung",
                       "Application-File: über.txt\r\n")),
       "file-transfer peer=bob@example.com file=über.txt"},
      {kUp,
       sent(invite("02D3C01F-BF30-4825-A83A-DE7AF41648AA", "an Audio conversation",
                   "Session-Protocol: SM1\r\nContext-Data: Requested:SIP_A,;"
                   "Capabilities:SIP_A,;\r\n")),
       "voice"},
      {kUp,
       sent(invite("02D3C01F-BF30-4825-A83A-DE7AF41648AA", "a Video conversation",
                   "Context-Data: Requested:SIP_A,;Capabilities:SIP_A,SIP_V,;\r\n")),
       "video"},
      {kUp, sent(invite("2A23868E-B45F-401d-B8B0-1E16B774A5B7", "Logitech")), "webcam"},
      {kUp, sent(invite("56b994a7-380f-410b-9985-c809d78c1bdc", "Remote Assistance")),
       "screen-share"},
      {kUp, sent(invite("F1B1920C-6A3C-4ce7-B18C-AFAB305FD03D", "Application Sharing")),
       "screen-share"},
      {kUp, sent(invite("1DF57D09-637A-4ca5-91B9-2C3EDAAF62FE", "Whiteboard")), "screen-share"},
      {kUp, sent(invite("44BBA842-CC51-11CF-AAFA-00AA00B6015C", "NetMeeting")), "conference"},
      {kUp, sent(invite("8DAE4336-2B71-11D4-9A6C-006067325E47", "Baulder's Gate2")), "games"},
      {kUp, sent(invite("00000000-0000-0000-0000-000000000001", "Some VOICE tool")), "voice"},
      {kUp, sent(invite("00000000-0000-0000-0000-000000000001", "Unheard of")), "other"},
      {kUp, sent(invitation("Invitation-Command: CANCEL\r\nInvitation-Cookie: 5\r\n")), "any"},
      // Clients that leave the empty line out.
      {kUp,
       sent("MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite\r\n"
            "Application-Name: File Transfer\r\nInvitation-Command: INVITE\r\n"
            "Application-File: a.txt\r\n"),
       "file-transfer file=a.txt"},
  });
}

TEST(MsnpInvitation, AnnouncesWhereItGoesOn) {
  const std::string accept =
      "Invitation-Command: ACCEPT\r\nInvitation-Cookie: 33267\r\nIP-Address: 10.44.102.65\r\n";
  check({
      {kUp, sent(invitation(accept + "Port: 6891\r\nAuthCookie: 93301\r\n")),
       "file-transfer expect=10.44.102.65:6891/file-transfer"},
      {kDown,
       received(invitation(accept + "Port: 6891\r\nAuthCookie: 93301\r\n"
                                    "IP-Address-Internal: 192.168.0.2\r\n"
                                    "PortX: 11178\r\nPortX-Internal: 11179\r\n")),
       "file-transfer peer=bob@example.com expect=10.44.102.65:6891/file-transfer "
       "expect=192.168.0.2:6890/file-transfer"},
      {kUp, sent(invitation(accept + "PortX: 11178\r\nAuthCookie: 1\r\n")),
       "file-transfer expect=10.44.102.65:6891/file-transfer"},
      {kUp, sent(invitation(accept + "Launch-Application: TRUE\r\nRequest-Data: IP-Address:\r\n")),
       "any expect=10.44.102.65:0/any"},
      {kUp, sent(invitation("Invitation-Command: ACCEPT\r\nIP-Address: 10.0.0.1:1503\r\n")),
       "any expect=10.0.0.1:1503/any"},
      {kUp, sent(invitation("Invitation-Command: ACCEPT\r\nIP-Address: my.host\r\nPort: 5\r\n")),
       "any"},
      {kUp, sent(invitation("Invitation-Command: ACCEPT\r\nIP-Address: 10.0.0.1:99999\r\n")),
       "any"},
      // Of the inviter, who goes on with what it has begun.
      {kUp,
       sent(invite("02D3C01F-BF30-4825-A83A-DE7AF41648AA", "voice")) +
           sent(invitation(accept + "Port: 7001\r\n")),
       "voice expect=10.44.102.65:7001/voice"},
      {kUp,
       sent(invite("02D3C01F-BF30-4825-A83A-DE7AF41648AA", "voice")) +
           sent(invitation("Invitation-Command: ACCEPT\r\nInvitation-Cookie: 5\r\n"
                           "IP-Address: 10.0.0.1:7001\r\n")),
       "any expect=10.0.0.1:7001/any"},
  });
}

TEST(MsnpPeers, TellsTheSession) {
  const std::string both = " login=alice@example.com peer=bob@example.com";
  const auto peer = [](const std::string& slp_text) {
    return sent(peer_mime(peer_message(slp_text)));
  };
  const std::string video = base64(utf16le(u"{0425E797-49F1-4D37-909A-031116119D9B}"));
  const std::string webcam = base64(utf16le(u"{B8BE70DE-E2CA-4400-AE03-88FF85B9F4E8}"));
  check({
      {kUp, peer(session_request(kFileGuid, "2", file_context(u"Prüfung \U0001f600.doc"))),
       "file-transfer" + both + " file=Prüfung \U0001f600.doc"},
      {kDown,
       received(peer_mime(peer_message(session_request(kFileGuid, "2", file_context(u"a.doc"))))),
       "file-transfer login=bob@example.com peer=alice@example.com file=a.doc"},
      {kUp, peer(session_request(kFileGuid, "2", "AAAA")), "file-transfer" + both},
      {kUp, peer(session_request(kFileGuid, "2", "!")), "file-transfer" + both},
      {kUp, peer(session_request("A4268EEC-FEC5-49E5-95C3-F126696BDBF6", "1", "PG1zbm9iai8+AA==")),
       "presence" + both},
      {kUp, peer(session_request("4BD96FC0-AB17-4425-A14A-439185962DC8", "4", webcam)),
       "webcam" + both},
      {kUp, peer(session_request("1C9AA97E-9C05-4583-A3BD-908A196F1E92", "4", webcam)),
       "webcam" + both},
      {kUp, peer(session_request("4BD96FC0-AB17-4425-A14A-439185962DC8", "4", video)),
       "video" + both},
      {kUp, peer(session_request("6A13AF9C-5308-4F35-923A-67E8DDA40C2F", "3", "AAAA")),
       "games" + both},
      {kUp, peer(session_request("41D3E74E-04A2-4B37-96F8-08ACDB610874", "35", "AAAA")),
       "file-transfer" + both},
      {kUp, peer(session_request("00000000-0000-0000-0000-000000000001", "77", "AAAA")),
       "other" + both},
      {kUp, peer(slp_invite("sessionreqbody", "SessionID: 4\r\nAppID: 12\r\n")), "presence" + both},
      {kUp, peer(slp("MSNSLP/1.0 200 OK", "sessionreqbody", "SessionID: 4\r\n")), "any" + both},
      {kUp, peer(slp("MSNSLP/1.0 603 Decline", "sessionreqbody", "SessionID: 4\r\n")),
       "any" + both},
      {kUp, peer(slp("BYE MSNMSGR:bob@example.com MSNSLP/1.0", "sessionclosebody", "\r\n")),
       "any" + both},
      {kUp, peer("MSNSLP/1.0"), "any peer=bob@example.com"},
  });
}

TEST(MsnpPeers, TellsWhatAChunkCarries) {
  const std::string to = " peer=bob@example.com";
  const std::string several = "bob@example.com;{5f9b1f8c-26e3-4a34-a1a6-0f5a1b3ad2f1}";
  const auto chunk = [](std::uint32_t flags) {
    return sent(peer_mime(peer_message("\x89PNG\r\n", flags, 4)));
  };
  // The second header: its length, nothing told, the message's length and number; then the data's.
  const auto newer = [&](char kind) {
    return sent(peer_mime(
        std::string("\x08\0\0\x14\0\0\0\1\x08", 9) + kind + std::string("\0\0\0\0\0\4data", 10),
        several));
  };
  check({
      {kUp, chunk(0x20), "presence" + to},
      {kUp, chunk(0x1000030), "file-transfer" + to},
      {kUp, chunk(0x2), "any" + to},
      {kUp, chunk(0), "any" + to},
      {kUp, sent(peer_mime("short")), "any" + to},
      {kUp, newer(6), "file-transfer" + to},
      {kUp, newer(7), "file-transfer" + to},
      {kUp, newer(5), "presence" + to},
      {kUp, newer(1), "any" + to},
      {kUp, sent(peer_mime("", several)), "any" + to},
      {kUp, sent(peer_mime("\xff", several)), "any" + to},
  });
}

TEST(MsnpPeers, AnnounceDirectConnections) {
  const std::string both = "file-transfer login=alice@example.com peer=bob@example.com";
  const auto answer = [](const std::string& body) {
    return sent(peer_mime(peer_message(slp("MSNSLP/1.0 200 OK", "transrespbody", body))));
  };
  check({
      {kUp,
       answer("Bridge: TCPv1\r\nListening: true\r\nNonce: {0}\r\n"
              "IPv4External-Addrs: 198.51.100.7\r\nIPv4External-Port: 6891\r\n"
              "IPv4Internal-Addrs: 192.168.0.2 10.0.0.2\r\nIPv4Internal-Port: 6892\r\n"),
       both + " expect=198.51.100.7:6891/file-transfer expect=192.168.0.2:6892/file-transfer "
              "expect=10.0.0.2:6892/file-transfer"},
      {kUp,
       answer("Bridge: TCPv1\r\nListening: true\r\nsrddA-lanretnI4vPI: 85.26.251.361\r\n"
              "troP-lanretnI4vPI: 2133\r\n"),
       both + " expect=163.152.62.58:3312/file-transfer"},
      {kUp,
       answer("Listening: true\r\nIPv4InternalAddrsAndPorts: 10.0.0.1:5 10.0.0.2:6\r\n"
              "stroPdnAsrddAlanretxE4vPI: 7:1.0.0.721\r\n"),
       both + " expect=10.0.0.1:5/file-transfer expect=10.0.0.2:6/file-transfer "
              "expect=127.0.0.1:7/file-transfer"},
      {kUp,
       answer("Bridge: TRUDPv1\r\nListening: true\r\nIPv4Internal-Addrs: 10.0.0.1\r\n"
              "IPv4Internal-Port: 5000\r\n"),
       both + " expect=10.0.0.1:5000/udp/file-transfer"},
      {kUp, answer("Bridge: TCPv1\r\nListening: false\r\nIPv4Internal-Addrs: 10.0.0.1\r\n"), both},
      {kUp, answer("Listening: true\r\nIPv4Internal-Addrs: ten\r\nIPv4Internal-Port: 99999\r\n"),
       both},
      {kUp,
       sent(peer_mime(peer_message(slp_invite(
           "transreqbody", "Bridges: TRUDPv1 TCPv1\r\nNetID: 0\r\nConn-Type: Firewall\r\n")))),
       both},
  });
}

TEST(MsnpLogin, IsTakenOutOfItsWrapping) {
  const auto login = [](const char* text) {
    ShortText result;
    result.assign("before");
    msnp::assign_login(result, text);
    return std::string(result.view());
  };
  EXPECT_EQ(login("alice@example.com"), "alice@example.com");
  EXPECT_EQ(login("1:alice@example.com;{4b1f}"), "alice@example.com");
  EXPECT_EQ(login("<msnmsgr:alice@example.com;{4b1f}>"), "alice@example.com");
  EXPECT_EQ(login("alice%40example.com"), "alice@example.com");
  EXPECT_EQ(login("alice%4"), "before");
  EXPECT_EQ(login(""), "before");
  EXPECT_EQ(login("tel:+15551234"), "before");
}

}  // namespace
}  // namespace chatgate::proto::test
