#include "proto/msnp.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "messenger_checks.h"
#include "msnp_message.h"

namespace chatgate::proto::test {
namespace {

constexpr Direction kUp = Direction::to_server;
constexpr Direction kDown = Direction::to_client;
const std::string kGreeting = "VER 1 MSNP8\r\n";

void check(const std::vector<Saying>& sayings) {
  check_sayings(msnp::kParser, "msn", kGreeting, sayings);
}

TEST(Msnp, ReadsTheLogin) {
  check({
      {kUp, "VER 0 MSNP18 MSNP17 CVR0\r\n", "login version=MSNP18"},
      {kUp, "ver 0 msnp8 cvr0\n", "login version=msnp8"},
      {kUp, "VER 3 MSNC1 MSNP10\r\n", "login version=MSNP10"},
      {kDown, "VER 0 MSNP15\r\n", "login version=MSNP15"},
      {kDown, "VER 0 0\r\n", "login"},
      {kUp, "CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.1.0178 msmsgs alice@example.com\r\n",
       "login login=alice@example.com client=MSNMSGR 8.1.0178"},
      {kUp, "CVR 2 0x0409 win 4.10 i386 MSMSGS 5.0.0544 MSMSGS\r\n",
       "login client=MSMSGS 5.0.0544"},
      {kDown, "CVR 2 8.1.0178 8.1.0178 1.0.0000 http://msgr.dlservice.microsoft.com/x http://y\r\n",
       "login"},
      {kUp, "INF 1\r\n", "login"},
      {kUp, "USR 3 TWN I alice@example.com\r\n", "login login=alice@example.com"},
      {kUp, "USR 3 SSO I alice@example.com\r\n", "login login=alice@example.com"},
      {kUp, "USR 3 MD5 I alice@example.com\r\n", "login login=alice@example.com"},
      {kUp, "USR 4 TWN S t=x@y&p=z\r\n", "login"},
      {kUp, "USR 4 SSO S t=EwDoAW+jAAA= blob@x {1c9aa97e-9c05-4583-a3bd-908a196f1e92}\r\n",
       "login"},
      {kDown, "USR 3 TWN S lc=1033,id=507,tw=40\r\n", "login"},
      {kDown, "USR 4 OK alice@example.com 1 0\r\n", "login login=alice@example.com"},
      {kUp, "GCF 5 Shields.xml\r\n", "login"},
      {kDown, with_payload("GCF 5 Shields.xml", "<config>\r\nMSG 1 N 4\r\n</config>"), "login"},
      {kUp, "XFR 9 NS\r\n", "login"},
      {kDown, "XFR 3 NS 207.46.106.118:1863 0 207.46.104.20:1863\r\n",
       "login expect=207.46.106.118:1863/any"},
      {kDown, "XFR 3 NS 64.4.45.62:1863 U D\r\n", "login expect=64.4.45.62:1863/any"},
      {kDown, "XFR 3 NS messenger.hotmail.com:1863 0\r\n", "login"},
      {kDown, "911 4\r\n", "any"},
      {kDown,
       with_payload("MSG Hotmail Hotmail", mime("text/x-msmsgsprofile; charset=UTF-8", "",
                                                "LoginTime: 1050827112\r\nClientIP: 10.0.0.1\r\n")),
       "login"},
  });
}

TEST(Msnp, ReadsPresence) {
  check({
      {kUp, "SYN 7 0\r\n", "presence"},
      {kUp, "CHG 8 NLN 268435456 %3Cmsnobj%20Creator%3D%22alice%40example.com%22%2F%3E\r\n",
       "presence"},
      {kUp, "PNG\r\n", "presence"},
      {kDown, "QNG 50\r\n", "presence"},
      {kDown, "CHL 0 15570131571988941333\r\n", "presence"},
      {kUp, with_payload("QRY 9 PROD0090YUAUV{2B", "8f2f5a91b72102cd28355e9fc9000d6e"), "presence"},
      {kDown, "QRY 9\r\n", "presence"},
      {kDown, "NLN BSY bob@example.com Bob 268435456\r\n", "presence peer=bob@example.com"},
      {kDown, "NLN BSY 1:bob@example.com Bob 268435456:1 0\r\n", "presence peer=bob@example.com"},
      {kDown, "ILN 8 AWY bob@example.com Bob 0\r\n", "presence peer=bob@example.com"},
      {kDown, "FLN bob%40example.com\r\n", "presence"},
      {kDown, "FLN bob@example.com 1\r\n", "presence peer=bob@example.com"},
      {kDown, "LST bob@example.com Bob%20B 11 0\r\n", "presence peer=bob@example.com"},
      {kDown, "LST N=bob@example.com F=Bob C=f60efbe7-94af-4b16-b92d-498fd6fb8a4e 11 1\r\n",
       "presence peer=bob@example.com"},
      {kUp, "ADD 10 FL bob@example.com Bob 0\r\n", "presence peer=bob@example.com"},
      {kUp, "ADC 10 FL N=bob@example.com F=Bob\r\n", "presence peer=bob@example.com"},
      {kUp, "REM 11 BL bob@example.com\r\n", "presence peer=bob@example.com"},
      {kUp, "REM 11 FL f60efbe7-94af-4b16-b92d-498fd6fb8a4e\r\n", "presence"},
      {kUp, with_payload("UUX 12", "<Data><PSM>at the sea</PSM></Data>"), "presence"},
      {kDown, "UUX 12 0\r\n", "presence"},
      {kDown, with_payload("UBX bob@example.com", "<Data><PSM></PSM></Data>"),
       "presence peer=bob@example.com"},
      {kDown, with_payload("UBX 1:bob@example.com;{a}", "<Data/>"),
       "presence peer=bob@example.com"},
      {kUp, with_payload("ADL 13", "<ml><d n=\"example.com\"><c n=\"bob\" l=\"3\"/></d></ml>"),
       "presence"},
      {kDown, "ADL 13 OK\r\n", "presence"},
      {kDown, with_payload("NOT", "<NOTIFICATION id=\"1\"/>"), "any"},
      {kDown, with_payload("241 13", "<ml/>"), "any"},
      {kUp, "OUT\r\n", "any"},
      {kUp, with_payload("PUT 14", "Routing: 1.0\r\n\r\n"), "presence"},
  });
}

TEST(Msnp, ReadsSwitchboards) {
  check({
      {kUp, "XFR 15 SB\r\n", "any"},
      {kDown, "XFR 15 SB 207.46.108.37:1863 CKI 17262740.1050826919.32308\r\n",
       "any expect=207.46.108.37:1863/any"},
      {kDown, "RNG 11752013 207.46.108.38:1863 CKI 849102291.520491113 bob@example.com Bob\r\n",
       "any peer=bob@example.com expect=207.46.108.38:1863/any"},
      {kUp, "USR 1 alice@example.com 17262740.1050826919.32308\r\n",
       "login login=alice@example.com"},
      {kUp, "USR 1 alice@example.com;{4b1f1c} 1726.1050.323\r\n", "login login=alice@example.com"},
      {kUp, "ANS 1 alice@example.com 849102291.520491113 11752013\r\n",
       "login login=alice@example.com"},
      {kDown, "ANS 1 OK\r\n", "login"},
      {kUp, "CAL 2 bob@example.com\r\n", "any peer=bob@example.com"},
      {kDown, "CAL 2 RINGING 11752013\r\n", "any"},
      {kDown, "JOI bob@example.com Bob\r\n", "any peer=bob@example.com"},
      {kDown, "JOI bob@example.com Bob\r\nJOI carol@example.com Carol\r\n",
       "conference peer=carol@example.com"},
      {kDown, "JOI bob@example.com B\r\nBYE bob@example.com\r\nJOI carol@example.com C\r\n",
       "any peer=carol@example.com"},
      {kDown, "IRO 1 1 1 bob@example.com Bob\r\n", "any peer=bob@example.com"},
      {kDown, "IRO 1 1 2 bob@example.com Bob\r\n", "conference peer=bob@example.com"},
      {kDown, "BYE bob@example.com 1\r\n", "any peer=bob@example.com"},
      {kDown, "ACK 9\r\n", "any"},
      {kDown, "NAK 9\r\n", "any"},
      {kDown, "XYZ what is this\r\n", "any"},
      {kUp, "\r\n\r\nPNG\r\n", "presence"},
  });
}

TEST(Msnp, TellsMessagesByTheirContent) {
  const std::string text = mime("text/plain; charset=UTF-8", "MSG 9 N 5\r\ncarol@example.com",
                                "X-MMS-IM-Format: FN=Arial; EF=I; CO=0; CS=0; PF=22\r\n");
  check({
      {kUp, sent(text), "text-chat"},
      {kDown, received(text), "text-chat peer=bob@example.com"},
      {kUp, sent("mime-version: 1.0\ncontent-type:TEXT/PLAIN\n\nhello"), "text-chat"},
      {kUp, sent(mime("text/x-msmsgscontrol", "\r\n", "TypingUser: alice@example.com\r\n")),
       "presence login=alice@example.com"},
      {kDown, received(mime("text/x-msmsgscontrol", "\r\n", "TypingUser: bob@example.com\r\n")),
       "presence peer=bob@example.com"},
      {kUp, sent(mime("text/x-msnmsgr-datacast", "ID: 1\r\n\r\n")), "text-chat"},
      {kUp, sent(mime("text/x-mms-emoticon", ":)\t<msnobj/>")), "text-chat"},
      {kUp, sent(mime("text/x-clientcaps", "Client-Name: x\r\n")), "presence"},
      {kUp, sent(mime("application/x-ms-ink", "base64:AGgcA4CABB0")), "text-chat"},
      {kUp, sent("MIME-Version: 1.0\r\nMessage-ID: {7}\r\nChunk: 1\r\n\r\nmore"), "text-chat"},
      {kDown, received(mime("text/x-msmsgsemailnotification", "From: x\r\n")),
       "any peer=bob@example.com"},
      {kUp, sent("not MIME at all"), "any"},
      {kUp, sent(""), "any"},
      {kUp, with_payload("UUM 20 bob@example.org 32 1", text), "text-chat peer=bob@example.org"},
      {kDown, with_payload("UBM bob@example.org 32 1", text), "text-chat peer=bob@example.org"},
      {kUp, with_payload("UUN 20 bob@example.com 12", "<sip e=\"base64\" fid=\"1\"><msg>SU5</msg>"),
       "voice peer=bob@example.com"},
      {kDown, with_payload("UBN bob@example.com 2", "INVITE vp.sip.messenger.msn.com x"),
       "voice peer=bob@example.com"},
      {kDown, with_payload("UBN bob@example.com 5", "goawyplzthxbye"), "any peer=bob@example.com"},
      {kDown, "UUN 20 OK\r\n", "any"},
  });
}

// MSNP21: text, data and signals within one command.
std::string sdg(const std::string& to, const std::string& type, const std::string& body) {
  return with_payload("SDG 5", "Routing: 1.0\r\nTo: " + to +
                                   "\r\nFrom: 1:alice@example.com;epid={9f}\r\n\r\n"
                                   "Reliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: " +
                                   type + "\r\nContent-Length: 5\r\n\r\n" + body);
}

TEST(Msnp, TellsDatagramsByTheirType) {
  const std::string both = " login=alice@example.com peer=bob@example.com";
  check({
      {kUp, sdg("1:bob@example.com", "Text", "hello"), "text-chat" + both},
      {kDown, sdg("1:bob@example.com", "Nudge", "\r\n"),
       "text-chat login=bob@example.com peer=alice@example.com"},
      {kUp, sdg("1:bob@example.com", "Control/Typing", ""), "presence" + both},
      {kUp, sdg("1:bob@example.com", "Signal/P2P", ""), "presence" + both},
      {kUp, sdg("1:bob@example.com", "Unheard", ""), "any" + both},
      {kUp, sdg("10:group@example.com", "Text", "hello"),
       "conference login=alice@example.com peer=group@example.com"},
      {kUp,
       sdg("1:bob@example.com", "Data",
           session_request("5D3E02AB-6190-11D3-BBBB-00C04F795683", "2", file_context(u"a.txt"))),
       "file-transfer" + both + " file=a.txt"},
      {kUp, "SDG 5 OK 0\r\n", "any"},
  });
}

TEST(Msnp, ReadsNoMoreOfAPayloadThanItSays) {
  const std::string body(70000, 'x');
  const std::string stream = kGreeting + sent(mime("text/plain", body)) + "PNG\r\n";
  const Heard heard = listen(msnp::kParser, kUp, as_bytes(stream), {stream.size()}, "msn");
  EXPECT_EQ(heard.lines,
            (std::vector<std::string>{"login version=MSNP8", "text-chat", "presence"}));
  EXPECT_EQ(heard.end, stream.size());

  ParserState state;
  Facts facts;
  const std::string message = sent(mime("text/plain", body));
  ASSERT_EQ(msnp::feed(state, as_bytes(message).first(msnp::kByteLimit), facts), ParseStatus::done);
  EXPECT_LE(state.offset, msnp::kByteLimit);
  EXPECT_EQ(state.offset + state.skip, message.size());

  ParserState list;
  const std::string names = with_payload("ADL 13", body);
  ASSERT_EQ(msnp::feed(list, as_bytes(names).first(14), facts), ParseStatus::done);
  EXPECT_EQ(list.offset + list.skip, names.size());
}

TEST(Msnp, ALineHasAnEnd) {
  const std::string longest = "XYZ " + std::string(msnp::kLineLimit - 6, 'x') + "\r\n";
  ParserState state;
  Facts facts;
  EXPECT_EQ(msnp::feed(state, as_bytes(longest), facts), ParseStatus::done);
  const std::string endless(msnp::kLineLimit, 'x');
  ParserState other;
  EXPECT_EQ(msnp::feed(other, as_bytes(endless).first(endless.size() - 1), facts),
            ParseStatus::need_more);
  EXPECT_EQ(msnp::feed(other, as_bytes(endless), facts), ParseStatus::malformed);
}

TEST(Msnp, FollowsAWholeSession) {
  const std::string client =
      "VER 1 MSNP9 MSNP8 CVR0\r\n"
      "CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 6.0.0602 MSMSGS alice@example.com\r\n"
      "USR 3 TWN I alice@example.com\r\nUSR 4 TWN S t=53*1hAu8ADuD3TEwdXoOMi08sD&p=\r\n"
      "SYN 5 0\r\nCHG 6 NLN 0\r\nPNG\r\nXFR 7 SB\r\n" +
      with_payload("UUX 8", "<Data/>") + "OUT\r\n";
  const Heard up = listen_to_every_cut(msnp::kParser, kUp, as_bytes(client), "msn");
  EXPECT_EQ(up.lines,
            (std::vector<std::string>{"login version=MSNP9",
                                      "login login=alice@example.com client=MSNMSGR 6.0.0602",
                                      "login login=alice@example.com", "login", "presence",
                                      "presence", "presence", "any", "presence", "any"}));
  const std::string server =
      "IRO 1 1 1 bob@example.com Bob\r\nANS 1 OK\r\n" +
      received(mime("text/x-msmsgscontrol", "\r\n", "TypingUser: bob@example.com\r\n")) +
      received(mime("text/plain", "hello")) + "JOI carol@example.com Carol\r\n" +
      received(invitation("Application-Name: File Transfer\r\nApplication-GUID: "
                          "{5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\nInvitation-Command: INVITE\r\n"
                          "Invitation-Cookie: 33267\r\nApplication-File: readme.txt\r\n")) +
      "BYE bob@example.com\r\n";
  const Heard down = listen_to_every_cut(msnp::kParser, kDown, as_bytes(server), "msn");
  EXPECT_EQ(down.lines,
            (std::vector<std::string>{
                "any peer=bob@example.com", "login", "presence peer=bob@example.com",
                "text-chat peer=bob@example.com", "conference peer=carol@example.com",
                "file-transfer peer=bob@example.com file=readme.txt", "any peer=bob@example.com"}));
}

TEST(Msnp, IsRecognisedByItsFirstBytes) {
  const std::vector<std::string> certain = {
      "VER 1 MSNP8",
      "ver 0 msnp18 cvr0\r\n",
      "VER 2 MSNC1 MSNP1",
      "USR 93 alice@example.com 1835953129.20013021.2623242\r\n",
      "USR 3 SSO I alice@example.com\r\n",
      "USR 1 OK alice@example.com Alice\r\n",
      "ANS 1 alice@example.com 8491.5204 1175\r\n",
      "ANS 1 OK\r\n",
      "CAL 2 bob@example.com\r\n",
      "CAL 2 RINGING 1175\r\n",
      "JOI bob@example.com Bob 1616\r\n",
      "IRO 1 1 1 bob@example.com Bob\r\n",
      "XFR 5 SB\r\n",
      "XFR 5 NS 1.2.3.4:1863 0\r\n",
      "RNG 1 1.2.3.4:1863 CKI 8.5 bob@example.com Bob\r\n",
      "CHG 5 BSY 0\r\n",
      "NLN IDL bob@example.com Bob\r\n",
      "ILN 5 NLN bob@example.com Bob\r\n",
      "FLN bob@example.com\r\n",
      "UBX bob@example.com 17\r\n",
      "QNG 50\r\n",
      "CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.1.0178 msmsgs\r\n",
      "CVR 2 8.1 8.1 1.0 http://a.example/ http://b.example/\r\n",
      "MSG 6 U 97\r\nMIME-Version: 1.0\r\n",
      "MSG bob@example.com Bob 97\r\nMIME-Version: 1.0\r\n"};
  for (const std::string& bytes : certain) {
    expect_probe(msnp::kParser, bytes, Probe::certain);
    expect_chosen(AppProto::msnp, bytes);
    // Never given up on the way there.
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_NE(msnp::probe(as_bytes(bytes).first(size)), Probe::not_mine) << bytes.substr(0, size);
    }
  }
}

TEST(Msnp, IsNotTakenForGranted) {
  std::string many;
  for (int i = 0; i < 200; ++i) many += " X1";
  const std::vector<std::string> others = {
      "VER MSNFTP\r\n",
      "VER  MSNP8\r\n",
      "VER 1\r\n",
      "VER 1 2 3\r\n",
      "VER one MSNP8\r\n",
      "VER 1 MSN\r\n",
      "VER 1 MSNP\r\n",
      "VER 1 <MSNP8>\r\n",
      "VER 12345678901 MSNP8\r\n",
      "VER1 MSNP8\r\n",
      std::string("VER 1 \0MSNP8\r\n", 14),
      "VER 1 " + std::string(40, 'x') + " MSNP8\r\n",
      "USR alice@example.com 5\r\n",
      "USR 1 alice 5.5.5\r\n",
      "USR 1 alice@example.com\r\n",
      "USR 1 alice@example.com 5 6 7\r\n",
      "USR 1 OK alice\r\n",
      "USR x TWN I a@b.example\r\n",
      "ANS 1 alice@example.com\r\n",
      "ANS forty two\r\n",
      "CAL 2 bob\r\n",
      "CAL me\r\n",
      "JOI bob Bob\r\n",
      "JOI bob@example.com\r\n",
      "IRO 1 2 bob@example.com\r\n",
      "XFR 5 XX\r\n",
      "RNG 1 1.2.3.4:1863 bob@example.com\r\n",
      "CHG 5 UP\r\n",
      "CHG all\r\n",
      "NLN bob\r\n",
      "FLN bob\r\n",
      "UBX 17\r\n",
      "QNG\r\n",
      "QNG 5 6\r\n",
      "PNG\r\n\x1a\n",
      "OUT\r\n",
      "CVR 2 1033 winnt 5.1 i386 a b c d\r\n",
      "MSG 6 U 97\r\nSubject: x\r\n",
      "MSG 6 X 97\r\nMIME-Version: 1.0\r\n",
      "MSG bob Bob 97\r\nMIME-Version: 1.0\r\n",
      "MSG 6 U many\r\nMIME-Version: 1.0\r\n",
      "MSGX 6 U 97\r\nMIME-Version: 1.0\r\n",
      "VER 1" + many + " MSNP8\r\n",
      "USR 1 alice@example.com " + std::string(600, 'x') + "\r\n"};
  for (const std::string& bytes : others) expect_probe(msnp::kParser, bytes, Probe::not_mine);
  for (const char* bytes : {"", "V", "VER", "VER 1", "VER 1 MSN", "U", "USR 1 alice@",
                            "MSG 6 U 97\r\n", "MSG 6 U 97\r\nMIME-Ver"}) {
    expect_probe(msnp::kParser, bytes, Probe::unsure);
  }
  expect_none_of_others(msnp::kParser);
}

}  // namespace
}  // namespace chatgate::proto::test
