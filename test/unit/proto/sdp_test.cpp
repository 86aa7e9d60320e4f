#include "proto/sdp.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "messenger_run.h"
#include "sip_message.h"

namespace chatgate::proto::test {
namespace {

std::string read(const std::string& text) {
  Messenger messenger;
  messenger.service = sdp::read(text, messenger);
  Facts facts;
  facts.has_messenger = true;
  facts.messenger = messenger;
  facts.next = Next::message;
  return to_line(facts, "-");
}

struct Row {
  const char* media;
  const char* expected;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) EXPECT_EQ(read(sdp(row.media)), row.expected) << row.media;
}

TEST(Sdp, TellsMediaApart) {
  check({
      {"m=audio 5004 RTP/AVP 0\r\n",
       "voice expect=192.0.2.10:5004/udp/voice expect=192.0.2.10:5005/udp/voice"},
      {"m=audio 5004/2 RTP/SAVPF 0\r\na=rtcp:6000 IN IP4 192.0.2.10\r\n",
       "voice expect=192.0.2.10:5004/udp/voice expect=192.0.2.10:6000/udp/voice"},
      {"m=audio 5004 RTP/AVP 0\r\nm=video 5006 RTP/AVP 31\r\n",
       "video expect=192.0.2.10:5004/udp/voice expect=192.0.2.10:5006/udp/video"
       " expect=192.0.2.10:5005/udp/voice expect=192.0.2.10:5007/udp/video"},
      {"m=audio 5004 RTP/AVP 0\r\na=rtcp-mux\r\nm=video 0 RTP/AVP 31\r\n",
       "voice expect=192.0.2.10:5004/udp/voice"},
      // RFC 4975, and Microsoft's, which stays in the signalling.
      {"m=message 2855 TCP/MSRP *\r\na=accept-types:text/plain\r\n"
       "a=path:msrp://192.0.2.11:2856/x;tcp\r\n",
       "text-chat expect=192.0.2.10:2855/text-chat expect=192.0.2.11:2856/text-chat"},
      {"m=message 9 TCP/TLS/MSRP *\r\na=path:msrps://[2001:db8::5]:2856/x;tcp "
       "msrps://h:1/y;tcp\r\n",
       "text-chat expect=2001:db8::5:2856/text-chat"},
      {"m=message 2855 TCP/MSRP *\r\na=path:msrp://relay.example:2856/x;tcp\r\n",
       "text-chat expect=192.0.2.10:2855/text-chat"},
      {"m=message 5060 sip null\r\na=accept-types:text/plain text/rtf\r\n", "text-chat"},
      {"m=x-ms-message 5060 sip null\r\n", "text-chat"},
      {"m=text 5008 RTP/AVP 98\r\na=rtcp-mux\r\n",
       "text-chat expect=192.0.2.10:5008/udp/text-chat"},
      // Files.
      {"m=message 2855 TCP/MSRP *\r\n"
       "a=file-selector:name:\"My %22cool%22 picture.jpg\" type:image/jpeg size:4092\r\n",
       "file-transfer file=My \"cool\" picture.jpg expect=192.0.2.10:2855/file-transfer"},
      {"m=message 2855 TCP/MSRP *\r\na=file-selector:hash:sha-1:72\r\n",
       "file-transfer expect=192.0.2.10:2855/file-transfer"},
      {"m=data 5010 TCP/RTP/AVP 127\r\na=rtpmap:127 x-data/90000\r\n",
       "file-transfer expect=192.0.2.10:5010/file-transfer"},
      {"m=application 5010 TCP/RTP/AVP 127\r\na=rtpmap:127 x-data/90000\r\n",
       "file-transfer expect=192.0.2.10:5010/file-transfer"},
      {"m=application 5010 tcp x-data\r\n", "file-transfer expect=192.0.2.10:5010/file-transfer"},
      // A browser's data channel is none, nor are floors, facsimiles, cameras.
      {"m=audio 5004 RTP/SAVP 0\r\na=rtcp-mux\r\nm=x-data 5004 RTP/SAVP 127\r\n"
       "a=x-data-protocol:sctp\r\na=rtcp-mux\r\n",
       "voice expect=192.0.2.10:5004/udp/voice"},
      {"m=application 5010 TCP/BFCP *\r\n", "other expect=192.0.2.10:5010/other"},
      {"m=image 5012 udptl t38\r\n", "other expect=192.0.2.10:5012/udp/other"},
      // Screens.
      {"m=applicationsharing 5014 TCP/RTP/AVP 127\r\n",
       "screen-share expect=192.0.2.10:5014/screen-share"},
      {"m=video 5006 RTP/AVP 96\r\na=content:slides\r\na=rtcp-mux\r\n",
       "screen-share expect=192.0.2.10:5006/udp/screen-share"},
      {"m=video 5006 RTP/AVP 96\r\na=label:applicationsharing-video\r\na=rtcp-mux\r\n",
       "screen-share expect=192.0.2.10:5006/udp/screen-share"},
      {"m=video 5006 RTP/AVP 96\r\na=label:main-video\r\na=content:main\r\na=rtcp-mux\r\n",
       "video expect=192.0.2.10:5006/udp/video"},
      {"", "any"},
      {"m=audio 0 RTP/AVP 0\r\n", "any"},
      {"m=\r\nm=audio\r\nm=audio x RTP/AVP\r\nm=audio 70000 RTP/AVP 0\r\n", "any"},
  });
}

TEST(Sdp, ReadsAddresses) {
  check({
      {"m=audio 5004 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\na=rtcp-mux\r\n",
       "voice expect=2001:db8::1:5004/udp/voice"},
      {"m=audio 5004 RTP/AVP 0\r\nc=IN IP4 233.252.0.1/127\r\na=rtcp-mux\r\n",
       "voice expect=233.252.0.1:5004/udp/voice"},
      {"m=audio 5004 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", "voice"},
      {"m=audio 5004 RTP/AVP 0\r\nc=IN IP4 host.example\r\n", "voice"},
      {"m=audio 5004 RTP/AVP 0\r\nc=OUT IP4 192.0.2.1\r\n", "voice"},
      {"m=audio 65535 RTP/AVP 0\r\n", "voice expect=192.0.2.10:65535/udp/voice"},
      // One address for all media of a bundle: that of the one that says most.
      {"m=audio 5004 RTP/AVP 0\r\na=rtcp-mux\r\nm=video 5004 RTP/AVP 31\r\na=rtcp-mux\r\n",
       "video expect=192.0.2.10:5004/udp/video"},
      {"m=audio 5004 RTP/AVP 0\r\na=rtcp-mux\r\nm=video 0 RTP/AVP 31\r\na=bundle-only\r\n",
       "video expect=192.0.2.10:5004/udp/voice"},
  });
}

TEST(Sdp, ReadsCandidates) {
  check({
      {"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
       "a=candidate:1 1 udp 2122260223 10.0.0.5 50000 typ host generation 0\r\n"
       "a=candidate:1 2 udp 2122260222 10.0.0.5 50001 typ host\r\n"
       "a=candidate:2 1 UDP 1686052607 203.0.113.7 60000 typ srflx raddr 10.0.0.5 rport 50000\r\n"
       "a=candidate:3 1 tcp 1518280447 10.0.0.5 9 typ host tcptype active\r\n"
       "a=candidate:4 1 tcp 1518214911 10.0.0.5 443 typ host tcptype passive\r\n"
       "a=candidate:5 1 udp 1 name.local 50000 typ host\r\n",
       "voice expect=10.0.0.5:50000/udp/voice expect=203.0.113.7:60000/udp/voice"
       " expect=10.0.0.5:443/voice"},
      // As Communicator wrote them.
      {"m=audio 50004 RTP/AVP 0\r\na=rtcp:50005\r\n"
       "a=candidate:xY+1 1 pass/word UDP 0.830 10.0.0.6 50004 \r\n"
       "a=candidate:xY+1 2 pass/word UDP 0.830 10.0.0.6 50005 \r\n"
       "a=candidate:zZ 1 word TCP 0.190 203.0.113.9 443 \r\n",
       "voice expect=192.0.2.10:50004/udp/voice expect=10.0.0.6:50004/udp/voice"
       " expect=203.0.113.9:443/voice expect=192.0.2.10:50005/udp/voice"},
      {"m=audio 0 RTP/AVP 0\r\na=candidate:1 1 udp 1 10.0.0.5 50000 typ host\r\n"
       "m=video 5006 RTP/AVP 0\r\na=rtcp-mux\r\na=candidate:1 1 udp 1 10.0.0.5 50002 typ host\r\n",
       "video expect=192.0.2.10:5006/udp/video expect=10.0.0.5:50002/udp/video"},
      {"m=audio 9 RTP/AVP 0\r\na=candidate:\r\na=candidate:1 1\r\na=candidate:1 1 udp 1 x y typ "
       "z\r\n",
       "voice"},
  });
}

TEST(Sdp, AnnouncesNoMoreThanFits) {
  std::string media = "m=audio 5004 RTP/AVP 0\r\n";
  for (int i = 1; i < 100; ++i) {
    media += "a=candidate:1 1 udp 1 10.0.0." + std::to_string(i) + " 50000 typ host\r\n";
  }
  media += "m=video 5006 RTP/AVP 31\r\n";
  Messenger messenger;
  EXPECT_EQ(sdp::read(sdp(media), messenger), Service::video);
  ASSERT_EQ(messenger.expected_count, Messenger::kMaxExpected);
  EXPECT_EQ(messenger.expected[1].port, 5006) << "media lines come first";
}

TEST(Sdp, ReadsSeveralOneBehindTheOther) {
  const std::string second = "v=0\nc=IN IP4 192.0.2.77\nm=video 7000 RTP/AVP 31\na=rtcp-mux\n";
  EXPECT_EQ(read(sdp("m=audio 5004 RTP/AVP 0\r\na=rtcp-mux\r\n") + second),
            "video expect=192.0.2.10:5004/udp/voice expect=192.0.2.77:7000/udp/video");
  EXPECT_EQ(read("m=audio 5004 RTP/AVP 0\nv=0\nm=audio 5006 RTP/AVP 0"), "voice")
      << "an address is of its own description";
}

}  // namespace
}  // namespace chatgate::proto::test
