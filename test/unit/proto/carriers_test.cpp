// What bodies of HTTP and WebSockets carry, whole and cut at every byte.
#include "proto/carriers.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "carrier_checks.h"
#include "deflated.h"
#include "malloc_count.h"
#include "msnp_message.h"
#include "oscar_message.h"
#include "ymsg_message.h"

namespace chatgate::proto::test {
namespace {

using namespace std::string_literals;

std::string post(const std::string& body, const std::string& fields = "") {
  return "POST /x HTTP/1.1\r\nHost: proxy.example\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string answer(const std::string& body, const std::string& fields = "") {
  return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}
std::string in_chunks(const std::string& body, std::size_t size) {
  std::string chunks;
  for (std::size_t at = 0; at < body.size(); at += size) {
    const std::string chunk = body.substr(at, size);
    char head[16];
    std::snprintf(head, sizeof head, "%zx\r\n", chunk.size());
    chunks += head + chunk + "\r\n";
  }
  return chunks + "0\r\n\r\n";
}
std::string post_chunked(const std::string& body, std::size_t size,
                         const std::string& fields = "") {
  return "POST /x HTTP/1.1\r\nHost: proxy.example\r\n" + fields +
         "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(body, size);
}
std::string answer_chunked(const std::string& body, std::size_t size,
                           const std::string& fields = "") {
  return "HTTP/1.1 200 OK\r\n" + fields + "Transfer-Encoding: chunked\r\n\r\n" +
         in_chunks(body, size);
}

std::string noise(std::size_t size) {
  std::string text;
  std::uint32_t next = 12345;
  while (text.size() < size) {
    next = next * 1664525 + 1013904223;
    text += static_cast<char>('a' + (next >> 24) % 26);
  }
  return text;
}

// --- Messages of each protocol

const std::string kMsnText = sent(mime("text/plain; charset=UTF-8", "hello")) + "OUT\r\n";
const std::string kMsnLogin = "VER 1 MSNP8 CVR0\r\nUSR 2 TWN I alice@example.com\r\n";
const std::string kYahooText = ymsg_packet(6, {{1, "alice"}, {5, "bob"}, {14, "hello"}});
const std::string kYahooFile =
    ymsg_packet(0xdc, {{1, "alice"}, {5, "bob"}, {222, "1"}, {27, "plan.doc"}});
const Lines kYahooSaid = {"ymsg yahoo text-chat login=alice peer=bob version=16",
                          "ymsg yahoo file-transfer login=alice peer=bob file=plan.doc version=16"};

std::string bosh(const std::string& within, const std::string& fields = " rid='2' sid='x'") {
  return "<body" + fields + " xmlns='http://jabber.org/protocol/httpbind'>" + within + "</body>";
}
const std::string kStanza =
    "<message xmlns='jabber:client' to='bob@chat.example' type='chat'><body>hello</body></message>";
const std::string kStanzaSaid = "xmpp xmpp text-chat peer=bob@chat.example";
const std::string kBodySaid = "xmpp xmpp any";
const std::string kEnd = "xmpp xmpp any";

std::string proxied(int type, const std::string& data) {
  return be16(12 + data.size()) + "\x04\x43" + be16(static_cast<std::size_t>(type)) +
         std::string(4, '\0') + be32(1) + data;
}
std::string oscar_text(const std::string& name, const std::string& text) {
  return snac(4, 6,
              std::string(8, '\1') + be16(1) + sized8(name) +
                  tlv(2, tlv(0x0501, "\1") + tlv(0x0101, be32(0) + text)));
}

struct Row {
  const char* what;
  std::string body;
  Lines expected;
};

std::vector<Row> carried_bodies() {
  return {
      {"MSNP of a client",
       kMsnLogin,
       {"msnp msn login version=MSNP8", "msnp msn login login=alice@example.com"}},
      {"MSNP in the middle of a session", kMsnText, {"msnp msn text-chat", "msnp msn any"}},
      {"YMSG", kYahooText + kYahooFile, kYahooSaid},
      {"BOSH",
       bosh("", " to='chat.example' rid='1' content='text/xml'"),
       {"xmpp xmpp login name=chat.example", kEnd}},
      {"BOSH with a declaration",
       "<?xml version='1.0'?>\n" + bosh(kStanza),
       {kBodySaid, kStanzaSaid, kEnd}},
      {"BOSH with a prefix",
       "<b:body xmlns:b='http://jabber.org/protocol/httpbind' sid='1'>" + kStanza + "</b:body>",
       {kBodySaid, kStanzaSaid, kEnd}},
      {"AOL's proxy, a log-in",
       proxied(3, sized16("login.oscar.aol.com") + be16(5190)),
       {"oscar aim login"}},
      {"AOL's proxy, its answer", proxied(2, std::string(18, '\1')), {"oscar aim login"}},
      {"AOL's proxy, the end", proxied(6, ""), {"oscar aim presence"}},
      {"AOL's proxy, a log-in and a text",
       proxied(5, flap(1, be32(1) + tlv(1, "12345678"))) + proxied(5, oscar_text("bob", "hello")),
       {"oscar icq login login=12345678", "oscar icq text-chat peer=bob"}},
      {"AOL's proxy, two frames in a packet",
       proxied(5, oscar_text("bob", "hello") + oscar_text("carol", "hello")),
       {"oscar aim text-chat peer=bob", "oscar aim text-chat peer=carol"}},
      {"AOL's proxy, a frame in two packets",
       proxied(5, oscar_text("bob", noise(700)).substr(0, 512)) +
           proxied(5, oscar_text("bob", noise(700)).substr(512)) +
           proxied(5, oscar_text("carol", "hello")),
       {"oscar aim text-chat peer=bob", "oscar aim text-chat peer=carol"}},
      {"AOL's proxy, the rest of a frame of another body",
       proxied(5, oscar_text("bob", noise(700)).substr(512)) +
           proxied(5, oscar_text("carol", "hello")),
       {"oscar aim text-chat peer=carol"}},
      {"a stream of XMPP",
       "<stream:stream xmlns='jabber:client' to='chat.example'>" + kStanza,
       {"xmpp xmpp login name=chat.example", kStanzaSaid}},
      {"FLAP", flap(1, be32(1) + tlv(1, "alice")), {"oscar aim login login=alice"}},
      {"SIP",
       "MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nFrom: "
       "<sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 "
       "MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
       {"sip - text-chat login=alice@example.com peer=bob@example.com version=2.0"}},
  };
}

TEST(Carriers, BodiesAreReadAsWhatTheyCarry) {
  for (const Row& row : carried_bodies()) {
    SCOPED_TRACE(row.what);
    const Lines whole = said(post(row.body), kAsked);
    EXPECT_EQ(whole, row.expected);
    for (const std::size_t size : {1, 2, 7, 64, 4096}) {
      EXPECT_EQ(said(post_chunked(row.body, size), kAsked), whole) << "in chunks of " << size;
    }
    EXPECT_EQ(said(post(packed(row.body), "Content-Encoding: gzip\r\n"), kAsked), whole);
    EXPECT_EQ(said(post(packed(row.body, -15), "Content-Encoding: deflate\r\n"), kAsked), whole);
    EXPECT_EQ(said(post_chunked(packed(row.body), 20, "Content-Encoding: x-gzip\r\n"), kAsked),
              whole);

    const Lines answered = said(answer(row.body), kAnswered);
    EXPECT_EQ(answered.size(), whole.size());
    EXPECT_EQ(said("HTTP/1.0 200 OK\r\n\r\n" + row.body, kAnswered), answered) << "to the end";
    for (const std::size_t size : {1, 7, 8, 9, 64}) {
      EXPECT_EQ(said(answer_chunked(row.body, size), kAnswered), answered) << "chunks of " << size;
    }
    EXPECT_EQ(said(answer(packed(row.body), "Content-Encoding: gzip\r\n"), kAnswered), answered);
    EXPECT_EQ(said(answer_chunked(packed(row.body), 33, "Content-Encoding: gzip\r\n"), kAnswered),
              answered);
  }
}

TEST(Carriers, EachBodyOfAConnectionBeginsAnew) {
  const std::string stream = post(kYahooText) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n" +
                             post("a=1&b=YMSG") + post(kMsnLogin) + post(bosh(kStanza)) +
                             post_chunked(kYahooFile, 50);
  const Lines lines = said(stream, kAsked);
  ASSERT_GE(lines.size(), 6u);
  EXPECT_EQ(lines.front(), kYahooSaid[0]);
  EXPECT_EQ(lines[1], "msnp msn login version=MSNP8");
  EXPECT_EQ(lines[4], kStanzaSaid);
  EXPECT_EQ(lines.back(), kYahooSaid[1]);
}

// Whom a switchboard's session is with is said in one body, and counts in those behind it.
TEST(Carriers, ASessionOfMsnIsRememberedFromBodyToBody) {
  const std::string first = "CAL 2 RINGING 11752013\r\nJOI bob@example.com Bob\r\n";
  const std::string second = "JOI carol@example.com Carol\r\n";
  const Lines lines = said(answer(first) + answer(second), kAnswered);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.back().substr(0, 19), "msnp msn conference");
  EXPECT_EQ(said(answer(second), kAnswered).size(), 1u);
  EXPECT_NE(said(answer(second), kAnswered)[0].substr(0, 19), "msnp msn conference");
}

TEST(Carriers, BodiesOfMsnsGatewayBeginWithAnyCommand) {
  const Lines presence = {"msnp msn presence"};
  const std::string body = "SYN 5 0\r\n";
  EXPECT_EQ(said(post(body), kAsked), Lines()) << "could be a text";
  std::string stream = post(body);
  stream.replace(stream.find("/x"), 2, "http://a/gateway/gateway.dll?SessionID=1");
  EXPECT_EQ(said(stream, kAsked), presence);
  EXPECT_EQ(said(post_chunked(body, 2, "X-MSN-Messenger: SessionID=1\r\n"), kAsked), presence);
  const std::string type = "Content-Type: application/x-msn-messenger\r\n";
  EXPECT_EQ(said(answer(body, type), kAnswered), presence);
  EXPECT_EQ(said(answer_chunked(packed(body), 9, type + "Content-Encoding: gzip\r\n"), kAnswered),
            presence);
  EXPECT_EQ(said(post(kMsnLogin) + post(body), kAsked).size(), 3u);
  for (const char* other : {"<html>no session</html>", "OK", "ERROR 9\r\n", "error\r\n", "A"}) {
    EXPECT_EQ(said(answer(other, type), kAnswered), Lines()) << other;
  }
}

TEST(Carriers, TheBodyOfAGetIsRead) {
  std::string stream = post(kYahooText) + post("GGGG" + kYahooText) + post(kYahooFile);
  for (std::size_t at = 0; (at = stream.find("POST ", at)) != std::string::npos;) {
    stream.replace(at, 4, "GET");
  }
  EXPECT_EQ(said(stream, kAsked), kYahooSaid);
}

TEST(Carriers, ABrokenBodyEndsNothingElse) {
  const std::string broken = kYahooText + "garbage that is no packet";
  EXPECT_EQ(said(post(broken) + post(kYahooFile), kAsked), kYahooSaid);
  EXPECT_EQ(said(answer(broken) + answer(kYahooFile), kAnswered).size(), 2u);
  // A packet that a body cuts off is not continued by the next.
  EXPECT_EQ(
      said(post(kYahooText.substr(0, 30)) + post(kYahooText.substr(30)) + post(kYahooFile), kAsked),
      Lines({kYahooSaid[1]}));
}

TEST(Carriers, LongBodiesAreReadToTheirEnd) {
  std::string body;
  Lines expected;
  for (int i = 0; i < 300; ++i) {
    body += kYahooText + ymsg_packet(6, {{1, "alice"}, {5, "bob"}, {14, noise(1000)}});
    expected.insert(expected.end(), 2, kYahooSaid[0]);
  }
  Carriers carriers(1);
  for (const std::size_t step : {1460u, 16384u, 65536u, 1000000u}) {
    for (const std::string& stream : {post(body), post_chunked(body, 5000)}) {
      EXPECT_EQ(carry(carriers, kAsked, as_bytes(stream), steps(stream.size(), step)).lines,
                expected)
          << step;
    }
  }
}

TEST(Carriers, OfACodedBodyItsFirst16KiBAreRead) {
  std::string body = kYahooText;
  for (int i = 0; i < 40; ++i)
    body += ymsg_packet(6, {{1, "alice"}, {5, "bob"}, {14, noise(1500)}});
  const std::string stream = post(packed(body), "Content-Encoding: gzip\r\n");
  const Lines lines = said(stream + post(kYahooFile), kAsked);
  ASSERT_GT(lines.size(), 5u);
  EXPECT_LT(lines.size(), 40u);
  EXPECT_EQ(lines.back(), kYahooSaid[1]) << "what follows is read";
}

// --- What is none

std::vector<Row> other_bodies() {
  const std::string page =
      "<!DOCTYPE html>\n<html><head><title>YMSG</title></head><body>YMSG and MSNP8 and "
      "<stream:stream></body></html>";
  return {
      {"a page about YMSG", page, {}},
      {"a page without a document type", "<html><body>YMSG</body></html>", {}},
      {"the body of a page", "<body class='http'><p>" + bosh("") + "</p></body>", {}},
      {"SOAP",
       "<?xml version='1.0'?><soap:Envelope xmlns:soap='http://www.w3.org/2003/05/soap-envelope'>"
       "<soap:Body><m:Get/></soap:Body></soap:Envelope>",
       {}},
      {"a SOAP body alone",
       "<soap:Body xmlns:soap='http://schemas.xmlsoap.org/soap/envelope/'/>",
       {}},
      {"a feed", "<?xml version='1.0'?><rss version='2.0'><channel/></rss>", {}},
      {"an element called open", "<open xmlns='urn:example:doors'/>", {}},
      {"another stream", "<stream xmlns='http://etherx.example.org/streams'><a/></stream>", {}},
      {"JSON", "{\"protocol\":\"YMSG\",\"body\":\"VER 1 MSNP8 CVR0\"}", {}},
      {"a form", "protocol=YMSG&text=VER+1+MSNP8", {}},
      {"a form in parts",
       "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + kYahooText,
       {}},
      {"a text of MSNP later",
       "How it began:\r\nVER 1 MSNP8 CVR0\r\n" + kMsnText,
       {"msnp msn text-chat", "msnp msn any"}},
      {"a text that begins with VER", "VER 2 of the plan is better\r\n", {}},
      {"a letter", "MSG for you: come home\r\nSoon\r\n", {}},
      {"YMSG without its header", "YMSG is the protocol of Yahoo! Messenger.", {}},
      {"a zip", hex("504b0304 1400 0000 0800") + noise(60), {}},
      {"a picture", hex("89504e47 0d0a1a0a 0000000d 49484452"), {}},
      {"a video", hex("00000020 66747970 69736f6d 00000200"), {}},
      {"a program", "MZ\x90"s + std::string(40, '\0'), {}},
      {"gzip without its field", packed(kYahooText), {}},
      {"lengths like the proxy's", hex("0044 0143 0005 00000000 00000001 2a02"), {}},
      {"a star and more", "*\1 a list of items\r\n", {}},
      {"protobuf", hex("0a05 616c696365 1203 626f62"), {}},
      {"gRPC on the web", hex("00 00000007 0a05 616c696365"), {}},
      {"zeros", std::string(500, '\0'), {}},
  };
}

TEST(Carriers, OtherBodiesAreNobodys) {
  for (const Row& row : other_bodies()) {
    SCOPED_TRACE(row.what);
    EXPECT_EQ(said(post(row.body), kAsked), Lines());
    EXPECT_EQ(said(post_chunked(row.body, 5), kAsked), Lines());
    EXPECT_EQ(said(answer(row.body), kAnswered), Lines());
    EXPECT_EQ(said(answer_chunked(row.body, 5), kAnswered), Lines());
    EXPECT_EQ(said(answer(packed(row.body), "Content-Encoding: gzip\r\n"), kAnswered), Lines());
    // What stands behind it is read all the same.
    EXPECT_EQ(said(post(row.body) + post(kYahooFile), kAsked), Lines({kYahooSaid[1]}));
  }
  for (const LookAlike& other : other_streams()) {
    if (other.protocol != AppProto::unknown) continue;
    if (other.name.starts_with("SIP") || other.name.starts_with("MSRP")) continue;  // are read
    EXPECT_EQ(said(answer(other.bytes), kAnswered), Lines()) << other.name;
  }
}

TEST(Carriers, WhatCannotBeDecodedIsPassedOver) {
  for (const char* coding : {"br", "gzip, gzip", "zstd", "compress"}) {
    const std::string field = "Content-Encoding: "s + coding + "\r\n";
    EXPECT_EQ(said(post(packed(kYahooText), field) + post(kYahooFile), kAsked),
              Lines({kYahooSaid[1]}))
        << coding;
  }
  EXPECT_EQ(said(post("no gzip at all", "Content-Encoding: gzip\r\n") + post(kYahooFile), kAsked),
            Lines({kYahooSaid[1]}));
}

TEST(Carriers, WithoutASessionABodyIsPassedOver) {
  Carriers carriers(1);
  ParserState first;
  Facts facts;
  const std::string begun = post(kYahooText);
  const Bytes head = as_bytes(begun).first(begun.size() - kYahooText.size());
  ASSERT_EQ(carriers.feed_requests(first, head, facts), ParseStatus::done);
  first.offset = 0;
  facts.clear();
  EXPECT_EQ(carriers.feed_requests(first, as_bytes(kYahooText).first(20), facts),
            ParseStatus::piece);
  EXPECT_EQ(carriers.in_use(), 1u);
  const std::string other = post(kYahooText);
  EXPECT_EQ(carry(carriers, kAsked, as_bytes(other), {other.size()}).lines, Lines());
  carriers.release(first);
  EXPECT_EQ(carry(carriers, kAsked, as_bytes(other), {other.size()}).lines, Lines({kYahooSaid[0]}));
}

TEST(Carriers, TakeNoMemory) {
  if (!mallocs_are_counted()) GTEST_SKIP() << "AddressSanitizer counts for itself";
  Carriers carriers(2);
  const std::string stream =
      post(kYahooText) + post(packed(bosh(kStanza)), "Content-Encoding: gzip\r\n");
  ParserState state;
  Facts facts;
  Bytes view = as_bytes(stream);
  const std::size_t before = malloc_count();
  std::size_t messages = 0;
  while (!view.empty()) {
    const ParseStatus status = carriers.feed_requests(state, view, facts);
    if (status == ParseStatus::need_more) break;
    messages += facts.carrier == AppProto::http ? 1 : 0;
    view = view.subspan(state.offset + state.skip);
    state.offset = 0;
    state.skip = 0;
    facts.clear();
  }
  EXPECT_EQ(malloc_count(), before);
  EXPECT_GE(messages, 3u);
}

TEST(Carriers, TellWhatTheyTake) {
  const std::size_t one = Carriers(1).memory();
  const std::size_t two = Carriers(2).memory();
  EXPECT_GT(one, 64u * 1024);  // what inflate works in
  EXPECT_GT(two, one);
  EXPECT_EQ(Carriers(11).memory() - one, 10 * (two - one));
}

// A line that begins with a blank belongs to the field before it (RFC 9112 section 5.2).
TEST(Carriers, FieldsOverSeveralLines) {
  const Lines text = {kYahooSaid[0]};
  const std::string before = "X-Note: one\r\n\ttwo\r\n three\r\n";
  EXPECT_EQ(said(post(packed(kYahooText), before + "Content-Encoding: gzip\r\n"), kAsked), text);
  EXPECT_EQ(said(post(kYahooText, "X-Note: one\r\n Content-Encoding: gzip\r\n"), kAsked), text);
}

}  // namespace
}  // namespace chatgate::proto::test
