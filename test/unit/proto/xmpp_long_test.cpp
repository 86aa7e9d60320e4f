// Stanzas longer than what is held of them, and what reading costs.
#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "proto/xmpp.h"

#include "allocation_count.h"
#include "messenger_checks.h"

namespace chatgate::proto::test {
namespace {

const std::string kHeader =
    "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' to='chat.example'>";
const std::string kHeaderTold = "login name=chat.example";
const std::string kAfter = "<message to='z@c.example'><body>x</body></message>";
const std::string kAfterTold = "text-chat peer=z@c.example";

void check(const char* what, const std::string& stanza, std::vector<std::string> told) {
  SCOPED_TRACE(what);
  told.insert(told.begin(), kHeaderTold);
  told.push_back(kAfterTold);
  expect_lines(known(xmpp::kParser), kHeader + stanza + kAfter, told, Direction::to_server, "xmpp");
}

TEST(XmppLong, PassesOverWhatNobodyNeeds) {
  const std::string text(20000, 'x');
  check("a body", "<message to='b@c.example'><body>" + text + "</body></message>",
        {"text-chat peer=b@c.example"});
  check("In-Band Bytestreams",
        "<iq type='set'><data xmlns='http://jabber.org/protocol/ibb'>" + text + "</data></iq>",
        {"file-transfer"});
  check("a comment", "<iq><!--" + text + "--></iq>", {"any"});
  check("a comment of its own", "<!--" + text + "-->", {});
  check("hyphens", "<iq><!-- " + std::string(20000, '-') + "></iq>", {"any"});
  check("CDATA", "<message><body><![CDATA[" + text + "</body></message>]]></body></message>",
        {"text-chat"});
  check("an instruction", "<iq><?a " + text + "?></iq>", {"any"});
  check("an attribute", "<message a='" + text + ">' to='b@c.example'><body>y</body></message>",
        {"any", "text-chat"});
  check("an attribute of an empty element", "<iq a='" + text + "/'/>", {"any"});
  check("a name", "<" + text + "></" + text + ">", {"any"});
  std::string items;
  for (int i = 0; i < 400; ++i) items += "<item jid='a@b.example'><group>Friends</group></item>";
  check("a contact list",
        "<iq type='result'><query xmlns='jabber:iq:roster'>" + items + "</query></iq>",
        {"presence"});
}

TEST(XmppLong, ReadsOnBehindIt) {
  const std::string text(9000, 'x');
  check("what else a message has",
        "<message to='b@c.example'><body>" + text +
            "</body><x xmlns='jabber:x:oob'><url>http://u.example/a.png</url></x></message>",
        {"text-chat peer=b@c.example", "file-transfer", "file-transfer file=a.png"});
  check("a body behind it",
        "<message to='b@c.example'><subject>" + text + "</subject><body>y</body></message>",
        {"any peer=b@c.example", "text-chat"});
  check("an offer's parts",
        "<iq type='set'><jingle xmlns='urn:xmpp:jingle:1'><content name='a'><x>" + text +
            "</x><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/><transport "
            "xmlns='urn:xmpp:jingle:transports:ice-udp:1'><candidate ip='192.0.2.3' port='8998' "
            "protocol='udp'/></transport></content></jingle></iq>",
        {"any", "voice", "voice expect=192.0.2.3:8998/udp/voice"});
  check("STARTTLS is none inside", "<message><a>" + text + "</a><starttls/></message>", {"any"});
}

TEST(XmppLong, BreaksOffWhereNoServerGoesOn) {
  std::string deep;
  for (std::uint32_t i = 0; i <= xmpp::kMaxNesting; ++i) deep += "<a>";
  const std::string stream = kHeader + deep;
  EXPECT_EQ(
      listen(known(xmpp::kParser), Direction::to_server, as_bytes(stream), {stream.size()}, "xmpp")
          .lines,
      (Lines{kHeaderTold, "any", "malformed"}));
}

TEST(XmppLong, AsksForNoMoreThanItsByteLimit) {
  for (const std::string& stanza :
       {"<iq a='" + std::string(9000, 'x'), "<iq>" + std::string(9000, 'x'),
        "<iq><!--" + std::string(9000, 'x'), "<iq>" + std::string(8187, 'x') + "<!",
        "<iq>" + std::string(8184, 'x') + "<![CD"}) {
    ParserState state;
    Facts facts;
    ASSERT_EQ(xmpp::feed(state, as_bytes(kHeader), facts), ParseStatus::done);
    state.offset = 0;
    const std::string view = stanza.substr(0, xmpp::kByteLimit);
    EXPECT_NE(xmpp::feed(state, as_bytes(view), facts), ParseStatus::need_more);
    EXPECT_GT(state.offset, 0u);
  }
}

// A stream byte by byte, of the kinds that would cost most if anything were read twice.
TEST(XmppLong, CostsWhatItsBytesCost) {
  std::string stream = kHeader;
  for (int i = 0; i < 40; ++i) {
    stream += "<iq><!-- " + std::string(7000, '-') + ">" + std::string(2000, '&') + "></iq>";
    stream +=
        "<message a='" + std::string(7000, '"') + "'>" + std::string(6000, '&') + "</message>";
  }
  const std::vector<std::uint8_t> bytes(stream.begin(), stream.end());
  const auto begin = std::chrono::steady_clock::now();
  ParserState state;
  Facts facts;
  std::size_t at = 0;
  std::size_t messages = 0;
  const std::size_t allocations = allocation_count();
  for (std::size_t length = 1; length <= bytes.size(); ++length) {
    while (at < length) {
      facts.clear();
      const ParseStatus status = xmpp::feed(state, Bytes(bytes).subspan(at, length - at), facts);
      if (status == ParseStatus::need_more) break;
      ASSERT_TRUE(status == ParseStatus::done || status == ParseStatus::piece);
      messages += status == ParseStatus::done ? 1 : 0;
      at += state.offset;
      state.offset = 0;
    }
  }
  EXPECT_EQ(allocation_count(), allocations);
  EXPECT_EQ(messages, 81u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace chatgate::proto::test
