// What stanzas say: each row is one direction of a stream behind its header.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "proto/xmpp.h"

#include "messenger_checks.h"

namespace chatgate::proto::test {
namespace {

const std::string kClient =
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    "to='chat.example' version='1.0'>";
const std::string kServer =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams' from='chat.example' id='7' version='1.0'>";

struct Row {
  const char* stanza;
  const char* told;
};

void expect_xmpp(std::string_view text, const Lines& expected,
                 Direction way = Direction::to_server) {
  expect_lines(known(xmpp::kParser), text, expected, way, "xmpp");
}
void expect_framed(Direction way, std::string_view text, const Lines& expected) {
  expect_lines(known(xmpp::kParser), text, expected, way, "xmpp", xmpp::framed(way));
}

void check(const std::string& header, const char* header_told, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.stanza);
    std::vector<std::string> expected = {header_told};
    if (*row.told != '\0') expected.emplace_back(row.told);
    expect_xmpp(header + row.stanza, expected);
  }
}

void client_says(const std::vector<Row>& rows) {
  check(kClient, "login version=1.0 name=chat.example", rows);
}

void server_says(const std::vector<Row>& rows) {
  check(kServer, "login version=1.0 name=chat.example", rows);
}

TEST(XmppMessages, LogIn) {
  client_says({
      {"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
       "mechanism='PLAIN'>AGFsaWNlAHNlY3JldA==</auth>",
       "login login=alice"},
      {"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>"
       "biwsbj1hPTJDYj0zRGMscj1meWtv</auth>",
       "login login=a,b=c"},
      {"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\n"
       "AGFsaWNl\nAHNlY3JldA==\n</auth>",
       "login login=alice"},
      {"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>", "login"},
      {"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X-GOOGLE-TOKEN'>"
       "AGFsaWNlAHRva2Vu</auth>",
       "google-talk login login=alice"},
      {"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X-FACEBOOK-PLATFORM'/>",
       "facebook-chat-xmpp login"},
      {"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
       "dXNlcm5hbWU9ImFsaWNlIixyZWFsbT0iYyI=</response>",
       "login login=alice"},
      {"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>"
       "AGFsaWNlAHNlY3JldA==</initial-response><user-agent id='1'><software>Gajim</software>"
       "</user-agent></authenticate>",
       "login login=alice client=Gajim"},
      {"<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>alice</username>"
       "<digest>00</digest><resource>home</resource></query></iq>",
       "login login=alice"},
      {"<iq type='set'><query xmlns='jabber:iq:register'><username>a&amp;b</username></query></iq>",
       "login login=a&b"},
      {"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
       "<resource>home</resource></bind></iq>",
       "login"},
      {"<iq type='set'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>", "login"},
      {"<enable xmlns='urn:xmpp:sm:3' resume='true'/>", "login"},
      {"<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>",
       "login"},
  });
  server_says({
      {"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
       "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
       "</mechanisms></stream:features>",
       "login"},
      {"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", "login"},
      {"<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>alice@chat.example/x"
       "</authorization-identifier></success>",
       "login login=alice@chat.example"},
      {"<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
       "<jid>alice@chat.example/home</jid></bind></iq>",
       "login login=alice@chat.example"},
      {"<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>"
       "[2001:db8::1]:5269</see-other-host></stream:error>",
       "login expect=2001:db8::1:5269/login"},
      {"<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>192.0.2.1"
       "</see-other-host></stream:error>",
       "login expect=192.0.2.1:5222/login"},
      {"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "login then protocol"},
      {"<proceed xmlns='urn:xmpp:jingle-message:0'/>", "voice"},
  });
}

TEST(XmppMessages, HeadersTellWhoIsWho) {
  expect_xmpp(
      "<stream:stream xmlns='jabber:client' "
      "xmlns:stream='http://etherx.jabber.org/streams' from='alice@chat.example/x' "
      "to='chat.example' version='1.0'><success/>" +
          kClient + "<r/>",
      {"login login=alice@chat.example version=1.0 name=chat.example", "any",
       "login version=1.0 name=chat.example", "any"});
  const std::string answer =
      "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
      "xmlns:db='jabber:server:dialback' id='1' from='b.example' to='a.example'>";
  expect_xmpp(answer + "<db:result from='b.example' to='a.example' type='valid'/>",
              {"login login=a.example name=b.example", "login login=a.example peer=b.example"},
              Direction::to_client);
}

TEST(XmppMessages, BetweenServers) {
  check(
      "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
      "xmlns:db='jabber:server:dialback' from='a.example' to='b.example'>",
      "login login=a.example name=b.example",
      {
          {"<db:result from='a.example' to='b.example'>98AF014</db:result>",
           "login login=a.example peer=b.example"},
          {"<db:verify from='a.example' to='b.example' id='1'>98AF014</db:verify>",
           "login login=a.example peer=b.example"},
          {"<message from='x@a.example/1' to='y@b.example'><body>hello</body></message>",
           "text-chat login=x@a.example peer=y@b.example"},
      });
}

TEST(XmppMessages, Presence) {
  client_says({
      {"<presence/>", "presence"},
      {"<presence><show>away</show><c xmlns='http://jabber.org/protocol/caps' "
       "node='https://gajim.org' ver='x'/></presence>",
       "presence client=https://gajim.org"},
      {"<presence to='bob@chat.example' type='subscribe'/>", "presence peer=bob@chat.example"},
      {"<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>", "presence"},
      {"<iq type='get' to='chat.example'><ping xmlns='urn:xmpp:ping'/></iq>",
       "presence peer=chat.example"},
      {"<message to='bob@chat.example/x' type='chat'><composing "
       "xmlns='http://jabber.org/protocol/chatstates'/></message>",
       "presence peer=bob@chat.example"},
      {"<message to='bob@chat.example'><received xmlns='urn:xmpp:receipts' id='1'/></message>",
       "presence peer=bob@chat.example"},
      {"<iq type='set'><vCard xmlns='vcard-temp'><FN>A</FN></vCard></iq>", "presence"},
      {"<iq type='set'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'>"
       "<item/></publish></pubsub></iq>",
       "presence"},
      {"<iq type='result' to='bob@chat.example/x'><query xmlns='jabber:iq:version'><name>Psi</name>"
       "<version>1.5</version><os>Linux</os></query></iq>",
       "presence peer=bob@chat.example client=Psi 1.5"},
  });
  server_says({
      {"<presence from='bob@chat.example/x' to='alice@chat.example/y'>"
       "<c xmlns='http://jabber.org/protocol/caps' node='https://gajim.org' ver='x'/></presence>",
       "presence login=alice@chat.example peer=bob@chat.example"},
      {"<iq type='result' id='1' to='alice@chat.example'><query xmlns='jabber:iq:roster'>"
       "<item jid='bob@chat.example'><group>Friends</group></item></query></iq>",
       "presence login=alice@chat.example"},
      {"<message from='bob@chat.example'><event "
       "xmlns='http://jabber.org/protocol/pubsub#event'><items node='x'/></event></message>",
       "presence peer=bob@chat.example"},
  });
}

TEST(XmppMessages, TextChat) {
  client_says({
      {"<message to='bob@chat.example' type='chat'><body>hello</body></message>",
       "text-chat peer=bob@chat.example"},
      {"<message to=\"bob@chat.example\"><active xmlns='http://jabber.org/protocol/chatstates'/>"
       "<body><![CDATA[<presence/>]]></body></message>",
       "text-chat peer=bob@chat.example"},
      {"<message to='bob@chat.example' type='headline'><body>news</body></message>",
       "text-chat peer=bob@chat.example"},
      {"<message to='bob@chat.example'><encrypted xmlns='eu.siacs.conversations.axolotl'>"
       "<header sid='1'/></encrypted></message>",
       "text-chat peer=bob@chat.example"},
      {"<message to='bob@chat.example'><body>&lt;jingle xmlns='urn:xmpp:jingle:1'/&gt;</body>"
       "</message>",
       "text-chat peer=bob@chat.example"},
      {"<message to='room@muc.example/bob' type='chat'><body>hello</body>"
       "<x xmlns='http://jabber.org/protocol/muc#user'/></message>",
       "text-chat peer=room@muc.example"},
      {"<c:message xmlns:c='jabber:client' to='bob@chat.example'><c:body>x</c:body></c:message>",
       "text-chat peer=bob@chat.example"},
      {"<!-- <message/> --><message to='b@c.example'><!-- <iq> --><body>x</body></message>",
       "text-chat peer=b@c.example"},
  });
  server_says({
      {"<message from='bob@chat.example/x' to='alice@chat.example' type='chat'><body>hello</body>"
       "</message>",
       "text-chat login=alice@chat.example peer=bob@chat.example"},
      {"<message from='alice@chat.example' to='alice@chat.example/y'><sent "
       "xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message "
       "xmlns='jabber:client'><body>x</body></message></forwarded></sent></message>",
       "text-chat login=alice@chat.example peer=alice@chat.example"},
      {"<message type='error' from='bob@chat.example'><body>hello</body><error type='cancel'/>"
       "</message>",
       "any peer=bob@chat.example"},
  });
}

TEST(XmppMessages, Conference) {
  client_says({
      {"<presence to='room@muc.example/alice'><x "
       "xmlns='http://jabber.org/protocol/muc'/></presence>",
       "conference peer=room@muc.example"},
      {"<message to='room@muc.example' type='groupchat'><body>hello</body></message>",
       "conference peer=room@muc.example"},
      {"<message to='bob@chat.example'><x xmlns='jabber:x:conference' jid='room@muc.example'/>"
       "</message>",
       "conference peer=bob@chat.example"},
      {"<iq type='set' to='room@muc.example'><query xmlns='http://jabber.org/protocol/muc#owner'/>"
       "</iq>",
       "conference peer=room@muc.example"},
  });
  server_says({
      {"<presence from='room@muc.example/bob'><x xmlns='http://jabber.org/protocol/muc#user'>"
       "<item role='participant'/></x></presence>",
       "conference peer=room@muc.example"},
  });
}

TEST(XmppMessages, FileTransfer) {
  client_says({
      {"<iq type='set' to='bob@chat.example/x'><si xmlns='http://jabber.org/protocol/si' id='a' "
       "profile='http://jabber.org/protocol/si/profile/file-transfer'><file "
       "xmlns='http://jabber.org/protocol/si/profile/file-transfer' name='caf&#xe9;.txt' "
       "size='1'/></si></iq>",
       "file-transfer peer=bob@chat.example file=caf\xc3\xa9.txt"},
      {"<iq type='set' to='bob@chat.example'><query xmlns='http://jabber.org/protocol/bytestreams' "
       "sid='a'><streamhost jid='a@b.example/x' host='192.0.2.4' port='5086'/>"
       "<streamhost jid='p.example' host='proxy.example' port='7777'/>"
       "<streamhost jid='q.example' host='2001:db8::4' port='7777'/></query></iq>",
       "file-transfer peer=bob@chat.example expect=192.0.2.4:5086/file-transfer "
       "expect=2001:db8::4:7777/file-transfer"},
      {"<iq type='set' to='b@c.example'><open xmlns='http://jabber.org/protocol/ibb' "
       "sid='i'/></iq>",
       "file-transfer peer=b@c.example"},
      {"<iq type='set'><data xmlns='http://jabber.org/protocol/ibb' "
       "seq='0'>qANQR1DBwU4=</data></iq>",
       "file-transfer"},
      {"<message to='b@c.example'><body>https://u.example/f/a.png</body><x xmlns='jabber:x:oob'>"
       "<url>https://u.example/f/a.png?k=1#x</url></x></message>",
       "file-transfer peer=b@c.example file=a.png"},
      {"<iq type='set'><query xmlns='jabber:iq:oob'><url>http://u.example</url></query></iq>",
       "file-transfer"},
      {"<iq type='get' to='u.example'><request xmlns='urn:xmpp:http:upload:0' "
       "filename='a b.jpg' size='9'/></iq>",
       "file-transfer peer=u.example file=a b.jpg"},
      {"<iq type='get' to='u.example'><request xmlns='urn:xmpp:http:upload'><filename>a.jpg"
       "</filename></request></iq>",
       "file-transfer peer=u.example file=a.jpg"},
      {"<iq type='set' to='b@c.example/x'><jingle xmlns='urn:xmpp:jingle:1' "
       "action='session-initiate' sid='s'><content creator='initiator' name='f'><description "
       "xmlns='urn:xmpp:jingle:apps:file-transfer:5'><file><name>a.iso</name></file></description>"
       "<transport xmlns='urn:xmpp:jingle:transports:s5b:1' sid='v'><candidate cid='1' "
       "host='192.0.2.4' port='5086' type='direct'/></transport></content></jingle></iq>",
       "file-transfer peer=b@c.example file=a.iso expect=192.0.2.4:5086/file-transfer"},
      {"<message to='b@c.example'><file-sharing xmlns='urn:xmpp:sfs:0'><file "
       "xmlns='urn:xmpp:file:metadata:0'><name>a.gif</name></file></file-sharing></message>",
       "file-transfer peer=b@c.example file=a.gif"},
      {"<iq type='set' to='b@c.example'><session xmlns='http://www.google.com/session' "
       "type='initiate'><description xmlns='http://www.google.com/session/share'><manifest>"
       "<file size='1'><name>a.doc</name></file></manifest></description></session></iq>",
       "file-transfer peer=b@c.example file=a.doc"},
      {"<iq type='set'><si xmlns='http://jabber.org/protocol/si' profile='urn:other'/></iq>",
       "any"},
      {"<iq type='result'><query xmlns='http://jabber.org/protocol/disco#info'><feature "
       "var='http://jabber.org/protocol/bytestreams'/></query></iq>",
       "any"},
  });
  server_says({
      {"<iq type='result' from='u.example'><slot xmlns='urn:xmpp:http:upload:0'><put "
       "url='https://u.example/a'/></slot></iq>",
       "file-transfer peer=u.example"},
      {"<iq type='error' from='b@c.example'><open xmlns='http://jabber.org/protocol/ibb'/></iq>",
       "any peer=b@c.example"},
  });
}

TEST(XmppMessages, Calls) {
  client_says({
      {"<iq type='set' to='b@c.example/x'><jingle xmlns='urn:xmpp:jingle:1' "
       "action='session-initiate'><content name='voice'><description "
       "xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'><payload-type id='96'/></description>"
       "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' pwd='x'>"
       "<candidate component='1' ip='192.0.2.3' port='8998' protocol='udp' type='host'/>"
       "<candidate component='2' ip='192.0.2.3' port='8999' protocol='udp' type='host'/>"
       "<candidate component='1' ip='2001:db8::3' port='9' protocol='tcp' type='host'/>"
       "<candidate component='1' ip='a.local' port='9' protocol='udp' type='host'/>"
       "</transport></content></jingle></iq>",
       "voice peer=b@c.example expect=192.0.2.3:8998/udp/voice expect=2001:db8::3:9/voice"},
      {"<iq type='set'><jingle xmlns='urn:xmpp:jingle:1'><content name='a'><description "
       "xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></content><content name='b'><description "
       "xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'/></content></jingle></iq>",
       "video"},
      {"<iq type='set'><jingle xmlns='urn:xmpp:jingle:1' action='transport-info'><content "
       "name='video'><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'><candidate "
       "component='1' ip='192.0.2.3' port='8998' "
       "protocol='udp'/></transport></content></jingle></iq>",
       "video expect=192.0.2.3:8998/udp/video"},
      {"<iq type='set'><jingle xmlns='urn:xmpp:jingle:1' action='transport-info'><content "
       "name='0'><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'/></content></jingle></iq>",
       "voice"},
      {"<iq type='set'><jingle xmlns='urn:xmpp:jingle:1' action='session-terminate'/></iq>", "any"},
      {"<message to='b@c.example'><propose xmlns='urn:xmpp:jingle-message:0' id='x'><description "
       "xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'/></propose></message>",
       "video peer=b@c.example"},
      {"<message to='b@c.example'><invite xmlns='urn:xmpp:call-invites:0' video='true'/></message>",
       "video peer=b@c.example"},
      {"<iq type='set'><session xmlns='http://www.google.com/session' type='initiate'><description "
       "xmlns='http://www.google.com/session/phone'/></session></iq>",
       "voice"},
      {"<iq type='set'><session xmlns='http://www.google.com/session' type='candidates'>"
       "<candidate name='video_rtp' address='192.0.2.3' port='1000' "
       "protocol='udp'/></session></iq>",
       "video expect=192.0.2.3:1000/udp/video"},
      {"<p:iq type='set' xmlns:p='jabber:client'><j:jingle xmlns:j='urn:xmpp:jingle:1'><j:content>"
       "<d:description xmlns:d='urn:xmpp:jingle:apps:rtp:1' media='audio'/></j:content></j:jingle>"
       "</p:iq>",
       "voice"},
  });
}

TEST(XmppMessages, PrefixesDeclaredAround) {
  client_says({
      {"<iq type='set' xmlns:j='urn:xmpp:jingle:1' xmlns:f='urn:xmpp:jingle:apps:file-transfer:5'>"
       "<j:jingle><j:content><f:description><f:file><f:name>a.iso</f:name></f:file></f:description>"
       "</j:content></j:jingle></iq>",
       "file-transfer file=a.iso"},
      {"<iq type='set' xmlns:a='urn:x' xmlns:a='urn:y'><b:si xmlns:b='urn:z'/></iq>", "any"},
  });
}

TEST(XmppMessages, GamesAndScreens) {
  client_says({
      {"<iq type='set' to='b@c.example'><create xmlns='games:board' type='chess'/></iq>",
       "games peer=b@c.example"},
      {"<presence to='r@mug.example'><game xmlns='http://jabber.org/protocol/mug'/></presence>",
       "games peer=r@mug.example"},
      {"<iq type='set'><inputevt xmlns='http://jitsi.org/protocol/inputevt'/></iq>",
       "screen-share"},
      {"<presence to='r@muc.example/x'><x xmlns='http://jabber.org/protocol/muc'/><videoType "
       "xmlns='http://jitsi.org/jitmeet/video'>desktop</videoType></presence>",
       "screen-share peer=r@muc.example"},
      {"<presence to='r@muc.example/x'><x xmlns='http://jabber.org/protocol/muc'/><videoType "
       "xmlns='http://jitsi.org/jitmeet/video'>camera</videoType></presence>",
       "conference peer=r@muc.example"},
      {"<iq type='set'><si xmlns='http://jabber.org/protocol/si' "
       "profile='http://telepathy.freedesktop.org/xmpp/tubes'><tube "
       "xmlns='http://telepathy.freedesktop.org/xmpp/tubes' type='stream' "
       "service='rfb'/></si></iq>",
       "screen-share"},
      {"<iq type='set'><si xmlns='http://jabber.org/protocol/si' "
       "profile='http://telepathy.freedesktop.org/xmpp/tubes'><tube "
       "xmlns='http://telepathy.freedesktop.org/xmpp/tubes' type='stream' service='x'/></si></iq>",
       "any"},
  });
}

TEST(XmppMessages, WhatTellsNothing) {
  client_says({
      {" \n ", ""},
      {"<!-- nothing -->", ""},
      {"<?target nothing?>", ""},
      {"<r xmlns='urn:xmpp:sm:3'/>", "any"},
      {"<iq type='result' id='1'/>", "any"},
      {"<xyzzy/>", "any"},
      {"<iq type='set'><query xmlns='urn:unknown'><body>x</body></query></iq>", "any"},
      {"</stream:stream>", "any then opaque"},
      {"\x16\x03\x01", "any then opaque"},
  });
}

TEST(XmppMessages, FramedInHttpAndWebSocket) {
  expect_framed(
      Direction::to_server,
      "<body xmlns='http://jabber.org/protocol/httpbind' to='chat.example' rid='1' ver='1.6'/>",
      {"login name=chat.example"});
  expect_framed(Direction::to_server,
                "<body xmlns='http://jabber.org/protocol/httpbind' rid='2' sid='s'><message "
                "xmlns='jabber:client' to='b@c.example'><body>x</body></message>"
                "<presence xmlns='jabber:client'/></body>",
                {"any", "text-chat peer=b@c.example", "presence", "any then opaque"});
  expect_framed(Direction::to_client,
                "<body xmlns='http://jabber.org/protocol/httpbind'><message "
                "from='b@c.example'><body>x</body></message></body>",
                {"any", "text-chat peer=b@c.example", "any then opaque"});
  expect_framed(Direction::to_server,
                "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='chat.example' "
                "version='1.0'/><message to='b@c.example'><body>x</body></message>"
                "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
                {"login version=1.0 name=chat.example", "text-chat peer=b@c.example", "any"});
}

}  // namespace
}  // namespace chatgate::proto::test
