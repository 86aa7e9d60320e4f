#include "proto/xmpp.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "checks.h"

namespace chatgate::proto::test {
namespace {

constexpr AppProto kXmpp = AppProto::xmpp;
const std::string kXml = "<?xml version='1.0'?>";
const std::string kNamespaces =
    " xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";
const std::string kStartTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

std::string header(const std::string& attributes) {
  return "<stream:stream" + kNamespaces + attributes + ">";
}

const std::string kHeader = kXml + header(" to='chat.example' version='1.0'");

struct Case {
  const char* what;
  std::string stream;
  Outcome expected;
};

void check(const std::vector<Case>& cases) {
  for (const Case& row : cases) {
    SCOPED_TRACE(row.what);
    expect_outcome(xmpp::kParser, as_bytes(row.stream), row.expected);
  }
}

Outcome ends(std::vector<std::string> names, Next next, std::size_t end) {
  Outcome outcome = found(kXmpp, std::move(names));
  outcome.next = next;
  outcome.end = end;
  return outcome;
}

Case named(const char* what, const std::string& stream, std::vector<std::string> names) {
  return {what, stream, ends(std::move(names), Next::message, stream.size())};
}

TEST(Xmpp, ReadsWhomTheStreamIsFor) {
  check({
      named("with a declaration", kHeader, {"chat.example"}),
      named("without", header(" to='chat.example'"), {"chat.example"}),
      named("the other quotes", header(" to=\"Chat.Example.\""), {"chat.example"}),
      named("spaces everywhere", kXml + "\n\n" + header("\r\n\tto = 'chat.example' "),
            {"chat.example"}),
      named("the end of markup in a value", header(" id='a>b/' to='chat.example'"),
            {"chat.example"}),
      named("a quote in the other", header(" id=\"it's\" to='chat.example'"), {"chat.example"}),
      named("references", header(" to='ch&#97;t&#x2e;example'"), {"chat.example"}),
      named("named references", header(" to='a&amp;b&lt;&gt;&quot;&apos;'"), {"a&b<>\"'"}),
      named("what is no reference", header(" to='a&b.example&nbsp;&#xzz;'"),
            {"a&b.example&nbsp;&#xzz;"}),
      named("a character beyond ASCII", header(" to='b&#xfc;cher.example'"),
            {"xn--bcher-kva.example"}),
      named("another one", header(" to='&#x20ac;&#x1f4ac;.example'"), {"xn--lzg0445p.example"}),
      named("a byte order mark", "\xef\xbb\xbf" + kHeader, {"chat.example"}),
      named("between servers",
            "<stream:stream xmlns='jabber:server' "
            "xmlns:stream='http://etherx.jabber.org/streams' from='a.example' to='b.example'>",
            {"b.example"}),
      named("another prefix",
            "<s:stream xmlns:s='http://etherx.jabber.org/streams' to='chat.example'>",
            {"chat.example"}),
      named("no prefix", "<stream xmlns='http://etherx.jabber.org/streams' to='chat.example'>",
            {"chat.example"}),
      named("nobody", header(""), {}),
      named("another attribute that ends so", header(" x:to='a.example' into='b.example'"), {}),
      named("a name too long", header(" to='" + std::string(700, 'n') + "'"),
            {std::string(255, 'n')}),
      named("as long as a declaration can be",
            "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>" + header(" to='a.example'"),
            {"a.example"}),
  });
}

TEST(Xmpp, FindsWhereTlsBegins) {
  const auto tls = [](const char* what, const std::string& text) {
    return Case{what, text + std::string("\x16\x03\x01\x02\x00\x01", 6),
                ends({"chat.example"}, Next::protocol, text.size())};
  };
  const auto plain = [](const char* what, const std::string& before, const std::string& behind) {
    return Case{what, before + behind, ends({"chat.example"}, Next::opaque, before.size())};
  };
  check({
      tls("at once", kHeader + kStartTls),
      tls("behind white space", kHeader + " \n\t" + kStartTls),
      tls("behind much white space", kHeader + std::string(20000, ' ') + kStartTls),
      tls("with an end tag",
          kHeader + "<starttls xmlns=\"urn:ietf:params:xml:ns:xmpp-tls\"></starttls>"),
      tls("with an element inside",
          kHeader + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>x<required/></starttls>"),
      tls("another prefix", kHeader + "<t:starttls xmlns:t='urn:ietf:params:xml:ns:xmpp-tls'/>"),
      plain("the stream's end", kHeader, "</stream:stream>"),
      plain("the stream's end behind a stanza", kHeader + "<iq type='get' id='1'/>",
            "</stream:stream>"),
      plain("zlib, whose first byte may be text", kHeader + "\x78", "\x9c"),
      tls("behind a query", kHeader + "<iq type='get' id='1'/>" + kStartTls),
      tls("behind text, which servers skip", kHeader + "hello " + kStartTls),
      tls("behind a comment", kHeader + "<!-- <a> -->" + kStartTls),
      tls("with more attributes than are held",
          kHeader + "<starttls a='" + std::string(9000, 'x') + "'/>"),
      tls("granted", kHeader + "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
      plain("TLS without a word", kHeader, std::string("\x16\x03\x01\x02\x00\x01", 6)),
      plain("an end tag of what was not begun", kHeader, "</starttls>"),
  });
}

TEST(Xmpp, GivesUpAtItsByteLimit) {
  const std::string too_long = header(" id='" + std::string(9000, 'x') + "' to='chat.example'");
  EXPECT_EQ(run_in_steps(xmpp::kParser, as_bytes(too_long), 100), broken(kXmpp));
}

TEST(Xmpp, RefusesWhatIsNoXml) {
  check({
      {"an attribute without a value", header(" to"), broken(kXmpp)},
      {"a value without quotes", header(" to=chat.example"), broken(kXmpp)},
      {"a value before the break", header(" to='chat.example' ="), broken(kXmpp, {"chat.example"})},
      {"a document type", kHeader + "<!DOCTYPE a []>", broken(kXmpp, {"chat.example"})},
      {"a root that ends at once", "<stream:stream>", ends({}, Next::message, 15)},
  });
}

TEST(Xmpp, IsNotTakenForGranted) {
  check({
      {"another root", "<policy-file-request/>", not_mine()},
      {"another document", kXml + "<rss version='2.0'>", not_mine()},
      {"SOAP", kXml + "<soap:Envelope xmlns:soap='http://x.example/'>", not_mine()},
      {"a stream of something else", "<stream kind='video'>", not_mine()},
      {"a longer name", "<stream:streams xmlns='jabber:client'>", not_mine()},
      {"a longer name without a prefix", "<streaming>", not_mine()},
      {"HTML", "<!DOCTYPE html><html>", not_mine()},
      {"HTTP", "GET / HTTP/1.1\r\n", not_mine()},
      {"text", "hello <stream:stream>", not_mine()},
      {"XMPP over WebSocket", "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", not_mine()},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01", 6), not_mine()},
      {"UTF-16", std::string("\xff\xfe<\0s\0", 6), not_mine()},
      {"a name too long", "<" + std::string(100, 's'), not_mine()},
      {"a declaration without end", kXml.substr(0, 14) + std::string(9000, ' '), not_mine()},
      {"a declaration and no more", kXml, {.probe = Probe::unsure}},
      {"the start of one", "<stream:str", {.probe = Probe::unsure}},
      {"white space", "\n\n", {.probe = Probe::unsure}},
      {"half a byte order mark", "\xef\xbb", {.probe = Probe::unsure}},
  });
}

TEST(Xmpp, OnlyAssumesItself) {
  const std::string header =
      "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
      "to='gmail.com' version='1.0'>";
  const auto assumes = [&](const std::string& mechanism) {
    Facts facts;
    ParserState state;
    const std::string auth =
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='" + mechanism + "'/>";
    EXPECT_EQ(xmpp::feed(state, as_bytes(header), facts), ParseStatus::done);
    EXPECT_TRUE(facts.messenger.assumed);
    state.offset = 0;
    facts.clear();
    EXPECT_EQ(xmpp::feed(state, as_bytes(auth), facts), ParseStatus::done);
    return facts.messenger.assumed;
  };
  EXPECT_TRUE(assumes("PLAIN"));
  EXPECT_FALSE(assumes("X-GOOGLE-TOKEN"));
}

}  // namespace
}  // namespace chatgate::proto::test
