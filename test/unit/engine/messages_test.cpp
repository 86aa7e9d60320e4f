// Connections of which more than the first message counts: persistent HTTP, tunnels, STARTTLS,
// certificates, QUIC.

#include <gtest/gtest.h>

#include "client_hello.h"
#include "quic_builder.h"
#include "wire.h"

namespace chatgate::engine {
namespace {

using telemetry::Counter;
using telemetry::EventType;
using telemetry::Reason;

Octets get(std::string_view host, std::string_view rest = {}) {
  return test::from_text("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n" +
                         std::string(rest) + "\r\n");
}

Octets hello(const char* name) {
  return test::client_hello(name);
}

// With these controls beside a rule that resets all messengers.
std::shared_ptr<Snapshot> blocking(const policy::Controls& controls) {
  auto made = block_im();
  policy::Policy::Content content;
  content.rules = {made->policy->rules().begin(), made->policy->rules().end()};
  content.controls = controls;
  made->policy = std::make_shared<policy::Policy>(std::move(content), *made->catalogue);
  return made;
}

TEST(Messages, EveryRequestOfAConnectionIsJudged) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 80);
  talk.open();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(talk.client_says(get("www.example.com")).forward);
    EXPECT_TRUE(talk.server_says("HTTP/1.1 204 No Content\r\n\r\n").forward);
  }
  const Outcome outcome = talk.client_says(get("web.whatsapp.net"));
  EXPECT_FALSE(outcome.forward);
  EXPECT_EQ(outcome.forged.size(), 2u);
  EXPECT_EQ(wire.count(Counter::http_requests), 21u);
}

TEST(Messages, RequestsInOneSegmentAreAllJudged) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 80);
  talk.open();
  Octets all = get("www.example.com");
  const Octets second = get("web.whatsapp.net");
  all.insert(all.end(), second.begin(), second.end());
  EXPECT_FALSE(talk.client_says(all).forward);
}

TEST(Messages, AnInnocentConnectionGivesItsPlaceBackAtItsEnd) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 80);
  talk.open();
  talk.client_says(get("www.example.com"));
  talk.server_says("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(wire.count(Counter::inspections_active), 1u);
  wire.inside(talk.from_client(fin).ack(talk.server_next));
  wire.outside(talk.from_server(fin).ack(talk.client_next + 1));
  wire.wait(15);
  EXPECT_EQ(wire.count(Counter::inspections_active), 0u);
  EXPECT_EQ(wire.count(Counter::flows_active), 0u);
}

TEST(Messages, AnIdleConnectionIsNotTakenForAnIncompleteMessage) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 80);
  talk.open();
  EXPECT_TRUE(talk.client_says(get("www.example.com")).forward);
  talk.server_says("HTTP/1.1 200 OK\r\n\r\n");
  wire.wait(120);
  EXPECT_TRUE(talk.client_says(get("www.example.org")).forward);
  talk.server_says("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(wire.count(Reason::incomplete), 0u);
  EXPECT_FALSE(talk.client_says(get("web.whatsapp.net")).forward);
}

TEST(Messages, ABodyIsPassedOverWhateverItsOrder) {
  constexpr std::size_t kBody = 3'000'000;
  Wire wire(block_im());
  Talk talk(wire, 40000, 80);
  talk.open();
  const Octets head = get("www.example.com", "Content-Length: 3000000\r\n");
  EXPECT_TRUE(talk.client_says(head).forward);
  EXPECT_TRUE(talk.server_says("HTTP/1.1 100 Continue\r\n\r\n").forward);
  // A thousand segments in flight, some of which come late.
  const std::uint32_t start = talk.client_next;
  const Octets piece(1000, 'G');
  const auto send = [&](std::size_t index) {
    talk.client_next = start + static_cast<std::uint32_t>(index * piece.size());
    return wire.inside(talk.from_client(psh).ack(talk.server_next).payload(piece)).forward;
  };
  for (std::size_t i = 0; i < kBody / 1000; ++i) {
    if (i % 100 == 7) continue;
    ASSERT_TRUE(send(i)) << i;
  }
  for (std::size_t i = 7; i < kBody / 1000; i += 100) ASSERT_TRUE(send(i)) << i;
  talk.client_next = start + kBody;
  EXPECT_FALSE(talk.client_says(get("web.whatsapp.net")).forward);
}

TEST(Messages, ChunksArePassedOver) {
  Wire wire(block_im());
  Talk talk(wire, 40000, 80);
  talk.open();
  talk.client_says(get("www.example.com", "Transfer-Encoding: chunked\r\n"));
  for (int i = 0; i < 40; ++i) {
    EXPECT_TRUE(
        talk.client_says(test::from_text("1000\r\n" + std::string(0x1000, 'x') + "\r\n")).forward);
    talk.server_says("");
  }
  EXPECT_TRUE(talk.client_says(test::from_text("0\r\n\r\n")).forward);
  EXPECT_FALSE(talk.client_says(get("web.whatsapp.net")).forward);
}

TEST(Messages, WhatGoesThroughATunnelIsRead) {
  const Octets connect =
      test::from_text("CONNECT 198.51.100.9:443 HTTP/1.1\r\nHost: 198.51.100.9\r\n\r\n");
  const Octets socks = test::from_hex("050100 05010001 c6336409 01bb");
  for (const Octets& request : {connect, socks}) {
    Wire wire(block_im());
    Talk talk(wire, 40000, 3128);
    talk.open();
    EXPECT_TRUE(talk.client_says(request).forward);
    talk.server_says("OK");
    EXPECT_FALSE(talk.client_says(hello("web.whatsapp.net")).forward);

    Talk innocent(wire, 40001, 3128);
    innocent.open();
    EXPECT_TRUE(innocent.client_says(request).forward);
    EXPECT_TRUE(innocent.client_says(hello("www.example.com")).forward);
  }
}

TEST(Messages, ATunnelsTargetIsJudged) {
  struct Case {
    const char* what;
    Octets request;
    bool forward;
  };
  const auto connect = [](const std::string& to) {
    return test::from_text("CONNECT " + to + " HTTP/1.1\r\n\r\n");
  };
  const Case cases[] = {
      {"by name", connect("g.whatsapp.net:443"), false},
      {"by address", connect("203.0.113.5:80"), false},
      {"by port", connect("unknown.example:1863"), false},
      {"innocent", connect("www.example.com:443"), true},
      {"SOCKS by name", test::from_hex("050100 05010003 0e 672e77686174736170702e6e6574 01bb"),
       false},
      {"PROXY", test::from_text("PROXY TCP4 10.0.0.9 203.0.113.5 4000 443\r\n"), false},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.what);
    Wire wire(block_im());
    Talk talk(wire, 40000, 3128);
    talk.open();
    EXPECT_EQ(talk.client_says(row.request).forward, row.forward);
  }
}

TEST(Messages, ProxiesByThePolicysWord) {
  policy::Controls controls;
  controls.evasion.proxies = policy::Proxies::allow;
  const Octets connect = test::from_text("CONNECT www.example.com:443 HTTP/1.1\r\n\r\n");
  Wire unread(blocking(controls));
  Talk talk(unread, 40000, 3128);
  talk.open();
  EXPECT_TRUE(talk.client_says(connect).forward);
  EXPECT_TRUE(talk.client_says(hello("web.whatsapp.net")).forward);

  controls.evasion.proxies = policy::Proxies::reset;
  Wire refused(blocking(controls));
  Talk other(refused, 40000, 3128);
  other.open();
  EXPECT_EQ(other.client_says(connect).reason, Reason::proxy_refused);
  Talk plain(refused, 40001, 80);
  plain.open();
  EXPECT_TRUE(plain.client_says(get("www.example.com")).forward);
}

TEST(Messages, TlsBehindStarttlsIsRead) {
  struct Case {
    std::string first, starttls;
    std::string first_answer = "fine", answer = "go on";
  };
  const Case cases[] = {
      {"<stream:stream to='other.example' xmlns='jabber:client' "
       "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
       "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
      {"EHLO mail.example\r\n", "STARTTLS\r\n"},
      {"a1 CAPABILITY\r\n", "a2 STARTTLS\r\n"},
      {"CAP LS 302\r\n", "STARTTLS\r\n", ":irc.example CAP * LS :tls\r\n",
       ":irc.example 670 * :go on\r\n"},
      {"<stream:stream to='other.example' version='1.0'>",
       "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
       "<stream:stream from='other.example' id='1' version='1.0'><stream:features/>",
       "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.first);
    for (const bool blocked : {true, false}) {
      Wire wire(snapshot({{{kWhatsapp}, {}, Action::reset}}));
      Talk talk(wire, 40000, 2525);
      talk.open();
      EXPECT_TRUE(talk.client_says(test::from_text(row.first)).forward);
      talk.server_says(row.first_answer);
      EXPECT_TRUE(talk.client_says(test::from_text(row.starttls)).forward);
      talk.server_says(row.answer);
      EXPECT_EQ(talk.client_says(hello(blocked ? "web.whatsapp.net" : "www.example.com")).forward,
                !blocked);
    }
  }
}

TEST(Messages, EncryptedHellosInEarnestByThePolicysWord) {
  using proto::test::extension;
  const auto offering = [](std::string_view name) {
    const std::string extensions =
        proto::test::sni({name}) + extension(0xfe0d, std::string("\0\0\1\0\1\0\0\0\1x", 10));
    return test::from_text(proto::test::record(proto::test::hello(extensions)));
  };
  for (const bool reset : {true, false}) {
    policy::Controls controls;
    if (reset) controls.tls.ech = policy::EncryptedClientHello::reset;
    Wire wire(blocking(controls));
    Talk earnest(wire, 40000, 443);
    earnest.open();
    EXPECT_EQ(earnest.client_says(offering("cloudflare-ech.com")).forward, !reset);
    Talk grease(wire, 40001, 443);
    grease.open();
    EXPECT_TRUE(grease.client_says(offering("www.example.com")).forward);
  }
}

// --- QUIC

Octets initial(std::string_view name) {
  const std::string message = proto::test::hello(proto::test::sni({name}));
  return test::from_text(proto::test::initial(proto::test::crypto_frame(0, message)));
}

Frame datagram(Octets payload, std::uint16_t port = 443) {
  return Frame().v4(kClient, kServer).udp(40000, port).payload(std::move(payload));
}

TEST(Messages, QuicIsReadOnAnyPortAndRefusedWithAClose) {
  for (const std::uint16_t port : {443, 8443, 5000}) {
    Wire wire(block_im());
    const Outcome outcome = wire.inside(datagram(initial("web.whatsapp.net"), port));
    EXPECT_FALSE(outcome.forward);
    ASSERT_EQ(outcome.forged.size(), 1u);
    EXPECT_EQ(outcome.forged[0].out, Side::inside);
    EXPECT_EQ(wire.count(Counter::quic_hellos), 1u);
    const auto alerts = wire.events(EventType::alert);
    ASSERT_EQ(alerts.size(), 1u);
    EXPECT_EQ(alerts[0].im.evidence, catalog::Evidence::quic_sni);
    EXPECT_TRUE(wire.inside(datagram(initial("www.example.com"), 9)).forward);
  }
}

TEST(Messages, AHelloOverSeveralDatagramsIsPutTogether) {
  const std::string message = proto::test::hello(proto::test::sni({"web.whatsapp.net"}));
  const auto part = [&](std::size_t begin, std::size_t end, std::uint32_t number) {
    proto::test::Long fields;
    fields.number = number;
    return test::from_text(proto::test::initial(proto::test::piece(message, begin, end), fields));
  };
  Wire wire(block_im());
  EXPECT_TRUE(wire.inside(datagram(part(40, message.size(), 1))).forward);
  EXPECT_FALSE(wire.inside(datagram(part(0, 40, 0))).forward);
}

TEST(Messages, ALabelByTheFirstDatagramIsNotFinal) {
  Wire wire(block_im());
  EXPECT_TRUE(wire.inside(datagram(test::from_text("d1:ad2:id20:abcdefghij0123456789e"))).forward);
  EXPECT_TRUE(wire.inside(datagram(initial("www.example.com"))).forward);
  EXPECT_FALSE(wire.inside(datagram(initial("web.whatsapp.net"))).forward);
}

TEST(Messages, QuicByThePolicysWord) {
  policy::Controls controls;
  controls.tls.quic = policy::Quic::block;
  Wire blocked(blocking(controls));
  const Outcome outcome = blocked.inside(datagram(initial("www.example.com")));
  EXPECT_FALSE(outcome.forward);
  EXPECT_EQ(outcome.reason, Reason::quic_refused);
  EXPECT_EQ(outcome.forged.size(), 1u);
  EXPECT_TRUE(blocked.inside(datagram(test::from_text("anything else"), 444)).forward);

  controls.tls.quic = policy::Quic::allow;
  Wire allowed(blocking(controls));
  EXPECT_TRUE(allowed.inside(datagram(initial("web.whatsapp.net"))).forward);
}

}  // namespace
}  // namespace chatgate::engine
