#include "proto/sip.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "proto/context.h"

#include "allocation_count.h"
#include "messenger_checks.h"
#include "sip_message.h"

namespace chatgate::proto::test {
namespace {

constexpr Direction kUp = Direction::to_server;
constexpr Direction kDown = Direction::to_client;
const std::string kPeople = " login=alice@example.com peer=bob@example.com";
const std::string kUsers = kPeople + " version=2.0";
const std::string kOthers = " login=bob@example.com peer=alice@example.com version=2.0";

void check(const std::vector<Saying>& sayings, const std::string& application = "-") {
  check_sayings(sip::kParser, application, "", sayings);
}

std::string type(const std::string& text) {
  return "Content-Type: " + text + "\r\n";
}

std::string registration(const std::string& to, const std::string& fields = "") {
  return "REGISTER sip:example.com SIP/2.0\r\nFrom: <sip:boss@example.com>\r\nTo: " + to +
         "\r\nCSeq: 1 REGISTER\r\n" + fields + "Content-Length: 0\r\n\r\n";
}

TEST(Sip, ReadsTheLogin) {
  check({
      {kUp, registration("<sip:alice@example.com>"), "login login=alice@example.com version=2.0"},
      {kUp, registration("sip:alice@example.com;tag=3", "User-Agent: Phone/1.0 (x)\r\n"),
       "login login=alice@example.com version=2.0 client=Phone/1.0 (x)"},
      {kUp,
       registration("<sip:example.com>",
                    "Authorization: Digest realm=\"a, username=b\",\r\n"
                    "  username=\"al\"\r\n"),
       "login login=al version=2.0"},
      {kUp, registration("<sip:example.com>", "Authorization: Digest username=al\r\n"),
       "login login=al version=2.0"},
      {kUp, registration("<sips:al%20ice:secret@[2001:db8::1]:5061;transport=tls?x=y>"),
       "login login=al ice@[2001:db8::1] version=2.0"},
      {kUp, registration("\"a\\\" <sip:no@body>\" <sip:alice@example.com:5060>"),
       "login login=alice@example.com version=2.0"},
      {kUp, registration("<sip:+49301;phone-context=x.org@ims.example;user=phone>"),
       "login login=+49301@ims.example version=2.0"},
      {kUp, registration("<tel:+4930-1;ext=5>"), "login login=+4930-1 version=2.0"},
      {kUp, registration("<http://alice@example.com>"), "login version=2.0"},
      {kDown, sip_answer("401 Unauthorized", "REGISTER", "Server: Proxy\r\n"),
       "login login=bob@example.com version=2.0"},
      {kUp, sip_request("NEGOTIATE"), "login login=bob@example.com version=2.0"},
  });
}

TEST(Sip, TellsMethodsApart) {
  const std::string plain = type("text/plain") + "User-Agent: Q\r\n";
  check({
      {kUp, sip_request("SUBSCRIBE", "Event: presence\r\n"), "presence" + kUsers},
      {kUp, sip_request("SUBSCRIBE", "o: conference\r\n"), "conference" + kUsers},
      {kDown, sip_request("NOTIFY", "Event: presence\r\n" + type("application/pidf+xml"), "<a/>"),
       "presence" + kOthers},
      {kDown,
       sip_request("NOTIFY", "Event: x\r\n" + type("application/conference-info+xml"), "<a/>"),
       "conference" + kOthers},
      {kDown, sip_request("BENOTIFY", "Event: presence\r\n"), "presence" + kOthers},
      {kUp, sip_request("PUBLISH", "Event: presence\r\n"), "presence" + kUsers},
      {kUp, sip_request("OPTIONS", type("application/sdp"), sdp("m=audio 5004 RTP/AVP 0\r\n")),
       "presence" + kUsers},
      {kUp, sip_request("SERVICE", type("application/msrtc-category-publish+xml"), "<a/>"),
       "presence" + kUsers},
      {kUp, sip_request("SERVICE", type("application/cccp+xml"), "<a/>"), "conference" + kUsers},
      {kUp, sip_request("INFO", type("application/xml"), "<KeyboardActivity/>"),
       "presence" + kUsers},
      {kUp, sip_request("INFO", type("application/dtmf-relay"), "Signal=1"), "any" + kUsers},
      {kUp, sip_request("INFO", type("application/cccp+xml"), "<a/>"), "conference" + kUsers},
      {kUp, sip_request("MESSAGE", plain, "hello"), "text-chat" + kUsers + " client=Q"},
      {kDown, sip_request("MESSAGE", plain, "hello"), "text-chat" + kOthers},
      {kUp, sip_request("MESSAGE"), "text-chat" + kUsers},
      {kUp, sip_request("MESSAGE", "c:text/rtf\r\n", "hello"), "text-chat" + kUsers},
      {kUp, sip_request("MESSAGE", type("image/png"), "x"), "file-transfer" + kUsers},
      {kUp, sip_request("MESSAGE", type("application/im-iscomposing+xml; charset=UTF-8"), "<a/>"),
       "presence" + kUsers},
      {kUp, sip_request("MESSAGE", type("message/imdn+xml"), "<a/>"), "presence" + kUsers},
      {kUp, sip_request("REFER", "Refer-To: <sip:carol@example.com>\r\n"), "conference" + kUsers},
      {kUp, sip_request("INVITE"), "any" + kUsers},
      {kUp, sip_request("BYE"), "any" + kUsers},
      {kUp, sip_request("ACK"), "any" + kUsers},
      {kUp, sip_request("CANCEL"), "any" + kUsers},
      {kUp, sip_request("X-OWN"), "any" + kUsers},
      {kDown, sip_answer("200 OK", "MESSAGE"), "any" + kUsers},
      {kDown, sip_answer("180 Ringing", "INVITE"), "any" + kUsers},
      {kUp, sip_answer("200 OK", "BYE", "Server: Mine/2\r\n"), "any" + kOthers + " client=Mine/2"},
  });
}

TEST(Sip, ReadsWhatBodiesCarry) {
  const std::string cpim = "From: <im:ann@example.com>\r\nTo: <im:ben@example.com>\r\n\r\n";
  const std::string file_xml =
      "<?xml version=\"1.0\"?><request><publishFile><fileInfo><id>1</id>"
      "<name>a &amp; b.pdf</name></fileInfo></publishFile></request>";
  const std::string over_http =
      "<file><file-info type=\"thumbnail\"><file-size>1</file-size></file-info>"
      "<file-info type=\"file\"><file-name>cat.jpg</file-name></file-info></file>";
  const std::string invitation =
      "Application-Name: File Transfer\r\n"
      "Application-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\n"
      "Invitation-Command: INVITE\r\nInvitation-Cookie: 5\r\nApplication-File: plan.doc\r\n\r\n";
  const std::string acceptance =
      "Invitation-Command: ACCEPT\r\nInvitation-Cookie: 5\r\nIP-Address: 192.0.2.20\r\n"
      "Port: 6891\r\nAuthCookie: 9\r\n\r\n";
  check({
      {kUp,
       sip_request("MESSAGE", type("message/cpim"), cpim + "Content-Type: text/plain\r\n\r\nhi"),
       "text-chat" + kUsers},
      {kUp,
       sip_request("MESSAGE", type("message/cpim"),
                   cpim + "Content-Type: message/imdn+xml\r\n\r\n<imdn/>"),
       "presence" + kUsers},
      {kUp,
       sip_request("MESSAGE", type("message/cpim"),
                   cpim + "Content-Type: application/vnd.gsma.rcs-ft-http+xml\r\n\r\n" + over_http),
       "file-transfer" + kPeople + " file=cat.jpg version=2.0"},
      {kUp, sip_request("INFO", type("application/ms-filetransfer+xml"), file_xml),
       "file-transfer" + kPeople + " file=a & b.pdf version=2.0"},
      {kUp, sip_request("MESSAGE", type("text/x-msmsgsinvite; charset=UTF-8"), invitation),
       "file-transfer" + kPeople + " file=plan.doc version=2.0"},
      {kDown, sip_request("MESSAGE", type("text/x-msmsgsinvite"), acceptance),
       "file-transfer" + kOthers + " expect=192.0.2.20:6891/file-transfer"},
      {kDown,
       sip_request("MESSAGE", type("text/x-msmsgsinvite"),
                   "Invitation-Command: CANCEL\r\nInvitation-Cookie: 5\r\n"),
       "any" + kOthers},
      // What is compressed is not read.
      {kUp, sip_request("MESSAGE", type("message/cpim") + "e: gzip\r\n", "\x1f\x8b"),
       "text-chat" + kUsers},
  });
}

TEST(Sip, ReadsParts) {
  const auto parts = [](const std::string& kind, const std::string& body,
                        const std::string& boundary = "\"b;1\"") {
    return sip_request("INVITE", type("multipart/" + kind + "; boundary=" + boundary), body);
  };
  const std::string part = "--b;1\r\nContent-Type: application/sdp\r\n\r\n";
  const std::string audio = sdp("m=audio 5004 RTP/AVP 0\r\na=rtcp-mux\r\n");
  const std::string video = sdp("m=video 5006 RTP/AVP 31\r\na=rtcp-mux\r\n");
  const std::string file =
      "--b;1\r\nContent-Type: application/ms-filetransfer+xml\r\n\r\n"
      "<request><publishFile><fileInfo><name>x.zip</name></fileInfo></publishFile></request>\r\n";
  const std::string audio_flow = " expect=192.0.2.10:5004/udp/voice";
  check({
      {kUp, parts("alternative", part + audio + "\r\n" + part + video + "\r\n--b;1--\r\n"),
       "video" + kUsers + audio_flow + " expect=192.0.2.10:5006/udp/video"},
      {kUp, parts("mixed", "no part\r\n" + part + audio + "\r\n--b;1--\r\n" + part + video),
       "voice" + kUsers + audio_flow},
      {kUp, parts("mixed", part + audio), "voice" + kUsers + audio_flow},
      {kUp, parts("mixed", file + part + sdp("m=data 5010 TCP/RTP/AVP 127\r\n") + "--b;1--"),
       "file-transfer" + kPeople + " file=x.zip version=2.0 expect=192.0.2.10:5010/file-transfer"},
      {kUp,
       parts("mixed",
             "--b;1\r\nContent-Type: multipart/related; boundary=in\r\n\r\n--in\r\n"
             "c: x\r\nContent-Type: application/sdp\r\n\r\n" +
                 audio + "--in--\r\n--b;1--"),
       "voice" + kUsers + audio_flow},
      {kUp,
       parts("mixed", "--b;1\r\n\r\nno type\r\n--b;1\r\nContent-Type: image/png\r\n\r\nx\r\n" +
                          part + audio + "--b;1--"),
       "voice" + kUsers + audio_flow},
      {kUp, parts("mixed", part + audio, ""), "any" + kUsers},
      {kUp, parts("mixed", "x --b;1\r\n" + audio), "any" + kUsers},
      {kUp, parts("mixed", ""), "any" + kUsers},
      // Parts within parts within parts, and so on: nobody writes so.
      {kUp,
       parts("mixed",
             [] {
               std::string body;
               for (int i = 0; i < 6; ++i)
                 body += "--b;1\r\nContent-Type: multipart/mixed; boundary=\"b;1\"\r\n\r\n";
               return body;
             }()),
       "any" + kUsers},
  });
}

TEST(Sip, KnowsConferences) {
  const std::string audio = "m=audio 5004 RTP/AVP 0\r\na=rtcp-mux\r\n";
  const std::string flow = " expect=192.0.2.10:5004/udp/voice";
  const std::string focus = "Contact: <sip:room@example.com;gr>;isfocus\r\n";
  check({
      {kUp, invite(audio, focus), "conference" + kUsers + flow},
      {kUp, invite(audio, "m: <sip:isfocus@example.com>\r\n"), "voice" + kUsers + flow},
      {kDown, sip_answer("200 OK", "INVITE", type("application/sdp") + focus, sdp(audio)),
       "conference" + kUsers + flow},
      {kDown, sip_answer("200 OK", "INVITE", focus), "conference" + kUsers},
      {kUp, sip_request("INVITE", "Require: path, recipient-list-invite\r\n"),
       "conference" + kUsers},
      {kUp, sip_request("INVITE", type("application/ms-conf-invite+xml"), "<Conferencing/>"),
       "conference" + kUsers},
      {kUp,
       with_body("INVITE sip:al@example.com;gruu;opaque=app:conf:focus:id:1 SIP/2.0\r\n"
                 "f: <sip:alice@example.com>\r\nt: <sip:bob@example.com>\r\nCSeq: 1 INVITE\r\n",
                 ""),
       "conference" + kUsers},
      {kUp,
       with_body("MESSAGE sip:al@example.com;gruu;opaque=app:conf:chat:id:1 SIP/2.0\r\n"
                 "f: <sip:alice@example.com>\r\nt: <sip:bob@example.com>\r\n",
                 ""),
       "conference" + kUsers},
  });
}

TEST(Sip, NamesApplicationsByProgramsAndHeaders) {
  struct Row {
    const char* fields;
    const char* application;
  };
  const std::vector<Row> rows = {
      {"User-Agent: UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)\r\n",
       "lync"},
      {"User-Agent: UCCAPI/15.0.4971.1000 OC/15.0.4971.1000 (Skype for Business)\r\n", "lync"},
      {"User-Agent: RTCC/5.0.0.0 MediationServer\r\n", "lync"},
      {"User-Agent: PolycomVVX-VVX_411-UA/5.9 Lync\r\n", "lync"},
      {"Server: RTC/5.0\r\n", "lync"},
      {"ms-keep-alive: UAC;hop-hop=yes\r\n", "lync"},
      {"Event: vnd-microsoft-roaming-contacts\r\n", "lync"},
      {"Proxy-Authenticate: NTLM realm=\"SIP Communications Service\", version=4\r\n", "lync"},
      {"User-Agent: Windows RTC/1.0\r\n", "msn"},
      {"User-Agent: RTC/1.3.5470 (Messenger 5.1.0701)\r\nms-keep-alive: UAC\r\n", "msn"},
      {"User-Agent: IM-client/OMA1.0 Vendor/Model\r\n", "google-messages-rcs"},
      {"User-Agent: IBM Sametime Softphone 8.5\r\n", "sametime"},
      // Telephones, also those made with Microsoft's library.
      {"User-Agent: RTC/1.2.4949 (BOL SIP Phone 1005)\r\nms-keep-alive: UAC\r\n", "-"},
      {"User-Agent: Asterisk PBX 16\r\n", "-"},
      {"User-Agent: Linphone/4.4 (belle-sip/5.0)\r\n", "-"},
      {"User-Agent: Grandstream GXP2160\r\nX-ms-none: 1\r\nEvent: presence\r\n", "-"},
      {"Server: Kamailio (5.6)\r\nWWW-Authenticate: Digest realm=\"asterisk\"\r\n", "-"},
      {"", "-"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.fields);
    for (const std::string& message :
         {sip_request("MESSAGE", row.fields, "x"), invite("m=audio 4 RTP/AVP 0\r\n", row.fields),
          sip_answer("200 OK", "BYE", row.fields)}) {
      const Heard heard = listen(sip::kParser, kDown, as_bytes(message), {message.size()});
      ASSERT_EQ(heard.lines.size(), 1u);
      EXPECT_TRUE(heard.lines[0].starts_with(row.application + std::string(" "))) << heard.lines[0];
    }
  }
}

TEST(Sip, RemembersTheApplication) {
  const std::string stream = sip_request("OPTIONS", "ms-keep-alive: UAC\r\n") + "\r\n\r\n" +
                             sip_answer("200 OK", "MESSAGE") + sip_request("MESSAGE", "", "x");
  const Heard heard = listen_to_every_cut(sip::kParser, kUp, as_bytes(stream), "lync");
  EXPECT_EQ(heard.lines, (Lines{"presence" + kUsers, "any" + kOthers, "text-chat" + kUsers}));
}

TEST(Sip, FollowsASession) {
  const std::string up =
      "\r\n\r\n" + registration("<sip:alice@example.com>") + "\r\n\r\n" +
      sip_request("SUBSCRIBE", "Event: presence\r\n") +
      sip_request("PUBLISH", type("application/pidf+xml"), std::string(300, '\n')) +
      sip_request("MESSAGE", type("text/plain"),
                  "INVITE sip:x@y.example SIP/2.0\r\n\r\nREGISTER\r\n") +
      invite("m=message 2855 TCP/MSRP *\r\n") + sip_request("BYE");
  const Heard heard = listen_to_every_cut(sip::kParser, kUp, as_bytes(up), "-");
  const std::vector<std::string> expected = {
      "login login=alice@example.com version=2.0",
      "presence" + kUsers,
      "presence" + kUsers,
      "text-chat" + kUsers,
      "text-chat" + kUsers + " expect=192.0.2.10:2855/text-chat",
      "any" + kUsers};
  EXPECT_EQ(heard.lines, expected);
  EXPECT_EQ(heard.end, up.size());
}

TEST(Sip, ReadsTolerantly) {
  const std::string folded =
      "MESSAGE sip:bob@example.com SIP/2.0\nFrom :\n "
      "<sip:alice@example.com>\nt:\tsip:bob@example.com\n"
      "Subject: x\n y: z\nCONTENT-TYPE:\n\ttext/plain\nl : 2\nno field\n\nhi";
  check({{kUp, folded, "text-chat" + kUsers}});
  const std::string no_length =
      "BYE sip:bob@example.com SIP/2.0\r\nf: sip:alice@example.com\r\nt: "
      "sip:bob@example.com\r\n\r\n";
  const Heard heard = listen_to_every_cut(sip::kParser, kUp, as_bytes(no_length + no_length), "-");
  EXPECT_EQ(heard.lines, std::vector<std::string>(2, "any" + kUsers));
}

TEST(Sip, BreaksWhereNobodyReadsOn) {
  const std::vector<std::string> broken = {
      sip_request("BYE") + "hello\r\n\r\n",
      "BYE sip:b@example.com SIP/2.0\r\nContent-Length: x\r\n\r\n",
      "BYE sip:b@example.com SIP/2.0\r\nContent-Length: -1\r\n\r\n",
      "BYE sip:b@example.com SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n",
      "BYE sip:b@example.com SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n",
      sip_request("BYE") + "GET / HTTP/1.1\r\n\r\n",
      sip_request("BYE") + "SIP/2.0 99 No\r\n\r\n",
  };
  for (const std::string& stream : broken) {
    SCOPED_TRACE(stream);
    EXPECT_EQ(listen_to_every_cut(sip::kParser, kUp, as_bytes(stream), "-").last,
              ParseStatus::malformed);
  }
  const std::string endless = "BYE sip:b@example.com SIP/2.0\r\nx: " + std::string(40000, 'x');
  for (const std::size_t step : {std::size_t{977}, endless.size()}) {
    EXPECT_EQ(listen(sip::kParser, kUp, as_bytes(endless), steps(endless.size(), step)).last,
              ParseStatus::malformed);
  }
}

TEST(Sip, HoldsLittleOfLongMessages) {
  const std::string text = sip_request("MESSAGE", type("text/plain"), std::string(200000, 'x'));
  const std::string call = sip_request("INVITE", type("application/sdp"),
                                       sdp("m=audio 5004 RTP/AVP 0\r\na=rtcp-mux\r\n") +
                                           std::string(100000, '\n') + "m=video 1 RTP/AVP 0\r\n");
  const std::string stream = text + call + sip_request("BYE");
  const Heard whole = listen(sip::kParser, kUp, as_bytes(stream), {stream.size()}, "-");
  const std::vector<std::string> expected = {
      "text-chat" + kUsers, "voice" + kUsers + " expect=192.0.2.10:5004/udp/voice", "any" + kUsers};
  EXPECT_EQ(whole.lines, expected);
  EXPECT_EQ(listen(sip::kParser, kUp, as_bytes(stream), steps(stream.size(), 1009), "-"), whole);

  ParserState state;
  Facts facts;
  const std::size_t head = text.find("\r\n\r\n") + 4;
  const std::size_t allocations = allocation_count();
  EXPECT_EQ(sip::feed(state, as_bytes(text).first(head), facts), ParseStatus::done);
  EXPECT_EQ(state.offset, head);
  EXPECT_EQ(state.skip, 200000u);
  EXPECT_EQ(allocation_count(), allocations);
}

// --- probes

TEST(Sip, IsCertainOfAFirstLine) {
  for (const std::string line :
       {"REGISTER sip:example.com SIP/2.0\r\n", "INVITE sips:bob@example.com;gruu SIP/2.0\n",
        "\r\n\r\nOPTIONS tel:+4930 SIP/2.0\r\n", "SUBSCRIBE urn:service:sos SIP/2.0\r\n",
        "MESSAGE im:bob@example.com SIP/2.0\r\n", "SIP/2.0 200 OK\r\n", "SIP/2.0 100\r\n",
        "sip/2.0 401 Non autoris\xc3\xa9\r\n"}) {
    expect_probe(sip::kParser, line, Probe::certain);
    for (std::size_t size = 0; size < line.size(); ++size) {
      expect_probe(sip::kParser, line.substr(0, size), Probe::unsure);
    }
    expect_chosen(AppProto::sip, line + "Via: SIP/2.0/TCP x\r\nl: 0\r\n\r\n");
  }
}

TEST(Sip, TakesNothingElseForItself) {
  std::vector<std::string> others = {
      "REGISTER sip:example.com HTTP/1.1\r\n",
      "REGISTER sip:example.com\r\n",
      "REGISTER  sip:example.com SIP/2.0\r\n",
      "REGISTER sip:example.com SIP/2.0 x\r\n",
      "REGISTER sip:example.com SIP/1.0\r\n",
      "REGISTER sip:exa\x01mple.com SIP/2.0\r\n",
      "register sip:example.com SIP/2.0\r\n",
      "INVITE MSNMSGR:bob@example.com MSNSLP/1.0\r\n",
      "GET /sip:example.com SIP/2.0\r\n",
      "GET http://example.com/ HTTP/1.1\r\n",
      "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n",
      "DESCRIBE rtsp://example.com/ RTSP/1.0\r\n",
      "OPTIONS icap://example.com/ ICAP/1.0\r\n",
      "SIP/2.0 20 OK\r\n",
      "SIP/2.0 2000 OK\r\n",
      "SIP/2.0 700 OK\r\n",
      "SIP/3.0 200 OK\r\n",
      "SIP/2.0\r\n",
      "SIP-2.0 200 OK\r\n",
      std::string(100, '\n'),
      "REGISTER sip:" + std::string(3000, 'x'),
  };
  for (const LookAlike& other : other_streams()) {
    if (other.bytes.find("SIP/2.0") == std::string::npos) others.push_back(other.bytes);
  }
  for (const std::string& other : others) {
    for (std::size_t size = 0; size <= other.size(); ++size) {
      ASSERT_NE(sip::probe(as_bytes(std::string_view(other).substr(0, size))), Probe::certain)
          << other.substr(0, size);
    }
    EXPECT_EQ(sip::probe(as_bytes(other)), Probe::not_mine) << other;
    EXPECT_EQ(sip::probe_datagram(as_bytes(other)), Probe::not_mine) << other;
  }
}

// --- datagrams

struct Flow {
  ParserState state;
  Context context{16};

  std::string hear(Direction way, const std::string& payload) {
    const std::vector<std::uint8_t> bytes(payload.begin(), payload.end());
    Facts facts;
    switch (sip::kDatagrams.read(state, bytes, way, facts, context)) {
      case ParseStatus::need_more: return "waits";
      case ParseStatus::not_mine: return "not mine";
      case ParseStatus::done: break;
      default: return "?";
    }
    EXPECT_EQ(facts.protocol, AppProto::sip);
    EXPECT_EQ(facts.next, Next::message);
    return to_line(facts);
  }
};

TEST(SipDatagrams, FollowAFlow) {
  Flow flow;
  EXPECT_EQ(flow.hear(kUp, std::string(4, '\0')), "waits");
  EXPECT_EQ(flow.hear(kUp, registration("<sip:alice@example.com>")),
            "- login login=alice@example.com version=2.0");
  EXPECT_EQ(flow.hear(kUp, "\r\n\r\n"), "waits");
  EXPECT_EQ(flow.hear(kDown, sip_answer("200 OK", "REGISTER", "Server: RTC/5.0\r\n")),
            "lync login login=bob@example.com version=2.0");
  EXPECT_EQ(flow.hear(kUp, sip_request("MESSAGE", type("text/plain"), "x")),
            "lync text-chat" + kUsers);
  EXPECT_EQ(flow.hear(kDown, invite("m=audio 5004 RTP/AVP 0\r\na=rtcp-mux\r\n")),
            "lync voice" + kOthers + " expect=192.0.2.10:5004/udp/voice");
  EXPECT_EQ(flow.hear(kUp, "\x16\xfe\xfd"), "not mine");
}

TEST(SipDatagrams, AreReadWhateverTheirLengthSays) {
  const std::string body = sdp("m=audio 5004 RTP/AVP 0\r\na=rtcp-mux\r\n");
  const std::string head =
      "INVITE sip:bob@example.com SIP/2.0\r\nf: <sip:alice@example.com>\r\n"
      "t: <sip:bob@example.com>\r\nc: application/sdp\r\n";
  const std::string voice = "- voice" + kUsers + " expect=192.0.2.10:5004/udp/voice";
  for (const std::string length : {"", "l: 9999\r\n", "l: 200\r\n"}) {
    EXPECT_EQ(Flow().hear(kUp, head + length + "\r\n" + body), voice) << length;
  }
  EXPECT_EQ(Flow().hear(kUp, head + "l: 3\r\n\r\n" + body), "- any" + kUsers);
  EXPECT_EQ(Flow().hear(kUp, head + "l: x\r\n\r\n"), "- any" + kUsers);
  EXPECT_EQ(Flow().hear(kUp, head), "- any" + kUsers) << "without an empty line";
  EXPECT_EQ(Flow().hear(kUp, "\r\nSIP/2.0 100 Trying\r\n"), "- any version=2.0");
}

TEST(SipDatagrams, AreNoOthers) {
  for (const std::string& other :
       {std::string("\0\0\0\1", 4), std::string(5, '\0'), std::string("\r\n\r\n\r\n"),
        std::string(), std::string("hello\r\n"), std::string("REGISTER sip:example.com SIP/2.0"),
        std::string("\x80\x60\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01", 12),
        std::string("M-SEARCH * HTTP/1.1\r\n\r\n")}) {
    EXPECT_EQ(Flow().hear(kUp, other), "not mine") << other;
  }
}

}  // namespace
}  // namespace chatgate::proto::test
